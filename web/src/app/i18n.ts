/** Texts of the pages: the common ones and the home page's come with the client, each area's when it is first opened. */

import { inject, type InjectionKey } from "vue";
import { createI18n } from "vue-i18n";
import common from "./messages/zh-CN.json";
import home from "../resident/messages/home/zh-CN.json";
import type { Area, Locale } from "./preferences";

interface Catalogue {
  readonly [key: string]: string | Catalogue;
}
export type Part = Area | "app" | "home" | "gallery";

// An area with many texts keeps them in a folder; a module puts them together.
const catalogues = {
  ...import.meta.glob<Catalogue>(
    ["./messages/en.json", "../resident/messages/home/en.json", "../{resident,staff,room}/messages/*.{json,ts}", "!../**/*.test.ts"],
    { import: "default" },
  ),
  ...(__GALLERY__ ? import.meta.glob<Catalogue>("../gallery/messages/*.json", { import: "default" }) : {}),
};

function pathOf(part: Part, locale: Locale): string {
  if (part === "app") return `./messages/${locale}.json`;
  if (part === "home") return `../resident/messages/home/${locale}.json`;
  const together = `../${part}/messages/${locale}.ts`;
  return together in catalogues ? together : `../${part}/messages/${locale}.json`;
}

export function createTexts(initial: Locale) {
  const messages: Record<string, Catalogue> = { "zh-CN": { ...common, ...home } };
  const i18n = createI18n({
    legacy: false,
    locale: initial,
    fallbackLocale: "zh-CN",
    messages,
    missingWarn: false,
    fallbackWarn: false,
  });
  const parts = new Set<Part>(["app"]);
  const loaded = new Set<string>([pathOf("app", "zh-CN"), pathOf("home", "zh-CN")]);

  async function loadOne(part: Part, locale: Locale): Promise<void> {
    const path = pathOf(part, locale);
    const load = catalogues[path];
    if (loaded.has(path) || load === undefined) return;
    i18n.global.mergeLocaleMessage(locale, await load());
    loaded.add(path);
  }

  /** The texts of one part, in the language shown now. */
  async function load(part: Part): Promise<void> {
    parts.add(part);
    const locale = i18n.global.locale.value as Locale;
    await Promise.all([loadOne("app", locale), loadOne(part, locale)]);
  }

  async function change(locale: Locale): Promise<void> {
    await Promise.all([...parts].map((part) => loadOne(part, locale)));
    i18n.global.locale.value = locale;
  }

  return { plugin: i18n, translate: i18n.global.t, load, change };
}

export type Texts = ReturnType<typeof createTexts>;
export const textsKey: InjectionKey<Texts> = Symbol("texts");

export function useTexts(): Texts {
  const texts = inject(textsKey);
  if (texts === undefined) throw new Error("the texts are provided by main.ts");
  return texts;
}
