/** What a line of the trail says, as keys of texts: nobody reads ids. */

import type { AuditLineView } from "@/api/schema.gen";

/** A text by its key below `staff.audit`, or words that are there already. */
export type Say = { readonly key: string; readonly params?: Readonly<Record<string, string>> } | { readonly words: string };
export interface Group {
  readonly group: string;
  readonly actions: readonly string[];
}

const CODE = 6;
/** What can be looked for, in the order of the areas. */
export const GROUPS: readonly Group[] = [
  {
    group: "entry",
    actions: ["sign_in", "sign_in_failed", "sign_out", "sign_out_everywhere", "account_added", "account_disabled", "password_set", "email_changed"],
  },
  { group: "reading", actions: ["read", "search", "export", "play", "verify"] },
  { group: "case", actions: ["register", "classify", "name_subject", "add_party", "decide", "release", "rate", "upload", "remove"] },
  {
    group: "booking",
    actions: ["hold", "submit", "confirm", "decline", "divert", "cancel", "move", "miss", "invited", "uninvited", "declared", "card_compared"],
  },
  {
    group: "session",
    actions: [
      "seat_opened", "consent", "session.started", "session.paused", "session.closed", "session.admitted", "session.dismissed", "session.caucus.opened",
      "session.alarm.raised", "alarm_taken", "alarm_reported",
    ],
  },
  { group: "reception", actions: ["write", "change", "end", "add", "publish"] },
  { group: "call", actions: ["request", "take", "complete", "settle"] },
  { group: "mediation", actions: ["ask", "answer", "lapse", "hand_over"] },
  { group: "joint", actions: ["book", "acknowledge", "unanswered", "call_off", "take_leave"] },
];

const UNNAMED = { staff: "who_is.former", resident: "who_is.resident", guest: "who_is.guest", system: "who_is.system" } as const;
const STRANGERS: Readonly<Record<string, { readonly who: string; readonly way: string }>> = {
  call_task: { who: "who_is.caller", way: "way.public" },
  mediation: { who: "who_is.asked", way: "way.link" },
};

/** Short enough to be compared by eye, for those who are not named. */
export function codeOf(id: string): string {
  return id.replaceAll("-", "").slice(0, CODE).toUpperCase();
}

/** Somebody was let in: from then on they are no stranger. */
function hasGotIn({ about, action }: AuditLineView): boolean {
  return action === "sign_in" && about.kind === "account";
}

export function whoOf(line: AuditLineView): Say {
  const { who } = line;
  if (who.kind === "anyone") return strangerOf(line);
  return who.name === null ? { key: UNNAMED[who.kind], params: { code: codeOf(who.id ?? "") } } : { words: who.name };
}

/** Who had not signed in: by what they came for. */
function strangerOf(line: AuditLineView): Say {
  const { about, action } = line;
  if (hasGotIn(line)) return about.name === null ? { key: "who_is.resident", params: { code: codeOf(about.id) } } : { words: about.name };
  if (action === "sign_in_failed") return { key: "who_is.unknown" };
  return { key: STRANGERS[about.kind]?.who ?? "who_is.visitor" };
}

/** How they came in, where that is not plain from who they are. */
export function wayOf(line: AuditLineView): Say | null {
  const { who, about, action } = line;
  if (hasGotIn(line)) return { key: about.name === null ? "way.code" : "way.password" };
  if (who.kind === "system") return { key: "way.by_itself" };
  if (who.reference !== null) return { key: "way.invitation", params: { reference: who.reference } };
  if (who.kind !== "anyone") return null;
  const key = action === "sign_in_failed" ? "way.failed" : STRANGERS[about.kind]?.way;
  return key === undefined ? null : { key };
}

/** The thing by its number, or by what it is; a code where it has no number. */
export function aboutOf({ about }: AuditLineView): { readonly kind: Say; readonly title: string | null } {
  const isResident = about.kind === "account" && about.name === null;
  const kind = isResident ? { key: "resident_account" } : { key: `subjects.${about.kind}` };
  return { kind, title: about.title ?? codeOf(about.id) };
}
