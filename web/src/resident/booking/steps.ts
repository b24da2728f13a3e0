/** The four short steps of the form: what each asks, and what is wrong with it. */

import { alongFaults } from "./along";
import type { BookingDraft } from "./draft";
import { oneLine } from "./draft";
import { isEmail, mobileOf, telephoneOf } from "../numbers";

export const STEPS = ["who", "what", "papers", "check"] as const;
export type Step = (typeof STEPS)[number];

/** Fields with a key of the text that says what is wrong. */
export type Faults = Readonly<Record<string, string | null>>;

/** The step in which a field of the submission is filled in. */
const STEP_OF: Readonly<Record<string, Step>> = {
  person_id: "who",
  phone: "who",
  site_id: "who",
  needs: "who",
  sentence: "what",
  category: "what",
  others: "what",
  people: "what",
  paper_ids: "papers",
  company: "papers",
  email: "check",
};

export function stepOf(field: string): Step {
  return STEP_OF[field.split(".")[0] ?? ""] ?? "check";
}

function lengthOf(text: string): number {
  return Array.from(text).length;
}

function whoFaults(draft: BookingDraft): Faults {
  return {
    person_id: draft.person_id === "" ? "person" : null,
    phone: draft.phone.trim() === "" || mobileOf(draft.phone) !== null ? null : "phone",
    site_id: draft.attend_by === "site" && draft.site_id === "" ? "site" : null,
  };
}

function sentenceFault(text: string): string | null {
  const length = lengthOf(oneLine(text));
  if (length === 0) return "sentence_empty";
  if (length < 4) return "sentence_short";
  return length > 500 ? "sentence_long" : null;
}

function whatFaults(draft: BookingDraft): Faults {
  const others = draft.others.flatMap(({ name, phone }, place) => [
    [`others.${place}.name`, lengthOf(name.trim()) < 2 ? "name" : null] as const,
    [`others.${place}.phone`, phone.trim() === "" || telephoneOf(phone) !== null ? null : "telephone"] as const,
  ]);
  const people = Number(draft.people);
  return {
    sentence: sentenceFault(draft.sentence),
    people: Number.isInteger(people) && people >= 1 && people <= 9999 ? null : "people",
    ...Object.fromEntries(others),
  };
}

export function faultsOf(step: Step, draft: BookingDraft): Faults {
  if (step === "who") return whoFaults(draft);
  if (step === "what") return whatFaults(draft);
  if (step === "papers") return alongFaults(draft.company, draft.papers);
  return { email: draft.email.trim() === "" || isEmail(draft.email.trim()) ? null : "email" };
}

function isRight(faults: Faults): boolean {
  return Object.values(faults).every((fault) => fault === null);
}

/** The first step that still wants something, or the last one. */
export function furthest(draft: BookingDraft): Step {
  return STEPS.find((step) => !isRight(faultsOf(step, draft))) ?? "check";
}
