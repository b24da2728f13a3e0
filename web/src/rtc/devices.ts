/** Camera, microphone and speaker: opened with what is there, or a reason that a person can act on. */

import { KINDS, type Kind } from "./sender";

/**
 * `refused`: the person or the system said no. `none`: there is no such device. `busy`: another
 * program has it. `insecure`: the page is not served safely. `unsupported`: the browser cannot.
 */
export type Trouble = "refused" | "none" | "busy" | "insecure" | "unsupported";

const TROUBLES: ReadonlyMap<string, Trouble> = new Map([
  ["NotAllowedError", "refused"],
  ["NotFoundError", "none"],
  ["OverconstrainedError", "none"],
  ["NotReadableError", "busy"],
  ["AbortError", "busy"],
  ["SecurityError", "insecure"],
]);

export class DeviceError extends Error {
  constructor(readonly trouble: Trouble) {
    super(trouble);
    this.name = "DeviceError";
  }
}

export interface Wish {
  readonly audio: boolean;
  readonly video: boolean;
  readonly microphone?: string;
  readonly camera?: string;
}

export interface Opened {
  readonly stream: MediaStream;
  /** What was wished for and is not there, with the reason. */
  readonly missing: Readonly<Partial<Record<Kind, Trouble>>>;
}

export interface Device {
  readonly id: string;
  readonly kind: "camera" | "microphone" | "speaker";
  readonly label: string;
}

/** What we use of the browser, so that tests can bring their own. */
export interface Browser {
  readonly secure: boolean;
  readonly media: MediaDevices | undefined;
  readonly permissions: Permissions | undefined;
}

export function thisBrowser(): Browser {
  const { mediaDevices, permissions } = navigator as Partial<Pick<Navigator, "mediaDevices" | "permissions">>;
  return { secure: window.isSecureContext, media: mediaDevices, permissions };
}

const PICTURE: MediaTrackConstraints = {
  width: { ideal: 640 },
  height: { ideal: 360 },
  frameRate: { ideal: 25, max: 30 },
};
const SOUND: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/**
 * Opens both if it can, else the one that works; throws a DeviceError when nothing does.
 * A device that is gone or busy is replaced by any other of its kind.
 */
export async function open(wish: Wish, browser: Browser = thisBrowser()): Promise<Opened> {
  const media = mediaOf(browser);
  try {
    return { stream: await ask(media, wish), missing: {} };
  } catch (error) {
    const trouble = troubleOf(error);
    const kinds = trouble === "refused" ? await notRefused(browser) : KINDS;
    if (!wish.audio || !wish.video || kinds.length === 0) throw new DeviceError(trouble);
    return await openEach(media, wish, kinds);
  }
}

export async function list(browser: Browser = thisBrowser()): Promise<Device[]> {
  const kinds = { videoinput: "camera", audioinput: "microphone", audiooutput: "speaker" } as const;
  const found = await mediaOf(browser).enumerateDevices();
  return found.map(({ deviceId, kind, label }) => ({ id: deviceId, kind: kinds[kind], label }));
}

/** Tells each time a device is plugged in or pulled out; returns how to end that. */
export function watchDevices(changed: () => void, browser: Browser = thisBrowser()): () => void {
  const media = mediaOf(browser);
  media.addEventListener("devicechange", changed);
  return () => media.removeEventListener("devicechange", changed);
}

export function troubleOf(error: unknown): Trouble {
  const name = error instanceof Error || error instanceof DOMException ? error.name : "";
  return TROUBLES.get(name) ?? "unsupported";
}

function mediaOf(browser: Browser): MediaDevices {
  if (browser.media !== undefined) return browser.media;
  throw new DeviceError(browser.secure ? "unsupported" : "insecure");
}

async function permissionOf(kind: Kind, { permissions }: Browser): Promise<PermissionState | "unknown"> {
  const name = (kind === "audio" ? "microphone" : "camera") as PermissionName;
  const found = await permissions?.query({ name }).then(
    (status) => status.state,
    () => "unknown" as const,
  );
  return found ?? "unknown";
}

/** Whether the microphone is known to be refused, so that asking for it alone is of no use. */
export async function isMicrophoneRefused(browser: Browser = thisBrowser()): Promise<boolean> {
  return (await permissionOf("audio", browser)) === "denied";
}

/** Of camera and microphone the one that was not refused, where only one was: never asks twice. */
async function notRefused(browser: Browser): Promise<readonly Kind[]> {
  const allowed: Kind[] = [];
  for (const kind of KINDS) {
    const state = await permissionOf(kind, browser);
    if (state === "granted" || state === "prompt") allowed.push(kind);
  }
  return allowed.length === KINDS.length ? [] : allowed;
}

async function openEach(media: MediaDevices, wish: Wish, kinds: readonly Kind[]): Promise<Opened> {
  const missing: Partial<Record<Kind, Trouble>> = {};
  const stream = new MediaStream();
  for (const kind of KINDS) {
    try {
      if (!kinds.includes(kind)) throw new DeviceError("refused");
      const part = await ask(media, { ...wish, audio: kind === "audio", video: kind === "video" });
      for (const track of part.getTracks()) stream.addTrack(track);
    } catch (error) {
      missing[kind] = error instanceof DeviceError ? error.trouble : troubleOf(error);
    }
  }
  if (stream.getTracks().length > 0) return { stream, missing };
  throw new DeviceError(missing.audio === "none" ? (missing.video ?? "none") : (missing.audio ?? "unsupported"));
}

async function ask(media: MediaDevices, wish: Wish): Promise<MediaStream> {
  try {
    return await media.getUserMedia(constraintsOf(wish));
  } catch (error) {
    const trouble = troubleOf(error);
    const named = wish.camera !== undefined || wish.microphone !== undefined;
    if (!named || trouble === "refused") throw error;
    return await media.getUserMedia(constraintsOf({ audio: wish.audio, video: wish.video }));
  }
}

function constraintsOf({ audio, video, microphone, camera }: Wish): MediaStreamConstraints {
  return {
    audio: audio && { ...SOUND, ...(microphone === undefined ? {} : { deviceId: { exact: microphone } }) },
    video: video && { ...PICTURE, ...(camera === undefined ? {} : { deviceId: { exact: camera } }) },
  };
}
