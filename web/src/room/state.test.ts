import { describe, expect, test } from "vitest";
import type { PersonCard, RoomCard, Told, Welcome } from "@/api/protocol.gen";
import { amOutside, begin, company, looksAfter, may, myself, speakerOf, told, waitingOutside, type RoomState, namesApart } from "./state";

const MAIN: RoomCard = { id: "main", kind: "main", opened_at: "2026-08-04T01:00:00Z" };
const CAUCUS: RoomCard = { id: "caucus", kind: "caucus", opened_at: "2026-08-04T01:20:00Z" };
const WAITING: RoomCard = { id: "waiting", kind: "waiting", opened_at: "2026-08-04T01:00:00Z" };

function person(id: string, change: Partial<PersonCard> = {}): PersonCard {
  return {
    participant_id: id,
    name: id,
    role: "petitioner",
    state: "in_room",
    room_id: MAIN.id,
    audio: true,
    video: true,
    muted_by_host: false,
    hand: false,
    floor: false,
    shares: false,
    let_share: null,
    line: "good",
    seen: null,
    waiting_since: null,
    ...change,
  };
}

function welcome(people: PersonCard[], room: RoomCard | null = MAIN): Welcome {
  return {
    type: "welcome",
    you: "me",
    n: 7,
    clock_now: "2026-08-04T01:30:00Z",
    sight: {
      session: {
        appointment_id: "a",
        kind: "reception",
        state: "live",
        result: null,
        begins_at: "2026-08-04T01:30:00Z",
        ends_at: "2026-08-04T01:50:00Z",
        started_at: "2026-08-04T01:30:00Z",
        let_in: [], recording: null,
      },
      room,
      rooms: [WAITING, MAIN],
      people,
      place: null,
      invitation: null,
      actions: ["hand"],
    },
  };
}

function after(state: RoomState, ...facts: Told[]): RoomState {
  return facts.reduce(told, state);
}

const waiting = begin(welcome([person("me", { state: "waiting", room_id: WAITING.id })], WAITING));
const inside = begin(welcome([person("me"), person("leader", { role: "host" })]));

describe("coming in", () => {
  test("who waits has no company and sees only the own place", () => {
    const state = after(waiting, { kind: "place", place: { number: 3, before_me: 2, minutes: 25 } });
    expect([amOutside(state), company(state), state.sight.place?.before_me]).toEqual([true, [], 2]);
  });

  test("who is called is in the room with the people told", () => {
    const people = [person("me"), person("leader", { role: "host" })];
    const state = after(waiting, { kind: "called" }, { kind: "room.changed", room: MAIN, people });
    expect([state.called, amOutside(state), company(state).map((one) => one.name)]).toEqual([true, false, ["leader"]]);
  });

  test("a new person appears once, however often told", () => {
    const helper = person("helper");
    const state = after(inside, { kind: "person.joined", person: helper }, { kind: "person.moved", person: helper });
    expect(company(state).map((one) => one.name)).toEqual(["leader", "helper"]);
  });
});

describe("a private room", () => {
  const state = after(inside, { kind: "room.changed", room: CAUCUS, people: [person("me", { room_id: CAUCUS.id }), person("mediator", { room_id: CAUCUS.id })] });

  test("replaces everybody who can hear me", () => {
    expect(company(state).map((one) => one.name)).toEqual(["mediator"]);
  });

  test("people of other rooms never count as company, even when a host sees them", () => {
    const host = after(inside, { kind: "person.joined", person: person("other", { room_id: CAUCUS.id, state: "in_caucus" }) });
    expect(company(host).map((one) => one.name)).toEqual(["leader"]);
  });

  test("an invitation comes and goes", () => {
    const invitation = { room_id: "caucus", by: "leader", until: "2026-08-04T01:32:00Z" };
    const invited = after(inside, { kind: "caucus.invited", invitation, expires_in: 120 });
    const over = after(invited, { kind: "caucus.invited", invitation: null, expires_in: 0 });
    expect([invited.sight.invitation, over.sight.invitation]).toEqual([invitation, null]);
  });
});

describe("losing and leaving", () => {
  test("a lost line keeps the seat and comes back into the same room", () => {
    const lost = after(inside, { kind: "person.lost", participant_id: "leader" });
    const back = after(lost, { kind: "person.back", participant_id: "leader", state: "in_room" });
    expect([lost, back].map((state) => company(state)[0]?.state)).toEqual(["connection_lost", "in_room"]);
  });

  test("who left is gone, with the reason, and no longer speaks", () => {
    const state = after(
      inside,
      { kind: "person.speaking", participant_ids: ["leader"] },
      { kind: "person.left", participant_id: "leader", because: "left" },
    );
    expect([company(state), state.speaking, state.gone.get("leader")]).toEqual([[], [], "left"]);
  });
});

test("who is in a private room is known until they come back or go", () => {
  const known = inside.sight.people.find((person) => person.participant_id === "leader");
  const away = after(inside, { kind: "person.left", participant_id: "leader", because: "private" });
  expect(namesApart(away)).toEqual([known?.name]);
  expect(namesApart(after(away, { kind: "person.left", participant_id: "leader", because: "left" }))).toEqual([]);
  expect(namesApart(after(inside, { kind: "person.left", participant_id: "leader", because: "left" }))).toEqual([]);
});

test("being muted by the host is told apart from muting oneself", () => {
  const state = after(inside, { kind: "person.muted", participant_id: "me", audio: false, video: true, by_host: true });
  expect([myself(state)?.audio, myself(state)?.muted_by_host]).toEqual([false, true]);
});

test("an extension takes the warning of the end away", () => {
  const warned = after(inside, { kind: "session.ending", ends_at: "2026-08-04T01:50:00Z" });
  const extended = after(warned, { kind: "session.state", session: { ...inside.sight.session, ends_at: "2026-08-04T02:00:00Z" } });
  expect([warned.endsAt, extended.endsAt]).toEqual(["2026-08-04T01:50:00Z", null]);
});

test("what may be done follows the server", () => {
  const state = after(inside, { kind: "actions", actions: ["admit"] });
  expect([may(state, "admit"), may(state, "hand"), may(null, "admit")]).toEqual([true, false, false]);
});

test("a host sees who waits, also when their line is lost", () => {
  const people = [person("me", { role: "host" }), person("a", { state: "waiting", room_id: WAITING.id }), person("b", { state: "connection_lost", room_id: WAITING.id }), person("c")];
  expect(waitingOutside(begin(welcome(people))).map((one) => one.name)).toEqual(["a", "b"]);
});

describe("the large picture", () => {
  const people = [person("helper", { role: "helper" }), person("leader", { role: "host" })];

  test("belongs to whoever speaks loudest among those present", () => {
    expect(speakerOf(people, ["me", "helper"], "leader")).toBe("helper");
  });

  test("belongs to whom the host asked to speak, however loud others are", () => {
    const quiet = person("wang", { floor: true });
    expect(speakerOf([...people, quiet], ["helper"], "helper")).toBe("wang");
  });

  test("stays with the last speaker in silence", () => {
    expect(speakerOf(people, [], "helper")).toBe("helper");
  });

  test("begins with the host, and is empty in an empty room", () => {
    expect([speakerOf(people, [], "gone"), speakerOf([], ["x"], "x")]).toEqual(["leader", null]);
  });
});

test("who is told of the rooms looks after the session, nobody else", () => {
  const guest = begin(welcome([person("me")]));
  const rooms = [{ id: "main", kind: "main" as const, opened_at: "2026-08-04T01:30:00Z" }];
  const host = told(guest, { kind: "rooms", rooms });
  expect([looksAfter(null), looksAfter({ ...guest, sight: { ...guest.sight, rooms: [] } }), looksAfter(host)]).toEqual([false, false, true]);
});

test("how the lines of others do is remembered, each by itself, and changes nothing else", () => {
  const before = begin(welcome([person("me"), person("a")]));
  const vitals = { loss: 0.1, rtt: 300, width: 320, height: 180, kbps: 200, freezes: 1, sent_loss: 0, unseen: 0 };
  const after = told(before, { kind: "person.vitals", participant_id: "a", vitals });
  expect(after).toEqual({ ...before, vitals: new Map([["a", vitals]]) });
});
