/** The reception days of a week, by the day they are on. */

import type { ReceptionDayView } from "@/api/schema.gen";
import { addDays, dateOf } from "@/app/time";

export interface WeekColumn {
  readonly date: string;
  readonly days: readonly ReceptionDayView[];
}

/** Monday first; each day's receptions by time, then by the leaders' official order. */
export function columnsOf(days: readonly ReceptionDayView[], monday: string): WeekColumn[] {
  const inOrder = [...days].sort((one, other) => one.begins_at.localeCompare(other.begins_at) || one.leader.rank - other.leader.rank);
  return Array.from({ length: 7 }, (_, index) => {
    const date = addDays(monday, index);
    return { date, days: inOrder.filter((day) => dateOf(day.begins_at) === date) };
  });
}
