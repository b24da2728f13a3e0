/** From a chosen time to the form, past the sign-in where nobody is signed in. */

import { ref } from "vue";
import { useRouter } from "vue-router";
import { useExplain } from "@/app/explain";
import { useSession } from "@/app/session";
import { queryOf, type Wanted } from "./query";

export function useChoice() {
  const router = useRouter();
  const session = useSession();
  const explain = useExplain();
  const busy = ref(false);
  const failure = ref<string | null>(null);

  async function take(wanted: Partial<Wanted>): Promise<void> {
    busy.value = true;
    failure.value = null;
    const form = { path: "/book/form", query: queryOf(wanted) };
    try {
      const person = await session.load();
      const next = router.resolve(form).fullPath;
      await router.push(person?.kind === "resident" ? form : { path: "/sign-in", query: { next } });
    } catch (error) {
      failure.value = explain(error);
    } finally {
      busy.value = false;
    }
  }

  return { busy, failure, take };
}
