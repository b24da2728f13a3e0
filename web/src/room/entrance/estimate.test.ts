import { expect, test } from "vitest";
import { estimateOf } from "./estimate";

test.each([
  [null, null],
  [0, { kind: "soon" }],
  [5, { kind: "soon" }],
  [10, { kind: "range", least: 5, most: 15 }],
  [20, { kind: "range", least: 15, most: 30 }],
  [60, { kind: "range", least: 45, most: 85 }],
])("a guess of %s minutes is told as %o", (minutes, estimate) => {
  expect(estimateOf(minutes)).toEqual(estimate);
});
