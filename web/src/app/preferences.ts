/** What a person chose about the look of the pages: language, elder mode, light or dark. */

export const LOCALES = ["zh-CN", "en"] as const;
export type Locale = (typeof LOCALES)[number];
export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];
export type Area = "resident" | "staff" | "room";

export interface Preferences {
  readonly locale: Locale;
  readonly elder: boolean;
  readonly theme: Theme;
}

const KEY = "yuntiao.preferences";
const DEFAULTS: Preferences = { locale: "zh-CN", elder: false, theme: "auto" };

function oneOf<T extends string>(choices: readonly T[], value: unknown, otherwise: T): T {
  return choices.find((choice) => choice === value) ?? otherwise;
}

export function parsePreferences(text: string | null): Preferences {
  let stored: unknown;
  try {
    stored = JSON.parse(text ?? "{}");
  } catch {
    return DEFAULTS;
  }
  if (typeof stored !== "object" || stored === null) return DEFAULTS;
  const value = stored as Record<string, unknown>;
  return {
    locale: oneOf(LOCALES, value["locale"], DEFAULTS.locale),
    elder: value["elder"] === true,
    theme: oneOf(THEMES, value["theme"], DEFAULTS.theme),
  };
}

export function readPreferences(storage: Storage = localStorage): Preferences {
  return parsePreferences(storage.getItem(KEY));
}

export function writePreferences(preferences: Preferences, storage: Storage = localStorage): void {
  storage.setItem(KEY, JSON.stringify(preferences));
}

/** Residents read on light paper, the room is always dark, staff choose. */
export function themeOf(area: Area, theme: Theme, systemIsDark: boolean): "light" | "dark" {
  if (area === "resident") return "light";
  if (area === "room") return "dark";
  if (theme === "auto") return systemIsDark ? "dark" : "light";
  return theme;
}

export function darkSystem(): MediaQueryList {
  return matchMedia("(prefers-color-scheme: dark)");
}

export function applyAppearance(preferences: Preferences, area: Area): void {
  const root = document.documentElement;
  root.lang = preferences.locale;
  root.dataset["area"] = area;
  root.dataset["theme"] = themeOf(area, preferences.theme, darkSystem().matches);
  root.toggleAttribute("data-elder", preferences.elder && area !== "staff");
}
