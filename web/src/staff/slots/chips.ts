/** Bookable times as chips: each time once, free as long as one of its seats is. */

import type { DayCard, Reason, SlotView } from "@/api/schema.gen";
import type { ChipSlot } from "@/design/models";

export interface ChosenTime {
  readonly slot_id: string;
  readonly begins_at: string;
  readonly leader_name: string;
}

type Window = Extract<Reason, "invited_only" | "not_open_yet" | "closed">;

/** What binds residents and village workers, not the clerks. */
const WINDOW: ReadonlySet<string> = new Set<Window>(["invited_only", "not_open_yet", "closed"]);

/** Why residents cannot book this day by themselves now. */
export function windowOf(day: Pick<DayCard, "state" | "invited_only" | "booking_closes_at">, now: number): Window | null {
  if (day.invited_only) return "invited_only";
  if (day.state === "published") return "not_open_yet";
  return day.state === "booking_open" && Date.parse(day.booking_closes_at) > now ? null : "closed";
}

export function chipsOf(slots: readonly SlotView[], reasonOf: (why: string) => string, { isDesk }: { isDesk: boolean }): ChipSlot[] {
  const isFree = ({ state, reason }: SlotView) => state === "free" || (isDesk && reason !== null && WINDOW.has(reason));
  const byTime = new Map<string, SlotView>();
  for (const slot of slots) {
    const known = byTime.get(slot.begins_at);
    if (known === undefined || (!isFree(known) && isFree(slot))) byTime.set(slot.begins_at, slot);
  }
  return [...byTime.values()]
    .sort((one, other) => one.begins_at.localeCompare(other.begins_at))
    .map((slot) => {
      const { id, begins_at: start, state, reason } = slot;
      return isFree(slot) ? { id, start, state: "free" } : { id, start, state: "closed", reason: reasonOf(reason ?? state) };
    });
}
