/** How large each person stands on this screen: the server sends no better picture than that. */

import { computed, inject, onBeforeUnmount, onMounted, ref, watch, type ComputedRef, type InjectionKey, type Ref } from "vue";
import type { View } from "@/api/protocol.gen";

export interface Views {
  /** A width in CSS pixels; null when the person is not shown. */
  set(participant: string, width: number | null): void;
  /** I want no pictures, to spare my line; kept for this device. */
  readonly soundOnly: Ref<boolean>;
  /** No picture comes, by my wish or because the line bears none. */
  readonly blind: ComputedRef<boolean>;
  /** Whether anybody looks at this page: of a hidden one no pictures need to come, while my own goes on. */
  look(on: boolean): void;
  /** The server says whether the line bears pictures. */
  bears(pictures: boolean): void;
  /** The server may have forgotten: say all again. */
  again(): void;
  stop(): void;
}

/** A tile this narrow shows no more than the smallest picture has. */
const SMALL = 260;
/** Tiles settle within this. */
const PATIENCE = 300;
/** A glance at another page takes no longer. */
const GLANCE = 5_000;
const KEPT = "yuntiao.sound_only";

export interface Wish {
  readonly views: Record<string, View>;
  readonly screen: View;
  readonly pictures: boolean;
}

export const viewsKey: InjectionKey<Views> = Symbol("views");

export function createViews(tell: (wish: Wish) => Promise<unknown>, kept: Storage = localStorage): Views {
  const sizes = new Map<string, View>();
  const soundOnly = ref(kept.getItem(KEPT) === "1");
  const borne = ref(true);
  let told = "";
  let looks = true;
  let waiting: ReturnType<typeof setTimeout> | undefined;
  let leaving: ReturnType<typeof setTimeout> | undefined;

  function soon(): void {
    clearTimeout(waiting);
    waiting = setTimeout(say, PATIENCE);
  }

  function say(): void {
    const shown = [...sizes].sort().map(([id, size]) => [id, looks ? size : "none"] as const);
    const wish: Wish = { views: Object.fromEntries(shown), screen: looks ? "large" : "none", pictures: !soundOnly.value };
    const text = JSON.stringify(wish);
    if (text === told) return;
    told = text;
    tell(wish).catch(() => (told = ""));
  }

  watch(soundOnly, (on) => {
    if (on) kept.setItem(KEPT, "1");
    else kept.removeItem(KEPT);
    soon();
  });

  return {
    soundOnly,
    blind: computed(() => soundOnly.value || !borne.value),
    bears: (pictures) => (borne.value = pictures),
    set(participant, width) {
      if (width === null) sizes.delete(participant);
      else sizes.set(participant, width < SMALL ? "small" : "large");
      soon();
    },
    look(on) {
      clearTimeout(leaving);
      const turn = () => {
        looks = on;
        say();
      };
      if (!on) leaving = setTimeout(turn, GLANCE);
      else if (!looks) turn();
    },
    again() {
      borne.value = true; // told anew where it is not so
      told = "";
      if (soundOnly.value) say(); // before the first picture
      else soon();
    },
    stop() {
      clearTimeout(waiting);
      clearTimeout(leaving);
    },
  };
}

/** Measures a tile for as long as it is shown. */
export function useView(tile: Ref<{ readonly $el: HTMLElement } | null>, participant: () => string): void {
  const views = inject(viewsKey, null);
  if (views === null) return;
  const observer = new ResizeObserver(([entry]) => {
    if (entry !== undefined) views.set(participant(), entry.contentRect.width);
  });
  onMounted(() => {
    if (tile.value === null) return;
    observer.observe(tile.value.$el);
    views.set(participant(), tile.value.$el.clientWidth); // on a hidden page nothing is observed
  });
  watch(participant, (now, before) => {
    views.set(before, null);
    views.set(now, tile.value?.$el.clientWidth ?? 0);
  });
  onBeforeUnmount(() => {
    observer.disconnect();
    views.set(participant(), null);
  });
}
