/** What people said of the half days of a week. */

import type { RosterWishView, WishKind } from "@/api/schema.gen";

/** Monday is 0. */
export const WEEKDAYS = [0, 1, 2, 3, 4] as const;
export const HALVES = [0, 1] as const;
export const KINDS: readonly WishKind[] = ["cannot", "rather_not", "would_like"];

export interface Half {
  readonly weekday: number;
  readonly half: number;
}

/** `none`: nothing was said. */
export type Said = Record<string, WishKind | "none">;

export function halfKey({ weekday, half }: Half): string {
  return `${weekday}.${half}`;
}

/** Every half day of the week with what the person said of it. */
export function saidOf(wishes: readonly RosterWishView[], accountId: string | null): Said {
  const said: Said = Object.fromEntries(WEEKDAYS.flatMap((weekday) => HALVES.map((half) => [halfKey({ weekday, half }), "none"])));
  for (const wish of wishes) if (wish.account_id === accountId) said[halfKey(wish)] = wish.kind;
  return said;
}

export function halvesOf(said: Readonly<Said>): (Half & { kind: WishKind })[] {
  return Object.keys(said)
    .sort()
    .flatMap((key) => {
      const [weekday = 0, half = 0] = key.split(".").map(Number);
      const kind = said[key] ?? "none";
      return kind === "none" ? [] : [{ weekday, half, kind }];
    });
}

/** The half days of each kind that was said, what weighs most first. */
export function byKind(wishes: readonly RosterWishView[]): { kind: WishKind; halves: Half[] }[] {
  return KINDS.map((kind) => ({ kind, halves: wishes.filter((wish) => wish.kind === kind) })).filter(({ halves }) => halves.length > 0);
}

/** Who wrote something down last, and when. */
export function newest(wishes: readonly RosterWishView[]): RosterWishView | null {
  return wishes.reduce<RosterWishView | null>((last, wish) => (last === null || wish.entered_at > last.entered_at ? wish : last), null);
}
