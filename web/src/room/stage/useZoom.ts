/** Enlarges a video inside an area that scrolls: by keys, two taps, or two fingers. */

import { onBeforeUnmount, ref, watch, type Ref } from "vue";
import { bounded, scrolled, sized, spread, STEP, WHOLE, type Place } from "./zoom";

/** Of two taps. */
const READABLE = 2.5;

export function useZoom(area: Readonly<Ref<HTMLElement | null>>, video: Readonly<Ref<HTMLVideoElement | null>>) {
  const scale = ref(WHOLE);
  let began: { readonly apart: number; readonly scale: number } | null = null;

  /** Set by script: the content security policy allows that, not inline styles. */
  function fit(): void {
    const [box, picture] = [area.value, video.value];
    if (box === null || picture === null) return;
    const size = sized(
      { width: picture.videoWidth, height: picture.videoHeight },
      { width: box.clientWidth, height: box.clientHeight },
      scale.value,
    );
    picture.style.width = `${size.width}px`;
    picture.style.height = `${size.height}px`;
  }

  function zoom(to: number, at?: Place): void {
    const box = area.value;
    if (box === null) return;
    const place = at ?? { x: box.clientWidth / 2, y: box.clientHeight / 2 };
    const next = bounded(to);
    const change = next / scale.value;
    const [left, top] = [scrolled(box.scrollLeft, place.x, change), scrolled(box.scrollTop, place.y, change)];
    scale.value = next;
    fit();
    box.scrollTo(left, top);
  }

  function fingers(event: TouchEvent): readonly [Place, Place] | null {
    const box = area.value?.getBoundingClientRect();
    const [one, other] = event.touches;
    if (box === undefined || one === undefined || other === undefined) return null;
    return [
      { x: one.clientX - box.left, y: one.clientY - box.top },
      { x: other.clientX - box.left, y: other.clientY - box.top },
    ];
  }

  function touch(event: TouchEvent): void {
    const two = fingers(event);
    began = two === null ? null : { apart: spread(two).apart, scale: scale.value };
  }

  function pinch(event: TouchEvent): void {
    const two = fingers(event);
    if (two === null || began === null || began.apart === 0) return; // one finger scrolls, as everywhere
    event.preventDefault();
    const { apart, middle } = spread(two);
    zoom((began.scale * apart) / began.apart, middle);
  }

  function press(event: KeyboardEvent): void {
    if (event.key === "+" || event.key === "=") zoom(scale.value * STEP);
    else if (event.key === "-") zoom(scale.value / STEP);
    else if (event.key === "0") zoom(WHOLE);
  }

  const observer = new ResizeObserver(fit);
  watch(
    area,
    (now, before) => {
      if (before) observer.unobserve(before);
      if (now !== null) observer.observe(now);
    },
    { flush: "post", immediate: true },
  );
  onBeforeUnmount(() => observer.disconnect());

  return {
    scale,
    fit,
    touch,
    pinch,
    press,
    larger: () => zoom(scale.value * STEP),
    smaller: () => zoom(scale.value / STEP),
    toggle: (event: MouseEvent) => zoom(scale.value > WHOLE ? WHOLE : READABLE, { x: event.offsetX, y: event.offsetY }),
  };
}
