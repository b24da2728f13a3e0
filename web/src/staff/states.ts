/** The colour that goes with a state; its word is in the texts under `staff.state`. */

import type { Tone } from "@/design/models";

const TONES: Readonly<Record<string, Readonly<Record<string, Tone>>>> = {
  day: {
    draft: "warm",
    published: "info",
    booking_open: "good",
    booking_closed: "info",
    in_progress: "good",
    cancelled: "bad",
    swapped: "warn",
  },
  appointment: {
    on_hold: "plain",
    submitted: "warm",
    confirmed: "good",
    checked_in: "info",
    in_session: "info",
    declined: "bad",
    diverted: "warn",
    cancelled: "plain",
    no_show: "warn",
  },
  case: {
    registered: "info",
    accepted: "info",
    assigned: "info",
    in_mediation: "warm",
    in_handling: "warm",
    concluded: "good",
    not_accepted: "warn",
    to_court: "warn",
  },
  joint: { open: "warm", proposed: "info", booked: "good" },
  mediation: { asking: "warm", agreed: "good", scheduled: "info", refused: "bad", reassigned: "warn" },
  session: { open: "info", live: "good", paused: "warn", suspended: "warn" },
};

export type StateOf = "day" | "appointment" | "case" | "mediation" | "joint" | "session";

export function toneOf(thing: StateOf, state: string): Tone {
  return TONES[thing]?.[state] ?? "plain";
}
