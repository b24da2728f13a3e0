/** Steps of a case that staff take by hand, and which of them need a reason or a unit. */

import type { CaseAction } from "@/api/schema.gen";

/** In the order of the menu: forward first, then aside, then back. */
export const MOVES: readonly CaseAction[] = [
  "register", "accept", "assign", "handle", "mediate", "conclude", "archive", "send_elsewhere", "to_court", "withdraw", "not_accept", "no_longer_accept",
];

const WITH_REASON: ReadonlySet<CaseAction> = new Set(["not_accept", "no_longer_accept", "send_elsewhere", "withdraw", "to_court"]);
const WITH_UNIT: ReadonlySet<CaseAction> = new Set(["assign", "handle", "send_elsewhere"]);

export function needsReason(action: CaseAction): boolean {
  return WITH_REASON.has(action);
}

export function takesUnit(action: CaseAction): boolean {
  return WITH_UNIT.has(action);
}

export function possibleMoves(actions: readonly string[]): CaseAction[] {
  return MOVES.filter((move) => actions.includes(move));
}
