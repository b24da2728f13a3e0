/** Which words help when a camera or microphone does not come. */

import type { Trouble } from "@/rtc/devices";
import type { Kind } from "@/rtc/sender";
import type { Surroundings } from "../surroundings";

export type Missing = Readonly<Partial<Record<Kind, Trouble>>>;
/** What a person would say is missing. */
export type What = "both" | "camera" | "microphone";

export interface Advice {
  readonly what: What;
  readonly trouble: Trouble;
  /** Key of the steps that help on this device. */
  readonly steps: string;
}

function whatIs(missing: Missing): What | null {
  if (missing.audio !== undefined && missing.video !== undefined) return "both";
  if (missing.video !== undefined) return "camera";
  return missing.audio === undefined ? null : "microphone";
}

function stepsFor(trouble: Trouble, { platform, container }: Surroundings): string {
  // Permissions are the app's own when the page runs inside one.
  const inApp = container !== "browser" && (trouble === "refused" || trouble === "unsupported");
  return `${trouble}.${inApp ? "app" : platform}`;
}

/** Null when nothing is missing. */
export function adviceFor(missing: Missing, surroundings: Surroundings): Advice | null {
  const what = whatIs(missing);
  const trouble = missing.video ?? missing.audio;
  if (what === null || trouble === undefined) return null;
  return { what, trouble, steps: stepsFor(trouble, surroundings) };
}
