/** What a found time says, and what booking it sends. */

import type { ChoiceBody, JointTimeView, MissingView, NeedView, WishesView } from "@/api/schema.gen";

/** A unit that is not there by its roster, though somebody of it can be asked. */
export function askable(need: NeedView): MissingView[] {
  return need.among.filter((missing) => missing.kind === "unit" && missing.ask.length > 0);
}

/** The units to ask so that the time can be had; null when asking does not help. */
export function toAsk(time: JointTimeView, wishes: WishesView): MissingView[] | null {
  const asked: MissingView[] = [];
  for (const need of time.lacks) {
    const could = askable(need);
    const short = shortOf(need, time, wishes);
    if (could.length < short) return null;
    asked.push(...could.slice(0, short));
  }
  return asked;
}

/** How many of a group are missing; those who can come stand among the comers. */
function shortOf(need: NeedView, time: JointTimeView, wishes: WishesView): number {
  const group = wishes.groups.find(({ units }) => need.among.some((missing) => units.includes(missing.id)));
  const there = time.comers.filter((comer) => group?.units.includes(comer.unit.unit_id)).length;
  return Math.max(need.needed - there, 0);
}

export function choiceOf(time: JointTimeView, asked: readonly MissingView[]): ChoiceBody {
  return {
    begins_at: time.begins_at,
    units: [...time.comers.map((comer) => comer.unit.unit_id), ...asked.map((missing) => missing.id)],
    asked: asked.map((missing) => missing.id),
    leader_id: time.leader?.account_id ?? null,
    room_unit_id: time.room?.unit_id ?? null,
  };
}

export interface Alternative {
  readonly begins_at: string;
  readonly ends_at: string;
  readonly leader_id: string | null;
  readonly room_unit_id: string | null;
  readonly units: string[];
}

/** The times that a refusal offers, as choices. */
export function choicesOf(details: Readonly<Record<string, unknown>>): ChoiceBody[] {
  const offered = details["alternatives"];
  if (!Array.isArray(offered)) return [];
  return (offered as Alternative[]).map(({ begins_at, leader_id, room_unit_id, units }) => ({ begins_at, units, leader_id, room_unit_id }));
}
