/** Sends the form, and says what to do where the server says no. */

import { ref, watch, type Ref } from "vue";
import { useI18n } from "vue-i18n";
import { useRouter } from "vue-router";
import { useApi } from "@/app/api";
import { useAppearance } from "@/app/appearance";
import type { Submission } from "@/app/form";
import { Problem } from "@/app/problem";
import { isAhead } from "../appointments";
import { bodyOf, type BookingDraft } from "./draft";
import type { Hold } from "./hold";
import { stepOf } from "./steps";

export interface Way {
  readonly to: string;
  readonly label: string;
}

interface Parts {
  readonly draft: Ref<BookingDraft>;
  readonly submission: Submission;
  readonly hold: Hold;
  readonly clear: () => void;
}

/** Refusals that another page helps with. */
const WAYS: Readonly<Record<string, string>> = {
  too_many_open_appointments: "/my",
  one_open_appointment_a_matter: "/my",
  person_busy_then: "/my",
  clerk_calls_you: "/",
};

export function useSubmit({ draft, submission, hold, clear }: Parts) {
  const { t } = useI18n();
  const api = useApi();
  const router = useRouter();
  const appearance = useAppearance();
  const way = ref<Way | null>(null);
  watch(submission.failure, (words) => {
    if (words === null) way.value = null;
  });

  async function arrive(appointmentId: string): Promise<void> {
    clear();
    await router.replace(`/book/done/${appointmentId}`);
  }

  async function send(): Promise<void> {
    const holdId = draft.value.hold_id;
    const done = await submission.run(async () => {
      const body = bodyOf(draft.value, holdId, appearance.chosen.elder);
      const made = await api.call("POST /api/appointments", { body, idempotencyKey: draft.value.key }).catch(refused);
      await arrive(made.id);
    });
    const [field] = Object.keys(submission.errors.value);
    if (!done && field !== undefined) await router.push({ query: { step: stepOf(field) } });
  }

  function refused(error: unknown): never {
    if (error instanceof Problem) {
      if (error.status === 410) hold.lose();
      const to = WAYS[error.code];
      way.value = to === undefined ? null : { to, label: t(to === "/my" ? "resident.form.to_mine" : "resident.form.to_home") };
    }
    throw error;
  }

  /** The answer to an earlier submission may have been lost on its way here. */
  async function findSubmitted(): Promise<void> {
    const id = draft.value.hold_id;
    if (id === "") return;
    const found = await api.call("GET /api/appointments/{appointment_id}", { params: { appointment_id: id } }).catch(() => null);
    if (found !== null && isAhead(found.state)) await arrive(id);
  }

  return { way, send, findSubmitted };
}
