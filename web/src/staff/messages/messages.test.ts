import { expect, test } from "vitest";
import en from "./en";
import source from "./zh-CN";

type Texts = string | { readonly [key: string]: Texts };

function keysOf(texts: Texts, path = ""): string[] {
  if (typeof texts === "string") return [path];
  return Object.entries(texts).flatMap(([key, below]) => keysOf(below, `${path}.${key}`));
}

function slotsOf(texts: Texts, path = ""): string[] {
  if (typeof texts !== "string") return Object.entries(texts).flatMap(([key, below]) => slotsOf(below, `${path}.${key}`));
  // A language with a plural says its words twice; the values it fills in are the same.
  return [...new Set(texts.match(/\{\w+\}/g) ?? [])].sort().map((slot) => `${path} ${slot}`);
}

test("both languages have the same keys", () => {
  expect(keysOf(en)).toEqual(keysOf(source));
});

test("both languages fill in the same values", () => {
  expect(slotsOf(en)).toEqual(slotsOf(source));
});

test("no text is empty", () => {
  const empty = (texts: Texts): boolean => (typeof texts === "string" ? texts.trim() === "" : Object.values(texts).some(empty));
  expect([source, en].some(empty)).toBe(false);
});
