import { expect, test } from "vitest";
import { bodyOf, EMPTY, matterOf, problemsOf, type BookingForm } from "./form";

const GOOD: BookingForm = { ...EMPTY, name: "Wu Xiaohu", phone: "138 0013 8000", sentence: "The road is broken." };

test("an empty form names everything that is missing at once", () => {
  expect(problemsOf(EMPTY, true)).toEqual({ name: "missing_name", phone: "bad_phone", sentence: "missing_sentence" });
});

test("a good form has no problem", () => {
  expect(problemsOf(GOOD, true)).toEqual({});
});

test.each<[Partial<BookingForm>, object]>([
  [{ id_number: "110105194912310021" }, { id_number: "bad_id" }],
  [{ email: "nobody" }, { email: "bad_email" }],
  [{ attend_by: "site" }, { site_id: "missing_site" }],
  [{ attend_by: "site", site_id: "a" }, {}],
  [{ no_smartphone: true }, { attend_by: "needs_a_place" }],
  [{ no_smartphone: true, attend_by: "centre" }, {}],
])("with %o it says %o", (change, problems) => {
  expect(problemsOf({ ...GOOD, ...change }, true)).toEqual(problems);
});

test("what is sent holds no spaces, no empty texts, and a site only for whoever goes there", () => {
  const form: BookingForm = { ...GOOD, id_number: " 11010519491231002x", site_id: "left over", companion: true };
  expect(bodyOf(form, "slot", { isDesk: true, overrules: false })).toEqual({
    slot_id: "slot",
    channel: "hotline",
    subject_unit_id: null,
    people: 1,
    company: [],
    urgency: null,
    name: "Wu Xiaohu",
    phone: "13800138000",
    id_number: "11010519491231002X",
    address: null,
    email: null,
    case_id: null,
    sentence: "The road is broken.",
    category: null,
    attend_by: "own_device",
    site_id: null,
    needs: { elder: false, interpreter: null, companion: true, no_smartphone: false },
  });
});

test("a matter that was brought before is named", () => {
  expect(bodyOf({ ...GOOD, case_id: "case" }, "slot", { isDesk: true, overrules: false }).case_id).toBe("case");
});

test("a village worker is asked for name and phone, and sends nothing of the matter", () => {
  expect(problemsOf(EMPTY, false)).toEqual({ name: "missing_name", phone: "bad_phone" });
  const body = bodyOf({ ...GOOD, id_number: "11010519491231002X", address: "Lane 1", email: "a@example.com" }, "slot", { isDesk: false, overrules: false });
  expect(Object.keys(body).sort()).toEqual(["attend_by", "name", "needs", "phone", "site_id", "slot_id"]);
});

test("who asks without a time sends the same without one, and no reason to come first", () => {
  const asked = matterOf({ ...GOOD, urgency: "Eviction is tomorrow" }, { isDesk: true });
  expect({ ...asked, slot_id: "slot", urgency: null }).toEqual(bodyOf(GOOD, "slot", { isDesk: true, overrules: false }));
  expect(Object.keys(asked)).not.toContain("urgency");
});

test("a reason is sent only where somebody is passed over", () => {
  const form: BookingForm = { ...GOOD, urgency: " Eviction is tomorrow " };
  expect(bodyOf(form, "slot", { isDesk: true, overrules: true }).urgency).toBe("Eviction is tomorrow");
  expect(bodyOf(form, "slot", { isDesk: true, overrules: false }).urgency).toBeNull();
});
