import { expect, test } from "vitest";
import type { DrawView, OwnDrawEntry } from "@/api/schema.gen";
import { ownOf } from "./own";

const MINE: OwnDrawEntry = { number: 7, person_id: "p", total: 3, place: 1, appointment_id: "a" };
const ROW = { number: 7, points: {}, total: 3, place: 1, begins_at: "2026-11-30T01:00:00Z" };
const TURN = { step: 1, number: 7, place: 2, begins_at: "2026-11-30T01:30:00Z", at: "", passed_over: false, answer: "take" as const };
const DRAWN: DrawView = {
  id: "d", kind: "mediator", state: "drawn", title: "", host_name: "", unit_name: "", begins_at: "2026-11-30T01:00:00Z", ends_at: "", minutes: 30, places: 2,
  opens_at: "", closes_at: "", worth: {}, commitment: "", applied: 1, seed: "", digest: "", drawn_at: "", stopped_at: null, turns: [], applications: [ROW], mine: [MINE],
};

function told(change: Partial<DrawView>, mine: Partial<OwnDrawEntry> = {}): [string, string | null][] {
  return ownOf({ ...DRAWN, ...change, mine: [{ ...MINE, ...mine }] }).map(({ key, begins }) => [key, begins]);
}

test("a place that was drawn is theirs once it is booked, until then a clerk calls", () => {
  expect(told({})).toEqual([["mine_given", ROW.begins_at]]);
  expect(told({}, { appointment_id: null })).toEqual([["mine_called", null]]);
});

test("who stands behind the places waits, until one is passed on to them", () => {
  expect(told({}, { place: 3, appointment_id: null })).toEqual([["mine_waits", null]]);
  expect(told({ turns: [TURN] }, { place: 3 })).toEqual([["mine_passed", TURN.begins_at]]);
});

test("nobody is told to wait for a day that is off", () => {
  expect(told({ state: "announced" }, { place: null })).toEqual([["mine", null]]); // the control
  expect(told({ state: "cancelled" }, { place: null })).toEqual([]);
  expect(told({ state: "stopped" }, { place: 3, appointment_id: null })).toEqual([]);
});
