import { expect, test, vi } from "vitest";
import { described, type FakeConnection } from "./fake";
import { camera, Seat, seat, seatEachTest, sentBy, settle } from "./fakeSeat";
import type { Relay } from "./relay";
import { ASLEEP } from "./waking";
import { DEADLINE, PATIENCE } from "./watch";

seatEachTest();

test("it publishes at once, with both sections, whatever devices there are", async () => {
  seat.peers.start(camera());
  await settle();
  expect(seat.published).toEqual(["offer 1"]);
  expect(sentBy(seat.connection(0))).toEqual(["mic", "cam"]);
  const listener = new Seat();
  listener.peers.start(null);
  await settle();
  expect(sentBy(listener.connection(0))).toEqual([null, null]);
  listener.peers.stop();
});

test("it answers offers in order and shows who is in them", async () => {
  await seat.up("alice");
  seat.peers.offer(2, described("9", ["alice", "bob"]));
  seat.peers.offer(3, described("9", [null, "bob"]));
  await settle();
  expect(seat.answered).toEqual([
    [1, "answer 1"],
    [2, "answer 2"],
    [3, "answer 3"],
  ]);
  expect([...seat.remotes.keys()]).toEqual(["bob"]);
  expect(seat.remotes.get("bob")?.getTracks().map(({ id }) => id)).toEqual(["audio-2", "video-3"]);
  expect(seat.connections).toHaveLength(2);
});

test("an offer of another session gets another connection, and the old faces go", async () => {
  await seat.up("alice");
  seat.peers.offer(2, described("10", ["bob"]));
  await settle();
  expect(seat.connection(1).isClosed).toBe(true);
  expect(seat.connections).toHaveLength(3);
  expect([...seat.remotes.keys()]).toEqual(["bob"]);
});

test("a short gap is waited out, a longer one restarts ICE of that leg", async () => {
  await seat.up("alice");
  seat.connection(0).become("disconnected");
  await vi.advanceTimersByTimeAsync(PATIENCE - 100);
  seat.connection(0).become("connected");
  await vi.advanceTimersByTimeAsync(PATIENCE);
  expect(seat.connection(0).iceRestarts).toBe(0);
  seat.connection(0).become("disconnected");
  seat.connection(1).become("disconnected");
  await vi.advanceTimersByTimeAsync(PATIENCE);
  expect(seat.connection(0).iceRestarts).toBe(1);
  expect(seat.restarted).toEqual(["receiving"]);
  expect(seat.state).toEqual({ sending: "lost", receiving: "lost" });
  seat.connection(0).become("connected");
  expect(seat.state).toEqual({ sending: "up", receiving: "lost" });
});

test("a network that came back restarts both legs at once", async () => {
  await seat.up("alice");
  window.dispatchEvent(new Event("online"));
  await settle();
  expect(seat.connection(0).iceRestarts).toBe(1);
  expect(seat.restarted).toEqual(["receiving"]);
  expect(seat.state).toEqual({ sending: "up", receiving: "up" });
});

test("a network of the same kind restarts nothing, one of another kind both legs", async () => {
  const connection = Object.assign(new EventTarget(), { type: "wifi" });
  vi.stubGlobal("navigator", { connection });
  await seat.up("alice");
  connection.dispatchEvent(new Event("change"));
  await settle();
  expect([seat.connection(0).iceRestarts, seat.restarted]).toEqual([0, []]);
  connection.type = "cellular";
  connection.dispatchEvent(new Event("change"));
  await settle();
  expect([seat.connection(0).iceRestarts, seat.restarted]).toEqual([1, ["receiving"]]);
});

test("a restart that does not help in time leads to new connections", async () => {
  await seat.up("alice");
  seat.connection(0).become("failed");
  await vi.advanceTimersByTimeAsync(DEADLINE + 1);
  expect(seat.connection(0).isClosed).toBe(true);
  expect(seat.connections).toHaveLength(3);
  expect(seat.published).toEqual(["offer 1", "offer 2", "offer 1"]);
});

test("a receiving leg whose restart the server refuses is built anew, though the line stands", async () => {
  await seat.up("alice");
  seat.refusesRestart = true;
  seat.connection(1).become("disconnected");
  await vi.advanceTimersByTimeAsync(PATIENCE + DEADLINE + 1);
  expect(seat.connections.map(({ isClosed }) => isClosed)).toEqual([true, true, false]);
  expect(seat.published).toHaveLength(2);
});

test("a restart that was not needed builds nothing anew", async () => {
  await seat.up("alice");
  seat.refusesRestart = true;
  window.dispatchEvent(new Event("online"));
  await vi.advanceTimersByTimeAsync(DEADLINE + 1);
  expect(seat.connections).toHaveLength(2);
});

test("after the server's reset both legs are built anew", async () => {
  await seat.up("alice");
  seat.peers.reset();
  await vi.advanceTimersByTimeAsync(1);
  expect(seat.remotes.size).toBe(0);
  expect(seat.state).toEqual({ sending: "lost", receiving: "lost" });
  seat.peers.offer(2, described("10", ["alice"]));
  await settle();
  expect(seat.connections).toHaveLength(4);
  expect([...seat.remotes.keys()]).toEqual(["alice"]);
});

test("after a sleep both legs are built anew, and not after as long awake", async () => {
  await seat.up("alice");
  await vi.advanceTimersByTimeAsync(ASLEEP * 2);
  expect(seat.connections).toHaveLength(2);
  vi.setSystemTime(Date.now() + ASLEEP * 2);
  await vi.advanceTimersByTimeAsync(1_001);
  expect(seat.connections.map(({ isClosed }) => isClosed)).toEqual([true, true, false]);
  expect(seat.published).toHaveLength(2);
});

test("an answer for another leg than ours means that ours is gone", async () => {
  await seat.up("alice");
  seat.session = "2";
  seat.peers.resume();
  await vi.advanceTimersByTimeAsync(1);
  expect(seat.connections).toHaveLength(3);
  expect(seat.connection(0).isClosed).toBe(true);
});

test("a line that is back after long does not wait for the next try", async () => {
  seat.lineIsDown = true;
  seat.peers.start(null);
  await vi.advanceTimersByTimeAsync(9_000);
  seat.lineIsDown = false;
  seat.peers.resume();
  await vi.advanceTimersByTimeAsync(1);
  expect(seat.published).toHaveLength(1);
});

test("what is sent is offered again over the same connection when the server asks for it", async () => {
  await seat.up("alice");
  const before = seat.published.length;
  seat.peers.offerAgain();
  await vi.advanceTimersByTimeAsync(1);
  expect(seat.published).toHaveLength(before + 1);
  expect(seat.connection(0).connectionState).toBe("connected");
});

test("a goodbye of the other end is met with new connections", async () => {
  await seat.up("alice");
  const [audio] = seat.connection(0).getTransceivers();
  if (audio === undefined) throw new Error("no section");
  audio.transport.state = "closed";
  audio.transport.fire("statechange");
  await vi.advanceTimersByTimeAsync(1);
  expect(seat.connections).toHaveLength(3);
});

test("what was under way on a connection that closed holds nothing up", async () => {
  await seat.up("alice");
  seat.connection(0).slowness = 50;
  seat.peers.resume();
  await settle();
  seat.peers.reset();
  await vi.advanceTimersByTimeAsync(1);
  expect(seat.published).toEqual(["offer 1", "offer 1"]);
  seat.peers.offer(1, described("10", ["alice"]));
  await settle();
  expect([...seat.remotes.keys()]).toEqual(["alice"]);
});

test("without a line it tries again until there is one", async () => {
  seat.lineIsDown = true;
  seat.peers.start(null);
  await vi.advanceTimersByTimeAsync(4_000);
  expect(seat.published).toEqual([]);
  seat.lineIsDown = false;
  await vi.advanceTimersByTimeAsync(6_000);
  expect(seat.published).toHaveLength(1);
});

test("once stopped it does nothing more", async () => {
  await seat.up("alice");
  seat.peers.stop();
  expect(seat.remotes.size).toBe(0);
  seat.peers.offer(2, described("9", ["alice"]));
  window.dispatchEvent(new Event("online"));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(seat.connections).toHaveLength(2);
  expect(seat.published).toHaveLength(1);
});

const pass = (username: string): Relay => ({ urls: ["turn:relay.example:3478"], username, credential: "secret", expires_in: 300 });
const namesIn = ({ servers }: FakeConnection) => servers.map(({ username }) => username);

test("both legs know the relay before they look for paths, by one question", async () => {
  seat.relay = pass("first");
  await seat.up("b");
  expect(seat.connections.map(namesIn)).toEqual([["first"], ["first"]]);
  expect(seat.relaysAsked).toBe(1);
});

test("a pass that has run out is not used in a restart", async () => {
  seat.relay = pass("first");
  await seat.up("b");
  await vi.advanceTimersByTimeAsync(290_000);
  seat.relay = pass("second");
  window.dispatchEvent(new Event("online"));
  await settle();
  expect(namesIn(seat.connection(0))).toEqual(["second"]);
});

test("without a relay the legs go on without, and nobody asks again", async () => {
  await seat.up("b");
  expect(seat.connections.map(namesIn)).toEqual([[], []]);
  expect([seat.relaysAsked, seat.published.length]).toEqual([1, 1]);
});
