/** What a personal link opens now: the entrance, or the screen that says why not. */

import type { InvitationView } from "@/api/schema.gen";

export type Gate = "open" | "early" | "not_confirmed" | "cancelled" | "moved" | "ended";

type State = InvitationView["state"];
const CANCELLED: ReadonlySet<State> = new Set(["cancelled", "declined", "expired"]);
const MOVED: ReadonlySet<State> = new Set(["rescheduled", "diverted"]);
const ENDED: ReadonlySet<State> = new Set(["completed", "no_show"]);
const UNSURE: ReadonlySet<State> = new Set(["on_hold", "submitted"]);

export function gateOf(invitation: InvitationView, now: number): Gate {
  if (CANCELLED.has(invitation.state)) return "cancelled";
  if (MOVED.has(invitation.state)) return "moved";
  if (ENDED.has(invitation.state)) return "ended";
  if (invitation.may_join_now) return "open";
  if (UNSURE.has(invitation.state)) return "not_confirmed";
  return now < Date.parse(invitation.ends_at) ? "early" : "ended";
}
