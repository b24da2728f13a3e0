/** Sends a form once at a time and puts what is wrong beside its fields. */

import { nextTick, ref, type Ref } from "vue";
import { useExplain } from "./explain";
import { Problem } from "./problem";

export interface Submission {
  readonly busy: Ref<boolean>;
  /** What concerns the form as a whole. */
  readonly failure: Ref<string | null>;
  /** What concerns one field, by its name in the interface. */
  readonly errors: Ref<Readonly<Record<string, string>>>;
  /** Runs the work; true when it was done. */
  readonly run: (work: () => Promise<void>) => Promise<boolean>;
}

/** Leads to the first field with an error beside it, once the page shows it. */
export async function focusFirstInvalid(): Promise<void> {
  await nextTick();
  document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
}

export function useSubmission(): Submission {
  const explain = useExplain();
  const busy = ref(false);
  const failure = ref<string | null>(null);
  const errors = ref<Readonly<Record<string, string>>>({});

  async function fail(error: unknown): Promise<void> {
    const fields = error instanceof Problem ? error.errors : [];
    errors.value = Object.fromEntries(fields.map(({ field, message }) => [field, message]));
    failure.value = fields.length === 0 ? explain(error) : null;
    await focusFirstInvalid();
  }

  async function run(work: () => Promise<void>): Promise<boolean> {
    if (busy.value) return false;
    busy.value = true;
    try {
      await work();
      errors.value = {};
      failure.value = null;
      return true;
    } catch (error) {
      await fail(error);
      return false;
    } finally {
      busy.value = false;
    }
  }

  return { busy, failure, errors, run };
}
