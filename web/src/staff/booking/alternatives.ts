/** The times that a refusal offers instead of one that is gone. */

import type { Problem } from "@/app/problem";
import type { ChosenTime } from "../slots/chosen";

function isTime(value: unknown): value is ChosenTime {
  if (typeof value !== "object" || value === null) return false;
  const fields = value as Record<string, unknown>;
  return ["slot_id", "begins_at", "leader_name"].every((name) => typeof fields[name] === "string");
}

export function alternativesOf(problem: Problem): readonly ChosenTime[] {
  const offered = problem.details["alternatives"];
  return Array.isArray(offered) ? offered.filter(isTime) : [];
}
