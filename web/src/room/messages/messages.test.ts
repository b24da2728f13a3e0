import { expect, test } from "vitest";
import en from "./en.json";
import source from "./zh-CN.json";

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

test("both languages use no value that the other lacks the name of", () => {
  const names = (texts: Texts) => new Set(slotsOf(texts).map((slot) => slot.split(" ")[1]));
  expect([...names(en)].sort()).toEqual([...names(source)].sort());
});
