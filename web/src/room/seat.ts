/** What this tab remembers of a seat, so that a reload comes back to it; wiped on shared devices. */

import { forgetDrafts, isShared, type DraftPlaces } from "@/app/drafts";

export interface Seat {
  /** Opens the invitation; never stored beyond the tab. */
  readonly token: string;
  /** On a device that serves many people. */
  readonly shared: boolean;
  /** Camera, microphone and speaker were looked at. */
  readonly checked: boolean;
  /** Address and consents were given. */
  readonly arrived: boolean;
  readonly soundOnly: boolean;
}

const KEY = "yuntiao.seat";
const PREFERENCES = "yuntiao.preferences";

export function newSeat(token: string, shared: boolean): Seat {
  return { token, shared, checked: false, arrived: false, soundOnly: false };
}

function isSeat(value: unknown): value is Seat {
  if (typeof value !== "object" || value === null) return false;
  const seat = value as Record<string, unknown>;
  const flags = [seat["shared"], seat["checked"], seat["arrived"], seat["soundOnly"]];
  return typeof seat["token"] === "string" && flags.every((flag) => typeof flag === "boolean");
}

export function readSeat(storage: Storage = sessionStorage): Seat | null {
  try {
    const value: unknown = JSON.parse(storage.getItem(KEY) ?? "null");
    return isSeat(value) ? value : null;
  } catch {
    return null;
  }
}

export function keepSeat(seat: Seat, storage: Storage = sessionStorage): void {
  try {
    storage.setItem(KEY, JSON.stringify(seat));
  } catch {
    // Without storage the seat still works, only a reload begins again.
  }
}

/** The seat for this link: as it was left in this tab, else a new one. */
export function takeSeat(token: string, storage: Storage = sessionStorage): Seat {
  const kept = readSeat(storage);
  return kept?.token === token ? kept : newSeat(token, false);
}

/** A seat opened by a worker on a device that serves many people; the page /seat goes on with it. */
export function openSharedSeat(token: string, storage: Storage = sessionStorage): void {
  keepSeat(newSeat(token, true), storage);
}

/** Leaves nothing of the person on the device: neither the seat, what was typed, nor the chosen look. */
export function wipeSeat(places: DraftPlaces): void {
  forgetDrafts(places);
  places.passing.clear();
  if (isShared(places)) places.lasting.removeItem(PREFERENCES);
}
