import { expect, test } from "vitest";
import type { CalendarDate, PlannedCell, PlannedPlan, PlanningView } from "@/api/schema.gen";
import { addDays } from "@/app/time";
import { blockedOf, cleared, draftsOf, patterned, quarterBeside, quarterOf, weeksOf } from "./quarter";

const PLAN = { id: "plan", leader_id: "leader" } as PlannedPlan;
const TUESDAYS = { weekday: 1, begins: "14:00", ends: "16:00", every: 1 };

function dates(monday: string, weeks: number, holidays: readonly string[] = []): CalendarDate[] {
  return Array.from({ length: weeks * 7 }, (_, day) => addDays(monday, day)).map((date) => ({ date, kind: holidays.includes(date) ? "holiday" : "working", confirmed: true }));
}

function cell(planned_for: string, more: Partial<PlannedCell> = {}): PlannedCell {
  return { plan_id: "plan", leader_id: "leader", planned_for, begins_at: `${planned_for}T01:00:00Z`, ends_at: `${planned_for}T03:00:00Z`, changeable: true, troubles: [], ...more } as PlannedCell;
}

function view(more: Partial<PlanningView>): PlanningView {
  return { quarter: "2027-Q1", dates: dates("2027-01-04", 3), leaders: [], plans: [PLAN], cells: [], leave: [], actions: [], ...more };
}

test("quarters follow each other over the year", () => {
  expect([quarterOf("2026-11-23"), quarterBeside("2026-Q4", 1), quarterBeside("2027-Q1", -1)]).toEqual(["2026-Q4", "2027-Q1", "2026-Q4"]);
});

test("a row in a pattern moves what is there and adds what is not", () => {
  const changes = patterned(view({ cells: [cell("2027-01-04")] }), PLAN, TUESDAYS, "2026-12-31");
  expect(changes.map((one) => (one.kind === "put" ? [one.planned_for, one.date] : one.kind))).toEqual([
    ["2027-01-04", "2027-01-05"],
    ["2027-01-12", "2027-01-12"],
    ["2027-01-19", "2027-01-19"],
  ]);
});

test("every second week drops what stands between", () => {
  const cells = ["2027-01-04", "2027-01-11", "2027-01-18"].map((date) => cell(date));
  const changes = patterned(view({ cells }), PLAN, { ...TUESDAYS, every: 2 }, "2026-12-31");
  expect(changes.map((one) => one.kind)).toEqual(["put", "drop", "put"]);
});

test("a holiday is left out, a published week and the past stay as they are", () => {
  const cells = [cell("2027-01-11", { changeable: false })];
  const all = view({ cells, dates: dates("2027-01-04", 3, ["2027-01-19"]) });
  expect(patterned(all, PLAN, TUESDAYS, "2027-01-05")).toEqual([]);
});

test("a cleared row loses what may still change", () => {
  const cells = [cell("2027-01-04"), cell("2027-01-11", { changeable: false }), cell("2027-01-04", { leader_id: "other" })];
  expect(cleared(view({ cells }), "leader")).toEqual([{ kind: "drop", plan_id: "plan", planned_for: "2027-01-04" }]);
});

test("a weekend is only unusual, a holiday is in the way", () => {
  const cells = [cell("2027-01-09", { troubles: ["weekend"] }), cell("2027-01-04", { troubles: ["holiday"] })];
  expect(blockedOf(view({ cells })).map((one) => one.planned_for)).toEqual(["2027-01-04"]);
});

test("what nothing is wrong with is published at once, the rest is left to look at", () => {
  const cells = [
    cell("2027-01-04"),
    cell("2027-01-05", { changeable: false }),
    cell("2027-01-06", { troubles: ["overlap"] }),
    cell("2027-01-09", { troubles: ["weekend"] }),
    cell("2027-01-11"),
  ];
  expect(draftsOf(view({ cells }), "2027-01-04")).toEqual({ ready: [{ plan_id: "plan", planned_for: "2027-01-11" }], left: 2 });
});

test("weeks begin on Monday", () => {
  expect(weeksOf(dates("2027-01-04", 2)).map((week) => week.monday)).toEqual(["2027-01-04", "2027-01-11"]);
});
