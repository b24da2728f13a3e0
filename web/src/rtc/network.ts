/** Notices that this device is on another network, where the paths of before lead nowhere. */

interface Connection extends EventTarget {
  /** Phones mostly tell it, desktops do not. */
  readonly type?: string;
}

const UNTOLD: ReadonlySet<string | undefined> = new Set([undefined, "none", "unknown"]);

/** Calls `changed` when there is a network again, or one of another kind; returns how to end it. */
export function onNetwork(changed: () => void): () => void {
  const { connection } = navigator as Navigator & { readonly connection?: Connection };
  let before = connection?.type;
  // Chromium says the same at each new guess of how fast the line is.
  const told = (): void => {
    const now = connection?.type;
    if (UNTOLD.has(now) || now === before) return;
    before = now;
    changed();
  };
  window.addEventListener("online", changed);
  connection?.addEventListener("change", told);
  return () => {
    window.removeEventListener("online", changed);
    connection?.removeEventListener("change", told);
  };
}
