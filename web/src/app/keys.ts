/**
 * Keys that staff can press instead of pointing. Two keys in a row are written with a space: "g d".
 * After `g` a key is the second of two everywhere, so that going elsewhere does nothing here.
 */

import { onScopeDispose } from "vue";

const PATIENCE = 1_000;
const LEADS = "g";

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}

/** The key belongs to the browser, to what is being written or to an open dialog. */
function isTaken(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target)) return true;
  return document.querySelector("dialog[open]") !== null;
}

export function useKeys(actions: Readonly<Record<string, () => void>>): void {
  let before = "";
  let at = 0;

  function press(event: KeyboardEvent): void {
    if (isTaken(event)) return;
    const first = event.timeStamp - at < PATIENCE ? before : "";
    const action = actions[`${first} ${event.key}`] ?? (first === LEADS ? undefined : actions[event.key]);
    [before, at] = [event.key, event.timeStamp];
    if (action === undefined) return;
    event.preventDefault();
    before = "";
    action();
  }

  addEventListener("keydown", press);
  onScopeDispose(() => removeEventListener("keydown", press));
}
