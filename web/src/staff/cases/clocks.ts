/** The time limits of a case as bars: how far each is, and what to say of it. */

import { daysBetween, lastDayOf } from "@/app/time";
import type { ClockView } from "@/api/schema.gen";

export interface ClockBar {
  readonly kind: string;
  readonly source: string;
  readonly dueAt: string;
  /** Whole days until the last day; 0 on that day, negative after it. */
  readonly daysLeft: number;
  /** How much of the time is used, 0 to 1. */
  readonly used: number;
  readonly tone: "good" | "warn" | "bad";
}

const NEAR = 0.75;

function barOf(clock: ClockView, now: number): ClockBar {
  const [begun, due] = [Date.parse(clock.started_at), Date.parse(clock.due_at)];
  const used = Math.min(1, Math.max(0, (now - begun) / Math.max(1, due - begun)));
  const tone = now >= due ? "bad" : used >= NEAR ? "warn" : "good";
  return { kind: clock.kind, source: clock.source, dueAt: new Date(lastDayOf(clock.due_at)).toISOString(), daysLeft: daysBetween(now, lastDayOf(clock.due_at)), used, tone };
}

/** Those that run, the most pressing first. */
export function runningBars(clocks: readonly ClockView[], now: number): ClockBar[] {
  return clocks
    .filter((clock) => clock.ended_at === null)
    .map((clock) => barOf(clock, now))
    .sort((one, other) => Date.parse(one.dueAt) - Date.parse(other.dueAt));
}
