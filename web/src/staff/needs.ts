/** What a person needs at a session, in words. */

import { useI18n } from "vue-i18n";

export function useNeeds(): (needs: Readonly<Record<string, unknown>>) => string {
  const { t } = useI18n();
  return (needs) => {
    const interpreter = needs["interpreter"];
    const words = [
      needs["elder"] === true ? t("staff.common.needs.elder") : "",
      typeof interpreter === "string" && interpreter !== "" ? t("staff.common.needs.interpreter", { language: interpreter }) : "",
      needs["no_smartphone"] === true ? t("staff.common.needs.no_smartphone") : "",
      needs["companion"] === true ? t("staff.common.needs.companion") : "",
    ];
    return words.filter(Boolean).join(" · ");
  };
}
