import { expect, test } from "vitest";
import { levelOf } from "./sound";

test("silence is 0, full scale is 1, a soft voice between", () => {
  expect(levelOf(new Float32Array(512))).toBe(0);
  expect(levelOf(new Float32Array(512).fill(1))).toBe(1);
  expect(levelOf(new Float32Array(512).fill(0.0316))).toBeCloseTo(0.5, 1);
  expect(levelOf(new Float32Array(0))).toBe(0);
});
