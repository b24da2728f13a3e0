/** In which order people are shown, whoever came first: nobody jumps about, and whom it is about is not last. */

import type { PersonCard, SessionRole } from "@/api/protocol.gen";

const PARTIES: readonly SessionRole[] = ["petitioner", "applicant", "respondent", "representative", "guardian", "agent", "helper", "interpreter", "witness", "expert"];
const LEADING: readonly SessionRole[] = ["host", "co_host"];
const HOUSE: readonly SessionRole[] = ["operator", "handler", "recorder", "observer", "support"];
/** For whoever works here it is the others who count; for all others, who leads. */
const FOR_HOUSE = [...PARTIES, ...LEADING, ...HOUSE];
const FOR_PARTIES = [...LEADING, ...PARTIES, ...HOUSE];

export function seated(people: readonly PersonCard[], viewer: SessionRole | undefined): PersonCard[] {
  const order = viewer !== undefined && PARTIES.includes(viewer) ? FOR_PARTIES : FOR_HOUSE;
  return [...people].sort(
    (one, other) => order.indexOf(one.role) - order.indexOf(other.role) || one.participant_id.localeCompare(other.participant_id),
  );
}
