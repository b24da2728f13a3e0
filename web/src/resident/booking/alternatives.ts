/** What else is free, as it comes with the refusal of a time. */

import type { Problem } from "@/app/problem";

export interface Alternative {
  readonly slot_id: string;
  readonly day_id: string;
  readonly begins_at: string;
  readonly leader_name: string;
}

function isAlternative(value: unknown): value is Alternative {
  const keys = ["slot_id", "day_id", "begins_at", "leader_name"];
  return typeof value === "object" && value !== null && keys.every((key) => typeof (value as Record<string, unknown>)[key] === "string");
}

/** Null when the problem is not about a time that cannot be had. */
export function alternativesOf(problem: Problem): readonly Alternative[] | null {
  const offered = problem.details["alternatives"];
  return Array.isArray(offered) ? offered.filter(isAlternative) : null;
}
