/** Keeps the screen on while somebody waits or talks. */

import { onMounted, onScopeDispose } from "vue";

export function useWakeLock(): void {
  // Missing in older browsers; the screen then sleeps by the phone's own setting.
  const source = (navigator as { readonly wakeLock?: WakeLock }).wakeLock;
  let lock: WakeLockSentinel | null = null;
  let over = false;

  async function hold(): Promise<void> {
    if (source === undefined || document.visibilityState !== "visible") return;
    try {
      const next = await source.request("screen");
      if (over) await next.release();
      else lock = next;
    } catch {
      // Refused while the battery is low: nothing to be done about it.
    }
  }

  // The browser takes the lock away whenever the page is hidden.
  const again = () => void hold();
  onMounted(() => {
    document.addEventListener("visibilitychange", again);
    void hold();
  });
  onScopeDispose(() => {
    over = true;
    document.removeEventListener("visibilitychange", again);
    void lock?.release();
  });
}
