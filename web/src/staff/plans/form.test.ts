import { expect, test } from "vitest";
import { emptyForm, fieldsOfRule, problemsOf, ruleOf, startsOf, type PlanForm } from "./form";

const GOOD: PlanForm = {
  ...emptyForm("2026-11-23"),
  leader_id: "leader",
  weekdays: ["MO"],
  document: "No. 7 of 2026",
  approver: "The district office",
};

test("a new form names everything that is missing at once", () => {
  expect(problemsOf(emptyForm("2026-11-23"))).toEqual({
    leader_id: "missing",
    document: "missing",
    approver: "missing",
    every: "missing_days",
  });
});

test("a good form has no problem", () => {
  expect(problemsOf(GOOD)).toEqual({});
});

test.each<[Partial<PlanForm>, object]>([
  [{ ends: "08:00" }, { ends: "bad_times" }],
  [{ ends: "09:20" }, { ends: "bad_times" }],
  [{ slot_minutes: "0" }, { slot_minutes: "missing", ends: "bad_times" }],
  [{ capacity: "1.5" }, { capacity: "missing" }],
  [{ break_minutes: "" }, { break_minutes: "missing" }],
  [{ every: "date", dates: "15, 40" }, { every: "missing_days" }],
  [{ only_topics: true }, { topics: "missing" }],
  [{ only_topics: true, topics: ["labour"] }, {}],
  [{ every: "raw", raw: " " }, { every: "missing_days" }],
])("with %o it says %o", (change, problems) => {
  expect(problemsOf({ ...GOOD, ...change })).toEqual(problems);
});

test("the times of a day leave the rests between them", () => {
  expect(startsOf({ begins: "09:00", ends: "10:30", slot_minutes: "30", break_minutes: "5" })).toEqual(["09:00", "09:35"]);
  expect(startsOf({ begins: "09:00", ends: "10:00", slot_minutes: "30", break_minutes: "0" })).toEqual(["09:00", "09:30"]);
});

test.each(["FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE", "FREQ=MONTHLY;BYDAY=1TU,3TU", "FREQ=MONTHLY;BYMONTHDAY=1,15", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=2"])(
  "the fields keep %s",
  (rrule) => {
    expect(ruleOf({ ...GOOD, ...fieldsOfRule(rrule) })).toBe(rrule);
  },
);
