import { expect, test } from "vitest";
import type { ClockView } from "@/api/schema.gen";
import { runningBars } from "./clocks";

const clock = (kind: string, started_at: string, due_at: string, ended_at: string | null = null): ClockView => ({
  kind,
  source: "promise",
  started_at,
  due_at,
  ended_at,
  overdue: false,
});
// Monday 09:00 in China; limits end at midnight.
const NOW = Date.parse("2026-11-23T01:00:00Z");

test("what runs stands in the order of its end, what ended is left out", () => {
  const clocks = [
    clock("later", "2026-11-20T01:00:00Z", "2026-12-20T16:00:00Z"),
    clock("ended", "2026-11-20T01:00:00Z", "2026-11-24T16:00:00Z", "2026-11-21T01:00:00Z"),
    clock("sooner", "2026-11-20T01:00:00Z", "2026-11-24T16:00:00Z"),
  ];
  expect(runningBars(clocks, NOW).map((bar) => bar.kind)).toEqual(["sooner", "later"]);
});

test.each([
  ["2026-11-23T16:00:00Z", 0, "warn"],
  ["2026-11-24T16:00:00Z", 1, "good"],
  ["2026-11-22T16:00:00Z", -1, "bad"],
])("a limit that ends at midnight of %s has %i days left and is %s", (due, daysLeft, tone) => {
  const begun = "2026-11-20T16:00:00Z";
  expect(runningBars([clock("a", begun, due)], NOW)[0]).toMatchObject({ daysLeft, tone });
});
