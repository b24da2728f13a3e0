import { expect, test } from "vitest";
import type { RosterWishView, WishKind } from "@/api/schema.gen";
import { byKind, halvesOf, newest, saidOf } from "./wishes";

function wish(weekday: number, half: number, kind: WishKind, entered_at = "2026-11-23T01:00:00Z"): RosterWishView {
  return { account_id: "a", weekday, half, kind, entered_by: { account_id: "c", name: "Clerk" }, entered_at };
}

test("what was said is shown for every half day and sent back as it was", () => {
  const wishes = [wish(0, 1, "cannot"), wish(4, 0, "would_like"), { ...wish(2, 0, "cannot"), account_id: "b" }];
  const said = saidOf(wishes, "a");
  expect(Object.keys(said)).toHaveLength(10);
  expect([said["0.1"], said["4.0"], said["2.0"]]).toEqual(["cannot", "would_like", "none"]);
  expect(halvesOf(said)).toEqual([
    { weekday: 0, half: 1, kind: "cannot" },
    { weekday: 4, half: 0, kind: "would_like" },
  ]);
  expect(halvesOf(saidOf(wishes, null))).toEqual([]);
});

test("what cannot be is told before what is liked, with who wrote it down last", () => {
  const wishes = [wish(4, 0, "would_like", "2026-11-24T01:00:00Z"), wish(0, 1, "cannot")];
  expect(byKind(wishes).map(({ kind }) => kind)).toEqual(["cannot", "would_like"]);
  expect(newest(wishes)?.weekday).toBe(4);
  expect(newest([])).toBeNull();
});
