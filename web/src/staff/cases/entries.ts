/** Facts of a case's timeline, grouped for the filter and ready to be put into words. */

import type { EntryView } from "@/api/schema.gen";
import type { IconName } from "@/design/icons";

export const GROUPS = ["all", "matter", "session", "decision", "paper", "other"] as const;
export type Group = (typeof GROUPS)[number];

const KINDS: Readonly<Record<string, { readonly group: Group; readonly icon: IconName }>> = {
  registered: { group: "matter", icon: "folder" },
  moved: { group: "matter", icon: "check" },
  party: { group: "matter", icon: "person" },
  told: { group: "matter", icon: "phone" },
  subject: { group: "matter", icon: "info" },
  exported: { group: "matter", icon: "folder" },
  paper: { group: "paper", icon: "document" },
  decision: { group: "decision", icon: "pen" },
  reply: { group: "decision", icon: "send" },
  rated: { group: "decision", icon: "check" },
  booked: { group: "session", icon: "calendar" },
  confirmed: { group: "session", icon: "calendar" },
  time_changed: { group: "session", icon: "calendar" },
  diverted: { group: "session", icon: "calendar" },
  leader_changed: { group: "session", icon: "people" },
  leader_missed: { group: "session", icon: "clock" },
  declined: { group: "session", icon: "mail" },
  cancelled: { group: "session", icon: "cross" },
  expired: { group: "session", icon: "clock" },
  session: { group: "session", icon: "camera" },
  recording: { group: "session", icon: "record" },
  mediation_asked: { group: "session", icon: "scales" },
  mediation_answered: { group: "session", icon: "scales" },
  mediation_scheduled: { group: "session", icon: "scales" },
};

export function kindOf(entry: Pick<EntryView, "kind">): { readonly group: Group; readonly icon: IconName } {
  return KINDS[entry.kind] ?? { group: "other", icon: "info" };
}

/** Newest first, as far as the filter lets through. */
export function shownEntries(entries: readonly EntryView[], group: Group): EntryView[] {
  return entries.filter((entry) => group === "all" || kindOf(entry).group === group).sort((one, other) => other.position - one.position);
}

/** The groups there is something of, each with how many. */
export function groupCounts(entries: readonly EntryView[]): { readonly group: Group; readonly count: number }[] {
  const counts = GROUPS.map((group) => ({ group, count: shownEntries(entries, group).length }));
  return counts.filter(({ group, count }) => group === "all" || count > 0);
}

/** A text among the facts or the personal values beside them. */
export function textOf(values: Readonly<Record<string, unknown>> | null, name: string): string | null {
  const value = values?.[name];
  return typeof value === "string" && value !== "" ? value : null;
}
