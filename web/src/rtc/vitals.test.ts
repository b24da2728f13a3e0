import { expect, test } from "vitest";
import { countsOf, NOTHING, UNKNOWN, vitalsOf, type Entry } from "./vitals";

const audio: Entry = {
  type: "inbound-rtp",
  kind: "audio",
  packetsReceived: 90,
  packetsLost: 10,
  totalSamplesReceived: 1000,
  concealedSamples: 50,
};
const video = (frameWidth: number, framesPerSecond: number): Entry => ({
  type: "inbound-rtp",
  kind: "video",
  packetsReceived: 100,
  packetsLost: 0,
  frameWidth,
  frameHeight: (frameWidth * 9) / 16,
  framesPerSecond,
});
const pair: Entry = { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.08 };

test("loss and made-up sound are shares of what should have come since the last look", () => {
  const entries = [audio, video(640, 25), video(320, 15), pair];
  const counts = countsOf(entries, 1000);
  const told = { loss: 10 / 300, rtt: 80, width: 640, height: 360, fps: 25, concealed: 0.05, kbps: null, freezes: null };
  expect(vitalsOf(entries, [], counts, NOTHING)).toEqual(told);
  const later = [{ ...audio, packetsReceived: 140 }, video(640, 25)];
  expect(vitalsOf(later, [], countsOf(later, 2000), countsOf([audio, video(640, 25)], 1000)).loss).toBe(0);
});

test("without media nothing is claimed", () => {
  expect(vitalsOf([], [], NOTHING, NOTHING)).toEqual(UNKNOWN);
});

test("the slower of both legs is the round trip", () => {
  const slow = { ...pair, currentRoundTripTime: 0.3 };
  expect(vitalsOf([pair], [slow], NOTHING, NOTHING).rtt).toBe(300);
});

test("counters that began anew do not make negative shares", () => {
  const before = { at: 5, bytes: 9000, freezes: 4, received: 1000, lost: 100, samples: 9, concealed: 9 };
  expect(vitalsOf([], [], NOTHING, before)).toMatchObject({ loss: null, concealed: null });
});

test("the rate is of the bytes since the last look, and freezes are those since", () => {
  const flow = (bytesReceived: number, freezeCount: number): Entry[] => [{ ...video(640, 25), bytesReceived, freezeCount }, audio];
  const [before, now] = [countsOf(flow(10_000, 1), 1_000), countsOf(flow(260_000, 3), 3_000)];
  expect(vitalsOf([], [], now, before)).toMatchObject({ kbps: 1_000, freezes: 2 });
  expect(vitalsOf([], [], countsOf(flow(500, 0), 5_000), now)).toMatchObject({ kbps: 0, freezes: 0 });
});

test("a shared screen counts as bytes, not as a face that stands still", () => {
  const screen: Entry = { ...video(1920, 5), kind: "screen", freezeCount: 9, bytesReceived: 500 };
  const face: Entry = { ...video(320, 15), freezeCount: 1, bytesReceived: 100 };
  expect(countsOf([screen, face], 1)).toMatchObject({ bytes: 600, freezes: 1 });
  expect(vitalsOf([screen, face], [], NOTHING, NOTHING)).toMatchObject({ width: 320, height: 180, fps: 15 });
});
