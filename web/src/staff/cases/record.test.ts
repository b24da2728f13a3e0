import { expect, test } from "vitest";
import type { EntryView } from "@/api/schema.gen";
import { recordOf } from "./record";

function entryWith(facts: Record<string, unknown>, personal: Record<string, unknown> | null): EntryView {
  return { id: "1", position: 1, at: "", kind: "session", actor_name: null, for_resident: true, facts, personal, hash: "" };
}

test("who was there, in which room, and what happened are put together by their ids", () => {
  const entry = entryWith(
    {
      people: [{ participant_id: "p", invitee_id: "i", role: "petitioner", arrived_at: "2026-11-23T01:00:00Z", left_at: null }],
      rooms: [{ room_id: "r", kind: "caucus", opened_at: "2026-11-23T01:05:00Z", closed_at: null }],
      consents: [{ invitee_id: "i", kind: "record", basis: "notice", given: true, at: "2026-11-23T00:55:00Z", withdrawn_at: null }],
      log: [{ n: 7, at: "2026-11-23T01:06:00Z", kind: "caucus.entered", participant_id: "p", room_id: "r", facts: {} }],
    },
    { names: { p: "Wang Shan" }, because: { "7": "asked for it" } },
  );
  expect(recordOf(entry)).toEqual({
    people: [{ name: "Wang Shan", role: "petitioner", arrivedAt: "2026-11-23T01:00:00Z", leftAt: null }],
    rooms: [{ kind: "caucus", openedAt: "2026-11-23T01:05:00Z", closedAt: null }],
    consents: [{ name: "Wang Shan", kind: "record", isNotice: true, given: true, at: "2026-11-23T00:55:00Z" }],
    log: [{ number: 7, at: "2026-11-23T01:06:00Z", kind: "caucus.entered", name: "Wang Shan", room: "caucus", because: "asked for it", connection: null }],
  });
});

test("a consent that was withdrawn is not given", () => {
  const consent = { invitee_id: "i", kind: "record", given: true, at: null, withdrawn_at: "2026-11-23T01:00:00Z" };
  expect(recordOf(entryWith({ consents: [consent] }, null)).consents[0]?.given).toBe(false);
});

test("an entry whose personal values were erased still shows what happened", () => {
  const line = { n: 1, at: "2026-11-23T01:06:00Z", kind: "started", participant_id: "p", room_id: null, facts: {} };
  expect(recordOf(entryWith({ log: [line] }, null)).log).toEqual([
    { number: 1, at: "2026-11-23T01:06:00Z", kind: "started", name: null, room: null, because: null, connection: null },
  ]);
});

test("an entry of another shape is empty, not broken", () => {
  expect(recordOf(entryWith({ people: "nobody", log: null }, null))).toEqual({ people: [], rooms: [], consents: [], log: [] });
});

test("how a line was is told with the line of the log", () => {
  const facts = { sent_loss: 0.0123, received_loss: 0, sent_kbps: 820, received_kbps: 1600, round_trip_ms: null };
  const line = { n: 1, at: "2026-11-23T01:06:00Z", kind: "connection", participant_id: "p", room_id: null, facts };
  expect(recordOf(entryWith({ log: [line] }, null)).log[0]?.connection).toEqual({ sent: 820, sentLoss: 1.2, received: 1600, receivedLoss: 0, trip: null });
});
