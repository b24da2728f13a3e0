/** A phone's back button asks before it leads out of a seat. */

import { onMounted, onScopeDispose } from "vue";

/** Marks the entry that stands in front of the page, so that a reload does not add another. */
const MARK = "asksBeforeBack";

function isMarked(): boolean {
  const state: unknown = history.state;
  return typeof state === "object" && state !== null && MARK in state;
}

/** Calls `ask` instead of going back, for as long as the caller lives. */
export function useBackGuard(ask: () => void): void {
  function stand(): void {
    // The router's own state is kept: it reads its position from there.
    if (!isMarked()) history.pushState({ ...(history.state as object | null), [MARK]: true }, "");
  }

  function backPressed(): void {
    if (isMarked()) return;
    stand();
    ask();
  }

  onMounted(() => {
    stand();
    addEventListener("popstate", backPressed);
  });
  onScopeDispose(() => {
    removeEventListener("popstate", backPressed);
    if (isMarked()) history.back();
  });
}
