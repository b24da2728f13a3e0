import { expect, test } from "vitest";
import { bodyOf, matterOf, type BookingDraft } from "./draft";

const DRAFT: BookingDraft = {
  hold_id: "hold",
  slot_id: "slot",
  person_id: "person",
  person_name: "Zhao",
  phone: "",
  attend_by: "own_device",
  town_id: "",
  site_id: "",
  site_name: "",
  interpreter: "",
  companion: false,
  case_id: "",
  sentence: "Wages were\n not paid",
  category: "labour",
  others: [],
  people: "1",
  company: [],
  papers: [],
  email: "",
  key: "key",
};

test("an appointment and a wish name the matter that was brought before", () => {
  const draft = { ...DRAFT, case_id: "case" };
  expect(bodyOf(draft, "hold", false)).toMatchObject({ appointment_id: "hold", case_id: "case", sentence: "Wages were not paid" });
  expect(matterOf(draft, false)).toMatchObject({ case_id: "case", person_id: "person" });
});

test("something new names none", () => {
  expect(bodyOf(DRAFT, "hold", true)).toMatchObject({ case_id: null, category: "labour" });
});
