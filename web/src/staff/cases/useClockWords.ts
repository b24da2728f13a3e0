/** What is left of a limit, in words. */

import { useI18n } from "vue-i18n";
import type { ClockBar } from "./clocks";

export function useClockWords(): (bar: ClockBar) => string {
  const { t } = useI18n();
  return ({ daysLeft }) => {
    if (daysLeft === 0) return t("staff.cases.due_today");
    const days = Math.abs(daysLeft);
    return t(daysLeft > 0 ? "staff.cases.days_left" : "staff.cases.days_over", { days }, days);
  };
}
