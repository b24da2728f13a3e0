/** How far a mediation is. */

import type { MediationState } from "@/api/schema.gen";

export function isOver(state: MediationState): boolean {
  return state === "refused" || state === "ended";
}

/** Which of the three steps it stands on: asking, finding a time, meeting. */
export function stepOf(state: MediationState): number {
  switch (state) {
    case "asking":
    case "refused":
    case "reassigned":
      return 0;
    case "agreed":
      return 1;
    case "scheduled":
    case "ended":
      return 2;
  }
}
