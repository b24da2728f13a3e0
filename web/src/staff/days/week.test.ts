import { expect, test } from "vitest";
import type { ReceptionDayView } from "@/api/schema.gen";
import { columnsOf } from "./week";

function day(id: string, rank: number, begins_at: string): ReceptionDayView {
  const leader = { id: `leader-${rank}`, name: `Leader ${rank}`, post: "", division: "", rank };
  return { id, leader, begins_at, ends_at: begins_at } as ReceptionDayView;
}

test("a week has seven columns from Monday on", () => {
  expect(columnsOf([], "2026-11-23").map((column) => column.date)).toEqual([
    "2026-11-23",
    "2026-11-24",
    "2026-11-25",
    "2026-11-26",
    "2026-11-27",
    "2026-11-28",
    "2026-11-29",
  ]);
});

test("days stand under their date in China, by time and then by rank", () => {
  const days = [
    day("late", 1, "2026-11-23T06:00:00Z"),
    day("second", 2, "2026-11-23T01:00:00Z"),
    day("first", 1, "2026-11-23T01:00:00Z"),
    // Still Sunday in UTC, Monday in China.
    day("early", 3, "2026-11-22T23:30:00Z"),
    day("sunday", 1, "2026-11-29T01:00:00Z"),
    day("next week", 1, "2026-11-29T16:00:00Z"),
  ];
  const columns = columnsOf(days, "2026-11-23").map((column) => column.days.map((one) => one.id));
  expect(columns).toEqual([["early", "first", "second", "late"], [], [], [], [], [], ["sunday"]]);
});
