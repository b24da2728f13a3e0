/** Shows at once all that is wrong with a form, and goes to the first of it. */

import { nextTick } from "vue";
import type { Submission } from "@/app/form";

/** True when nothing is wrong; `faults` holds null for what is right. */
export async function passes(submission: Submission, faults: Readonly<Record<string, string | null>>): Promise<boolean> {
  submission.failure.value = null;
  submission.errors.value = Object.fromEntries(Object.entries(faults).flatMap(([field, fault]) => (fault === null ? [] : [[field, fault] as const])));
  await nextTick();
  const first = document.querySelector<HTMLElement>('[aria-invalid="true"]');
  first?.focus();
  // Clear of the bar at the lower edge, with the words that stand below the field.
  first?.scrollIntoView({ block: "center" });
  return Object.keys(submission.errors.value).length === 0;
}
