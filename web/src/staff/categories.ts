/** The kinds of matters, by the names the server has for them. */

import { defineStore } from "pinia";
import { computed, ref } from "vue";
import { useI18n } from "vue-i18n";
import type { Category, CategoryView } from "@/api/schema.gen";
import { useApi } from "@/app/api";
import type { Option } from "@/design/models";

const useCategoryList = defineStore("categories", () => {
  const api = useApi();
  const list = ref<readonly CategoryView[]>([]);
  let asked: Promise<void> | null = null;

  async function fetchList(): Promise<void> {
    try {
      list.value = await api.call("GET /api/categories", {});
    } catch {
      // Names are a comfort; codes are shown until a later page asks again.
      asked = null;
    }
  }

  function load(): void {
    asked ??= fetchList();
  }

  return { list, load };
});

export function useCategories() {
  const { t, locale } = useI18n();
  const store = useCategoryList();
  store.load();
  const options = computed<Option<Category>[]>(() =>
    store.list.map((category) => ({ value: category.code, label: locale.value === "en" ? category.name_en : category.name_zh })),
  );

  /** The code as the server knows it, or none. */
  function codeOf(code: string | null): Category | null {
    return store.list.find((category) => category.code === code)?.code ?? null;
  }

  function nameOf(code: string | null): string {
    if (code === null) return t("staff.common.unknown");
    return options.value.find((option) => option.value === code)?.label ?? code;
  }

  return { options, nameOf, codeOf };
}
