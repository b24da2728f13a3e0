import { expect, test } from "vitest";
import type { SlotView } from "@/api/schema.gen";
import { chipsOf, windowOf } from "./chips";

const slot = (id: string, begins_at: string, state: SlotView["state"], reason: SlotView["reason"] = null): SlotView => ({
  id,
  begins_at,
  ends_at: begins_at,
  state,
  reason,
});

test("a time with several seats is free while one seat is", () => {
  const slots = [slot("a", "2026-11-23T01:00:00Z", "taken"), slot("b", "2026-11-23T01:00:00Z", "free")];
  expect(chipsOf(slots, String, { isDesk: false })).toEqual([{ id: "b", start: "2026-11-23T01:00:00Z", state: "free" }]);
});

test("times stand in order, with the reason why one cannot be chosen", () => {
  const slots = [slot("b", "2026-11-23T02:00:00Z", "taken"), slot("a", "2026-11-23T01:00:00Z", "closed", "not_open_yet")];
  expect(chipsOf(slots, (state) => `why ${state}`, { isDesk: false })).toEqual([
    { id: "a", start: "2026-11-23T01:00:00Z", state: "closed", reason: "why not_open_yet" },
    { id: "b", start: "2026-11-23T02:00:00Z", state: "closed", reason: "why taken" },
  ]);
});

test("the desk may book outside the residents' window, but not what is gone", () => {
  const slots = [slot("a", "2026-11-23T01:00:00Z", "taken", "taken"), slot("b", "2026-11-23T02:00:00Z", "closed", "closed")];
  const states = (isDesk: boolean) => chipsOf(slots, String, { isDesk }).map((chip) => chip.state);
  expect(states(true)).toEqual(["closed", "free"]);
  expect(states(false)).toEqual(["closed", "closed"]);
});

test("a day says why residents cannot book it", () => {
  const day = { state: "booking_open", invited_only: false, booking_closes_at: "2026-11-23T01:00:00Z" } as const;
  const before = Date.parse("2026-11-23T00:59:59Z");
  expect(windowOf(day, before)).toBeNull();
  expect(windowOf(day, before + 1000)).toBe("closed");
  expect(windowOf({ ...day, state: "published" }, before)).toBe("not_open_yet");
  expect(windowOf({ ...day, state: "in_progress" }, before)).toBe("closed");
  expect(windowOf({ ...day, invited_only: true }, before)).toBe("invited_only");
});
