/** What an appointment means to its resident: a colour, whether it still stands. */

import type { AppointmentState } from "@/api/schema.gen";
import type { Tone } from "@/design/models";

const TONES: Readonly<Record<AppointmentState, Tone>> = {
  on_hold: "warn",
  submitted: "warn",
  confirmed: "good",
  checked_in: "good",
  in_session: "good",
  completed: "plain",
  diverted: "warm",
  declined: "bad",
  cancelled: "plain",
  rescheduled: "plain",
  no_show: "plain",
  expired: "plain",
};
const AHEAD: ReadonlySet<AppointmentState> = new Set(["submitted", "confirmed", "checked_in", "in_session"]);

export function toneOf(state: AppointmentState): Tone {
  return TONES[state];
}

/** Whether the meeting is still to come or going on. */
export function isAhead(state: AppointmentState): boolean {
  return AHEAD.has(state);
}
