import { expect, test } from "vitest";
import { nextAddress } from "./next";

test.each(["/staff/reviews?page=2", "/staff/cases/1#papers", "/staff", "/demo"])("goes on to %s", (wanted) => {
  expect(nextAddress(wanted)).toBe(wanted);
});

test.each(["https://example.com", "//example.com/staff", "/\\example.com", "/staffx", "/my", "/staff/sign-in?next=/staff", undefined, ["/staff"]])(
  "does not go on to %s",
  (wanted) => {
    expect(nextAddress(wanted)).toBe("/staff");
  },
);
