/** Signing in by a one-time code; a reload, or a look at the messages, comes back to the same place. */

import { computed, ref, type ComputedRef, type Ref } from "vue";
import { useI18n } from "vue-i18n";
import type { Me } from "@/api/schema.gen";
import { useApi } from "@/app/api";
import { useClock } from "@/app/clock";
import { useDraft } from "@/app/drafts";
import { useExplain } from "@/app/explain";
import { Problem } from "@/app/problem";
import { mobileOf } from "../numbers";

interface Asked {
  phone: string;
  challenge: string;
  asked_at: number;
  again_at: number;
  over_at: number;
}

export interface SignIn {
  readonly phone: Ref<string>;
  /** A code was sent, and it is not known to be over. */
  readonly asked: ComputedRef<boolean>;
  readonly askedAt: ComputedRef<number>;
  readonly overAt: ComputedRef<number>;
  /** When another code can be had, by the server's clock. */
  readonly againAt: ComputedRef<number>;
  readonly busy: Ref<boolean>;
  readonly failure: Ref<string | null>;
  ask(): Promise<void>;
  /** Who is signed in now; null when the code was refused. */
  enter(code: string, shared: boolean): Promise<Me | null>;
  startOver(): void;
}

const NOTHING: Asked = { phone: "", challenge: "", asked_at: 0, again_at: 0, over_at: 0 };

export function useSignIn(): SignIn {
  const { t } = useI18n();
  const api = useApi();
  const clock = useClock();
  const explain = useExplain();
  const draft = useDraft<Asked>("sign-in", NOTHING, { passing: ["phone", "challenge", "asked_at", "again_at", "over_at"] });
  const busy = ref(false);
  const failure = ref<string | null>(null);
  const phone = computed({ get: () => draft.value.value.phone, set: (value) => (draft.value.value = { ...draft.value.value, phone: value }) });
  if (draft.value.value.over_at < clock.now()) startOver();

  function startOver(): void {
    draft.value.value = { ...NOTHING, phone: draft.value.value.phone };
  }

  async function attempt<T>(work: () => Promise<T>): Promise<T | null> {
    if (busy.value) return null;
    busy.value = true;
    failure.value = null;
    try {
      return await work();
    } catch (error) {
      failure.value = wordsOf(error);
      return null;
    } finally {
      busy.value = false;
    }
  }

  function wordsOf(error: unknown): string {
    if (!(error instanceof Problem)) return explain(error);
    if (error.code === "code_over") startOver();
    const left = error.details["tries_left"];
    return error.code === "code_wrong" && typeof left === "number" ? t("resident.sign_in.wrong", { left }) : explain(error);
  }

  async function ask(): Promise<void> {
    const number = mobileOf(phone.value);
    if (number === null) {
      failure.value = t("resident.sign_in.not_a_phone");
      return;
    }
    await attempt(async () => {
      const asked = await api.call("POST /api/sign-in/code", { body: { phone: number } });
      const now = clock.now();
      draft.value.value = {
        phone: number,
        challenge: asked.challenge_id,
        asked_at: now,
        again_at: now + asked.again_after_seconds * 1000,
        over_at: now + asked.lives_seconds * 1000,
      };
    });
  }

  async function enter(code: string, shared: boolean): Promise<Me | null> {
    const challenge = draft.value.value.challenge;
    return attempt(async () => {
      const me = await api.call("POST /api/sign-in/code/{challenge_id}", { params: { challenge_id: challenge }, body: { code, shared } });
      draft.clear();
      return me;
    });
  }

  return {
    phone,
    asked: computed(() => draft.value.value.challenge !== ""),
    askedAt: computed(() => draft.value.value.asked_at),
    overAt: computed(() => draft.value.value.over_at),
    againAt: computed(() => draft.value.value.again_at),
    busy,
    failure,
    ask,
    enter,
    startOver,
  };
}
