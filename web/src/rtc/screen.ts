/** One's own screen or a window of it: opened for text that others read, or a reason why not. */

import { thisBrowser, troubleOf, type Browser } from "./devices";

/** `refused`: the person closed the choice, or the system said no. `unsupported`: the browser cannot. */
export type ScreenTrouble = "refused" | "unsupported" | "failed";

export class ScreenError extends Error {
  constructor(readonly trouble: ScreenTrouble) {
    super(trouble);
    this.name = "ScreenError";
  }
}

/** A larger one is sent smaller: nobody's line or decoder bears more. Text moves little. */
const WANTED: DisplayMediaStreamOptions = {
  video: { width: { max: 1920 }, height: { max: 1200 }, frameRate: { ideal: 8, max: 15 } },
  audio: false,
};

/** Phones mostly cannot. */
export function canShare({ media }: Browser = thisBrowser()): boolean {
  return typeof (media as Partial<MediaDevices> | undefined)?.getDisplayMedia === "function";
}

/** Asks for what to show; throws a ScreenError. To be called by a press: browsers insist. */
export async function openScreen(browser: Browser = thisBrowser()): Promise<MediaStreamTrack> {
  if (browser.media === undefined || !canShare(browser)) throw new ScreenError("unsupported");
  const stream = await browser.media.getDisplayMedia(WANTED).catch((error: unknown) => {
    throw new ScreenError(troubleOf(error) === "refused" ? "refused" : "failed");
  });
  const [track] = stream.getVideoTracks();
  if (track === undefined) throw new ScreenError("failed");
  track.contentHint = "detail";
  return track;
}
