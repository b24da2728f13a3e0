/** The dates of the week strip, and which one to open first. */

import type { DayCard } from "@/api/schema.gen";
import { dateOf } from "@/app/time";
import type { StripDay } from "@/design/models";
import { bookableOf, byDate, type Bookable } from "../days";

interface Words {
  readonly free: (count: number) => string;
  /** Only leaders who are not in charge have a place. */
  readonly others: string;
  readonly state: (state: Exclude<Bookable, "open">) => string;
}

function openOf(days: readonly DayCard[], now: number): DayCard[] {
  return days.filter((day) => bookableOf(day, now) === "open");
}

/** A date counts the places with leaders in charge; other leaders' dates are marked as theirs. */
export function stripOf(days: readonly DayCard[], now: number, words: Words): StripDay[] {
  return byDate(days).map(({ date, days: found }) => {
    const open = openOf(found, now);
    const fitting = open.filter((day) => day.fits).reduce((sum, day) => sum + day.free, 0);
    if (open.length > 0) return fitting > 0 ? { date, state: "free", note: words.free(fitting) } : { date, state: "free", note: words.others, faint: true };
    const [first] = found;
    const state = first === undefined ? "closed" : bookableOf(first, now);
    return { date, state: "full", note: state === "open" ? "" : words.state(state) };
  });
}

/** The first date with a free place, with leaders in charge before others. */
export function firstDate(days: readonly DayCard[], now: number): string | null {
  const open = openOf(days, now);
  const fitting = open.filter((day) => day.fits);
  const best = [fitting, open, days].find((some) => some.length > 0) ?? [];
  return byDate(best).map((group) => group.date).sort()[0] ?? null;
}

/** The date with a free place that lies nearest to a moment: whoever moves wants about the same time. */
export function nearestDate(days: readonly DayCard[], now: number, moment: string): string | null {
  const away = (day: DayCard) => Math.abs(Date.parse(day.begins_at) - Date.parse(moment));
  const [nearest] = openOf(days, now).sort((one, other) => away(one) - away(other));
  return nearest === undefined ? firstDate(days, now) : dateOf(nearest.begins_at);
}

/** The nearest date on which a leader in charge has a free place. */
export function nextFitting(days: readonly DayCard[], now: number): DayCard | null {
  const fitting = openOf(days, now).filter((day) => day.fits);
  return [...fitting].sort((one, other) => one.begins_at.localeCompare(other.begins_at))[0] ?? null;
}
