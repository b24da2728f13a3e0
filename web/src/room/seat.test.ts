import { beforeEach, expect, test } from "vitest";
import { markShared, type DraftPlaces } from "@/app/drafts";
import { keepSeat, newSeat, readSeat, takeSeat, wipeSeat } from "./seat";

const places: DraftPlaces = { lasting: localStorage, passing: sessionStorage, now: () => 0 };

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
});

test("a seat comes back in the same tab as it was left", () => {
  const seat = { ...newSeat("token", false), checked: true, arrived: true };
  keepSeat(seat);
  expect(takeSeat("token")).toEqual(seat);
});

test("another link begins anew", () => {
  keepSeat({ ...newSeat("token", false), arrived: true });
  expect(takeSeat("other")).toEqual(newSeat("other", false));
});

test("a damaged memory is none", () => {
  sessionStorage.setItem("yuntiao.seat", '{"token": 7}');
  expect(readSeat()).toBeNull();
});

test("a wiped shared device holds nothing of the person", () => {
  markShared(true, places);
  keepSeat({ ...newSeat("token", true), arrived: true });
  sessionStorage.setItem("yuntiao.draft.arrival", "an address");
  localStorage.setItem("yuntiao.draft.form", "a name");
  localStorage.setItem("yuntiao.preferences", '{"elder":true}');
  wipeSeat(places);
  expect([sessionStorage.length, JSON.stringify(localStorage)]).toEqual([0, '{"yuntiao.shared_device":"1"}']);
});
