import { expect, test } from "vitest";
import { isComplete, parseRule, writeRule, type Rule } from "./rule";

test.each<[string, Rule]>([
  ["FREQ=WEEKLY;BYDAY=MO", { every: "week", interval: 1, weekdays: ["MO"] }],
  ["FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH", { every: "week", interval: 2, weekdays: ["TU", "TH"] }],
  ["FREQ=MONTHLY;BYDAY=1TU,3TU", { every: "month", nth: [1, 3], weekday: "TU" }],
  ["FREQ=MONTHLY;BYDAY=-1FR", { every: "month", nth: [-1], weekday: "FR" }],
  ["FREQ=MONTHLY;BYMONTHDAY=15", { every: "date", dates: [15] }],
])("%s is read and written", (text, rule) => {
  expect(parseRule(text)).toEqual(rule);
  expect(writeRule(rule)).toBe(text);
});

test("weekdays are written in the order of the week", () => {
  expect(writeRule({ every: "week", interval: 1, weekdays: ["FR", "MO"] })).toBe("FREQ=WEEKLY;BYDAY=MO,FR");
});

test.each([
  "FREQ=DAILY",
  "FREQ=WEEKLY",
  "FREQ=WEEKLY;BYDAY=1MO",
  "FREQ=WEEKLY;BYDAY=MO;INTERVAL=0",
  "FREQ=MONTHLY;BYDAY=1TU,3WE",
  "FREQ=MONTHLY;INTERVAL=2;BYDAY=1TU",
  "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1",
  "FREQ=MONTHLY;BYMONTHDAY=40",
  "nonsense",
])("%s is left to be shown as it is written", (text) => {
  expect(parseRule(text)).toBeNull();
});

test("a rule without a day is not complete", () => {
  expect(isComplete({ every: "week", interval: 1, weekdays: [] })).toBe(false);
  expect(isComplete({ every: "month", nth: [2], weekday: "MO" })).toBe(true);
});
