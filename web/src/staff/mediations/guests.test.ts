import { expect, test } from "vitest";
import type { MediationView } from "@/api/schema.gen";
import { bodyOf, emptyGuest, firstGuests, problemsOf } from "./guests";

const party = (id: string, role: "applicant" | "respondent" | "concerned", phone: string | null) => ({ id, role, name: `Name ${id}`, phone });
const MEDIATION = {
  parties: [party("a", "applicant", "13900000001"), party("b", "concerned", "13900000002"), party("c", "concerned", null)],
  other_party: party("b", "concerned", "13900000002"),
} as MediationView;

test("both sides stand on the list, with a line for the recorder", () => {
  expect(firstGuests(MEDIATION).map((guest) => [guest.role, guest.partyId])).toEqual([
    ["applicant", "a"],
    ["respondent", "b"],
    ["recorder", null],
  ]);
});

test("an empty line is no problem and is not sent", () => {
  const guests = firstGuests(MEDIATION);
  expect(problemsOf(guests)).toEqual({ fields: {}, bothSides: true });
  expect(bodyOf(guests)).toEqual([
    { role: "applicant", name: "Name a", phone: "13900000001", email: null, party_id: "a" },
    { role: "respondent", name: "Name b", phone: "13900000002", email: null, party_id: "b" },
  ]);
});

test("every wrong field is named at once", () => {
  const guests = firstGuests(MEDIATION);
  const broken = guests.map((guest) => (guest.role === "recorder" ? { ...guest, phone: "139 0000 0001", email: "nobody" } : guest));
  expect(problemsOf(broken).fields).toEqual({ "2.name": "bad_name", "2.phone": "same_phone", "2.email": "bad_email" });
});

test("one side alone is not enough", () => {
  expect(problemsOf(firstGuests(MEDIATION).filter((guest) => guest.role !== "respondent")).bothSides).toBe(false);
});

test("a further guest has a key of its own", () => {
  expect(emptyGuest(firstGuests(MEDIATION)).key).toBe(3);
  expect(emptyGuest([]).key).toBe(0);
});
