/** What speaks against a shift while it is edited, asked of the server at each change. */

import { ref, watch, type Ref } from "vue";
import type { RosterDay, ShiftTroubleView } from "@/api/schema.gen";
import { useApi } from "@/app/api";
import { NOBODY, shiftOf, type Editing, type ShiftForm } from "./shift";
import { workingDays } from "./week";

export function useTroubles(editing: Ref<Editing | null>, form: Ref<ShiftForm | null>, known: () => readonly RosterDay[]): Ref<readonly ShiftTroubleView[]> {
  const api = useApi();
  const found = ref<readonly ShiftTroubleView[]>([]);
  let asking = new AbortController();

  async function ask(): Promise<void> {
    asking.abort();
    const [own, now, given] = [(asking = new AbortController()), editing.value, form.value];
    if (now === null || given === null || given.ends <= given.begins) {
      found.value = [];
      return;
    }
    const days = now.shift === null ? workingDays(now.day, given.until, known()) : [now.day];
    const body = { ...shiftOf({ ...given, person: NOBODY }), unit_id: now.unit.unit_id, days, shift_id: now.shift?.id ?? null };
    try {
      const answer = await api.call("POST /api/roster/checks", { body, signal: own.signal });
      if (!own.signal.aborted) found.value = answer;
    } catch {
      // Saving says what is wrong with the form.
      if (!own.signal.aborted) found.value = [];
    }
  }

  watch([editing, form], () => void ask(), { deep: true });
  return found;
}

/** Those of a person, and those of whoever it would be. */
export function troublesOf(troubles: readonly ShiftTroubleView[], person: string): ShiftTroubleView[] {
  return troubles.filter((one) => one.account_id === null || one.account_id === person);
}
