import { expect, test } from "vitest";
import { bounded, LARGEST, scrolled, sized, spread, WHOLE } from "./zoom";

test("a picture fits whole, whichever side is short", () => {
  const screen = { width: 1920, height: 1080 };
  expect(sized(screen, { width: 390, height: 700 }, 1)).toEqual({ width: 390, height: 219.375 });
  expect(sized(screen, { width: 800, height: 270 }, 2)).toEqual({ width: 960, height: 540 });
  expect(sized({ width: 0, height: 0 }, screen, 1)).toEqual({ width: 0, height: 0 });
});

test("it is never smaller than whole nor larger than helps", () => {
  expect([bounded(0.2), bounded(2), bounded(99)]).toEqual([WHOLE, 2, LARGEST]);
});

test("what lies under the fingers stays there", () => {
  // 100 px of the picture are scrolled away and the fingers are at 50: point 150 becomes 300.
  expect(scrolled(100, 50, 2) + 50).toBe(300);
  expect(scrolled(0, 50, 0.5)).toBe(0);
});

test("two fingers have a distance and a middle", () => {
  expect(spread([{ x: 0, y: 0 }, { x: 6, y: 8 }])).toEqual({ apart: 10, middle: { x: 3, y: 4 } });
});
