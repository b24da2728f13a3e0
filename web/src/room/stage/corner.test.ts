import { expect, test } from "vitest";
import { cornerAt, nextCorner, type Corner } from "./corner";

const area = { x: 100, y: 50, width: 390, height: 700 };

test.each([
  [{ x: 120, y: 60 }, "top-left"],
  [{ x: 480, y: 60 }, "top-right"],
  [{ x: 120, y: 740 }, "bottom-left"],
  [{ x: 480, y: 740 }, "bottom-right"],
] as const)("let go at %o it rests at %s", (point, corner) => {
  expect(cornerAt(point, area)).toBe(corner);
});

test("four taps lead around and back", () => {
  const seen = new Set<Corner>();
  let corner: Corner = "top-right";
  for (let tap = 0; tap < 4; tap += 1) seen.add((corner = nextCorner(corner)));
  expect([seen.size, corner]).toEqual([4, "top-right"]);
});
