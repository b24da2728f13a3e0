import { expect, test } from "vitest";
import type { CalendarDate, CalendarDay, CalendarRow, CalendarSession, CalendarView } from "@/api/schema.gen";
import { columnsOf, hoursOf, instantAt, lanesOf, onDate, placeOf, rangeOf, rowsOf, sameTimeOn, thingsOf, turned } from "./view";

const NINE = "2026-12-01T01:00:00Z"; // 09:00 in China
const ELEVEN = "2026-12-01T03:00:00Z";

function day(id: string, leader_id: string, begins_at = NINE, ends_at = ELEVEN): CalendarDay {
  return { id, leader_id, unit_id: "unit", begins_at, ends_at, booked: 0, total: 0 } as CalendarDay;
}

function session(id: string, more: Partial<CalendarSession> = {}): CalendarSession {
  return { id, kind: "mediation", begins_at: NINE, ends_at: ELEVEN, day_id: null, who: [], units: ["unit"], room_id: "room", ...more } as CalendarSession;
}

function row(id: string, kind: CalendarRow["kind"]): CalendarRow {
  return { id, kind, name: id, post: null, rank: null };
}

function view(more: Partial<CalendarView>): CalendarView {
  return { dates: [], rows: [], days: [], sessions: [], leave: [], cut: false, ...more };
}

test("a month is shown in whole weeks", () => {
  expect(rangeOf("month", "2026-12-10")).toEqual({ first: "2026-11-30", last: "2027-01-03" });
  expect(rangeOf("week", "2026-12-06")).toEqual({ first: "2026-11-30", last: "2026-12-06" });
  expect(rangeOf("day", "2026-12-06")).toEqual({ first: "2026-12-06", last: "2026-12-06" });
});

test("a month turns to the first of the next, however long either is", () => {
  expect(turned("month", "2027-01-31", 1)).toBe("2027-02-01");
  expect(turned("month", "2027-03-31", -1)).toBe("2027-02-01");
  expect(turned("week", "2026-12-30", 1)).toBe("2027-01-06");
});

test("who is booked on a day that is shown stands within it, else alone", () => {
  const booked = session("booked", { kind: "reception", day_id: "day" });
  const [within] = thingsOf(view({ days: [day("day", "leader")], sessions: [booked] }));
  expect(within?.is === "day" ? within.line : null).toEqual([booked]);
  expect(thingsOf(view({ sessions: [booked] })).map((thing) => thing.is)).toEqual(["session"]);
});

test("a session stands in the row of everybody who is in it, of its room and of its units", () => {
  const all = view({
    rows: [row("one", "person"), row("two", "person"), row("three", "person"), row("room", "room"), row("unit", "unit"), row("housing", "unit"), row("labour", "unit")],
    sessions: [session("joint", { kind: "joint_interview", who: ["one", "two"], units: ["unit", "housing"] })],
  });
  const filled = (by: "leader" | "room" | "unit"): string[] => rowsOf(all, by).filter((one) => one.things.length > 0).map((one) => one.row.id);
  expect([filled("leader"), filled("room"), filled("unit")]).toEqual([["one", "two"], ["room"], ["unit", "housing"]]);
});

test("leave of several days stands on each of them", () => {
  const [leave] = thingsOf(view({ leave: [{ leader_id: "one", begins_at: "2026-11-30T16:00:00Z", ends_at: "2026-12-02T16:00:00Z" }] }));
  const on = ["2026-11-30", "2026-12-01", "2026-12-02", "2026-12-03"].map((date) => onDate(leave === undefined ? [] : [leave], date).length);
  expect(on).toEqual([0, 1, 1, 0]);
});

test("a free weekend takes no column, one that is worked does", () => {
  const dates = [
    ["2026-12-04", "working"],
    ["2026-12-05", "weekend"],
    ["2026-12-06", "make_up"],
  ].map(([date, kind]) => ({ date, kind, confirmed: true }) as CalendarDate);
  expect(columnsOf(dates, []).map((one) => one.date)).toEqual(["2026-12-04", "2026-12-06"]);
  const saturday = thingsOf(view({ days: [day("day", "leader", "2026-12-05T01:00:00Z", "2026-12-05T03:00:00Z")] }));
  expect(columnsOf(dates, saturday)).toHaveLength(3);
});

test("the hours reach to whatever is early or late", () => {
  const things = thingsOf(view({ days: [day("day", "leader", "2026-11-30T23:30:00Z", "2026-12-01T11:10:00Z")] }));
  expect(hoursOf(things)).toEqual({ from: 7, to: 20 });
  expect(hoursOf([])).toEqual({ from: 8, to: 18 });
});

test("a place on the line is a time to five minutes, and the other way round", () => {
  const hours = { from: 8, to: 18 };
  expect(placeOf(NINE, "2026-12-01", hours)).toBeCloseTo(0.1);
  expect(instantAt(0.1004, "2026-12-01", hours)).toBe("2026-12-01T01:00:00.000Z");
});

test("what overlaps stands in lines of its own", () => {
  const things = thingsOf(view({ sessions: [session("a"), session("b"), session("c", { begins_at: ELEVEN, ends_at: "2026-12-01T04:00:00Z" })] }));
  const { lanes, count } = lanesOf(things);
  expect([lanes.get("a"), lanes.get("b"), lanes.get("c"), count]).toEqual([0, 1, 0, 2]);
});

test("another date keeps the time of day", () => {
  expect(sameTimeOn(NINE, "2026-12-24")).toBe("2026-12-24T01:00:00.000Z");
});
