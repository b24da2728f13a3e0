import { expect, test } from "vitest";
import { applyAppearance, parsePreferences, themeOf } from "./preferences";

test("nonsense in the storage falls back to the defaults", () => {
  const defaults = { locale: "zh-CN", elder: false, theme: "auto" };
  expect(["", null, "[", "7", '{"locale":"xx","elder":"yes","theme":3}'].map(parsePreferences)).toEqual(Array(5).fill(defaults));
  expect(parsePreferences('{"locale":"en","elder":true,"theme":"dark"}')).toEqual({ locale: "en", elder: true, theme: "dark" });
});

test("residents see light pages, the room is dark, staff choose", () => {
  expect(themeOf("resident", "dark", true)).toBe("light");
  expect(themeOf("room", "light", false)).toBe("dark");
  expect([themeOf("staff", "auto", true), themeOf("staff", "light", true)]).toEqual(["dark", "light"]);
});

test("elder mode is a mark on the root, and not for staff", () => {
  const elder = { locale: "en", elder: true, theme: "auto" } as const;
  applyAppearance(elder, "resident");
  expect([document.documentElement.lang, document.documentElement.hasAttribute("data-elder")]).toEqual(["en", true]);
  applyAppearance(elder, "staff");
  expect(document.documentElement.hasAttribute("data-elder")).toBe(false);
});
