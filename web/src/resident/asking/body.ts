/** What the form sends where no time is chosen yet: a wish, or a place in a line. */

import type { NewEntry } from "@/api/schema.gen";
import { oneLine, type BookingDraft } from "../booking/draft";

export function askedFor(draft: BookingDraft, elder: boolean): Omit<NewEntry, "day_id"> {
  const others = draft.others.filter((other) => other.name.trim() !== "");
  return {
    person_id: draft.person_id,
    phone: draft.phone.trim() || null,
    sentence: oneLine(draft.sentence),
    category: draft.category || null,
    others: others.map(({ name, phone }) => ({ name: name.trim(), phone: phone.trim() || null })),
    people: Math.max(Number.parseInt(draft.people, 10) || 1, 1),
    email: draft.email.trim() || null,
    attend_by: draft.attend_by,
    site_id: draft.attend_by === "site" ? draft.site_id : null,
    needs: { elder, companion: draft.companion, interpreter: draft.interpreter.trim() || null },
  };
}
