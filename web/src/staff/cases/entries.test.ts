import { expect, test } from "vitest";
import type { EntryView } from "@/api/schema.gen";
import { groupCounts, kindOf, shownEntries, textOf } from "./entries";

const entry = (position: number, kind: string): EntryView => ({
  id: String(position),
  position,
  at: "2026-11-23T01:00:00Z",
  kind,
  actor_name: null,
  for_resident: false,
  facts: {},
  personal: null,
  hash: "",
});
const ENTRIES = [entry(1, "registered"), entry(2, "session"), entry(3, "decision"), entry(4, "something_new")];

test("the newest stands first, and a filter leaves the rest out", () => {
  expect(shownEntries(ENTRIES, "all").map((one) => one.position)).toEqual([4, 3, 2, 1]);
  expect(shownEntries(ENTRIES, "session").map((one) => one.position)).toEqual([2]);
});

test("an unknown kind is still shown, among the others", () => {
  expect(kindOf({ kind: "something_new" }).group).toBe("other");
});

test("the filter offers only what is there", () => {
  expect(groupCounts(ENTRIES)).toEqual([
    { group: "all", count: 4 },
    { group: "matter", count: 1 },
    { group: "session", count: 1 },
    { group: "decision", count: 1 },
    { group: "other", count: 1 },
  ]);
});

test("only texts are read as texts", () => {
  expect(textOf({ reason: "late" }, "reason")).toBe("late");
  expect(textOf({ reason: 3, empty: "" }, "reason")).toBeNull();
  expect(textOf(null, "reason")).toBeNull();
});
