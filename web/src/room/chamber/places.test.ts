import { describe, expect, test } from "vitest";
import type { PersonCard, RoomCard } from "@/api/protocol.gen";
import { begin } from "../state";
import { moveTo, placesOf, type Place } from "./places";

function room(id: string, kind: RoomCard["kind"], minute: number): RoomCard {
  return { id, kind, opened_at: `2026-08-04T01:${minute}:00Z` };
}

function person(id: string, room_id: string | null): PersonCard {
  const state = room_id === "waiting" ? "waiting" : "in_room";
  return { participant_id: id, name: id, role: "applicant", state, room_id, audio: true, video: true, muted_by_host: false, hand: false, floor: false,
    shares: false,
    let_share: null, line: "good", seen: true, waiting_since: null };
}

const people = [person("me", "main"), person("a", "main"), person("b", "waiting"), person("c", "second")];
const state = begin({
  type: "welcome",
  you: "me",
  n: 0,
  clock_now: "2026-08-04T01:40:00Z",
  sight: {
    session: { appointment_id: "x", kind: "mediation", state: "live", result: null, begins_at: "", ends_at: "", started_at: null, let_in: [], recording: null },
    room: room("main", "main", 10),
    rooms: [room("second", "caucus", 30), room("main", "main", 10), room("first", "caucus", 20), room("waiting", "waiting", 10)],
    people,
    place: null,
    invitation: null,
    actions: [],
  },
});
const places = placesOf(state);
const place = (id: string): Place => places.find((one) => one.id === id) ?? places[0] ?? { id, kind: "main", number: 0, openedAt: "", people: [] };
const who = (id: string): PersonCard => people.find((one) => one.participant_id === id) ?? person(id, null);

test("rooms stand from the door inwards, private ones by their age", () => {
  expect(places.map(({ id, number }) => [id, number])).toEqual([
    ["waiting", 0],
    ["main", 0],
    ["first", 1],
    ["second", 2],
  ]);
});

test("everybody is in one place", () => {
  expect(places.map((one) => one.people.map((each) => each.name))).toEqual([["b"], ["a", "me"], [], ["c"]]);
});

describe("a move", () => {
  test.each([
    ["b", "main", { kind: "admit" }],
    ["a", "waiting", { kind: "send_out" }],
    ["a", "first", { kind: "invite", room: "first" }],
    ["c", "main", { kind: "close", room: "second" }],
    ["b", "first", null],
    ["a", "main", null],
    ["me", "first", null],
  ] as const)("of %s to %s means %o", (id, target, move) => {
    expect(moveTo(state, who(id), place(target))).toEqual(move);
  });
});
