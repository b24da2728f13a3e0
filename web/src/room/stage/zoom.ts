/** How a picture is enlarged under two fingers: what lies below them stays there. */

export const WHOLE = 1;
export const LARGEST = 6;
/** One press of the key. */
export const STEP = 1.5;

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Place {
  readonly x: number;
  readonly y: number;
}

export function bounded(scale: number): number {
  return Math.min(LARGEST, Math.max(WHOLE, scale));
}

/** The picture as large as fits, times `scale`. */
export function sized(picture: Size, area: Size, scale: number): Size {
  if (picture.width === 0 || picture.height === 0) return { width: 0, height: 0 };
  const fit = Math.min(area.width / picture.width, area.height / picture.height) * scale;
  return { width: picture.width * fit, height: picture.height * fit };
}

/** How far to scroll, on one axis, so that what is `at` this place of the area stays there. */
export function scrolled(scroll: number, at: number, change: number): number {
  return Math.max(0, (scroll + at) * change - at);
}

/** How far two fingers are apart, and the middle of them. */
export function spread([one, other]: readonly [Place, Place]): { readonly apart: number; readonly middle: Place } {
  return { apart: Math.hypot(one.x - other.x, one.y - other.y), middle: { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 } };
}
