/** Which of several boxes lies next in a direction: how arrow keys find their way. */

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}
export type Arrow = "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown";

const ARROWS: ReadonlySet<string> = new Set<Arrow>(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]);

export function isArrow(key: string): key is Arrow {
  return ARROWS.has(key);
}

function gap(from: number, to: number, start: number, end: number): number {
  return Math.max(0, start - to, from - end);
}

/** How far a box lies that way, aside counting double; null when it does not lie there. */
function distance(from: Box, to: Box, arrow: Arrow): number | null {
  const ahead = {
    ArrowLeft: from.left - to.left,
    ArrowRight: to.left - from.left,
    ArrowUp: from.top - to.top,
    ArrowDown: to.top - from.top,
  }[arrow];
  if (ahead <= 1) return null;
  const sideways = arrow === "ArrowLeft" || arrow === "ArrowRight" ? gap(from.top, from.bottom, to.top, to.bottom) : gap(from.left, from.right, to.left, to.right);
  return ahead + 2 * sideways;
}

/** The place of the nearest box in that direction, or -1. */
export function nearest(from: Box, boxes: readonly Box[], arrow: Arrow): number {
  let best = -1;
  let least = Number.POSITIVE_INFINITY;
  boxes.forEach((box, place) => {
    const far = distance(from, box, arrow);
    if (far !== null && far < least) [best, least] = [place, far];
  });
  return best;
}
