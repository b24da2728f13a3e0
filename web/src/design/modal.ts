/** Opens and closes a native dialog as a value changes; the browser keeps focus and Escape. */

import { nextTick, onMounted, watch, type Ref } from "vue";

export function useModal(element: Readonly<Ref<HTMLDialogElement | null>>, open: Ref<boolean>) {
  async function follow(): Promise<void> {
    await nextTick();
    const dialog = element.value;
    if (dialog === null || dialog.open === open.value) return;
    if (open.value) dialog.showModal();
    else dialog.close();
  }

  onMounted(follow);
  watch(open, follow);

  /** A press on the veil, which is the dialog itself, outside its panel. */
  function pressed(event: MouseEvent): void {
    if (event.target === element.value) open.value = false;
  }

  return { pressed, closed: () => (open.value = false) };
}
