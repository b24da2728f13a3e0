/** How many places of a day are kept for whom, and until when, as fields of a form. */

import type { ShareBody, ShareView } from "@/api/schema.gen";

export const KEPT_FOR = ["walk_in", "hotline", "on_behalf"] as const;
export type KeptFor = (typeof KEPT_FOR)[number];

export interface ShareField {
  places: string;
  minutes_before: string;
}

export type ShareForm = Record<KeptFor, ShareField>;

/** Half an hour, two hours, a day, three days, a week before the day begins. */
export const UNTIL = [30, 120, 1440, 4320, 10080] as const;

export function emptyShares(): ShareForm {
  return {
    walk_in: { places: "0", minutes_before: "30" },
    hotline: { places: "0", minutes_before: "1440" },
    on_behalf: { places: "0", minutes_before: "4320" },
  };
}

export function sharesOf(shares: readonly ShareView[]): ShareForm {
  const form = emptyShares();
  for (const { channel, places, minutes_before } of shares) {
    if (channel !== "online") form[channel] = { places: String(places), minutes_before: String(minutes_before) };
  }
  return form;
}

export function bodyOf(form: ShareForm): ShareBody[] {
  return KEPT_FOR.map((channel) => ({
    channel,
    places: Number(form[channel].places),
    minutes_before: Number(form[channel].minutes_before),
  })).filter((share) => share.places > 0);
}

/** Whether every number is one; an empty field is none. */
export function isWhole(form: ShareForm): boolean {
  return KEPT_FOR.every((channel) => /^\d{1,3}$/.test(form[channel].places.trim()));
}

/** The offered hours, and one that was set otherwise. */
export function untilOptions(minutes: string): number[] {
  const set = Number(minutes);
  return (UNTIL as readonly number[]).includes(set) ? [...UNTIL] : [...UNTIL, set].sort((one, other) => one - other);
}
