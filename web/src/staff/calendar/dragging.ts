/** What is being dragged over the calendar, between its pieces. */

import { inject, provide, shallowRef, type InjectionKey, type ShallowRef } from "vue";
import type { Movable, Thing } from "./view";

export interface Dragging {
  readonly thing: ShallowRef<Movable | null>;
}

const key: InjectionKey<Dragging> = Symbol("dragging");

export function provideDragging(): Dragging {
  const dragging = { thing: shallowRef<Movable | null>(null) };
  provide(key, dragging);
  return dragging;
}

export function useDragging(): Dragging {
  return inject(key, () => ({ thing: shallowRef<Movable | null>(null) }), true);
}

export function movableOf(thing: Thing): Movable | null {
  if (thing.is === "leave") return null;
  const actions = thing.is === "day" ? thing.day.actions : thing.session.actions;
  return actions.includes("move") ? thing : null;
}
