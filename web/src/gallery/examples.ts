/** Invented values that fill the components of the gallery. */

import { addDays, dateOf, startOf } from "@/app/time";
import type { ChipSlot, PickedFile, StripDay } from "@/design/models";

export function stripDays(today: string, left: (count: number) => string): StripDay[] {
  const counts = [3, 0, 8, -1, 2, -1, -1, 5, 1, 0, -1, 12];
  return counts.map((count, index) => ({
    date: addDays(today, index + 1),
    state: count > 0 ? "free" : count === 0 ? "full" : "none",
    ...(count > 0 ? { note: left(count) } : {}),
  }));
}

export function slotsOf(date: string, reason: string): ChipSlot[] {
  const starts = [9, 9.5, 10, 10.5, 11, 14, 14.5, 15, 15.5];
  return starts.map((hours, index) => ({
    id: `${date}-${hours}`,
    start: new Date(startOf(date) + hours * 3_600_000).toISOString(),
    state: index === 1 || index === 6 ? "full" : index === 3 ? "closed" : "free",
    ...(index === 3 ? { reason } : {}),
  }));
}

export function filesOf(names: { kept: string; sending: string; failed: string; error: string }): PickedFile[] {
  return [
    { id: "a", name: names.kept, size: 1_250_000, sent: 1_250_000, state: "kept" },
    { id: "b", name: names.sending, size: 4_800_000, sent: 2_900_000, state: "sending" },
    { id: "c", name: names.failed, size: 900_000, sent: 300_000, state: "failed", error: names.error },
  ];
}

export const today = (): string => dateOf(Date.now());
