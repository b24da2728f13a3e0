/** A week of the roster: each unit with its shifts by day. */

import type { DraftShift, RosterDay, RosterUnit, RosterView, ShiftView } from "@/api/schema.gen";
import { addDays, startOf } from "@/app/time";

export interface Cell {
  readonly day: RosterDay;
  readonly shifts: readonly ShiftView[];
}

export interface UnitRow {
  readonly unit: RosterUnit;
  readonly cells: readonly Cell[];
}

/** Weekends stand only where somebody works on them. */
export function daysOf(roster: RosterView): RosterDay[] {
  const used = new Set(roster.units.flatMap((unit) => unit.shifts.map((shift) => shift.day)));
  return roster.days.filter((day) => day.working || used.has(day.date) || !isWeekend(day.date));
}

function isWeekend(date: string): boolean {
  return [0, 6].includes(new Date(startOf(date) + 8 * 3_600_000).getUTCDay());
}

export function rowsOf(roster: RosterView, kind: RosterUnit["kind"], find: string): UnitRow[] {
  const days = daysOf(roster);
  const wanted = find.trim().toLowerCase();
  const matches = (unit: RosterUnit) => `${unit.name} ${unit.name_en ?? ""}`.toLowerCase().includes(wanted);
  return roster.units
    .filter((unit) => unit.kind === kind && matches(unit))
    .map((unit) => ({ unit, cells: days.map((day) => ({ day, shifts: unit.shifts.filter((shift) => shift.day === day.date) })) }));
}

/** The working days from one to another, as the roster knows them; unknown ones by their weekday. */
export function workingDays(from: string, to: string, known: readonly RosterDay[]): string[] {
  const MOST = 31;
  const found: string[] = [];
  for (let date = from; date <= to && found.length < MOST; date = addDays(date, 1)) {
    const day = known.find((one) => one.date === date);
    if (day === undefined ? !isWeekend(date) : day.working || date === from) found.push(date);
  }
  return found;
}

/** What is read of a shift: its hours, then who is there or how many. */
export function shiftText({ begins, ends, person, seats }: Pick<ShiftView | DraftShift, "begins" | "ends" | "person" | "seats">): { span: string; who: string } {
  const many = seats > 1 ? `×${seats}` : "";
  return { span: `${hours(begins)}–${hours(ends)}`, who: person?.name ?? many };
}

/** The same in one text. */
export function wordsIn(shift: Parameters<typeof shiftText>[0]): string {
  const { span, who } = shiftText(shift);
  return who === "" ? span : `${span} ${who}`;
}

export function hours(time: string): string {
  return time.slice(0, 5);
}
