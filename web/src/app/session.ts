/** Who is signed in on this device. */

import { defineStore } from "pinia";
import { computed, ref } from "vue";
import type { Me } from "@/api/schema.gen";
import { useApi } from "./api";
import { forgetDrafts } from "./drafts";
import { Problem } from "./problem";

export type { Me };

export const useSession = defineStore("session", () => {
  const api = useApi();
  const person = ref<Me | null>(null);
  const known = ref(false);
  const roles = computed<ReadonlySet<string>>(() => new Set(person.value?.roles.map((held) => held.role) ?? []));

  /** Asks once; later calls know the answer. */
  async function load(): Promise<Me | null> {
    if (known.value) return person.value;
    try {
      begin(await api.get<Me>("/api/me"));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      forget();
    }
    return person.value;
  }

  function begin(me: Me): void {
    person.value = me.kind === "anyone" ? null : me;
    known.value = true;
  }

  function forget(): void {
    person.value = null;
    known.value = true;
  }

  async function signOut(): Promise<void> {
    await api.post("/api/sign-out");
    forgetDrafts();
    forget();
  }

  return { person, roles, known, load, begin, forget, signOut };
});
