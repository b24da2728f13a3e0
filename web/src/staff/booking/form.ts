/** What a clerk fills in for somebody else, and what is wrong with it. */

import type { Category, DeskBooking, DeskCompanion, DeskWishFor } from "@/api/schema.gen";
import { digitsOf, isEmail, isIdNumber, isMobile } from "@/app/checks";

export const ATTEND_WAYS = ["own_device", "site", "centre"] as const;
export type AttendWay = (typeof ATTEND_WAYS)[number];

export const CHANNELS = ["hotline", "walk_in", "on_behalf"] as const;
export type Channel = (typeof CHANNELS)[number];

export interface BookingForm {
  channel: Channel;
  /** Why somebody is to have a time before those whose turn it is. */
  urgency: string;
  name: string;
  phone: string;
  id_number: string;
  address: string;
  email: string;
  /** The matter that was brought before; empty: something new. */
  case_id: string;
  sentence: string;
  category: Category | null;
  attend_by: AttendWay;
  site_id: string | null;
  elder: boolean;
  /** Which language or dialect; empty when none is needed. */
  interpreter: string;
  companion: boolean;
  no_smartphone: boolean;
  /** The unit complained of; empty when there is none. */
  subject: string;
  /** How many the matter concerns. */
  people: string;
  company: DeskAlong[];
}

export interface DeskAlong {
  role: DeskCompanion["role"];
  name: string;
  phone: string;
  letter_seen: boolean;
}

export const EMPTY: BookingForm = {
  channel: "hotline",
  urgency: "",
  name: "",
  phone: "",
  id_number: "",
  address: "",
  email: "",
  case_id: "",
  sentence: "",
  category: null,
  attend_by: "own_device",
  site_id: null,
  elder: false,
  interpreter: "",
  companion: false,
  no_smartphone: false,
  subject: "",
  people: "1",
  company: [],
};

/** Nothing of it outlives the tab: it is about somebody else. */
export const PASSING = Object.keys(EMPTY) as (keyof BookingForm)[];

/** Keys of the texts that say what is wrong, by field. */
export type FormProblems = Readonly<Partial<Record<keyof BookingForm, string>>>;

function isWrong(text: string, check: (text: string) => boolean): boolean {
  return text.trim() !== "" && !check(text);
}

/** What only the desk asks for. */
function deskProblems(form: BookingForm): FormProblems {
  return {
    ...(isWrong(form.id_number, isIdNumber) ? { id_number: "bad_id" } : {}),
    ...(isWrong(form.email, isEmail) ? { email: "bad_email" } : {}),
    ...(Number.isInteger(Number(form.people)) && Number(form.people) >= 1 ? {} : { people: "bad_people" }),
    ...(form.company.every((one) => one.name.trim().length >= 2 && !isWrong(one.phone, isMobile)) ? {} : { company: "bad_company" }),
    ...(form.sentence.trim().length < 4 ? { sentence: "missing_sentence" } : {}),
  };
}

/** A village worker enters name, phone, needs and time only; the rest is the desk's to ask. */
export function problemsOf(form: BookingForm, isDesk: boolean): FormProblems {
  return {
    ...(form.name.trim().length < 2 ? { name: "missing_name" } : {}),
    ...(isMobile(form.phone) ? {} : { phone: "bad_phone" }),
    ...(form.attend_by === "site" && form.site_id === null ? { site_id: "missing_site" } : {}),
    ...(form.attend_by === "own_device" && form.no_smartphone ? { attend_by: "needs_a_place" } : {}),
    ...(isDesk ? deskProblems(form) : {}),
  };
}

function filled(text: string): string | null {
  return text.trim() === "" ? null : text.trim();
}

/** The form as the server takes it, without a time. */
export function matterOf(form: BookingForm, { isDesk }: { isDesk: boolean }): DeskWishFor {
  const { elder, interpreter, companion, no_smartphone } = form;
  const own = {
    id_number: filled(digitsOf(form.id_number).toUpperCase()),
    address: filled(form.address),
    email: filled(form.email),
    case_id: filled(form.case_id),
    sentence: filled(form.sentence),
    category: form.category,
    people: Number(form.people),
    company: form.company.map(({ role, name, phone, letter_seen }) => ({ role, name: name.trim(), phone: filled(digitsOf(phone)), letter_seen })),
    subject_unit_id: filled(form.subject),
    channel: form.channel,
  };
  return {
    ...(isDesk ? own : {}),
    name: form.name.trim(),
    phone: digitsOf(form.phone),
    attend_by: form.attend_by,
    site_id: form.attend_by === "site" ? form.site_id : null,
    needs: { elder, interpreter: filled(interpreter), companion, no_smartphone },
  };
}

/** The form with the time that is booked. */
export function bodyOf(form: BookingForm, slotId: string, { isDesk, overrules }: { isDesk: boolean; overrules: boolean }): DeskBooking {
  const urgency = overrules ? filled(form.urgency) : null;
  return { ...matterOf(form, { isDesk }), slot_id: slotId, ...(isDesk ? { urgency } : {}) };
}
