import { expect, test } from "vitest";
import { ANY, bodyOf, emptyForm, formOf, ME, partsOf, problemOf, VIDEO, type WishesForm } from "./wishes";

const ALL = { leaders: ["l1", "l2"], rooms: ["r1", "r2"] };
const FORM: WishesForm = {
  units: [
    { id: "a", part: "fixed" },
    { id: "b", part: "among" },
    { id: "c", part: "among" },
    { id: "d", part: "optional" },
  ],
  needed: { among: 1, among_2: 1, among_3: 1 },
  who: ANY,
  preferred: "l2",
  minutes: 90,
  until: "2026-12-01",
  where: "r2",
  noSmartphone: true,
};

test("the form says each wish once, and comes back as it went", () => {
  const body = bodyOf(FORM, ALL);
  expect(body).toEqual({
    fixed: ["a"],
    groups: [{ units: ["b", "c"], needed: 1 }],
    optional: ["d"],
    leaders: ["l1", "l2"],
    preferred_leader: "l2",
    rooms: ["r2"],
    minutes: 90,
    until: "2026-12-01",
    no_smartphone: true,
  });
  const view = { ...body, since: null } as Parameters<typeof formOf>[0];
  expect(formOf(view, "")).toEqual(FORM);
});

test("without a leader and a room neither is asked for", () => {
  const body = bodyOf({ ...FORM, who: ME, where: VIDEO }, ALL);
  expect([body.leaders, body.preferred_leader, body.rooms]).toEqual([[], null, []]);
});

test("more cannot be needed than are named", () => {
  expect(bodyOf({ ...FORM, needed: { ...FORM.needed, among: 5 } }, ALL).groups).toEqual([{ units: ["b", "c"], needed: 2 }]);
});

test("nobody needed, or too many at one table, is a problem", () => {
  const many = ["a", "b", "c", "d", "e", "f", "g"].map((id) => ({ id, part: "fixed" as const }));
  expect(problemOf(emptyForm(""))).toBe("none");
  expect(problemOf({ ...FORM, units: many })).toBe("too_many");
  expect(problemOf(FORM)).toBeNull();
});

test("three groups go out and come back, each with its own number", () => {
  const units = [
    { id: "a", part: "among" as const },
    { id: "b", part: "among" as const },
    { id: "c", part: "among_2" as const },
    { id: "d", part: "among_2" as const },
    { id: "e", part: "among_3" as const },
  ];
  const form = { ...FORM, units, needed: { among: 1, among_2: 2, among_3: 1 } };
  const body = bodyOf(form, ALL);
  expect(body.groups).toEqual([
    { units: ["a", "b"], needed: 1 },
    { units: ["c", "d"], needed: 2 },
    { units: ["e"], needed: 1 },
  ]);
  expect(formOf({ ...body, since: null } as Parameters<typeof formOf>[0], "")).toEqual(form);
  expect(problemOf(form)).toBeNull();
});

test("a group can be begun once the one before it has a unit", () => {
  expect(partsOf([])).toEqual(["fixed", "among", "optional"]);
  expect(partsOf([{ id: "a", part: "among" }])).toEqual(["fixed", "among", "among_2", "optional"]);
});
