/** The repeating rules that the form offers, to and from RFC 5545. Others are kept as they are written. */

export const WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"] as const;
export type Weekday = (typeof WEEKDAYS)[number];

export type Rule =
  | { readonly every: "week"; readonly interval: number; readonly weekdays: readonly Weekday[] }
  | { readonly every: "month"; readonly nth: readonly number[]; readonly weekday: Weekday }
  | { readonly every: "date"; readonly dates: readonly number[] };

function isWeekday(text: string | undefined): text is Weekday {
  return WEEKDAYS.some((weekday) => weekday === text);
}

function partsOf(text: string): Map<string, string> {
  return new Map(text.split(";").map((part) => [part.split("=")[0] ?? "", part.split("=")[1] ?? ""]));
}

function weekRule(parts: Map<string, string>): Rule | null {
  const weekdays = (parts.get("BYDAY") ?? "").split(",");
  const interval = Number(parts.get("INTERVAL") ?? "1");
  if (!weekdays.every(isWeekday) || !Number.isInteger(interval) || interval < 1) return null;
  return { every: "week", interval, weekdays: WEEKDAYS.filter((weekday) => weekdays.includes(weekday)) };
}

function monthRule(parts: Map<string, string>): Rule | null {
  if ((parts.get("INTERVAL") ?? "1") !== "1") return null;
  const dates = parts.get("BYMONTHDAY")?.split(",").map(Number);
  if (dates !== undefined) return dates.every((date) => date >= 1 && date <= 31) ? { every: "date", dates } : null;
  const days = (parts.get("BYDAY") ?? "").split(",").map((day) => /^(-?\d)([A-Z]{2})$/.exec(day));
  const weekday = days[0]?.[2];
  if (!isWeekday(weekday) || days.some((day) => day?.[2] !== weekday)) return null;
  return { every: "month", nth: days.map((day) => Number(day?.[1])), weekday };
}

const KNOWN = new Set(["FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "WKST"]);

/** Null for a rule that the form cannot show. */
export function parseRule(text: string): Rule | null {
  const parts = partsOf(text.toUpperCase().replace(/^RRULE:/, ""));
  if ([...parts.keys()].some((name) => !KNOWN.has(name))) return null;
  if (parts.get("FREQ") === "WEEKLY") return weekRule(parts);
  return parts.get("FREQ") === "MONTHLY" ? monthRule(parts) : null;
}

export function writeRule(rule: Rule): string {
  switch (rule.every) {
    case "week": {
      const interval = rule.interval === 1 ? "" : `INTERVAL=${rule.interval};`;
      return `FREQ=WEEKLY;${interval}BYDAY=${WEEKDAYS.filter((weekday) => rule.weekdays.includes(weekday)).join(",")}`;
    }
    case "month":
      return `FREQ=MONTHLY;BYDAY=${[...rule.nth].map((nth) => `${nth}${rule.weekday}`).join(",")}`;
    case "date":
      return `FREQ=MONTHLY;BYMONTHDAY=${[...rule.dates].join(",")}`;
  }
}

/** Whether it names at least one day. */
export function isComplete(rule: Rule): boolean {
  if (rule.every === "week") return rule.weekdays.length > 0;
  return rule.every === "month" ? rule.nth.length > 0 : rule.dates.length > 0;
}
