/** What speaks against a shift while it is edited, asked of the server at each change. */

import { ref, watch, type Ref } from "vue";
import type { RosterDay, ShiftTroubleView } from "@/api/schema.gen";
import { useApi } from "@/app/api";
import { Unreachable } from "@/app/problem";
import { shiftOf, type Editing, type ShiftForm } from "./shift";
import { workingDays } from "./week";

export interface Troubles {
  readonly found: Ref<readonly ShiftTroubleView[]>;
  /** The server could not be asked. */
  readonly isUnknown: Ref<boolean>;
}

export function useTroubles(editing: Ref<Editing | null>, form: Ref<ShiftForm | null>, known: () => readonly RosterDay[]): Troubles {
  const api = useApi();
  const found = ref<readonly ShiftTroubleView[]>([]);
  const isUnknown = ref(false);
  let asking = new AbortController();

  async function ask(): Promise<void> {
    asking.abort();
    const [own, now, given] = [(asking = new AbortController()), editing.value, form.value];
    if (now === null || given === null || given.ends <= given.begins) {
      [found.value, isUnknown.value] = [[], false];
      return;
    }
    const days = now.shift === null ? workingDays(now.day, given.until, known()) : [now.day];
    const body = { ...shiftOf(given), unit_id: now.unit.unit_id, days, shift_id: now.shift?.id ?? null };
    try {
      const answer = await api.call("POST /api/roster/checks", { body, signal: own.signal });
      if (!own.signal.aborted) [found.value, isUnknown.value] = [answer, false];
    } catch (error) {
      // Saving says what is wrong with the form.
      if (!own.signal.aborted) [found.value, isUnknown.value] = [[], error instanceof Unreachable];
    }
  }

  watch([editing, form], () => void ask(), { deep: true });
  return { found, isUnknown };
}

/** Those of a person, and those of whoever it would be. */
export function troublesOf(troubles: readonly ShiftTroubleView[], person: string): ShiftTroubleView[] {
  return troubles.filter((one) => one.account_id === null || one.account_id === person);
}
