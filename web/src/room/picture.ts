/** Shows a stream in a video element, and keeps it playing through every change. */

import { watch, type Ref } from "vue";

export function usePicture(video: Readonly<Ref<HTMLVideoElement | null>>, stream: () => MediaStream | null): void {
  function show(): void {
    const element = video.value;
    const next = stream();
    if (element === null || element.srcObject === next) return;
    element.srcObject = next;
    // Silent pictures may always play; a later stream or a moved tile interrupts this one harmlessly.
    if (next !== null) element.play().catch(() => undefined);
  }

  watch([video, stream], show, { flush: "post", immediate: true });
}
