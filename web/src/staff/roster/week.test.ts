import { expect, test } from "vitest";
import type { RosterUnit, RosterView } from "@/api/schema.gen";
import { daysOf, rowsOf, workingDays } from "./week";

const shift = (day: string) => ({ id: day, day, begins: "09:00:00", ends: "11:30:00", presence: "whole" as const, seats: 1, person: null, version: 1 });
const unit = (name: string, days: string[], kind: RosterUnit["kind"] = "department"): RosterUnit => ({
  unit_id: name,
  name,
  name_en: null,
  kind,
  presence: null,
  shifts: days.map(shift),
  people: [],
});
const DAYS = ["2026-11-27", "2026-11-28", "2026-11-29"].map((date) => ({ date, working: date === "2026-11-27" }));

test("a weekend stands only where somebody works on it", () => {
  const roster: RosterView = { days: DAYS, units: [unit("a", ["2026-11-28"])], leaves: [], wishes: [] };
  expect(daysOf(roster).map(({ date }) => date)).toEqual(["2026-11-27", "2026-11-28"]);
});

test("units are found by kind and name, each with a cell a day", () => {
  const roster: RosterView = { days: DAYS, units: [unit("Housing", ["2026-11-27"]), unit("Town", [], "sub_centre")], leaves: [], wishes: [] };
  expect(rowsOf(roster, "department", "hous").map((row) => [row.unit.name, row.cells.map((cell) => cell.shifts.length)])).toEqual([["Housing", [1]]]);
  expect(rowsOf(roster, "department", "none")).toEqual([]);
});

test("a shift is repeated on working days only", () => {
  expect(workingDays("2026-11-27", "2026-12-01", DAYS)).toEqual(["2026-11-27", "2026-11-30", "2026-12-01"]);
});
