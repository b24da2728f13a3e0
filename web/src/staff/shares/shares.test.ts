import { expect, test } from "vitest";
import { bodyOf, emptyShares, isWhole, sharesOf, untilOptions } from "./shares";

test("what the server keeps comes back as it was", () => {
  const shares = [
    { channel: "walk_in", places: 3, minutes_before: 30 },
    { channel: "on_behalf", places: 1, minutes_before: 90 },
  ] as const;
  expect(bodyOf(sharesOf(shares))).toEqual(shares);
});

test("a share of nothing is not sent", () => {
  expect(bodyOf(emptyShares())).toEqual([]);
});

test("an empty or broken number is none", () => {
  const form = emptyShares();
  expect(isWhole(form)).toBe(true);
  form.hotline.places = "";
  expect(isWhole(form)).toBe(false);
});

test("an hour that was set otherwise can stay", () => {
  expect(untilOptions("30")).toHaveLength(5);
  expect(untilOptions("90")).toContain(90);
});
