/** What one seat sees of a live session, as a value: a whole picture, then facts that change it. */

import type { Absence, PersonCard, PersonVitals, RoomKind, SessionRole, Sight, Told, Vitals, Welcome } from "@/api/protocol.gen";
import { seated } from "./seating";

export interface RoomState {
  readonly you: string;
  readonly sight: Sight;
  /** Who speaks in my room, loudest first. */
  readonly speaking: readonly string[];
  /** Set when the time is nearly up. */
  readonly endsAt: string | null;
  /** I was let in while I looked on. */
  readonly called: boolean;
  /** Why people are no longer in sight, for those who just went. */
  readonly gone: ReadonlyMap<string, Absence>;
  /** Who of them is in a private room for a while. */
  readonly apart: ReadonlyMap<string, PersonCard>;
  /** How people's lines do, told to who looks after the session. */
  readonly vitals: ReadonlyMap<string, Vitals>;
  /** The silent alarm was taken by somebody. */
  readonly helpKnows: boolean;
}

export function begin({ you, sight }: Welcome): RoomState {
  return { you, sight, speaking: [], endsAt: null, called: false, gone: new Map(), apart: new Map(), vitals: new Map(), helpKnows: false };
}

/** The next picture. That no fact is missing is the line's business. */
export function told(state: RoomState, fact: Told): RoomState {
  if (fact.kind !== "person.vitals") return changed(state, fact);
  return { ...state, vitals: new Map(state.vitals).set(fact.participant_id, fact.vitals) };
}

type Change = Exclude<Told, PersonVitals>;

function changed(state: RoomState, fact: Change): RoomState {
  switch (fact.kind) {
    case "session.state":
      return seeing({ ...state, endsAt: null }, { session: fact.session });
    case "session.ending":
      return { ...state, endsAt: fact.ends_at };
    case "room.changed":
      return seeing({ ...state, speaking: [] }, { room: fact.room, people: fact.people });
    case "called":
      return { ...state, called: true };
    case "alarm.taken":
      return { ...state, helpKnows: true };
    case "caucus.answered":
      return state;
    default:
      return "participant_id" in fact || "person" in fact || "participant_ids" in fact
        ? personChanged(state, fact)
        : seeing(state, partOf(fact));
  }
}

type PersonFact = Extract<Change, { readonly kind: `person.${string}` }>;
type PartFact = Extract<Told, { readonly kind: "rooms" | "place" | "caucus.invited" | "actions" }>;

function partOf(fact: PartFact): Partial<Sight> {
  switch (fact.kind) {
    case "rooms":
      return { rooms: fact.rooms };
    case "place":
      return { place: fact.place };
    case "caucus.invited":
      return { invitation: fact.invitation };
    case "actions":
      return { actions: fact.actions };
  }
}

function personChanged(state: RoomState, fact: PersonFact): RoomState {
  switch (fact.kind) {
    case "person.joined":
    case "person.moved":
      return placing(state, fact.person);
    case "person.left":
      return without(state, fact.participant_id, fact.because);
    case "person.speaking":
      return { ...state, speaking: fact.participant_ids };
    default:
      return knowing(state, fact.participant_id, changeOf(fact));
  }
}

type Trait = Extract<PersonFact, { readonly kind: `person.${"lost" | "back" | "muted" | "hand" | "floor" | "shares" | "line"}` }>;

function changeOf(fact: Trait): Partial<PersonCard> {
  switch (fact.kind) {
    case "person.lost":
      return { state: "connection_lost" };
    case "person.back":
      return { state: fact.state };
    case "person.muted":
      return { audio: fact.audio, video: fact.video, muted_by_host: fact.by_host };
    case "person.hand":
      return { hand: fact.up };
    case "person.floor":
      return { floor: fact.on };
    case "person.shares":
      return { shares: fact.on };
    case "person.line":
      return { line: fact.line };
  }
}

function seeing(state: RoomState, change: Partial<Sight>): RoomState {
  return { ...state, sight: { ...state.sight, ...change } };
}

function placing(state: RoomState, person: PersonCard): RoomState {
  const others = state.sight.people.filter((one) => one.participant_id !== person.participant_id);
  const gone = new Map(state.gone);
  gone.delete(person.participant_id);
  const apart = new Map(state.apart);
  apart.delete(person.participant_id);
  return seeing({ ...state, gone, apart }, { people: [...others, person] });
}

function without(state: RoomState, id: string, because: Absence): RoomState {
  const people = state.sight.people.filter((one) => one.participant_id !== id);
  const speaking = state.speaking.filter((one) => one !== id);
  const apart = new Map(state.apart);
  const person = state.sight.people.find((one) => one.participant_id === id);
  if (because !== "private") apart.delete(id);
  else if (person !== undefined) apart.set(id, person);
  return seeing({ ...state, speaking, gone: new Map(state.gone).set(id, because), apart }, { people });
}

function knowing(state: RoomState, id: string, change: Partial<PersonCard>): RoomState {
  const people = state.sight.people.map((person) => (person.participant_id === id ? { ...person, ...change } : person));
  return seeing(state, { people });
}

export function kindOf(sight: Sight, roomId: string | null): RoomKind | null {
  if (roomId === null) return null;
  if (sight.room?.id === roomId) return sight.room.kind;
  return sight.rooms.find((room) => room.id === roomId)?.kind ?? null;
}

export function myself(state: RoomState): PersonCard | undefined {
  return state.sight.people.find((person) => person.participant_id === state.you);
}

/** Hosts and the door: they are told of all rooms, and how the line of each does. */
export function looksAfter(state: RoomState | null): boolean {
  return (state?.sight.rooms.length ?? 0) > 0;
}

/** Everybody who sees and hears me now. */
export function company(state: RoomState): readonly PersonCard[] {
  const { room, people } = state.sight;
  if (room === null || room.kind === "waiting") return [];
  const here = people.filter((person) => person.room_id === room.id && person.participant_id !== state.you);
  return seated(here, myself(state)?.role);
}

/** Of those who see and hear me, the one whose screen is shown. */
export function sharerAmong(people: readonly PersonCard[]): PersonCard | null {
  return people.find((person) => person.shares) ?? null;
}

/** Of those who see and hear me, the one whom the host asked to speak. */
export function floorAmong(people: readonly PersonCard[]): PersonCard | null {
  return people.find((person) => person.floor) ?? null;
}

export function waitingOutside(state: RoomState): readonly PersonCard[] {
  return state.sight.people.filter((person) => isWaiting(state.sight, person));
}

function isWaiting(sight: Sight, person: PersonCard): boolean {
  if (person.state === "waiting") return true;
  return person.state === "connection_lost" && kindOf(sight, person.room_id) === "waiting";
}

/** Whether I stand outside: waiting, or not yet anywhere. */
export function amOutside({ sight }: RoomState): boolean {
  return sight.room === null || sight.room.kind === "waiting";
}

const LEADING: ReadonlySet<SessionRole> = new Set(["host", "co_host"]);

/** Who deserves the large picture: whoever was asked to speak, else whoever speaks, else whoever spoke last, else the host. */
export function speakerOf(people: readonly PersonCard[], speaking: readonly string[], before: string | null): string | null {
  const asked = floorAmong(people);
  if (asked !== null) return asked.participant_id;
  const present = new Set(people.map((person) => person.participant_id));
  const loudest = speaking.find((id) => present.has(id));
  if (loudest !== undefined) return loudest;
  if (before !== null && present.has(before)) return before;
  return (people.find((person) => LEADING.has(person.role)) ?? people[0])?.participant_id ?? null;
}

export function may(state: RoomState | null, action: string): boolean {
  return state?.sight.actions.includes(action) ?? false;
}

/** Who is in a private room, whoever leads the session first. */
export function namesApart(state: RoomState | null): string[] {
  const people = [...(state?.apart.values() ?? [])];
  const leads = people.filter((person) => person.role === "host");
  return [...leads, ...people.filter((person) => person.role !== "host")].map((person) => person.name);
}
