/** What the public days mean to somebody who wants to book. */

import type { DayCard } from "@/api/schema.gen";
import { dateOf } from "@/app/time";

export type Bookable = "open" | "full" | "not_yet" | "closed" | "invited";

export function bookableOf(day: DayCard, now: number): Bookable {
  if (day.invited_only) return "invited";
  if (day.state === "published") return "not_yet";
  if (day.state !== "booking_open" || Date.parse(day.booking_closes_at) <= now) return "closed";
  return day.free > 0 ? "open" : "full";
}

/** Those with a free place before all others; else in the order in which they came. */
export function bookableFirst(days: readonly DayCard[], now: number): DayCard[] {
  const isOpen = (day: DayCard) => bookableOf(day, now) === "open";
  return [...days.filter(isOpen), ...days.filter((day) => !isOpen(day))];
}

export interface DateGroup {
  readonly date: string;
  readonly days: readonly DayCard[];
}

/** The days by their date, in the order in which they came. */
export function byDate(days: readonly DayCard[]): DateGroup[] {
  const groups = new Map<string, DayCard[]>();
  for (const day of days) {
    const date = dateOf(day.begins_at);
    groups.set(date, [...(groups.get(date) ?? []), day]);
  }
  return [...groups].map(([date, found]) => ({ date, days: found }));
}
