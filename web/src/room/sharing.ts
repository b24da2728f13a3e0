/** My own screen in the room: chosen here, let by the server, ended by whoever is first. */

import { onScopeDispose, readonly, ref, watch, type ComputedRef, type Ref } from "vue";
import type { PersonCard } from "@/api/protocol.gen";
import type { Request } from "@/app/socket";
import { canShare, openScreen, ScreenError, type ScreenTrouble } from "@/rtc/screen";

export interface Sharing {
  /** Whether this browser can. */
  readonly possible: boolean;
  /** Why the last try led to nothing. */
  readonly trouble: Readonly<Ref<ScreenTrouble | null>>;
  /** To be called by a press. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** The person has read what went wrong. */
  forget(): void;
}

export interface SharingParts {
  readonly me: ComputedRef<PersonCard | undefined>;
  readonly ask: (request: Request) => Promise<boolean>;
  /** To the others in my room, or no longer. */
  readonly send: (track: MediaStreamTrack | null) => void;
  readonly open?: () => Promise<MediaStreamTrack>;
  readonly possible?: boolean;
}

export function useSharing({ me, ask, send, open = openScreen, possible = canShare() }: SharingParts): Sharing {
  const trouble = ref<ScreenTrouble | null>(null);
  let track: MediaStreamTrack | null = null;

  async function pick(): Promise<MediaStreamTrack | null> {
    try {
      return await open();
    } catch (error) {
      trouble.value = error instanceof ScreenError ? error.trouble : "failed";
      return null;
    }
  }

  async function start(): Promise<void> {
    trouble.value = null;
    const picked = await pick();
    if (picked === null) return;
    drop();
    track = picked;
    // The browser's own bar, or the window that was shown is gone.
    picked.onended = () => void stop();
    const isLet = await ask({ type: "share.start" });
    if (track !== picked) return; // ended meanwhile
    if (isLet) send(picked);
    else drop();
  }

  async function stop(): Promise<void> {
    const person = me.value;
    drop();
    if (person?.shares === true) await ask({ type: "share.stop", participant_id: person.participant_id });
  }

  function drop(): void {
    if (track === null) return;
    track.onended = null;
    track.stop();
    track = null;
    send(null);
  }

  // The host ended it, or took over, or I was moved: the server has seen to it already.
  watch(
    () => me.value?.shares === true,
    (shares) => {
      if (!shares) drop();
    },
  );
  onScopeDispose(drop);

  return { possible, trouble: readonly(trouble), start, stop, forget: () => (trouble.value = null) };
}
