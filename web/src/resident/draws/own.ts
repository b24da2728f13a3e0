/** What somebody's own application has come to, by the published protocol. */

import type { DrawView, OwnDrawEntry } from "@/api/schema.gen";

export type OwnKey = "mine" | "mine_waits" | "mine_passed" | "mine_called" | "mine_given";

export interface Own {
  readonly key: OwnKey;
  readonly number: number;
  readonly total: number;
  readonly place: number | null;
  /** The time that is theirs. */
  readonly begins: string | null;
}

/** Of a day that is off there is nothing to wait for, and no place is anybody's. */
export function ownOf(draw: DrawView): Own[] {
  return draw.state === "cancelled" || draw.state === "stopped" ? [] : draw.mine.map((entry) => standing(draw, entry));
}

function standing(draw: DrawView, { number, total, place, appointment_id: booked }: OwnDrawEntry): Own {
  const own = (key: OwnKey, begins: string | null = null): Own => ({ key, number, total, place, begins });
  if (place === null) return own("mine");
  const passed = draw.turns.find((one) => one.number === number && one.answer === "take");
  if (passed && booked !== null) return own("mine_passed", passed.begins_at);
  if (place > draw.places) return own("mine_waits");
  const given = draw.applications.find((one) => one.number === number)?.begins_at ?? draw.begins_at;
  return booked === null ? own("mine_called") : own("mine_given", given);
}
