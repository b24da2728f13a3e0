/** A call that leads to a booking: who called is filled in, and what came of it goes into its note. */

import { onMounted, type Ref } from "vue";
import { useApi } from "@/app/api";
import { useDraft } from "@/app/drafts";
import type { BookingForm } from "./form";

/** Kinds of call whose words are the caller's own. */
const OWN_WORDS: ReadonlySet<string> = new Set(["call_me", "no_shows"]);

export function useCallToBook(id: string | null, form: Ref<BookingForm>) {
  const api = useApi();
  const { value: call } = useDraft(`call.${id ?? "none"}`, { note: "" }, { passing: ["note"] });

  async function fillIn(): Promise<void> {
    if (id === null) return;
    const task = await api.call("GET /api/call-tasks/{task_id}", { params: { task_id: id } });
    form.value.name ||= task.name ?? "";
    form.value.phone ||= task.phone ?? "";
    if (OWN_WORDS.has(task.kind)) form.value.sentence ||= task.words ?? "";
  }

  onMounted(() => {
    // Without it the clerk types the name that they hear.
    void fillIn().catch(() => undefined);
  });

  function noteDown(line: string): void {
    if (id === null) return;
    call.value.note = [call.value.note.trim(), line].filter(Boolean).join("\n");
  }

  return { noteDown };
}
