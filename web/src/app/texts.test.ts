import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createI18n } from "vue-i18n";
import { createTexts } from "./i18n";

interface Catalogue {
  readonly [key: string]: string | Catalogue;
}

const single = import.meta.glob<Catalogue>(["../*/messages/*.{json,ts}", "!../**/*.test.ts"], { eager: true, import: "default" });
const own = import.meta.glob<Catalogue>(["./messages/*.json", "../resident/messages/home/*.json"], { eager: true, import: "default" });
const catalogues = import.meta.glob<Catalogue>("../**/messages/**/*.json", { eager: true, import: "default" });
const files = import.meta.glob<string>(["../**/*.ts", "../**/*.vue", "!../**/*.test.ts", "!../**/*.gen.ts"], { eager: true, query: "?raw", import: "default" });
const sources = Object.keys(catalogues).filter((path) => path.includes("zh-CN"));

function keysOf(texts: Catalogue, path = ""): string[] {
  return Object.entries(texts).flatMap(([key, below]) => (typeof below === "string" ? [`${path}${key}`] : keysOf(below, `${path}${key}.`)));
}

test.each(sources)("%s has its English mirror", (path) => {
  const mirror = catalogues[path.replace("zh-CN", "en")];
  expect(keysOf(mirror ?? {}).sort()).toEqual(keysOf(catalogues[path] ?? {}).sort());
});

test.each(Object.keys(files))("%s holds no Chinese of its own", (path) => {
  const code = (files[path] ?? "").replace(/\/\*[\s\S]*?\*\/|\/\/.*|<!--[\s\S]*?-->/g, "");
  expect((/[\u3400-\u9fff].*/.exec(code))?.[0]).toBeUndefined();
});

test.each(Object.keys(catalogues))("%s can be said as it is written", (path) => {
  const said = createI18n({ legacy: false, locale: "here", messages: { here: catalogues[path] ?? {} }, warnHtmlMessage: false }).global;
  // A bare @, which begins a link to another text, is one that cannot.
  for (const key of keysOf(catalogues[path] ?? {})) expect(() => said.t(key, { count: 1 }, 1), key).not.toThrow();
});

test("every text that is asked for by name exists", () => {
  const shown = Object.entries({ ...single, ...own }).filter(([path]) => path.includes("/zh-CN."));
  const known = new Set(shown.flatMap(([, texts]) => keysOf(texts)));
  const asked = Object.values(files).flatMap((code) => [...code.matchAll(/\bt\("([\w.]+)"/g)].map(([, key = ""]) => key));
  expect([...new Set(asked)].filter((key) => !known.has(key))).toEqual([]);
});

test("changing the language brings the texts of all open areas", async () => {
  const texts = createTexts("zh-CN");
  await texts.load("resident");
  await texts.change("en");
  expect(texts.translate("resident.missing.back")).toBe("Back to the start");
  expect(texts.translate("design.undo")).toBe("Undo");
});

test("the page itself holds no inline code or style", () => {
  const page = readFileSync("index.html", "utf8");
  expect(page).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/);
  expect(page).not.toMatch(/https?:\/\//);
});
