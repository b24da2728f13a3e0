/** A shift as it is edited. */

import type { Presence, RosterUnit, ShiftView } from "@/api/schema.gen";

export const PRESENCES: readonly Presence[] = ["whole", "rotating", "on_call"];
export const NOBODY = "nobody";

/** The unit and day of a new shift, or the shift that is changed. */
export interface Editing {
  readonly unit: RosterUnit;
  readonly day: string;
  readonly shift: ShiftView | null;
}

export interface ShiftForm {
  until: string;
  begins: string;
  ends: string;
  presence: Presence;
  person: string;
  seats: string;
}

export function formOf({ unit, day, shift }: Editing): ShiftForm {
  if (shift === null) {
    return { until: day, begins: "09:00", ends: "11:30", presence: unit.presence ?? "whole", person: NOBODY, seats: "1" };
  }
  return {
    until: day,
    begins: shift.begins.slice(0, 5),
    ends: shift.ends.slice(0, 5),
    presence: shift.presence,
    person: shift.person?.account_id ?? NOBODY,
    seats: String(shift.seats),
  };
}

export function shiftOf(form: ShiftForm) {
  const isNamed = form.person !== NOBODY;
  return {
    begins: form.begins,
    ends: form.ends,
    presence: form.presence,
    account_id: isNamed ? form.person : null,
    seats: isNamed ? 1 : Number(form.seats),
  };
}
