import { describe, expect, test } from "vitest";
import type { LineItem } from "@/api/schema.gen";
import { firstToShow, needsOf, neighbour, nextAfter } from "./order";

function item(id: string, state: LineItem["state"]): LineItem {
  return {
    appointment_id: id,
    session_kind: "reception",
    place: 1,
    reference: "",
    name: id,
    state,
    waiting_since: null,
    begins_at: "2026-08-04T01:30:00Z",
    ends_at: "2026-08-04T01:50:00Z",
    sentence: null,
    category: null,
    people: 1,
    needs: {},
    late: false,
    seen: false,
    case_id: null,
    case_number: null,
  };
}

describe("the first shown", () => {
  test.each([
    [[item("a", "done"), item("b", "waiting"), item("c", "in_room")], "c"],
    [[item("a", "not_here"), item("b", "waiting")], "b"],
    [[item("a", "done"), item("b", "not_here")], "b"],
    [[item("a", "done"), item("b", "no_show")], "a"],
  ])("of %o", (items, id) => {
    expect(firstToShow(items)?.appointment_id).toBe(id);
  });

  test("of an empty line is nobody", () => {
    expect(firstToShow([])).toBeNull();
  });
});

describe("the next", () => {
  const items = [item("a", "in_room"), item("b", "not_here"), item("c", "waiting"), item("d", "done")];

  test("is whoever waits, even if another one was booked earlier", () => {
    expect(nextAfter(items, "a")?.appointment_id).toBe("c");
  });

  test("is nobody when the day is done", () => {
    expect(nextAfter([item("a", "in_room"), item("d", "done")], "a")).toBeNull();
  });
});

test("keys move along the line and stop at its ends", () => {
  const items = [item("a", "done"), item("b", "waiting")];
  const ids = [neighbour(items, "a", 1), neighbour(items, "b", 1), neighbour(items, "a", -1)].map((one) => one?.appointment_id);
  expect(ids).toEqual(["b", "b", "a"]);
});

test("only needs that were asked for are told", () => {
  expect(needsOf({ needs: { interpreter: "吴语", elder: false } })).toEqual(["interpreter"]);
});
