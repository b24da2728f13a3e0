/** Where the small own picture rests: always in a corner, so that it never hides a face for long. */

export type Corner = "top-left" | "top-right" | "bottom-left" | "bottom-right";

const AROUND: readonly Corner[] = ["top-right", "bottom-right", "bottom-left", "top-left"];

/** Clockwise, for a key or a tap. */
export function nextCorner(corner: Corner): Corner {
  return AROUND[(AROUND.indexOf(corner) + 1) % AROUND.length] ?? "top-right";
}

export interface Point {
  readonly x: number;
  readonly y: number;
}
export interface Area extends Point {
  readonly width: number;
  readonly height: number;
}

/** The corner nearest to where it was let go. */
export function cornerAt(point: Point, area: Area): Corner {
  const vertical = point.y < area.y + area.height / 2 ? "top" : "bottom";
  return `${vertical}-${point.x < area.x + area.width / 2 ? "left" : "right"}`;
}
