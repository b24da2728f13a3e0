import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { described, FakeConnection, FakeStream } from "./fake";
import { Peers } from "./peers";
import { UNKNOWN, type Vitals } from "./vitals";
import { PATIENCE } from "./watch";

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("MediaStream", FakeStream);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("what was measured last is not told on while nothing arrives", async () => {
  const told: Vitals[] = [];
  const connections: FakeConnection[] = [];
  const peers = new Peers({
    signal: {
      publish: () => Promise.resolve(described("1", [])),
      answer: () => Promise.resolve(),
      restart: () => Promise.resolve(),
      relay: () => Promise.resolve(null),
    },
    onRemote: () => undefined,
    onState: () => undefined,
    onVitals: (vitals) => told.push(vitals),
    connect: () => {
      const connection = new FakeConnection();
      connections.push(connection);
      return connection as unknown as RTCPeerConnection;
    },
  });
  peers.start(null);
  await vi.advanceTimersByTimeAsync(0);
  peers.offer(1, described("9", ["alice"]));
  await vi.advanceTimersByTimeAsync(0);
  for (const connection of connections) connection.become("connected");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(told.at(-1)?.kbps).toBe(0);
  connections[1]?.become("disconnected");
  await vi.advanceTimersByTimeAsync(PATIENCE + 5_000);
  expect(told.at(-1)).toEqual(UNKNOWN);
  connections[1]?.become("connected");
  await vi.advanceTimersByTimeAsync(2_000);
  expect(told.at(-1)?.kbps).toBe(0);
  peers.stop();
});
