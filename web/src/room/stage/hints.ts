/** The one thing worth saying in the room right now. */

import type { Line } from "@/api/protocol.gen";
import type { Tone } from "@/design/models";

export interface Circumstances {
  readonly reconnecting: boolean;
  readonly mutedByHost: boolean;
  /** A call or another program has my microphone for now. */
  readonly microphoneTaken: boolean;
  /** No microphone came: I cannot be heard at all. */
  readonly noMicrophone: boolean;
  /** I speak and nobody hears it, since my own microphone is off. */
  readonly speakingMuted: boolean;
  readonly myLine: Line;
  /** The host asked me to speak, and my microphone is open or not. */
  readonly myFloor: "open" | "muted" | null;
  /** Whom else the host asked to speak. */
  readonly speaker: readonly string[];
  /** Pictures rest because my line bears none. */
  readonly picturesRest: boolean;
  /** Names of the others whose line is bad or lost. */
  readonly weakOthers: readonly string[];
  readonly paused: boolean;
  readonly suspended: boolean;
  /** Who is in a private room for a while, where somebody else is still in the picture. */
  readonly apart: readonly string[];
  readonly justCalled: boolean;
}

export interface Hint {
  readonly key: string;
  readonly tone: Tone;
  readonly names?: readonly string[];
}

const ORDER: readonly ((now: Circumstances) => Hint | null)[] = [
  (now) => (now.reconnecting ? { key: "reconnecting", tone: "warn" } : null),
  (now) => (now.suspended ? { key: "suspended", tone: "warn" } : null),
  (now) => (now.paused ? { key: "paused", tone: "info" } : null),
  (now) => (now.mutedByHost ? { key: "muted_by_host", tone: "info" } : null),
  (now) => (now.microphoneTaken ? { key: "microphone_taken", tone: "warn" } : null),
  (now) => (now.noMicrophone ? { key: "no_microphone", tone: "warn" } : null),
  (now) => (now.myFloor === "muted" ? { key: "floor_muted", tone: "warn" } : null),
  (now) => (now.speakingMuted ? { key: "speaking_muted", tone: "warn" } : null),
  (now) => (now.justCalled ? { key: "called", tone: "good" } : null),
  (now) => (now.myFloor === "open" ? { key: "floor_mine", tone: "good" } : null),
  (now) => (now.picturesRest ? { key: "pictures_rest", tone: "info" } : null),
  (now) => (now.myLine === "bad" ? { key: "my_line", tone: "warn" } : null),
  (now) => (now.weakOthers.length > 0 ? { key: "other_line", tone: "info", names: now.weakOthers } : null),
  (now) => (now.apart.length > 0 ? { key: "apart", tone: "info", names: now.apart } : null),
  (now) => (now.speaker.length > 0 ? { key: "floor_other", tone: "info", names: now.speaker } : null),
];

export function hintFor(now: Circumstances): Hint | null {
  for (const rule of ORDER) {
    const hint = rule(now);
    if (hint !== null) return hint;
  }
  return null;
}
