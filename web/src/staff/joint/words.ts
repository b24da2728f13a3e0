/** Reasons and names of a found time, in words. */

import { useI18n } from "vue-i18n";
import type { MissingView } from "@/api/schema.gen";

export function useJointWords() {
  const { t } = useI18n();

  function whyOf({ why }: Pick<MissingView, "why">): string {
    return t(`staff.joint.why.${why ?? "roster"}`);
  }

  /** Leaders and rooms are wanted by their kind, units by their name. */
  function nameOf({ kind, name }: Pick<MissingView, "kind" | "name">): string {
    return t(`staff.joint.lack_kind.${kind}`, { name });
  }

  function namesOf(people: readonly { readonly name: string }[]): string {
    return people.map(({ name }) => name).join(t("staff.joint.comma"));
  }

  return { whyOf, nameOf, namesOf };
}
