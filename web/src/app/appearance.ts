/** The choices about language and look, kept on the device and shown at once. */

import { defineStore } from "pinia";
import { ref } from "vue";
import { useRoute } from "vue-router";
import { useTexts } from "./i18n";
import { applyAppearance, readPreferences, writePreferences, type Locale, type Preferences, type Theme } from "./preferences";

export const useAppearance = defineStore("appearance", () => {
  const texts = useTexts();
  const route = useRoute();
  const chosen = ref<Preferences>(readPreferences());

  function keep(change: Partial<Preferences>): void {
    chosen.value = { ...chosen.value, ...change };
    writePreferences(chosen.value);
    applyAppearance(chosen.value, route.meta.area ?? "resident");
  }

  async function speak(locale: Locale): Promise<void> {
    await texts.change(locale);
    keep({ locale });
  }

  function enlarge(elder: boolean): void {
    keep({ elder });
  }

  function paint(theme: Theme): void {
    keep({ theme });
  }

  return { chosen, speak, enlarge, paint };
});
