/** Keeps what a list is filtered by in the page's address, so that reload, back and a sent link keep it. */

import { computed, type WritableComputedRef } from "vue";
import { useRoute, useRouter } from "vue-router";

/** One value of the address. Setting it goes back to the first page of the list. */
export function useQueryText(name: string, otherwise = ""): WritableComputedRef<string> {
  const route = useRoute();
  const router = useRouter();
  return computed({
    get: () => {
      const value = route.query[name];
      return typeof value === "string" && value !== "" ? value : otherwise;
    },
    set: (value) => {
      void router.replace({ query: { ...route.query, page: undefined, before: undefined, after: undefined, [name]: value === otherwise ? undefined : value } });
    },
  });
}

export function useQueryPage(): WritableComputedRef<number> {
  const text = useQueryText("page", "1");
  return computed({
    get: () => Math.max(1, Number.parseInt(text.value, 10) || 1),
    set: (value) => (text.value = String(value)),
  });
}
