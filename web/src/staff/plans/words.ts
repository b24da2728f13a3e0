/** A repeating rule in words. */

import { useI18n } from "vue-i18n";
import { parseRule, type Rule } from "./rule";

export function useRuleWords(): (rrule: string) => string {
  const { t } = useI18n();
  const join = (words: readonly string[]) => words.join(t("staff.plans.rule.and"));

  function wordsOf(rule: Rule): string {
    switch (rule.every) {
      case "week": {
        const weekdays = join(rule.weekdays.map((weekday) => t(`staff.plans.rule.weekday.${weekday}`)));
        return rule.interval === 1
          ? t("staff.plans.rule.week", { weekdays })
          : t("staff.plans.rule.weeks", { weekdays, interval: rule.interval });
      }
      case "month": {
        const nth = join(rule.nth.map((number) => t(`staff.plans.rule.nth.${number}`)));
        return t("staff.plans.rule.month", { nth, weekday: t(`staff.plans.rule.weekday.${rule.weekday}`) });
      }
      case "date":
        return t("staff.plans.rule.date", { dates: join(rule.dates.map(String)) });
    }
  }

  return (rrule) => {
    const rule = parseRule(rrule);
    return rule === null ? rrule : wordsOf(rule);
  };
}
