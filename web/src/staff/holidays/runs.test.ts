import { expect, test } from "vitest";
import { runsOf } from "./runs";

test("dates that follow each other are one run, over the end of a month too", () => {
  expect(runsOf(["2027-02-01", "2027-01-31", "2027-01-01", "2027-01-30"])).toEqual([
    { first: "2027-01-01", last: "2027-01-01" },
    { first: "2027-01-30", last: "2027-02-01" },
  ]);
  expect(runsOf([])).toEqual([]);
});
