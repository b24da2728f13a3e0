import { describe, expect, test } from "vitest";
import type { AppointmentState, ChoiceView, EntryState, WishState } from "@/api/schema.gen";
import zh from "../messages/zh-CN/choose.json";
import { outcomeOf } from "./outcome";

const ASKED: ChoiceView = {
  id: "1", kind: "replaced", my_name: "林", asked_at: "", due_at: "", open: false, answer: "keep", from_leader: null, now: null, offers: [],
  appointment_id: "2", appointment_state: "confirmed", wish_state: null, entry_state: null, centre_phone: "", token: null, actions: [],
};

function after(change: Partial<ChoiceView>): [key: string, stands: boolean] {
  const { key, stands } = outcomeOf({ ...ASKED, ...change });
  return [key, stands];
}

test("who stays, or says nothing, keeps the time", () => {
  expect([after({}), after({ answer: "silence" }), after({ answer: null })]).toEqual([["kept", true], ["kept", true], ["kept", true]]);
});

test("an appointment that fell away since is not said to be kept", () => {
  const states: AppointmentState[] = ["cancelled", "declined", "diverted", "expired", "rescheduled"];
  for (const answer of ["withdrawn", "keep", "take", "silence"] as const) {
    expect(states.map((state) => after({ answer, appointment_state: state }))).toEqual(states.map((state) => [state, false]));
  }
});

test("a question that a later one took the place of leaves the time standing", () => {
  expect(after({ answer: "withdrawn" })).toEqual(["kept", true]);
});

test("a place that is gone leaves in the line only who stands in it", () => {
  const states: EntryState[] = ["waiting", "offered", "closed", "booked"];
  const gone = (entry_state: EntryState) => after({ kind: "place_freed", answer: "withdrawn", appointment_id: null, appointment_state: null, entry_state })[0];
  expect(states.map(gone)).toEqual(["withdrawn_place_freed", "withdrawn_place_freed", "closed_place_freed", "booked_since"]);
});

test("times are looked for only while the wish is open", () => {
  const states: WishState[] = ["asked", "declined", "withdrawn", "booked"];
  const gone = (wish_state: WishState) => after({ kind: "proposed", answer: "withdrawn", appointment_id: null, appointment_state: null, wish_state })[0];
  expect(states.map(gone)).toEqual(["withdrawn_proposed", "wish_declined", "wish_withdrawn", "booked_since"]);
});

describe("every outcome has its words", () => {
  const kinds = ["day_cancelled", "leader_missed", "unreviewed", "proposed", "place_freed", "drawn_freed"] as const;
  const answers = ["decline", "silence", "withdrawn"] as const;
  const asked = kinds.flatMap((kind) => answers.map((answer) => ({ kind, answer, appointment_state: null })));
  const fallen = (["cancelled", "declined", "diverted", "expired", "rescheduled"] as const).map((appointment_state) => ({ appointment_state }));
  const ended = [
    ...(["booked", "declined", "withdrawn"] as const).map((wish_state) => ({ kind: "proposed" as const, answer: "withdrawn" as const, wish_state })),
    ...(["booked", "closed", "left", "lapsed"] as const).map((entry_state) => ({ kind: "place_freed" as const, answer: "withdrawn" as const, entry_state })),
  ];
  test.each([...asked, ...fallen, ...ended, { answer: "take" as const }, { answer: "take" as const, appointment_state: "submitted" as const }])("%j", (change) => {
    expect(Object.keys(zh.done)).toContain(after(change)[0]);
  });
});
