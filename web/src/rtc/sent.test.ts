import { expect, test, vi } from "vitest";
import { FakeTrack } from "./fake";
import { camera, seat, seatEachTest, sentBy, settle } from "./fakeSeat";

seatEachTest();

test("only the encodings that somebody watches are sent", async () => {
  await seat.up("alice");
  seat.peers.encode(["q"]);
  await vi.advanceTimersByTimeAsync(1);
  const video = seat.connection(0).getTransceivers()[1];
  expect(video?.sender.encodings.filter(({ active }) => active).map(({ rid }) => rid)).toEqual(["q"]);
  seat.peers.encode([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(video?.sender.encodings.some(({ active }) => active)).toBe(false);
  seat.peers.encode(["f", "h", "q"]);
  await vi.advanceTimersByTimeAsync(1);
  expect(video?.sender.encodings.every(({ active }) => active)).toBe(true);
});

test("a muted camera sends nothing, also after another one was chosen", async () => {
  seat.peers.start(camera());
  await settle();
  await seat.peers.mute("video", true);
  expect(sentBy(seat.connection(0))).toEqual(["mic", null]);
  await seat.peers.replaceTrack("video", new FakeTrack("video", "other") as unknown as MediaStreamTrack);
  expect(sentBy(seat.connection(0))).toEqual(["mic", null]);
  await seat.peers.mute("video", false);
  expect(sentBy(seat.connection(0))).toEqual(["mic", "other"]);
  expect(seat.published).toHaveLength(1);
});

test("of presses in quick succession the last one counts", async () => {
  seat.peers.start(camera());
  await settle();
  const off = seat.peers.mute("audio", true);
  const on = seat.peers.mute("audio", false);
  await Promise.all([off, on]);
  expect(sentBy(seat.connection(0))).toEqual(["mic", "cam"]);
  await Promise.all([seat.peers.mute("audio", true), seat.peers.mute("audio", false), seat.peers.mute("audio", true)]);
  expect(sentBy(seat.connection(0))).toEqual([null, "cam"]);
});

test("mute and devices survive a rebuild", async () => {
  seat.peers.start(camera());
  await settle();
  await seat.peers.mute("audio", true);
  seat.peers.reset();
  await vi.advanceTimersByTimeAsync(1);
  expect(sentBy(seat.connection(1))).toEqual([null, "cam"]);
});

test("a screen is a section of its own, offered when it is shown first and kept for the next time", async () => {
  await seat.up("alice");
  const screen = new FakeTrack("video", "screen") as unknown as MediaStreamTrack;
  seat.peers.share(screen);
  await settle();
  expect(seat.published).toEqual(["offer 1", "offer 2"]);
  expect(sentBy(seat.connection(0))).toEqual([null, null, "screen"]);
  seat.peers.share(null);
  await settle();
  expect(sentBy(seat.connection(0))).toEqual([null, null, null]);
  seat.peers.share(screen);
  await settle();
  expect(seat.published).toHaveLength(3);
  expect(sentBy(seat.connection(0))).toEqual([null, null, "screen"]);
});

test("a screen that is shown goes on over new connections, and one that ended does not come back", async () => {
  await seat.up("alice");
  seat.peers.share(new FakeTrack("video", "screen") as unknown as MediaStreamTrack);
  await settle();
  seat.peers.reset();
  await settle();
  expect(sentBy(seat.connection(2))).toEqual([null, null, "screen"]);
  seat.peers.share(null);
  seat.peers.reset();
  await settle();
  expect(sentBy(seat.connection(-1))).toEqual([null, null]);
});
