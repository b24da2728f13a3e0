/** The time that is kept while the form is filled in: taken, found again, kept longer, lost. */

import { computed, ref, shallowRef, type ComputedRef, type Ref } from "vue";
import type { HoldView } from "@/api/schema.gen";
import { useApi } from "@/app/api";
import { useExplain } from "@/app/explain";
import { Problem } from "@/app/problem";
import { alternativesOf, type Alternative } from "./alternatives";

export type HoldState = "loading" | "held" | "none" | "lost" | "refused" | "failed";

export interface Hold {
  readonly state: Ref<HoldState>;
  readonly hold: Ref<HoldView | null>;
  /** Why it was refused or failed, in words. */
  readonly words: Ref<string>;
  readonly alternatives: Ref<readonly Alternative[]>;
  readonly busy: ComputedRef<boolean>;
  take(slotId: string): Promise<void>;
  find(): Promise<void>;
  extend(elder: boolean): Promise<void>;
  giveUp(): Promise<void>;
  lose(): void;
}

export function useHold(): Hold {
  const api = useApi();
  const explain = useExplain();
  const state = ref<HoldState>("loading");
  const hold = shallowRef<HoldView | null>(null);
  const words = ref("");
  const alternatives = shallowRef<readonly Alternative[]>([]);
  const waiting = ref(0);

  async function settle(work: () => Promise<HoldView | null>): Promise<void> {
    waiting.value += 1;
    try {
      hold.value = (await work()) ?? null;
      state.value = hold.value === null ? "none" : "held";
    } catch (error) {
      refuse(error);
    } finally {
      waiting.value -= 1;
    }
  }

  function refuse(error: unknown): void {
    words.value = explain(error);
    const found = error instanceof Problem ? alternativesOf(error) : null;
    alternatives.value = found ?? [];
    // 404: the address named a time that never was.
    const isRefused = found !== null || (error instanceof Problem && error.status === 404);
    state.value = isRefused ? "refused" : "failed";
  }

  async function extend(elder: boolean): Promise<void> {
    const kept = hold.value;
    if (kept === null || waiting.value > 0) return;
    waiting.value += 1;
    try {
      hold.value = await api.call("POST /api/holds/{appointment_id}/extend", { params: { appointment_id: kept.appointment_id }, body: { elder } });
      words.value = "";
    } catch (error) {
      if (error instanceof Problem && error.status === 410) lose();
      else words.value = explain(error);
    } finally {
      waiting.value -= 1;
    }
  }

  async function giveUp(): Promise<void> {
    const kept = hold.value;
    if (kept !== null) await api.call("DELETE /api/holds/{appointment_id}", { params: { appointment_id: kept.appointment_id } });
    hold.value = null;
    state.value = "none";
  }

  function lose(): void {
    state.value = "lost";
  }

  return {
    state,
    hold,
    words,
    alternatives,
    busy: computed(() => waiting.value > 0),
    take: (slotId) => settle(() => api.call("POST /api/holds", { body: { slot_id: slotId } })),
    find: () => settle(() => api.call("GET /api/holds/mine", {})),
    extend,
    giveUp,
    lose,
  };
}
