/** Dates and times as people here say them, always by the clock of China. */

import { inject, type InjectionKey } from "vue";
import { useI18n } from "vue-i18n";

export interface Moment {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
}
export type Instant = string | number | Date;
/** Residents read 上午 and 下午, staff the 24-hour clock. */
export type Dial = "twelve" | "twenty-four";

// Asia/Shanghai has been UTC+8 without summer time since 1991.
const OFFSET = 8 * 3_600_000;
const DAY = 86_400_000;

export function millisecondsOf(instant: Instant): number {
  return new Date(instant).getTime();
}

export function momentOf(instant: Instant): Moment {
  const local = new Date(millisecondsOf(instant) + OFFSET);
  return {
    year: local.getUTCFullYear(),
    month: local.getUTCMonth() + 1,
    day: local.getUTCDate(),
    weekday: local.getUTCDay(),
    hour: local.getUTCHours(),
    minute: local.getUTCMinutes(),
  };
}

/** The calendar day in China, as 2026-08-04. */
export function dateOf(instant: Instant): string {
  return new Date(millisecondsOf(instant) + OFFSET).toISOString().slice(0, 10);
}

/** The instant at which a calendar day begins in China. */
export function startOf(date: string): number {
  return Date.parse(`${date}T00:00:00+08:00`);
}

export function addDays(date: string, days: number): string {
  return dateOf(startOf(date) + days * DAY);
}

/** The Monday of the week the day is in. */
export function mondayOf(date: string): string {
  return addDays(date, -((momentOf(startOf(date)).weekday + 6) % 7));
}

export function daysBetween(from: Instant, to: Instant): number {
  return Math.round((startOf(dateOf(to)) - startOf(dateOf(from))) / DAY);
}

/** The last day until which something is to be done: midnight ends the day before it. */
export function lastDayOf(due: Instant): number {
  return millisecondsOf(due) - 1;
}

export function isMorning(instant: Instant): boolean {
  return momentOf(instant).hour < 12;
}

function periodOf(hour: number): string {
  if (hour < 5) return "night";
  if (hour < 12) return "morning";
  if (hour < 13) return "noon";
  return hour < 18 ? "afternoon" : "evening";
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** How far away an instant is, in the largest unit that says it well. */
export function distance(instant: Instant, now: number): [value: number, unit: Intl.RelativeTimeFormatUnit] {
  const minutes = Math.round((millisecondsOf(instant) - now) / 60_000);
  if (Math.abs(minutes) < 60) return [minutes, "minute"];
  const days = daysBetween(now, instant);
  if (days === 0 || Math.abs(minutes) < 6 * 60) return [Math.round(minutes / 60), "hour"];
  return [days, "day"];
}

export const dialKey: InjectionKey<Dial> = Symbol("dial");

export function useTimes() {
  const { t, locale } = useI18n();
  const dial = inject(dialKey, "twelve");

  /** Hour and minute alone, where the half of the day stands beside it. */
  function onDial(instant: Instant): string {
    const { hour, minute } = momentOf(instant);
    return dial === "twenty-four" ? `${two(hour)}:${two(minute)}` : `${hour % 12 || 12}:${two(minute)}`;
  }

  function clock(instant: Instant): string {
    if (dial === "twenty-four") return onDial(instant);
    return t("time.clock", { period: t(`time.period.${periodOf(momentOf(instant).hour)}`), time: onDial(instant) });
  }

  function day(instant: Instant): string {
    const moment = momentOf(instant);
    return t("time.day", { ...moment, weekday: t(`time.weekday.${moment.weekday}`), month_name: t(`time.month.${moment.month}`) });
  }

  function fullDay(instant: Instant): string {
    const { year } = momentOf(instant);
    return t("time.full_day", { year, day: day(instant) });
  }

  function moment(instant: Instant): string {
    return t("time.moment", { day: day(instant), clock: clock(instant) });
  }

  /** From one time to another on the same day; a half of the day that both share is said once. */
  function span(start: Instant, end: Instant): string {
    const [period, last] = [start, end].map((instant) => periodOf(momentOf(instant).hour));
    if (dial === "twenty-four" || period !== last) return t("time.span", { start: clock(start), end: clock(end) });
    return t("time.clock", { period: t(`time.period.${period}`), time: t("time.span", { start: onDial(start), end: onDial(end) }) });
  }

  function relative(instant: Instant, now: number): string {
    const [value, unit] = distance(instant, now);
    const words = new Intl.RelativeTimeFormat(locale.value, { numeric: "auto" }).format(value, unit);
    // Set like all other times here: a space between figures and characters.
    return words.replace(/(\d)(?=\p{Script=Han})/gu, "$1 ");
  }

  /** A stretch of time in its two largest units. */
  function duration(milliseconds: number): string {
    const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
    const [days, hours] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24];
    if (days > 0) return t(hours > 0 ? "time.days_hours" : "time.days", { days, hours }, days);
    const minutes = Math.floor(seconds / 60) % 60;
    if (hours > 0) return t("time.hours_minutes", { hours, minutes });
    if (minutes > 0) return t("time.minutes_seconds", { minutes, seconds: two(seconds % 60) });
    return t("time.seconds", { seconds });
  }

  return { onDial, clock, day, fullDay, moment, span, relative, duration };
}
