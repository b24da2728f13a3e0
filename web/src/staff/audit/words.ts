/** A line of the trail in the reader's language. */

import { useI18n } from "vue-i18n";
import type { AuditLineView } from "@/api/schema.gen";
import { useTimes } from "@/app/time";
import { aboutOf, wayOf, whoOf, type Say } from "./reading";

type Facts = Readonly<Record<string, string | number | boolean | null | undefined>>;

export function useAuditWords() {
  const i18n = useI18n();
  const { t } = i18n;
  const times = useTimes();

  function say(what: Say): string {
    return "words" in what ? what.words : t(`staff.audit.${what.key}`, what.params ?? {});
  }

  function named(area: string, code: string): string | null {
    const key = `staff.${area}.${code}`;
    return i18n.te(key) ? t(key) : null;
  }

  function did(line: AuditLineView): string {
    return named(`audit.actions_of.${line.about.kind}`, line.action) ?? named("audit.actions", line.action) ?? line.action;
  }

  function about(line: AuditLineView): string {
    const { kind, id } = line.about;
    const fixed = named(`audit.fixed.${kind}`, id);
    if (fixed !== null) return fixed;
    const shown = aboutOf(line);
    return `${say(shown.kind)} ${shown.title ?? ""}`.trim();
  }

  function way(line: AuditLineView): string | null {
    const came = wayOf(line);
    if (came !== null) return say(came);
    return line.who.roles.map((role) => t(`staff.common.role.${role}`)).join(" · ") || null;
  }

  function who(line: AuditLineView): string {
    const role = line.who.session_role;
    return role === null ? say(whoOf(line)) : t(`staff.common.party_role.${role}`);
  }

  function fact(name: string, area: string | null, value: unknown): string | null {
    const words = area === null ? String(value) : named(area, String(value));
    return words === null ? null : t(`staff.audit.facts.${name}`, { value: words });
  }

  /** What of the facts is worth a word, by action. */
  const worth: Readonly<Record<string, (facts: Facts) => string | null>> = {
    move: ({ to }) => fact("to", "state.case", to),
    search: ({ found }) => fact("found", null, found),
    consent: ({ given, kind }) => fact(given === true ? "given" : "not_given", "audit.consent", kind),
    card_compared: ({ level }) => fact("level", "common.level", level),
    invited: ({ role }) => fact("role", "common.party_role", role),
    uninvited: ({ role }) => fact("role", "common.party_role", role),
    account_added: ({ role }) => fact("role", "common.role", role),
    answer: ({ answer }) => named("audit.actions", String(answer)),
    rest: ({ until }) => (typeof until === "string" ? fact("rest_until", null, times.moment(until)) : null),
    verify: ({ broken }) => (broken === null ? t("staff.audit.facts.whole") : fact("broken", null, broken)),
  };

  function facts({ action, facts: all }: AuditLineView): string | null {
    return worth[action]?.(all as Facts) ?? null;
  }

  return { who, way, did, about, facts };
}
