/** Short notes about what was just done, each with a way back where there is one. */

import { defineStore } from "pinia";
import { ref } from "vue";

export interface Toast {
  readonly id: number;
  readonly text: string;
  /** Takes the step back. */
  readonly undo?: () => void;
  /** How long it stays, where that is not as long as usual. */
  readonly lasting?: number;
}

/** Long enough to read and reach the button. */
const PLAIN = 6_000;
const UNDOABLE = 12_000;

export const useToasts = defineStore("toasts", () => {
  const toasts = ref<Toast[]>([]);
  const timers = new Map<number, ReturnType<typeof setTimeout>>();
  let last = 0;

  function dismiss(id: number): void {
    clearTimeout(timers.get(id));
    timers.delete(id);
    toasts.value = toasts.value.filter((toast) => toast.id !== id);
  }

  function show(text: string, undo?: () => void, lasting?: number): void {
    const id = ++last;
    toasts.value = [...toasts.value.slice(-2), { id, text, ...(undo === undefined ? {} : { undo }), ...(lasting === undefined ? {} : { lasting }) }];
    resume(id);
  }

  /** Someone is reading or reaching for it. */
  function pause(id: number): void {
    clearTimeout(timers.get(id));
  }

  function resume(id: number): void {
    const toast = toasts.value.find((one) => one.id === id);
    if (toast === undefined) return;
    clearTimeout(timers.get(id));
    timers.set(id, setTimeout(() => dismiss(id), toast.lasting ?? (toast.undo === undefined ? PLAIN : UNDOABLE)));
  }

  function undo(toast: Toast): void {
    toast.undo?.();
    dismiss(toast.id);
  }

  return { toasts, show, dismiss, pause, resume, undo };
});
