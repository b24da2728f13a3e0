/** The centre that runs this server: its name and the number that people can call. */

import { defineStore } from "pinia";
import { ref } from "vue";
import type { CentreView } from "@/api/schema.gen";
import { useApi } from "./api";

export const useCentre = defineStore("centre", () => {
  const api = useApi();
  const centre = ref<CentreView | null>(null);

  async function load(): Promise<void> {
    centre.value ??= await api.get<CentreView>("/api/centre");
  }

  return { centre, load };
});
