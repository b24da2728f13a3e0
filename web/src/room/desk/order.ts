/** Who is shown first on the desk, and who comes next. */

import type { LineItem } from "@/api/schema.gen";

const OPEN: ReadonlySet<LineItem["state"]> = new Set(["not_here", "getting_ready", "waiting", "in_room"]);

/** Whoever is in the room, else the first who waits, else the first still to come. */
export function firstToShow(items: readonly LineItem[]): LineItem | null {
  const by = (state: LineItem["state"]) => items.find((item) => item.state === state);
  return by("in_room") ?? by("waiting") ?? by("getting_ready") ?? by("not_here") ?? items[0] ?? null;
}

/** After this one: whoever waits comes before whoever is not here yet. */
export function nextAfter(items: readonly LineItem[], id: string | null): LineItem | null {
  const others = items.filter((item) => item.appointment_id !== id && OPEN.has(item.state));
  return others.find((item) => item.state === "waiting") ?? others[0] ?? null;
}

/** Up or down the line, for a key. */
export function neighbour(items: readonly LineItem[], id: string | null, step: 1 | -1): LineItem | null {
  const at = items.findIndex((item) => item.appointment_id === id);
  return items[Math.min(items.length - 1, Math.max(0, at + step))] ?? null;
}

/** The needs that somebody asked for, by the names they have in the texts. */
export function needsOf(item: Pick<LineItem, "needs">): string[] {
  return ["elder", "interpreter", "companion"].filter((need) => Boolean(item.needs[need]));
}
