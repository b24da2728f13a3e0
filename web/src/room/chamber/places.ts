/** The rooms of a session as a host arranges people in them. */

import type { PersonCard, RoomCard } from "@/api/protocol.gen";
import { seated } from "../seating";
import { kindOf, type RoomState } from "../state";

export interface Place {
  /** The room's id; the waiting room and the main one have theirs, too. */
  readonly id: string;
  readonly kind: RoomCard["kind"];
  /** Private rooms are counted from 1. */
  readonly number: number;
  readonly openedAt: string;
  readonly people: readonly PersonCard[];
}

/** What a move means for the server; null where it means nothing. */
export type Move =
  | { readonly kind: "admit" }
  | { readonly kind: "send_out" }
  | { readonly kind: "invite"; readonly room: string }
  | { readonly kind: "close"; readonly room: string };

const ORDER: readonly RoomCard["kind"][] = ["waiting", "door", "main", "caucus"];

export function placesOf(state: RoomState): Place[] {
  const { room } = state.sight;
  // Whoever leads nothing is shown the room they are in.
  const inSight = state.sight.rooms.length === 0 && room !== null ? [room] : state.sight.rooms;
  const rooms = [...inSight].sort((one, other) => ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind) || one.opened_at.localeCompare(other.opened_at));
  let caucuses = 0;
  return rooms.map((room) => ({
    id: room.id,
    kind: room.kind,
    number: room.kind === "caucus" ? (caucuses += 1) : 0,
    openedAt: room.opened_at,
    people: peopleOf(state, room),
  }));
}

/** Those who wait in the order in which they came. */
function peopleOf(state: RoomState, room: RoomCard): readonly PersonCard[] {
  const here = state.sight.people.filter((person) => person.room_id === room.id);
  return room.kind === "waiting" ? here : seated(here, "host");
}

type Step = `${RoomCard["kind"]} to ${RoomCard["kind"]}`;

export function moveTo(state: RoomState, person: PersonCard, target: Place): Move | null {
  const from = kindOf(state.sight, person.room_id);
  if (from === null || person.room_id === null || person.participant_id === state.you) return null;
  const step: Step = `${from} to ${target.kind}`;
  switch (step) {
    case "waiting to main":
      return { kind: "admit" };
    case "main to waiting":
      return { kind: "send_out" };
    case "main to caucus":
      return { kind: "invite", room: target.id };
    case "caucus to main":
      // Nobody is taken out of a private room alone: it ends, and everybody comes back.
      return { kind: "close", room: person.room_id };
    default:
      return null;
  }
}
