/** What happened to a matter, in the resident's words. */

import { useI18n } from "vue-i18n";
import type { MyEntry } from "@/api/schema.gen";
import { useTimes } from "@/app/time";
import type { IconName } from "@/design/icons";
import type { TimelineEntry } from "@/design/models";

const ICONS: Readonly<Record<string, IconName>> = {
  registered: "document",
  moved: "list",
  paper: "image",
  booked: "calendar",
  confirmed: "check",
  time_changed: "clock",
  diverted: "people",
  leader_changed: "people",
  leader_missed: "clock",
  declined: "cross",
  cancelled: "cross",
  expired: "clock",
  mediation_asked: "chat",
  mediation_answered: "chat",
  mediation_scheduled: "calendar",
  session: "camera",
  reply: "chat",
  rated: "check",
};

function textOf(facts: MyEntry["facts"], name: string): string | null {
  const value = facts[name];
  return typeof value === "string" ? value : null;
}

function latestFirst(one: MyEntry, other: MyEntry): number {
  return Date.parse(other.at) - Date.parse(one.at);
}

export function useEntries(): (entries: readonly MyEntry[]) => TimelineEntry[] {
  const i18n = useI18n();
  const { t } = i18n;
  const times = useTimes();

  function titleOf({ kind, facts }: MyEntry): string {
    const to = textOf(facts, "to");
    if (kind === "moved" && to !== null) return t(`resident.case_state.${to}`);
    const key = `resident.entry.${kind}`;
    return i18n.te(key) || i18n.te(key, "zh-CN") ? t(key) : t("resident.entry.other");
  }

  function detailOf({ kind, facts }: MyEntry): string | undefined {
    const begins = textOf(facts, "begins_at");
    if (begins !== null) return t("resident.entry.at", { time: times.moment(begins) });
    if (kind !== "session") return undefined;
    const [from, to, result] = ["started_at", "closed_at", "result"].map((name) => textOf(facts, name));
    if (from && to && result === "held") return times.span(from, to);
    return result ? t(`resident.entry.result.${result}`) : undefined;
  }

  return (entries) =>
    [...entries].reverse().sort(latestFirst).map((entry, place) => {
      const detail = detailOf(entry);
      return {
        id: `${entry.at} ${place}`,
        at: entry.at,
        title: titleOf(entry),
        icon: ICONS[entry.kind] ?? "info",
        ...(detail === undefined ? {} : { detail }),
      };
    });
}
