/** What the calendar's address says: which stretch of time, by what, and what of it. */

import { computed, type ComputedRef, type Ref, type WritableComputedRef } from "vue";
import { useNow } from "@/app/clock";
import { dateOf } from "@/app/time";
import { useQueryText } from "../query";
import { BYS, rangeOf, SHOWN, SPANS, turned, type By, type Range, type Span } from "./view";

export interface CalendarState {
  readonly now: Readonly<Ref<number>>;
  readonly today: ComputedRef<string>;
  readonly span: WritableComputedRef<Span>;
  readonly by: WritableComputedRef<By>;
  readonly date: WritableComputedRef<string>;
  readonly row: WritableComputedRef<string>;
  readonly shown: WritableComputedRef<string[]>;
  readonly allRows: WritableComputedRef<boolean>;
  readonly range: ComputedRef<Range>;
  readonly turn: (by: number) => void;
  readonly toToday: () => void;
}

const DATE = /^20\d\d-\d\d-\d\d$/;

export function useCalendarState(): CalendarState {
  const now = useNow(30_000);
  const today = computed(() => dateOf(now.value));
  const [spanText, byText, dateText, row, showText, rowsText] = [useQueryText("view", "week"), useQueryText("by", "leader"), useQueryText("date"), useQueryText("row"), useQueryText("show"), useQueryText("rows")];
  const span = computed({ get: () => SPANS.find((one) => one === spanText.value) ?? "week", set: (value) => (spanText.value = value) });
  const by = computed({ get: () => BYS.find((one) => one === byText.value) ?? "leader", set: (value) => (byText.value = value) });
  const date = computed({
    get: () => (DATE.test(dateText.value) && !Number.isNaN(Date.parse(dateText.value)) ? dateText.value : today.value),
    set: (value) => (dateText.value = value === today.value ? "" : value),
  });
  // A month has no room for everybody who comes: receptions stand in it where they are asked for.
  const usual = computed(() => SHOWN.filter((one) => span.value !== "month" || one !== "receptions"));
  const shown = computed({
    get: () => (showText.value === "" ? [...usual.value] : SHOWN.filter((one) => showText.value.split(",").includes(one))),
    set: (value) => (showText.value = value.length === 0 || value.length === usual.value.length && usual.value.every((one) => value.includes(one)) ? "" : value.join(",")),
  });
  const allRows = computed({ get: () => rowsText.value === "all", set: (value) => (rowsText.value = value ? "all" : "") });
  const range = computed(() => rangeOf(span.value, date.value));

  return {
    now, today, span, by, date, row, shown, allRows, range,
    turn: (steps) => (date.value = turned(span.value, date.value, steps)),
    toToday: () => (date.value = today.value),
  };
}
