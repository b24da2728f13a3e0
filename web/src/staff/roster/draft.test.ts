import { expect, test } from "vitest";
import type { DraftUnit, DraftWeek, FairRow } from "@/api/schema.gen";
import { doneOf, draftRows, leadersOn, unevenFirst, weeksOf } from "./draft";

const unit = (name: string, changes: number): DraftUnit => ({
  unit_id: name,
  name,
  presence: "on_call",
  changes,
  shifts: [{ day: "2026-11-24", half: 0, begins: "09:00:00", ends: "11:30:00", person: null, seats: 1, mark: "added" }],
});
const WEEK: DraftWeek = {
  days: ["2026-11-23", "2026-11-24"],
  units: [unit("Housing", 2), unit("Water", 0)],
  leaders: [
    { day: "2026-11-24", half: 0, name: "Li" },
    { day: "2026-11-24", half: 1, name: "Li" },
  ],
};

test("weeks begin on Mondays and cover the period", () => {
  expect(weeksOf("2026-11-24", "2026-12-07")).toEqual(["2026-11-23", "2026-11-30", "2026-12-07"]);
});

test("units are found by name, or only those that change", () => {
  const names = (changed: boolean, find: string) => draftRows(WEEK, { changed, find }).map((row) => row.unit.name);
  expect([names(false, ""), names(true, ""), names(false, "wat")]).toEqual([["Housing", "Water"], ["Housing"], ["Water"]]);
  expect(draftRows(WEEK, { changed: true, find: "" })[0]?.cells.map((cell) => cell.shifts.length)).toEqual([0, 1]);
});

test("a leader who receives all day stands once", () => {
  expect([leadersOn(WEEK.leaders, "2026-11-24"), leadersOn(WEEK.leaders, "2026-11-23")]).toEqual([["Li"], []]);
});

test("progress is the share of parts that are done", () => {
  expect(doneOf(null)).toBe(0);
  expect(doneOf({ seconds: 1, cost: 3, bound: 1, done: 3, parts: 4 })).toBe(0.75);
});

test("who is furthest from their share stands first", () => {
  const row = (name: string, turns: number): FairRow => ({
    unit_id: "a",
    unit: "a",
    person: { account_id: name, name },
    share: 4,
    turns,
    before: 0,
    unpopular: 0,
    unwanted: 0,
    all_day: true,
  });
  expect(unevenFirst([row("even", 4), row("off", 6)]).map((one) => one.person.name)).toEqual(["off", "even"]);
});
