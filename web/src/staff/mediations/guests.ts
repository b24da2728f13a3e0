/** Who is invited to a mediation, and what is wrong with the list. */

import type { GuestBody, MediationView } from "@/api/schema.gen";
import { digitsOf, isEmail, isMobile } from "@/app/checks";

export type GuestRole = GuestBody["role"];
/** In the order of the choice. */
export const GUEST_ROLES: readonly GuestRole[] = [
  "applicant", "respondent", "recorder", "helper", "agent", "guardian", "interpreter", "expert", "witness",
];

export interface Guest {
  readonly key: number;
  role: GuestRole;
  name: string;
  phone: string;
  email: string;
  readonly partyId: string | null;
}

/** Both sides as the case knows them, and an empty line for the recorder. */
export function firstGuests(mediation: MediationView): Guest[] {
  const sides = mediation.parties.filter((party) => party.role !== "concerned" || party.id === mediation.other_party.id);
  const guests = sides.map((party, key): Guest => {
    const isOther = party.id === mediation.other_party.id || party.role === "respondent";
    return { key, role: isOther ? "respondent" : "applicant", name: party.name, phone: party.phone ?? "", email: "", partyId: party.id };
  });
  return [...guests, { key: guests.length, role: "recorder", name: "", phone: "", email: "", partyId: null }];
}

export function emptyGuest(guests: readonly Guest[]): Guest {
  return { key: Math.max(-1, ...guests.map((guest) => guest.key)) + 1, role: "helper", name: "", phone: "", email: "", partyId: null };
}

/** A line that nobody began is left out. */
export function namedGuests(guests: readonly Guest[]): Guest[] {
  return guests.filter((guest) => [guest.name, guest.phone, guest.email].some((text) => text.trim() !== ""));
}

export interface GuestProblems {
  /** By the guest's key and field. */
  readonly fields: Readonly<Record<string, "bad_name" | "bad_phone" | "bad_email" | "same_phone">>;
  readonly bothSides: boolean;
}

export function problemsOf(guests: readonly Guest[]): GuestProblems {
  const named = namedGuests(guests);
  const fields: Record<string, "bad_name" | "bad_phone" | "bad_email" | "same_phone"> = {};
  for (const guest of named) {
    if (guest.name.trim().length < 2) fields[`${guest.key}.name`] = "bad_name";
    if (!isMobile(guest.phone)) fields[`${guest.key}.phone`] = "bad_phone";
    else if (named.some((other) => other.key < guest.key && digitsOf(other.phone) === digitsOf(guest.phone))) fields[`${guest.key}.phone`] = "same_phone";
    if (guest.email.trim() !== "" && !isEmail(guest.email)) fields[`${guest.key}.email`] = "bad_email";
  }
  const bothSides = (["applicant", "respondent"] as const).every((role) => named.some((guest) => guest.role === role));
  return { fields, bothSides };
}

export function bodyOf(guests: readonly Guest[]): GuestBody[] {
  return namedGuests(guests).map((guest) => ({
    role: guest.role,
    name: guest.name.trim(),
    phone: digitsOf(guest.phone),
    email: guest.email.trim() || null,
    party_id: guest.partyId,
  }));
}
