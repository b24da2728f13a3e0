/** A draft of the roster, as its page shows it. */

import type { DraftLeader, DraftProgress, DraftShift, DraftState, DraftUnit, DraftWeek, FairRow } from "@/api/schema.gen";
import { addDays, mondayOf } from "@/app/time";
import type { Tone } from "@/design/models";

export const LONGEST = 60;
const WEEK = 7;

export const TONES: Record<DraftState, Tone> = { queued: "plain", running: "info", ready: "warn", cancelled: "plain", failed: "bad", kept: "good", undone: "plain" };

/** A half day of a unit, as it is asked about. */
export interface Asked {
  readonly unit: DraftUnit;
  readonly day: string;
  readonly half: number;
}

export interface DraftCell {
  readonly day: string;
  readonly shifts: readonly DraftShift[];
}

export interface DraftRow {
  readonly unit: DraftUnit;
  readonly cells: readonly DraftCell[];
}

export function isGoingOn(state: DraftState): boolean {
  return state === "queued" || state === "running";
}

/** The Mondays of the weeks that it touches. */
export function weeksOf(first: string, last: string): string[] {
  const found: string[] = [];
  for (let monday = mondayOf(first); monday <= last; monday = addDays(monday, WEEK)) found.push(monday);
  return found;
}

export function draftRows(week: DraftWeek, { changed, find }: { changed: boolean; find: string }): DraftRow[] {
  const wanted = find.trim().toLowerCase();
  return week.units
    .filter((unit) => unit.name.toLowerCase().includes(wanted) && (!changed || unit.changes > 0))
    .map((unit) => ({ unit, cells: week.days.map((day) => ({ day, shifts: unit.shifts.filter((shift) => shift.day === day) })) }));
}

/** The leaders who receive on a day, each once. */
export function leadersOn(leaders: readonly DraftLeader[], day: string): string[] {
  return [...new Set(leaders.filter((one) => one.day === day).map((one) => one.name))];
}

/** How close to proven: from 0 to 1. */
export function doneOf(progress: DraftProgress | null): number {
  return progress === null || progress.parts === 0 ? 0 : progress.done / progress.parts;
}

/** Furthest from their share first, then in the order of units. */
export function unevenFirst(rows: readonly FairRow[]): FairRow[] {
  const off = (row: FairRow) => Math.abs(row.turns - row.share);
  return [...rows].sort((a, b) => off(b) - off(a));
}
