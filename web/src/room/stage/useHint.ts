/** Watches a room for the one thing worth saying. */

import { computed, onScopeDispose, ref, watch, type ComputedRef } from "vue";
import type { OwnMedia } from "../own";
import type { Room } from "../useRoom";
import { floorAmong, namesApart } from "../state";
import { hintFor, type Circumstances, type Hint } from "./hints";

/** Louder than a room, as a voice is. */
const VOICE = 0.55;
/** A cough is no speech: so many readings in a row, ten a second. */
const LASTING = 6;
const SHOWN = 5_000;
const WELCOME = 6_000;

export function useHint(room: Room, own: OwnMedia): ComputedRef<Hint | null> {
  const speakingMuted = ref(false);
  const justCalled = ref(false);
  const timers = new Set<ReturnType<typeof setTimeout>>();
  let loud = 0;

  function later(work: () => void, delay: number): void {
    timers.add(setTimeout(work, delay));
  }

  watch(own.level, (level) => {
    loud = !own.on.audio && level > VOICE ? loud + 1 : 0;
    if (loud < LASTING || speakingMuted.value) return;
    speakingMuted.value = true;
    later(() => (speakingMuted.value = false), SHOWN);
  });
  watch(
    () => room.state.value?.called ?? false,
    (called) => {
      justCalled.value = called;
      if (called) later(() => (justCalled.value = false), WELCOME);
    },
    { immediate: true },
  );
  onScopeDispose(() => timers.forEach(clearTimeout));

  return computed(() => {
    const session = room.state.value?.sight.session.state;
    const weak = room.company.value.filter((person) => person.line === "bad" && person.state !== "connection_lost");
    return hintFor({
      reconnecting: room.reconnecting.value,
      mutedByHost: room.me.value?.muted_by_host ?? false,
      microphoneTaken: own.missing.audio === "busy",
      noMicrophone: own.missing.audio !== undefined,
      speakingMuted: speakingMuted.value && !own.on.audio,
      ...floorOf(room, own),
      picturesRest: room.views.blind.value && !room.views.soundOnly.value,
      myLine: room.me.value?.line ?? "good",
      weakOthers: weak.map((person) => person.name),
      paused: session === "paused",
      suspended: session === "suspended",
      // Where nobody else is left, the empty picture says it.
      apart: room.company.value.length > 0 ? namesApart(room.state.value) : [],
      justCalled: justCalled.value,
    });
  });
}

function floorOf(room: Room, own: OwnMedia): Pick<Circumstances, "myFloor" | "speaker"> {
  const speaker = floorAmong(room.company.value);
  const mine = room.me.value?.floor === true;
  return { myFloor: mine ? (own.on.audio ? "open" : "muted") : null, speaker: speaker === null ? [] : [speaker.name] };
}
