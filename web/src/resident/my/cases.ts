/** What the state of a matter means to its resident, as a colour. */

import type { CaseState } from "@/api/schema.gen";
import type { Tone } from "@/design/models";

const TONES: Readonly<Record<CaseState, Tone>> = {
  draft: "plain",
  registered: "info",
  accepted: "info",
  assigned: "info",
  in_mediation: "info",
  in_handling: "info",
  concluded: "good",
  archived: "plain",
  not_accepted: "warn",
  sent_elsewhere: "warm",
  withdrawn: "plain",
  to_court: "warm",
  no_longer_accepted: "warn",
};

export function caseToneOf(state: CaseState): Tone {
  return TONES[state];
}
