/** Everything that is filled in to book, kept through reloads, the way back and a lost network. */

import { inject, type InjectionKey, type Ref } from "vue";
import type { Category, NewAppointment, NewEntry } from "@/api/schema.gen";
import { newKey } from "@/app/api";
import { useDraft, type Draft } from "@/app/drafts";
import { companyOf, type Along } from "./along";
import type { Submission } from "@/app/form";

export interface OtherDraft {
  name: string;
  phone: string;
}

export interface KeptPaper {
  id: string;
  name: string;
  size: number;
}

export interface BookingDraft {
  hold_id: string;
  slot_id: string;
  person_id: string;
  person_name: string;
  /** Empty: the number that signed in. */
  phone: string;
  attend_by: "own_device" | "site";
  town_id: string;
  site_id: string;
  site_name: string;
  interpreter: string;
  companion: boolean;
  /** The matter that was brought before; empty: something new. */
  case_id: string;
  sentence: string;
  category: Category | "";
  others: OtherDraft[];
  people: string;
  company: Along[];
  papers: KeptPaper[];
  email: string;
  /** Sent with the submission: a second try is the same booking. */
  key: string;
}

const EMPTY: Omit<BookingDraft, "key"> = {
  hold_id: "",
  slot_id: "",
  person_id: "",
  person_name: "",
  phone: "",
  attend_by: "own_device",
  town_id: "",
  site_id: "",
  site_name: "",
  interpreter: "",
  companion: false,
  case_id: "",
  sentence: "",
  category: "",
  others: [],
  people: "1",
  company: [],
  papers: [],
  email: "",
};

export interface BookingForm {
  readonly draft: Ref<BookingDraft>;
  readonly submission: Submission;
}

export const bookingKey: InjectionKey<BookingForm> = Symbol("booking");

export function useBookingForm(): BookingForm {
  const form = inject(bookingKey);
  if (form === undefined) throw new Error("the form is provided by its page");
  return form;
}

export function useBookingDraft(): Draft<BookingDraft> {
  return useDraft<BookingDraft>("booking", { ...EMPTY, key: newKey() });
}

/** The sentence as one line, which it is to be. */
export function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " ").trim();
}

/** Who asks, and what it is about; all that is sent where no time is chosen yet. */
export function matterOf(draft: BookingDraft, elder: boolean): Omit<NewEntry, "day_id"> {
  const others = draft.others.filter((other) => other.name.trim() !== "");
  return {
    person_id: draft.person_id,
    phone: draft.phone.trim() || null,
    case_id: draft.case_id || null,
    sentence: oneLine(draft.sentence),
    category: draft.category || null,
    others: others.map(({ name, phone }) => ({ name: name.trim(), phone: phone.trim() || null })),
    people: Math.max(Number.parseInt(draft.people, 10) || 1, 1),
    email: draft.email.trim() || null,
    attend_by: draft.attend_by,
    site_id: draft.attend_by === "site" ? draft.site_id : null,
    needs: { elder, companion: draft.companion, interpreter: draft.interpreter.trim() || null },
    company: companyOf(draft.company),
    paper_ids: draft.papers.map((paper) => paper.id),
  };
}

export function bodyOf(draft: BookingDraft, holdId: string, elder: boolean): NewAppointment {
  return { ...matterOf(draft, elder), appointment_id: holdId };
}
