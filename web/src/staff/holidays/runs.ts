/** Dates that follow each other, taken together. */

import { addDays } from "@/app/time";

export interface Run {
  readonly first: string;
  readonly last: string;
}

export function runsOf(dates: readonly string[]): Run[] {
  const runs: { first: string; last: string }[] = [];
  for (const date of [...dates].sort()) {
    const open = runs.at(-1);
    if (open !== undefined && addDays(open.last, 1) === date) open.last = date;
    else runs.push({ first: date, last: date });
  }
  return runs;
}
