/** The leaders who receive people, in their official order. */

import { computed } from "vue";
import { useApi } from "@/app/api";
import type { Option } from "@/design/models";
import { useLoad } from "./loading";

export function useLeaders() {
  const api = useApi();
  const loading = useLoad((signal) => api.call("GET /api/leaders", { signal }));
  const options = computed<Option<string>[]>(() => (loading.data ?? []).map(({ id, name, post }) => ({ value: id, label: `${name} · ${post}` })));
  return { loading, options };
}
