/** A quarter as weeks and rows, and what an edit of a whole row comes to. */

import type { CalendarDate, PlannedCell, PlannedPlan, PlanningChanges, PlanningView } from "@/api/schema.gen";
import { addDays, dateOf, momentOf, mondayOf, startOf } from "@/app/time";

export type Change = PlanningChanges["changes"][number];
export const BLOCKING: ReadonlySet<string> = new Set(["holiday", "away", "overlap"]);

export interface Week {
  readonly monday: string;
  readonly dates: readonly CalendarDate[];
}

/** How a whole row is to be: the weekday counts from 0 for Monday. */
export interface Pattern {
  readonly weekday: number;
  readonly begins: string;
  readonly ends: string;
  readonly every: number;
}

export function quarterOf(date: string): string {
  return `${date.slice(0, 4)}-Q${Math.ceil(Number(date.slice(5, 7)) / 3)}`;
}

export function quarterBeside(quarter: string, steps: number): string {
  const place = Number(quarter.slice(0, 4)) * 4 + Number(quarter.slice(6)) - 1 + steps;
  return `${Math.floor(place / 4)}-Q${(place % 4) + 1}`;
}

export function weeksOf(dates: readonly CalendarDate[]): Week[] {
  return Array.from({ length: Math.ceil(dates.length / 7) }, (_, week) => {
    const own = dates.slice(week * 7, week * 7 + 7);
    return { monday: own[0]?.date ?? "", dates: own };
  });
}

export function cellsIn(cells: readonly PlannedCell[], leaderId: string, monday: string): PlannedCell[] {
  return cells.filter((cell) => cell.leader_id === leaderId && mondayOf(dateOf(cell.begins_at)) === monday);
}

export function isAway(view: PlanningView, leaderId: string, { monday }: Week): boolean {
  const [begin, end] = [startOf(monday), startOf(addDays(monday, 7))];
  return view.leave.some((one) => one.leader_id === leaderId && Date.parse(one.begins_at) < end && Date.parse(one.ends_at) > begin);
}

export function blockedOf(view: PlanningView): PlannedCell[] {
  return view.cells.filter((cell) => cell.changeable && cell.troubles.some((one) => BLOCKING.has(one)));
}

/** So many days are published by one request. */
export const AT_ONCE = 20;

export interface Draft {
  readonly plan_id: string;
  readonly planned_for: string;
}

/** Days from tomorrow on that nobody was told of yet: those with nothing wrong, and how many are left to look at. */
export function draftsOf(view: PlanningView, today: string): { ready: Draft[]; left: number } {
  const ahead = view.cells.filter((cell) => cell.changeable && dateOf(cell.begins_at) > today);
  const ready = ahead.filter((cell) => cell.troubles.length === 0).flatMap((cell) => keyOf(cell) ?? []);
  return { ready, left: ahead.length - ready.length };
}

function keyOf(cell: PlannedCell): { plan_id: string; planned_for: string } | null {
  return cell.plan_id === null ? null : { plan_id: cell.plan_id, planned_for: cell.planned_for };
}

function dropped(cells: readonly PlannedCell[]): Change[] {
  return cells.flatMap((cell) => {
    const key = cell.changeable ? keyOf(cell) : null;
    return key === null ? [] : [{ kind: "drop" as const, ...key }];
  });
}

/** None of the row's days that may still change is held. */
export function cleared(view: PlanningView, leaderId: string): Change[] {
  return dropped(view.cells.filter((cell) => cell.leader_id === leaderId));
}

/** The row in a pattern, from tomorrow on. A week of holidays on that day is left out; what is published stays. */
export function patterned(view: PlanningView, plan: PlannedPlan, pattern: Pattern, today: string): Change[] {
  return weeksOf(view.dates).flatMap((week, place) => {
    const cells = cellsIn(view.cells, plan.leader_id, week.monday);
    const open = cells.filter((cell) => cell.changeable && cell.plan_id === plan.id);
    const target = week.dates[pattern.weekday];
    if (target === undefined || target.date <= today || cells.some((cell) => !cell.changeable)) return [];
    if (place % pattern.every !== 0 || target.kind === "holiday") return dropped(open);
    const planned_for = open[0]?.planned_for ?? target.date;
    const { begins, ends } = pattern;
    return [...dropped(open.slice(1)), { kind: "put" as const, plan_id: plan.id, planned_for, date: target.date, begins, ends }];
  });
}

export function weekdayOf(date: string): number {
  return (momentOf(startOf(date)).weekday + 6) % 7;
}

export interface Edited {
  readonly name: string;
  readonly planId: string;
  /** None: the day is new. */
  readonly plannedFor: string | null;
  readonly byHand: boolean;
  readonly begins: string;
  readonly ends: string;
}
