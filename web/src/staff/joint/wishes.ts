/** What a clerk wants of a joint interview, as a form and as the server takes it. */

import type { WishesBody, WishesView } from "@/api/schema.gen";

/** Groups of which so many are needed: the first, the second, the third. */
export const GROUPS = ["among", "among_2", "among_3"] as const;
export type GroupPart = (typeof GROUPS)[number];
export type Part = "fixed" | GroupPart | "optional";
/** Values of the choices that are no id. */
export const ME = "me";
export const ANY = "any";
export const VIDEO = "video";
export const LENGTHS = [30, 45, 60, 90, 120, 180] as const;
export const MOST_UNITS = 6;

export interface WantedUnit {
  readonly id: string;
  part: Part;
}

export interface WishesForm {
  units: WantedUnit[];
  /** How many of each group. */
  needed: Record<GroupPart, number>;
  /** Who receives: ME, ANY, or a leader. */
  who: string;
  preferred: string;
  minutes: number;
  until: string;
  /** VIDEO, ANY, or the unit whose room it is. */
  where: string;
  /** Whom it is about are told on the phone, and come to the centre. */
  noSmartphone: boolean;
}

export function emptyForm(until: string): WishesForm {
  return { units: [], needed: { among: 1, among_2: 1, among_3: 1 }, who: ME, preferred: ANY, minutes: 60, until, where: VIDEO, noSmartphone: false };
}

export function formOf(wishes: WishesView, until: string): WishesForm {
  const part = (ids: readonly string[], name: Part): WantedUnit[] => ids.map((id) => ({ id, part: name }));
  const neededOf = (place: number) => wishes.groups[place]?.needed ?? 1;
  const only = (ids: readonly string[], none: string) => (ids.length > 1 ? ANY : (ids[0] ?? none));
  return {
    units: [...part(wishes.fixed, "fixed"), ...GROUPS.flatMap((name, place) => part(wishes.groups[place]?.units ?? [], name)), ...part(wishes.optional, "optional")],
    needed: { among: neededOf(0), among_2: neededOf(1), among_3: neededOf(2) },
    who: only(wishes.leaders, ME),
    preferred: wishes.preferred_leader ?? ANY,
    minutes: wishes.minutes,
    until: wishes.until ?? until,
    where: only(wishes.rooms, VIDEO),
    noSmartphone: wishes.no_smartphone,
  };
}

export function idsOf(form: WishesForm, part: Part): string[] {
  return form.units.filter((unit) => unit.part === part).map((unit) => unit.id);
}

/** What a unit may be: another group can be begun once the one before it has a unit. */
export function partsOf(units: readonly WantedUnit[]): Part[] {
  const begun = GROUPS.filter((name, place) => place === 0 || units.some((unit) => unit.part === GROUPS[place - 1] || unit.part === name));
  return ["fixed", ...begun, "optional"];
}

export function bodyOf(form: WishesForm, everybody: { readonly leaders: readonly string[]; readonly rooms: readonly string[] }): WishesBody {
  const groups = GROUPS.map((name) => ({ units: idsOf(form, name), needed: form.needed[name] })).filter(({ units }) => units.length > 0);
  const chosen = (value: string, none: string, all: readonly string[]) => (value === none ? [] : value === ANY ? [...all] : [value]);
  const leaders = chosen(form.who, ME, everybody.leaders);
  return {
    fixed: idsOf(form, "fixed"),
    groups: groups.map(({ units, needed }) => ({ units, needed: Math.min(needed, units.length) })),
    optional: idsOf(form, "optional"),
    leaders,
    preferred_leader: form.who === ANY && leaders.includes(form.preferred) ? form.preferred : null,
    rooms: chosen(form.where, VIDEO, everybody.rooms),
    minutes: form.minutes,
    until: form.until === "" ? null : form.until,
    no_smartphone: form.noSmartphone,
  };
}

/** How many come at the most, of those that were named. */
export function seatsOf(form: WishesForm): number {
  const grouped = GROUPS.map((name) => Math.min(form.needed[name], idsOf(form, name).length));
  return idsOf(form, "fixed").length + idsOf(form, "optional").length + grouped.reduce((sum, count) => sum + count, 0);
}

export type FormProblem = "none" | "too_many";

export function problemOf(form: WishesForm): FormProblem | null {
  if (form.units.every((unit) => unit.part === "optional")) return "none";
  return seatsOf(form) > MOST_UNITS ? "too_many" : null;
}
