import { expect, test } from "vitest";
import type { JointTimeView, MissingView, WishesView } from "@/api/schema.gen";
import { choiceOf, choicesOf, toAsk } from "./times";

const missing = (id: string, ask: string[], kind: MissingView["kind"] = "unit"): MissingView => ({
  kind,
  id,
  name: id,
  why: null,
  ask: ask.map((name) => ({ account_id: name, name })),
});
const TIME: JointTimeView = {
  begins_at: "2026-11-24T02:00:00Z",
  ends_at: "2026-11-24T03:00:00Z",
  leader: { account_id: "l", name: "Leader" },
  room: null,
  comers: [{ unit: { unit_id: "a", name: "a" }, presence: "whole", person: null }],
  absent: [],
  lacks: [],
};
const WISHES = { fixed: ["a", "x"], groups: [{ units: ["a", "b", "c"], needed: 2 }] } as WishesView;

test("a missing unit is asked where it has somebody to ask", () => {
  const time = { ...TIME, lacks: [{ needed: 1, among: [missing("x", ["Xu"])] }] };
  const asked = toAsk(time, WISHES) ?? [];
  expect(choiceOf(time, asked)).toEqual({ begins_at: time.begins_at, units: ["a", "x"], asked: ["x"], leader_id: "l", room_unit_id: null });
});

test("of a group only so many are asked as are short", () => {
  const time = { ...TIME, lacks: [{ needed: 2, among: [missing("b", ["Bai"]), missing("c", ["Cao"])] }] };
  expect(toAsk(time, WISHES)?.map(({ id }) => id)).toEqual(["b"]);
});

test("asking does not help where nobody can be asked, or a leader is missing", () => {
  expect(toAsk({ ...TIME, lacks: [{ needed: 1, among: [missing("x", [])] }] }, WISHES)).toBeNull();
  expect(toAsk({ ...TIME, lacks: [{ needed: 1, among: [missing("l", [], "leader")] }] }, WISHES)).toBeNull();
});

test("what a refusal offers can be booked as it is", () => {
  const offered = { begins_at: "b", ends_at: "e", leader_id: null, room_unit_id: "r", units: ["a"] };
  expect(choicesOf({ alternatives: [offered] })).toEqual([{ begins_at: "b", units: ["a"], leader_id: null, room_unit_id: "r" }]);
  expect(choicesOf({})).toEqual([]);
});
