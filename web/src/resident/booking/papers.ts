/** Papers of the form: made smaller where they are large pictures, sent at once, kept by their ids. */

import { computed, onMounted, ref, type ComputedRef, type Ref } from "vue";
import { useI18n } from "vue-i18n";
import type { PaperView } from "@/api/schema.gen";
import { newKey, useApi } from "@/app/api";
import { useExplain } from "@/app/explain";
import { upload, type Upload } from "@/app/upload";
import type { PickedFile } from "@/design/models";
import type { KeptPaper } from "./draft";
import { isHeic, shrunk } from "./shrink";

interface Running {
  readonly id: string;
  readonly file: File;
  sent: number;
  error: string | null;
  /** Sending it once more may help. */
  again: boolean;
}

export interface Papers {
  readonly files: ComputedRef<readonly PickedFile[]>;
  readonly sending: ComputedRef<boolean>;
  pick(files: readonly File[]): void;
  retry(id: string): void;
  remove(id: string): void;
}

export function usePapers(kept: Ref<KeptPaper[]>): Papers {
  const { locale, t } = useI18n();
  const api = useApi();
  const explain = useExplain();
  const running = ref<Running[]>([]);
  const uploads = new Map<string, Upload<PaperView>>();

  function drop(id: string): void {
    uploads.delete(id);
    running.value = running.value.filter((one) => one.id !== id);
  }

  async function send(one: Running): Promise<void> {
    one.error = null;
    one.sent = 0;
    const file = await shrunk(one.file);
    if (isHeic(file)) {
      Object.assign(one, { error: t("resident.papers.heic"), again: false });
      return;
    }
    const sending = upload<PaperView>({
      address: "/api/papers",
      file,
      language: locale.value,
      idempotencyKey: newKey(),
      onProgress: (sent, total) => (one.sent = Math.min(one.file.size, (one.file.size * sent) / total)),
    });
    uploads.set(one.id, sending);
    try {
      const { id, name, size } = await sending.done;
      kept.value = [...kept.value, { id, name, size }];
      drop(one.id);
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") drop(one.id);
      else one.error = explain(error);
    }
  }

  function pick(files: readonly File[]): void {
    for (const file of files) {
      running.value.push({ id: newKey(), file, sent: 0, error: null, again: true });
      const started = running.value.at(-1);
      if (started !== undefined) void send(started);
    }
  }

  function retry(id: string): void {
    const one = running.value.find((found) => found.id === id);
    if (one !== undefined) void send(one);
  }

  function remove(id: string): void {
    uploads.get(id)?.cancel();
    if (!kept.value.some((paper) => paper.id === id)) {
      drop(id);
      return;
    }
    kept.value = kept.value.filter((paper) => paper.id !== id);
    // Unused papers go by themselves; a failure here costs nothing.
    api.call("DELETE /api/papers/{paper_id}", { params: { paper_id: id } }).catch(() => undefined);
  }

  // The server drops what was not used for some days.
  onMounted(async () => {
    if (kept.value.length === 0) return;
    const there = await api.call("GET /api/papers", {}).catch(() => null);
    if (there !== null) kept.value = kept.value.filter((paper) => there.some((one) => one.id === paper.id));
  });

  const files = computed<PickedFile[]>(() => [
    ...kept.value.map((paper) => ({ ...paper, sent: paper.size, state: "kept" as const })),
    ...running.value.map(({ id, file, sent, error, again }) => ({
      id,
      name: file.name,
      size: file.size,
      sent,
      ...(error === null ? { state: "sending" as const } : { state: "failed" as const, error, again }),
    })),
  ]);
  return { files, sending: computed(() => running.value.some((one) => one.error === null)), pick, retry, remove };
}
