/** What was chosen on the way to a time, kept in the page's address. */

import { computed, type ComputedRef } from "vue";
import { useRoute, type LocationQuery } from "vue-router";
import type { Category } from "@/api/schema.gen";

export const CATEGORIES: readonly Category[] = [
  "labour", "property", "neighbours", "land", "family", "medical", "school", "consumer",
  "traffic", "environment", "contract", "finance", "newcomers", "administrative", "other",
];

export interface Wanted {
  readonly topic: Category | null;
  readonly place: string | null;
  readonly leader: string | null;
  readonly date: string | null;
  readonly slot: string | null;
}

function textOf(query: LocationQuery, name: string): string | null {
  const value = query[name];
  return typeof value === "string" && value !== "" ? value : null;
}

export function wantedOf(query: LocationQuery): Wanted {
  const topic = textOf(query, "topic");
  return {
    topic: CATEGORIES.find((one) => one === topic) ?? null,
    place: textOf(query, "place"),
    leader: textOf(query, "leader"),
    date: textOf(query, "date"),
    slot: textOf(query, "slot"),
  };
}

export function useWanted(): ComputedRef<Wanted> {
  const route = useRoute();
  return computed(() => wantedOf(route.query));
}

/** The chosen parts as a query, without those that are not set. */
export function queryOf(wanted: Partial<Wanted>): Record<string, string> {
  return Object.fromEntries(Object.entries(wanted).flatMap(([name, value]) => (value === null ? [] : [[name, value] as const])));
}
