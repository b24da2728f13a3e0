import { afterEach, beforeEach, expect, test } from "vitest";
import { effectScope, type EffectScope } from "vue";
import { forgetDrafts, markShared, useDraft, type Draft, type DraftPlaces } from "./drafts";

interface Form {
  phone: string;
  about: string;
  id_number: string;
  people: string[];
}

const EMPTY: Form = { phone: "", about: "", id_number: "", people: [] };
let scope: EffectScope;
let now: number;

function places(): DraftPlaces {
  return { lasting: localStorage, passing: sessionStorage, now: () => now };
}

function textIn(storage: Storage): string {
  return Array.from({ length: storage.length }, (_, index) => storage.getItem(storage.key(index) ?? "")).join("\n");
}

function open(): Draft<Form> {
  scope.stop();
  scope = effectScope();
  const draft = scope.run(() => useDraft("booking", EMPTY, { passing: ["id_number"], places: places() }));
  if (draft === undefined) throw new Error("the scope is over");
  return draft;
}

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
  now = 1_785_800_000_000;
  scope = effectScope();
});
afterEach(() => scope.stop());

test("what was typed comes back after a reload", () => {
  const first = open();
  first.value.value.about = "电梯坏了三个月";
  first.value.value.people.push("王小满");
  const second = open();
  expect(second.restored).toBe(true);
  expect(second.value.value).toEqual({ ...EMPTY, about: "电梯坏了三个月", people: ["王小满"] });
});

test("an ID number never reaches the lasting storage", () => {
  open().value.value.id_number = "330502199001011234";
  expect(textIn(localStorage)).not.toContain("330502199001011234");
  expect(textIn(sessionStorage)).toContain("330502199001011234");
  expect(open().value.value.id_number).toBe("330502199001011234");
});

test("a shared device keeps nothing beyond the tab", () => {
  markShared(true, places());
  open().value.value.phone = "13800000000";
  expect(textIn(localStorage)).not.toContain("13800000000");
  expect(open().value.value.phone).toBe("13800000000");
});

test("forgetting clears every draft and nothing else", () => {
  localStorage.setItem("yuntiao.preferences", "{}");
  open().value.value.phone = "13800000000";
  scope.stop();
  forgetDrafts(places());
  expect(localStorage.getItem("yuntiao.preferences")).toBe("{}");
  expect(open().restored).toBe(false);
});

test("a cleared draft stays cleared when the page closes", () => {
  const draft = open();
  draft.value.value.phone = "13800000000";
  draft.clear();
  expect(open().value.value).toEqual(EMPTY);
});

test("a draft from a week ago is gone", () => {
  open().value.value.phone = "13800000000";
  scope.stop();
  now += 7 * 86_400_000;
  expect(open().restored).toBe(false);
});

test("a field of another shape is dropped, the others stay", () => {
  localStorage.setItem("yuntiao.draft.booking", JSON.stringify({ saved_at: now, value: { people: "x", phone: "13800000000", gone: 1 } }));
  expect(open().value.value).toEqual({ ...EMPTY, phone: "13800000000" });
});
