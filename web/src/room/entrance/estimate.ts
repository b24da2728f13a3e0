/** An honest guess at a wait: a range that widens with the distance, never a false minute. */

export type Estimate =
  | { readonly kind: "soon" }
  | { readonly kind: "range"; readonly least: number; readonly most: number };

const STEP = 5;

/** From the server's guess in minutes; null when nothing honest can be said. */
export function estimateOf(minutes: number | null): Estimate | null {
  if (minutes === null || minutes < 0) return null;
  if (minutes <= STEP) return { kind: "soon" };
  const least = Math.floor((minutes * 0.75) / STEP) * STEP;
  const most = Math.ceil((minutes * 1.35) / STEP) * STEP;
  return { kind: "range", least: Math.max(STEP, least), most };
}
