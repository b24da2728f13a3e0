/** What became of a question: by what holds now, since it may have been settled otherwise after the answer. */

import type { AppointmentState, ChoiceView, EntryState, WishState } from "@/api/schema.gen";

export interface Outcome {
  /** Names the words that say it. */
  readonly key: string;
  /** There is a time that the person is to come at. */
  readonly stands: boolean;
  /** Where to see more: the appointment, all that is one's own, or another time to choose. */
  readonly way: "appointment" | "mine" | "book";
}

/** Appointments that are not held, each with words of its own. */
const FALLEN: Partial<Record<AppointmentState, Outcome>> = {
  cancelled: over("cancelled"),
  declined: over("declined", "mine"),
  diverted: over("diverted", "mine"),
  expired: over("expired"),
  rescheduled: over("rescheduled"),
};
const WISHES: Partial<Record<WishState, Outcome>> = {
  booked: over("booked_since", "mine"),
  declined: over("wish_declined", "mine"),
  withdrawn: over("wish_withdrawn"),
};
const ENTRIES: Partial<Record<EntryState, Outcome>> = {
  booked: over("booked_since", "mine"),
  closed: over("closed_place_freed"),
  left: over("decline_place_freed"),
  lapsed: over("silence_place_freed"),
};

function over(key: string, way: Outcome["way"] = "book"): Outcome {
  return { key, stands: false, way };
}

export function outcomeOf(choice: ChoiceView): Outcome {
  const answer = choice.answer ?? "silence";
  if (answer === "take" || choice.kind === "replaced") return ofAppointment(choice);
  return ofAsking(choice) ?? over(`${answer}_${choice.kind}`);
}

function ofAppointment({ answer, appointment_state: at }: ChoiceView): Outcome {
  const fallen = at === null ? undefined : FALLEN[at];
  if (fallen !== undefined) return fallen;
  const taken = at === "submitted" ? "taken_review" : "taken";
  return { key: answer === "take" ? taken : "kept", stands: true, way: "appointment" };
}

/** Of the wish or the place in line that it was about, once it is not open any more. */
function ofAsking({ wish_state: wish, entry_state: entry }: ChoiceView): Outcome | undefined {
  if (wish !== null) return WISHES[wish];
  return entry === null ? undefined : ENTRIES[entry];
}
