import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const sheet = readFileSync("src/design/tokens.css", "utf8");

function colours(selector: string): Record<string, string> {
  const start = sheet.indexOf(`${selector} {`);
  const block = sheet.slice(start, sheet.indexOf("\n}", start));
  return Object.fromEntries([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name = "", value = ""]) => [name, value]));
}

const light = colours(":root");
const dark = { ...light, ...colours(':root[data-theme="dark"]') };

function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(first: string, second: string): number {
  const [darker = 0, lighter = 0] = [luminance(first), luminance(second)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

const grounds = ["paper", "ground", "sunk"];
const readable = [
  ...["ink", "text", "quiet", "brand-text", "accent-text", "good", "warn", "bad"].flatMap((text) => grounds.map((ground) => [text, ground])),
  ...["brand", "accent", "good", "warn", "bad"].flatMap((tone) => ["ink", "text"].map((text) => [text, `${tone}-tint`])),
  ...["good", "warn", "bad"].map((tone) => [tone, `${tone}-tint`]),
  ["brand-text", "brand-tint"],
  ["accent-text", "accent-tint"],
  ["quiet", "brand-tint"],
  ["on-brand", "brand"],
  ["on-brand", "brand-hover"],
  ["on-brand", "brand-pressed"],
  ["on-bad", "bad"],
  ["on-bad", "bad-pressed"],
];
const visible = [
  ...grounds.map((ground) => ["edge", ground]),
  ...grounds.map((ground) => ["focus", ground]),
  ["brand-text", "line"],
];

describe.each([
  ["light", light],
  ["dark", dark],
])("%s colours", (_, palette) => {
  test.each(readable)("%s on %s can be read", (text = "", ground = "") => {
    expect(contrast(palette[text] ?? "", palette[ground] ?? "")).toBeGreaterThanOrEqual(4.5);
  });

  test.each(visible)("%s on %s can be seen", (mark = "", ground = "") => {
    expect(contrast(palette[mark] ?? "", palette[ground] ?? "")).toBeGreaterThanOrEqual(3);
  });
});

test("contrast tells black on white from grey on white", () => {
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21);
  expect(contrast("#999999", "#ffffff")).toBeLessThan(3);
});

test("elder mode hangs on one variable", () => {
  const start = sheet.indexOf(":root[data-elder] {");
  const block = sheet.slice(start, sheet.indexOf("\n}", start));
  expect([...block.matchAll(/--[\w-]+:/g)].map(([name]) => name)).toEqual(["--elder:"]);
});
