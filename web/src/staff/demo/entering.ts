/** Entering the demo as somebody: one press signs in and opens their page. */

import { ref } from "vue";
import { useRouter } from "vue-router";
import type { Me } from "@/api/schema.gen";
import { useApi } from "@/app/api";
import { useSubmission } from "@/app/form";
import { useSession } from "@/app/session";

/** Somebody whom one may be. */
export interface Entrance {
  readonly role: string;
  readonly name: string;
  /** A login name of the staff, a resident's phone. */
  readonly login: string;
  readonly goes_to: string;
}

interface Entered {
  readonly me: Me;
  readonly goes_to: string;
}

export function useEntering() {
  const api = useApi();
  const router = useRouter();
  const session = useSession();
  const { failure, run } = useSubmission();
  /** As whom one is just entering, by a word of the caller's. */
  const entering = ref<string | null>(null);

  /** Where to, when it is not the first page of the role. */
  async function enter(role: string, { as = role, path }: { as?: string; path?: string } = {}): Promise<void> {
    entering.value = as;
    await run(async () => {
      const { me, goes_to } = await api.post<Entered>(`/demo/enter/${role}`);
      session.begin(me);
      await router.push(path ?? goes_to);
    });
    entering.value = null;
  }

  return { entering, failure, enter };
}
