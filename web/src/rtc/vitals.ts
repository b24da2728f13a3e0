/** How the media goes, in numbers read from the browser's statistics. */

export interface Vitals {
  /** 0 to 1, of packets that should have come. */
  readonly loss: number | null;
  /** Milliseconds there and back. */
  readonly rtt: number | null;
  /** The widest picture of a person that arrives, and the frames of it each second. */
  readonly width: number | null;
  readonly height: number | null;
  readonly fps: number | null;
  /** 0 to 1, of the sound that had to be made up. */
  readonly concealed: number | null;
  /** Kilobits a second that arrive. */
  readonly kbps: number | null;
  /** How often a picture stood still since the last look; null where the browser does not tell. */
  readonly freezes: number | null;
}

export interface Counts {
  /** Milliseconds on a clock that only goes forward. */
  readonly at: number;
  readonly bytes: number;
  readonly freezes: number | null;
  readonly received: number;
  readonly lost: number;
  readonly samples: number;
  readonly concealed: number;
}

export const NOTHING: Counts = { at: 0, bytes: 0, freezes: null, received: 0, lost: 0, samples: 0, concealed: 0 };

/** One entry of a statistics report: names to plain values. */
export type Entry = Readonly<Record<string, unknown>>;

export function entriesOf(report: RTCStatsReport): Entry[] {
  const entries: Entry[] = [];
  report.forEach((entry: Entry) => entries.push(entry));
  return entries;
}

export function countsOf(entries: readonly Entry[], at: number): Counts {
  const incoming = entries.filter((entry) => entry["type"] === "inbound-rtp");
  const sum = (name: string) => incoming.reduce((total, entry) => total + numberIn(entry, name), 0);
  const faces = incoming.filter((entry) => entry["kind"] !== "screen" && typeof entry["freezeCount"] === "number");
  return {
    at,
    bytes: sum("bytesReceived"),
    freezes: faces.length > 0 ? faces.reduce((total, entry) => total + numberIn(entry, "freezeCount"), 0) : null,
    received: sum("packetsReceived"),
    lost: sum("packetsLost"),
    samples: sum("totalSamplesReceived"),
    concealed: sum("concealedSamples"),
  };
}

/** While nothing arrives: what was measured last is no longer so. */
export const UNKNOWN: Vitals = { loss: null, rtt: null, width: null, height: null, fps: null, concealed: null, kbps: null, freezes: null };

export function vitalsOf(receiving: readonly Entry[], sending: readonly Entry[], now: Counts, before: Counts): Vitals {
  const widest = widestPicture(receiving);
  return {
    loss: share(now.lost - before.lost, now.received - before.received + now.lost - before.lost),
    rtt: roundTrip([...receiving, ...sending]),
    width: widest === undefined ? null : numberIn(widest, "frameWidth"),
    height: widest === undefined ? null : numberIn(widest, "frameHeight"),
    fps: widest === undefined ? null : numberIn(widest, "framesPerSecond"),
    concealed: share(now.concealed - before.concealed, now.samples - before.samples),
    kbps: before.at === 0 || now.at <= before.at ? null : Math.max(0, ((now.bytes - before.bytes) * 8) / (now.at - before.at)),
    freezes: now.freezes === null ? null : Math.max(0, now.freezes - (before.freezes ?? 0)),
  };
}

function widestPicture(entries: readonly Entry[]): Entry | undefined {
  return entries
    .filter((entry) => entry["type"] === "inbound-rtp" && entry["kind"] === "video" && numberIn(entry, "frameWidth") > 0)
    .sort((one, other) => numberIn(other, "frameWidth") - numberIn(one, "frameWidth"))[0];
}

function roundTrip(entries: readonly Entry[]): number | null {
  const times = entries
    .filter((entry) => entry["type"] === "candidate-pair" && entry["nominated"] === true)
    .map((entry) => entry["currentRoundTripTime"])
    .filter((time) => typeof time === "number");
  return times.length === 0 ? null : Math.max(...times) * 1000;
}

function share(part: number, whole: number): number | null {
  return whole > 0 ? Math.min(1, Math.max(0, part / whole)) : null;
}

function numberIn(entry: Entry, name: string): number {
  const value = entry[name];
  return typeof value === "number" ? value : 0;
}
