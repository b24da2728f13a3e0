import { expect, test } from "vitest";
import { nearest, type Box } from "./nearest";

const box = (left: number, top: number): Box => ({ left, top, right: left + 10, bottom: top + 10 });
const from = box(50, 50);

test("an arrow leads to the nearest box that way", () => {
  const boxes = [box(80, 50), box(65, 50), box(20, 50), box(50, 80), box(50, 10)];
  expect((["ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp"] as const).map((arrow) => nearest(from, boxes, arrow))).toEqual([1, 2, 3, 4]);
});

test("a box in the same line is nearer than one beside it", () => {
  expect(nearest(from, [box(62, 90), box(75, 52)], "ArrowRight")).toBe(1);
});

test("where nothing lies that way there is nowhere to go", () => {
  expect(nearest(from, [box(20, 50)], "ArrowRight")).toBe(-1);
});
