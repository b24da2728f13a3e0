/** What a view of the calendar covers, and which of its things stand where. */

import type { CalendarDate, CalendarDay, CalendarLeave, CalendarRow, CalendarSession, CalendarView } from "@/api/schema.gen";
import { addDays, dateOf, millisecondsOf, momentOf, mondayOf, startOf } from "@/app/time";

export type Span = "day" | "week" | "month";
export type By = "leader" | "room" | "unit";
export const SPANS: readonly Span[] = ["day", "week", "month"];
export const BYS: readonly By[] = ["leader", "room", "unit"];
export const SHOWN = ["days", "receptions", "mediations", "joint"] as const;

export interface Range {
  readonly first: string;
  readonly last: string;
}

/** Something in the calendar: a reception day with those booked on it, a session, a leave. */
export type Thing =
  | { readonly is: "day"; readonly key: string; readonly begins: string; readonly ends: string; readonly day: CalendarDay; readonly line: readonly CalendarSession[] }
  | { readonly is: "session"; readonly key: string; readonly begins: string; readonly ends: string; readonly session: CalendarSession }
  | { readonly is: "leave"; readonly key: string; readonly begins: string; readonly ends: string; readonly leave: CalendarLeave };
export type Movable = Exclude<Thing, { is: "leave" }>;

export interface BoardRow {
  readonly row: CalendarRow;
  readonly things: readonly Thing[];
}

/** Whole weeks for a month, so that it stands on the page as on a wall. */
export function rangeOf(span: Span, date: string): Range {
  if (span === "day") return { first: date, last: date };
  if (span === "week") return { first: mondayOf(date), last: addDays(mondayOf(date), 6) };
  const last = addDays(nextMonth(date), -1);
  return { first: mondayOf(firstOf(date)), last: addDays(mondayOf(last), 6) };
}

function firstOf(date: string): string {
  return `${date.slice(0, 7)}-01`;
}

function nextMonth(date: string): string {
  return firstOf(addDays(firstOf(date), 31));
}

export function turned(span: Span, date: string, by: number): string {
  if (span === "day") return addDays(date, by);
  if (span === "week") return addDays(date, by * 7);
  return by > 0 ? nextMonth(date) : firstOf(addDays(firstOf(date), -1));
}

export function ofSession(session: CalendarSession): Movable {
  return { is: "session", key: session.id, begins: session.begins_at, ends: session.ends_at, session };
}

/** In the order of time; a session on a day that is shown stands within that day. */
export function thingsOf(view: CalendarView): Thing[] {
  const shown = new Set(view.days.map((day) => day.id));
  const days = view.days.map<Thing>((day) => ({ is: "day", key: day.id, begins: day.begins_at, ends: day.ends_at, day, line: view.sessions.filter((one) => one.day_id === day.id) }));
  const sessions = view.sessions
    .filter((session) => session.day_id === null || !shown.has(session.day_id))
    .map(ofSession);
  const leave = view.leave.map<Thing>((one) => ({ is: "leave", key: `${one.leader_id} ${one.begins_at}`, begins: one.begins_at, ends: one.ends_at, leave: one }));
  return [...days, ...sessions, ...leave].sort((one, other) => one.begins.localeCompare(other.begins) || one.key.localeCompare(other.key));
}

const ROWS: Readonly<Record<By, readonly CalendarRow["kind"][]>> = { leader: ["person"], room: ["room", "site"], unit: ["unit"] };

/** Whether a thing stands in a row; a session stands with everybody who is in it. */
export function standsIn(thing: Thing, { id, kind }: CalendarRow): boolean {
  if (thing.is === "leave") return thing.leave.leader_id === id;
  if (thing.is === "day") return kind === "unit" ? thing.day.unit_id === id : kind === "person" && thing.day.leader_id === id;
  if (kind === "person") return thing.session.who.includes(id);
  return kind === "unit" ? thing.session.units.includes(id) : thing.session.room_id === id;
}

/** In a room only who takes it is shown: those of a reception day that come to a site, one by one. */
export function rowsOf(view: CalendarView, by: By): BoardRow[] {
  const things = by === "room" ? thingsOf({ ...view, days: [] }) : thingsOf(view);
  return view.rows.filter((row) => ROWS[by].includes(row.kind)).map((row) => ({ row, things: things.filter((thing) => standsIn(thing, row)) }));
}

/** What of it falls on a date; a leave may last over several. */
export function onDate(things: readonly Thing[], date: string): Thing[] {
  const [begin, end] = [startOf(date), startOf(addDays(date, 1))];
  return things.filter((thing) => millisecondsOf(thing.begins) < end && millisecondsOf(thing.ends) > begin);
}

/** A weekend on which nothing is and nobody works takes no room in a week. */
export function columnsOf(dates: readonly CalendarDate[], things: readonly Thing[]): CalendarDate[] {
  return dates.filter((one) => one.kind !== "weekend" || onDate(things, one.date).length > 0);
}

export interface Hours {
  readonly from: number;
  readonly to: number;
}

/** From eight to six, and longer where something is earlier or later. */
export function hoursOf(things: readonly Thing[]): Hours {
  const own = things.filter((thing) => thing.is !== "leave");
  const ends = own.map((thing) => momentOf(thing.ends)).map(({ hour, minute }) => (minute > 0 ? hour + 1 : hour));
  return { from: Math.min(8, ...own.map((thing) => momentOf(thing.begins).hour)), to: Math.max(18, ...ends) };
}

/** Where a time stands between two hours of its day, from 0 to 1. */
export function placeOf(instant: string, date: string, { from, to }: Hours): number {
  const hours = (millisecondsOf(instant) - startOf(date)) / 3_600_000;
  return Math.min(1, Math.max(0, (hours - from) / (to - from)));
}

const STEP = 5 * 60_000;

/** The time at a place, to five minutes. */
export function instantAt(place: number, date: string, { from, to }: Hours): string {
  const exact = startOf(date) + (from + place * (to - from)) * 3_600_000;
  return new Date(Math.round(exact / STEP) * STEP).toISOString();
}

/** Things that overlap stand below each other: for each the line it stands in. */
export function lanesOf(things: readonly Thing[]): { readonly lanes: ReadonlyMap<string, number>; readonly count: number } {
  const ends: string[] = [];
  const lanes = new Map<string, number>();
  for (const thing of things) {
    const free = ends.findIndex((end) => end <= thing.begins);
    const lane = free === -1 ? ends.length : free;
    ends[lane] = thing.ends;
    lanes.set(thing.key, lane);
  }
  return { lanes, count: Math.max(1, ends.length) };
}

/** The same time of day on another date. */
export function sameTimeOn(instant: string, date: string): string {
  return new Date(startOf(date) + millisecondsOf(instant) - startOf(dateOf(instant))).toISOString();
}
