/** Words for what went wrong, and what to do next. */

import { useI18n } from "vue-i18n";
import { Problem, Unreachable } from "./problem";

export function useExplain(): (error: unknown) => string {
  const { t } = useI18n();
  return (error) => {
    if (error instanceof Unreachable) return t(`problem.${error.reason}`);
    if (!(error instanceof Problem)) return t("problem.unexpected");
    if (error.status === 429 && error.retryAfter !== null) return t("problem.throttled", { seconds: error.retryAfter });
    return error.detail ?? (error.title === "" ? t("problem.unexpected") : error.title);
  };
}
