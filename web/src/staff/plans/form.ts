/** What is filled in for a plan, and what is wrong with it. */

import { emptyShares, isWhole, type ShareForm } from "../shares/shares";
import { isComplete, parseRule, writeRule, type Rule, type Weekday } from "./rule";

export interface PlanForm {
  leader_id: string | null;
  topics: string[];
  /** Nothing but the topics is received from the page. */
  only_topics: boolean;
  review: boolean;
  invited_only: boolean;
  every: "week" | "month" | "date" | "raw";
  interval: string;
  weekdays: Weekday[];
  nth: number[];
  weekday: Weekday;
  dates: string;
  raw: string;
  starts_on: string;
  ends_on: string;
  begins: string;
  ends: string;
  holiday_rule: "before" | "after" | "skip";
  slot_minutes: string;
  break_minutes: string;
  capacity: string;
  opens_days_before: string;
  opens_at: string;
  closes_hours_before: string;
  document: string;
  approver: string;
  approved_on: string;
  shares: ShareForm;
}

export function emptyForm(today: string): PlanForm {
  return {
    leader_id: null,
    topics: [],
    only_topics: false,
    review: true,
    invited_only: false,
    every: "week",
    interval: "1",
    weekdays: [],
    nth: [1],
    weekday: "MO",
    dates: "15",
    raw: "",
    starts_on: today,
    ends_on: "",
    begins: "09:00",
    ends: "11:30",
    holiday_rule: "after",
    slot_minutes: "30",
    break_minutes: "0",
    capacity: "1",
    opens_days_before: "14",
    opens_at: "09:00",
    closes_hours_before: "24",
    document: "",
    approver: "",
    approved_on: today,
    shares: emptyShares(),
  };
}

/** The fields that show a rule; a rule they cannot show stays as it is written. */
export function fieldsOfRule(rrule: string): Partial<PlanForm> {
  const rule = parseRule(rrule);
  switch (rule?.every) {
    case "week":
      return { every: "week", interval: String(rule.interval), weekdays: [...rule.weekdays] };
    case "month":
      return { every: "month", nth: [...rule.nth], weekday: rule.weekday };
    case "date":
      return { every: "date", dates: rule.dates.join(", ") };
    case undefined:
      return { every: "raw", raw: rrule };
  }
}

function ruleFields(form: PlanForm): Rule | null {
  switch (form.every) {
    case "week":
      return { every: "week", interval: Number(form.interval), weekdays: form.weekdays };
    case "month":
      return { every: "month", nth: [...form.nth].sort((one, other) => one - other), weekday: form.weekday };
    case "date": {
      const dates = form.dates.split(/[,，、\s]+/).filter(Boolean).map(Number);
      return dates.every((date) => Number.isInteger(date) && date >= 1 && date <= 31) ? { every: "date", dates } : null;
    }
    case "raw":
      return null;
  }
}

/** Null as long as it names no day. */
export function ruleOf(form: PlanForm): string | null {
  if (form.every === "raw") return form.raw.trim() || null;
  const rule = ruleFields(form);
  return rule !== null && isComplete(rule) ? writeRule(rule) : null;
}

function minutesOf(time: string): number {
  const [hours, minutes] = time.split(":").map(Number);
  return (hours ?? Number.NaN) * 60 + (minutes ?? Number.NaN);
}

function timeOf(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

/** When each person's time begins on such a day; none when nobody fits. */
export function startsOf(form: Pick<PlanForm, "begins" | "ends" | "slot_minutes" | "break_minutes">): string[] {
  const [length, rest] = [Number(form.slot_minutes), Number(form.break_minutes)];
  if (!(length >= 1) || !(rest >= 0)) return [];
  const starts: string[] = [];
  for (let at = minutesOf(form.begins); at + length <= minutesOf(form.ends); at += length + rest) starts.push(timeOf(at));
  return starts;
}

const BOUNDS = {
  slot_minutes: [5, 240],
  break_minutes: [0, 120],
  capacity: [1, 20],
  opens_days_before: [1, 60],
  closes_hours_before: [0, 240],
} as const;

const NUMBERS = Object.keys(BOUNDS) as (keyof typeof BOUNDS)[];

function isWithin(text: string, [least, most]: readonly [number, number]): boolean {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  return Number.isInteger(value) && value >= least && value <= most;
}

export type PlanProblems = Readonly<Partial<Record<keyof PlanForm, "missing" | "missing_days" | "bad_times">>>;

function lacksTopics(form: PlanForm): boolean {
  return form.only_topics && form.topics.length === 0;
}

export function problemsOf(form: PlanForm): PlanProblems {
  const problems: Partial<Record<keyof PlanForm, "missing" | "missing_days" | "bad_times">> = {};
  for (const field of ["leader_id", "starts_on", "opens_at", "document", "approver", "approved_on"] as const) {
    if ((form[field] ?? "").trim() === "") problems[field] = "missing";
  }
  for (const field of NUMBERS) if (!isWithin(form[field], BOUNDS[field])) problems[field] = "missing";
  if (lacksTopics(form)) problems.topics = "missing";
  if (!isWhole(form.shares)) problems.shares = "missing";
  if (ruleOf(form) === null) problems.every = "missing_days";
  if (startsOf(form).length === 0) problems.ends = "bad_times";
  return problems;
}
