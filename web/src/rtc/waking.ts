/** Notices that all stood still: a phone that slept, a lid that was closed. */

const LOOK = 1_000;
/** Shorter than this a browser's connections get over by themselves. */
export const ASLEEP = 10_000;

/** Calls `woke` when it goes on after that long; returns how to end it. */
export function onWaking(woke: () => void): () => void {
  let before = Date.now();
  const timer = setInterval(() => {
    const now = Date.now();
    if (now - before > LOOK + ASLEEP) woke();
    before = now;
  }, LOOK);
  return () => clearInterval(timer);
}
