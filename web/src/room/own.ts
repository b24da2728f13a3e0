/** The own camera and microphone, from the first check to the end of the room. */

import { onScopeDispose, readonly, ref, shallowReactive, shallowRef, type Ref, type ShallowRef } from "vue";
import { DeviceError, list, open, watchDevices, type Device, type Trouble, type Wish } from "@/rtc/devices";
import { KINDS, type Kind } from "@/rtc/sender";
import { meter } from "@/rtc/sound";

export interface OwnMedia {
  readonly stream: Readonly<ShallowRef<MediaStream | null>>;
  readonly opening: Readonly<Ref<boolean>>;
  /** What is not there, and why. */
  readonly missing: Readonly<Partial<Record<Kind, Trouble>>>;
  /** What of mine the others may have, by my own choice. */
  readonly on: Readonly<Record<Kind, boolean>>;
  /** How loud I am, 0 to 1, also while my microphone is off for the others. */
  readonly level: Readonly<Ref<number>>;
  readonly devices: Readonly<Ref<readonly Device[]>>;
  /** The picture comes from the back of a phone: not to be mirrored. */
  readonly fromBehind: Readonly<Ref<boolean>>;
  /** What there is of a kind for the others, were it on; nothing while something else has it. */
  given(kind: Kind): MediaStreamTrack | null;
  open(wish?: Wish): Promise<void>;
  /** Another camera or microphone instead of the one of its kind. */
  choose(kind: Kind, id: string): Promise<void>;
  /** The next camera of a phone. */
  turn(): Promise<void>;
  set(kind: Kind, on: boolean): void;
  /** What the key of a kind does: off, on, or another try at what is missing; false when it stays missing. */
  toggle(kind: Kind): Promise<boolean>;
  close(): void;
}

/** So long after the page is seen again a phone call may still be giving the microphone back. */
const GIVING_BACK = 2_000;

function without(stream: MediaStream, kind: Kind): MediaStreamTrack[] {
  return stream.getTracks().filter((track) => track.kind !== kind);
}

function reasonOf(error: unknown): Trouble {
  return error instanceof DeviceError ? error.trouble : "unsupported";
}

function looksBehind(track: MediaStreamTrack | undefined): boolean {
  return track?.getSettings().facingMode === "environment";
}

export function useOwnMedia(): OwnMedia {
  const stream = shallowRef<MediaStream | null>(null);
  const opening = ref(false);
  const missing = shallowReactive<Partial<Record<Kind, Trouble>>>({});
  const on = shallowReactive<Record<Kind, boolean>>({ audio: true, video: true });
  const level = ref(0);
  const devices = ref<readonly Device[]>([]);
  const fromBehind = ref(false);
  let endMeter = (): void => undefined;
  let endWatch = (): void => undefined;
  let bringing = Promise.resolve();
  let givingBack: ReturnType<typeof setTimeout> | undefined;

  function take(next: MediaStream, reasons: Partial<Record<Kind, Trouble>>): void {
    stream.value = next;
    delete missing.audio;
    delete missing.video;
    Object.assign(missing, reasons);
    fromBehind.value = looksBehind(next.getVideoTracks()[0]);
    for (const track of next.getTracks()) prepare(track);
    listen(next);
    void look();
  }

  function prepare(track: MediaStreamTrack): void {
    const kind = track.kind as Kind;
    if (kind === "video") track.enabled = on.video;
    track.onended = () => lose(kind);
    track.onmute = () => (missing[kind] = "busy");
    track.onunmute = () => {
      if (!isTaken(kind)) Reflect.deleteProperty(missing, kind);
    };
    if (track.muted) missing[kind] = "busy";
  }

  /** A phone call on an iPhone has it: the track is there and gives nothing. */
  function isTaken(kind: Kind): boolean {
    return trackOf(kind)?.muted === true;
  }

  function seen(): void {
    clearTimeout(givingBack);
    if (document.visibilityState !== "visible") return;
    givingBack = setTimeout(() => {
      for (const kind of KINDS) if (isTaken(kind)) void bring(kind);
    }, GIVING_BACK);
  }

  /** A cable pulled out, a call taken: another device of the kind steps in as soon as one may be asked for. */
  function lose(kind: Kind): void {
    missing[kind] = "busy";
    const again = () => {
      if (stream.value !== null) void bring(kind);
    };
    if (document.visibilityState === "visible") again();
    else document.addEventListener("visibilitychange", again, { once: true });
  }

  function bring(kind: Kind): Promise<void> {
    bringing = bringing.then(() => openBeside(kind));
    return bringing;
  }

  async function openBeside(kind: Kind): Promise<void> {
    const opened = await open({ audio: kind === "audio", video: kind === "video" }).catch(reasonOf);
    const kept = stream.value === null ? [] : without(stream.value, kind);
    const old = trackOf(kind);
    if (typeof opened === "string") {
      // A track that another program has for now comes back when that is done.
      const waiting = old?.readyState === "live" ? [old] : [];
      take(new MediaStream([...kept, ...waiting]), { ...besides(kind), [kind]: opened });
      return;
    }
    old?.stop();
    take(new MediaStream([...kept, ...opened.stream.getTracks()]), besides(kind));
  }

  /** What is missing of the other kind. */
  function besides(kind: Kind): Partial<Record<Kind, Trouble>> {
    const other = kind === "audio" ? "video" : "audio";
    return missing[other] === undefined ? {} : { [other]: missing[other] };
  }

  function listen(next: MediaStream): void {
    endMeter();
    level.value = 0;
    const [track] = next.getAudioTracks();
    if (track !== undefined) endMeter = meter(new MediaStream([track]), (heard) => (level.value = heard));
  }

  async function look(): Promise<void> {
    devices.value = await list().catch(() => []);
    endWatch();
    endWatch = watchDevices(() => void plugged());
  }

  /** Somebody plugged in what was not there. */
  async function plugged(): Promise<void> {
    await look();
    const found = new Set(devices.value.map((device) => device.kind));
    if (missing.audio === "none" && found.has("microphone")) await bring("audio");
    if (missing.video === "none" && found.has("camera")) await bring("video");
  }

  async function openDevices(wish: Wish = { audio: true, video: true }): Promise<void> {
    if (opening.value) return;
    opening.value = true;
    stop();
    try {
      const opened = await open(wish);
      take(opened.stream, opened.missing);
    } catch (error) {
      fail(wish, error);
    } finally {
      opening.value = false;
    }
  }

  function fail(wish: Wish, error: unknown): void {
    const trouble = reasonOf(error);
    if (wish.audio) missing.audio = trouble;
    if (wish.video) missing.video = trouble;
  }

  /** A phone gives one camera at a time: the old one is let go before the new one is asked for. */
  async function choose(kind: Kind, id: string): Promise<void> {
    const before = stream.value;
    const old = trackOf(kind);
    const oldId = old?.getSettings().deviceId;
    old?.stop();
    const track = (await openOne(kind, id)) ?? (oldId === undefined ? null : await openOne(kind, oldId));
    const kept = before === null ? [] : without(before, kind);
    take(new MediaStream(track === null ? kept : [...kept, track]), track === null ? { ...besides(kind), [kind]: "busy" } : besides(kind));
  }

  async function openOne(kind: Kind, id: string): Promise<MediaStreamTrack | null> {
    const device = kind === "audio" ? { microphone: id } : { camera: id };
    const opened = await open({ audio: kind === "audio", video: kind === "video", ...device }).catch(() => null);
    return opened?.stream.getTracks()[0] ?? null;
  }

  async function turn(): Promise<void> {
    const cameras = devices.value.filter((device) => device.kind === "camera");
    const now = stream.value?.getVideoTracks()[0]?.getSettings().deviceId;
    const next = cameras[(cameras.findIndex((camera) => camera.id === now) + 1) % cameras.length];
    if (next !== undefined && next.id !== now) await choose("video", next.id);
  }

  function set(kind: Kind, shown: boolean): void {
    on[kind] = shown;
    // The microphone stays open here, to notice somebody who speaks while it is off for the others.
    if (kind === "video") for (const track of stream.value?.getVideoTracks() ?? []) track.enabled = shown;
  }

  function trackOf(kind: Kind): MediaStreamTrack | null {
    return stream.value?.getTracks().find((track) => track.kind === kind) ?? null;
  }

  function given(kind: Kind): MediaStreamTrack | null {
    return missing[kind] === undefined ? trackOf(kind) : null;
  }

  async function toggle(kind: Kind): Promise<boolean> {
    if (given(kind) !== null) {
      set(kind, !on[kind]);
      return true;
    }
    set(kind, true);
    await bring(kind);
    return given(kind) !== null;
  }

  function stop(): void {
    endMeter();
    endWatch();
    for (const track of stream.value?.getTracks() ?? []) track.stop();
    stream.value = null;
  }

  document.addEventListener("visibilitychange", seen);
  onScopeDispose(() => {
    document.removeEventListener("visibilitychange", seen);
    clearTimeout(givingBack);
    stop();
  });
  return {
    stream,
    opening: readonly(opening),
    missing,
    on,
    level: readonly(level),
    devices,
    fromBehind: readonly(fromBehind),
    given,
    open: openDevices,
    choose,
    turn,
    set,
    toggle,
    close: stop,
  };
}
