/** Until when something is to be done, as people say it: today and tomorrow by name. */

import { useI18n } from "vue-i18n";
import { daysBetween, millisecondsOf, momentOf, useTimes, type Instant } from "@/app/time";

const NAMES = new Map([
  [-1, "yesterday"],
  [0, "today"],
  [1, "tomorrow"],
]);

/** Midnight ends the day before it; nobody calls it the beginning of the next. */
function isMidnight(instant: Instant): boolean {
  const { hour, minute } = momentOf(instant);
  return hour === 0 && minute === 0;
}

export function useDue(): (instant: Instant, now: number) => string {
  const { t } = useI18n();
  const times = useTimes();
  return (instant, now) => {
    const [on, clock] = isMidnight(instant) ? [millisecondsOf(instant) - 1, "24:00"] : [instant, times.clock(instant)];
    const name = NAMES.get(daysBetween(now, on));
    return name === undefined ? t("time.moment", { day: times.day(on), clock }) : t(`staff.common.${name}_at`, { clock });
  };
}
