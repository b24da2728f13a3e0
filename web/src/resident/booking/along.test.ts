import { expect, test } from "vitest";
import { alongFaults, companyOf, type Along } from "./along";

const HELPER: Along = { role: "helper", name: "Li Ming", phone: "", letter_id: null };

function faultsOf(company: Along[], papers: { id: string }[] = []): string[] {
  return Object.values(alongFaults(company, papers)).filter((fault) => fault !== null);
}

test("a companion needs a name and no letter", () => {
  expect(faultsOf([HELPER])).toEqual([]);
  expect(faultsOf([{ ...HELPER, name: "" }])).toEqual(["name"]);
  expect(faultsOf([{ ...HELPER, phone: "12" }])).toEqual(["phone"]);
});

test("an agent needs one of the papers that were uploaded", () => {
  const agent: Along = { ...HELPER, role: "agent", letter_id: "a" };
  expect(faultsOf([agent])).toEqual(["letter"]);
  expect(faultsOf([agent], [{ id: "a" }])).toEqual([]);
});

test("at most five speak for a group, who booked among them", () => {
  const one: Along = { ...HELPER, role: "representative", letter_id: "a" };
  expect(faultsOf(Array(4).fill(one) as Along[], [{ id: "a" }])).toEqual([]);
  expect(faultsOf(Array(5).fill(one) as Along[], [{ id: "a" }])).toEqual(["speakers"]);
});

test("a letter of who acts for nobody is not sent", () => {
  expect(companyOf([{ ...HELPER, letter_id: "a" }])).toEqual([{ role: "helper", name: "Li Ming", phone: null, letter_id: null }]);
});
