/** Who comes along to a reception, as it is filled in and as it is sent. */

import type { Companion } from "@/api/schema.gen";
import { mobileOf } from "../numbers";

export const ALONG = ["helper", "interpreter", "agent", "representative"] as const;
/** With who booked and the leader the room is full. */
export const MOST_ALONG = 6;
/** Of a group at most so many come, who booked among them. */
const SPEAKERS = 5;

export interface Along {
  role: (typeof ALONG)[number];
  name: string;
  phone: string;
  letter_id: string | null;
}

export function byLetter(role: Along["role"]): boolean {
  return role === "agent" || role === "representative";
}

/** Keys of the texts that say what is wrong, by field; null where all is right. */
export function alongFaults(company: readonly Along[], papers: readonly { readonly id: string }[]): Record<string, string | null> {
  const ids = new Set(papers.map((paper) => paper.id));
  const one = company.flatMap(({ role, name, phone, letter_id }, place) => [
    [`company.${place}.name`, name.trim().length < 2 ? "name" : null] as const,
    [`company.${place}.phone`, phone.trim() === "" || mobileOf(phone) !== null ? null : "phone"] as const,
    [`company.${place}.letter_id`, byLetter(role) && !ids.has(letter_id ?? "") ? "letter" : null] as const,
  ]);
  const speakers = company.filter(({ role }) => role === "representative").length + 1;
  return { ...Object.fromEntries(one), company: speakers > SPEAKERS ? "speakers" : null };
}

export function companyOf(company: readonly Along[]): Companion[] {
  return company.map(({ role, name, phone, letter_id }) => ({
    role,
    name: name.trim(),
    phone: mobileOf(phone),
    letter_id: byLetter(role) ? letter_id : null,
  }));
}
