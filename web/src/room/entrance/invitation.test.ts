import { expect, test } from "vitest";
import type { InvitationView } from "@/api/schema.gen";
import { gateOf } from "./invitation";

const invitation: InvitationView = {
  appointment_id: "a",
  seat_id: "s",
  session_kind: "reception",
  role: "petitioner",
  begins_at: "2026-08-04T01:30:00Z",
  ends_at: "2026-08-04T01:50:00Z",
  doors_at: "2026-08-04T01:00:00Z",
  state: "confirmed",
  host_name: "",
  host_post: "",
  unit_name: "",
  site_name: null,
  my_name: "",
  centre_phone: "",
  may_join_now: false,
  calendar: true,
  reply_in: null,
};
const EVENING_BEFORE = Date.parse("2026-08-03T12:00:00Z");
const DAY_AFTER = Date.parse("2026-08-05T12:00:00Z");

test.each([
  [{}, EVENING_BEFORE, "early"],
  [{ may_join_now: true }, Date.parse("2026-08-04T01:10:00Z"), "open"],
  // A session may run over its time: the server lets in, whatever the clock says.
  [{ may_join_now: true }, DAY_AFTER, "open"],
  [{}, DAY_AFTER, "ended"],
  [{ state: "submitted" }, EVENING_BEFORE, "not_confirmed"],
  [{ state: "cancelled", may_join_now: true }, EVENING_BEFORE, "cancelled"],
  [{ state: "rescheduled" }, EVENING_BEFORE, "moved"],
  [{ state: "completed" }, EVENING_BEFORE, "ended"],
] as const)("an invitation with %o opens as it should", (change, now, gate) => {
  expect(gateOf({ ...invitation, ...change }, now)).toBe(gate);
});
