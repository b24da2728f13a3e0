/** A session as it is archived on the timeline: read without trust in its shape, which is the archive's to extend. */

import type { EntryView } from "@/api/schema.gen";

export interface RecordPerson {
  readonly name: string;
  readonly role: string;
  readonly arrivedAt: string | null;
  readonly leftAt: string | null;
}

export interface RecordRoom {
  readonly kind: string;
  readonly openedAt: string | null;
  readonly closedAt: string | null;
}

export interface RecordConsent {
  readonly name: string;
  readonly kind: string;
  /** To a notice nobody agrees: it was told, and they said that they know. */
  readonly isNotice: boolean;
  readonly given: boolean;
  readonly at: string | null;
}

/** How a line was until somebody left; losses in percent, rates in kbit/s, the way there and back in ms. */
export interface RecordConnection {
  readonly sent: number;
  readonly sentLoss: number;
  readonly received: number;
  readonly receivedLoss: number;
  readonly trip: number | null;
}

export interface RecordLine {
  readonly number: number;
  readonly at: string;
  readonly kind: string;
  readonly name: string | null;
  /** Which kind of room it was in, if it was in one. */
  readonly room: string | null;
  readonly because: string | null;
  readonly connection: RecordConnection | null;
}

export interface SessionRecord {
  readonly people: readonly RecordPerson[];
  readonly rooms: readonly RecordRoom[];
  readonly consents: readonly RecordConsent[];
  readonly log: readonly RecordLine[];
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function percent(value: unknown): number {
  return Math.round(Number(value) * 1000) / 10;
}

function connectionOf(line: Fields): RecordConnection | null {
  const facts = fieldsOf(line["facts"]);
  if (line["kind"] !== "connection" || typeof facts["sent_kbps"] !== "number") return null;
  const trip = facts["round_trip_ms"];
  return {
    sent: facts["sent_kbps"],
    sentLoss: percent(facts["sent_loss"]),
    received: Number(facts["received_kbps"]),
    receivedLoss: percent(facts["received_loss"]),
    trip: typeof trip === "number" ? trip : null,
  };
}

export function recordOf(entry: EntryView): SessionRecord {
  const facts = fieldsOf(entry.facts);
  const personal = fieldsOf(entry.personal);
  const names = fieldsOf(personal["names"]);
  const because = fieldsOf(personal["because"]);
  const people = listOf(facts["people"]);
  const rooms = listOf(facts["rooms"]);
  const nameOf = (participantId: unknown) => (typeof participantId === "string" ? textOf(names[participantId]) : null);
  const roomKinds = new Map(rooms.map((room) => [room["room_id"], textOf(room["kind"])]));
  const seatOf = (inviteeId: unknown) => people.find((person) => person["invitee_id"] === inviteeId)?.["participant_id"];

  return {
    people: people.map((person) => ({
      name: nameOf(person["participant_id"]) ?? "",
      role: textOf(person["role"]) ?? "",
      arrivedAt: textOf(person["arrived_at"]),
      leftAt: textOf(person["left_at"]),
    })),
    rooms: rooms.map((room) => ({ kind: textOf(room["kind"]) ?? "", openedAt: textOf(room["opened_at"]), closedAt: textOf(room["closed_at"]) })),
    consents: listOf(facts["consents"]).map((consent) => ({
      name: nameOf(seatOf(consent["invitee_id"])) ?? "",
      kind: textOf(consent["kind"]) ?? "",
      isNotice: consent["basis"] === "notice",
      given: consent["given"] === true && consent["withdrawn_at"] === null,
      at: textOf(consent["at"]),
    })),
    log: listOf(facts["log"]).map((line) => ({
      number: Number(line["n"]),
      at: textOf(line["at"]) ?? "",
      kind: textOf(line["kind"]) ?? "",
      name: nameOf(line["participant_id"]),
      room: roomKinds.get(line["room_id"]) ?? null,
      because: textOf(because[String(line["n"])]),
      connection: connectionOf(line),
    })),
  };
}
