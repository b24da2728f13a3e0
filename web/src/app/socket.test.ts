import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Problem, problemOf, Unreachable } from "./problem";
import { Line, pauseBefore, type LineState, type Pass, type Push, type Wire } from "./socket";

class FakeWire implements Wire {
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  onclose: ((event: { readonly code: number }) => void) | null = null;
  readonly sent: Record<string, unknown>[] = [];
  closed = false;

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }

  close(): void {
    this.closed = true;
  }

  tell(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

interface Ground {
  readonly line: Line;
  readonly wires: FakeWire[];
  readonly states: [LineState, string | null][];
  readonly pushes: Push[];
  pass: () => Promise<Pass>;
}

const WELCOME = { type: "welcome", n: 10 };

function ground(): Ground {
  let tickets = 0;
  const result: Ground = {
    wires: [],
    states: [],
    pushes: [],
    pass: () => Promise.resolve({ address: "wss://centre.example/live", ticket: `ticket-${++tickets}` }),
    line: new Line({
      open: () => {
        const wire = new FakeWire();
        result.wires.push(wire);
        return wire;
      },
      pass: () => result.pass(),
      vitals: () => ({ loss: 0.01 }),
      onPush: (push) => result.pushes.push(push),
      onState: (state, problem) => result.states.push([state, problem?.code ?? null]),
      random: () => 1,
    }),
  };
  return result;
}

async function opened(): Promise<Ground & { readonly wire: FakeWire }> {
  const all = ground();
  all.line.start();
  await vi.advanceTimersByTimeAsync(0);
  const [wire] = all.wires;
  if (wire === undefined) throw new Error("no wire was opened");
  wire.onopen?.();
  wire.tell(WELCOME);
  return Object.assign(all, { wire });
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("opening", () => {
  test("hello with the ticket is the first message", async () => {
    const { wire, states, pushes } = await opened();
    expect(wire.sent).toEqual([{ type: "hello", version: 1, ticket: "ticket-1" }]);
    expect(states).toEqual([["connecting", null], ["open", null]]);
    expect(pushes).toEqual([WELCOME]);
  });

  test("a refused ticket request ends the line with its problem", async () => {
    const all = ground();
    all.pass = () => Promise.reject(problemOf(404, { code: "not_found" }));
    all.line.start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(all.states).toEqual([["connecting", null], ["closed", "not_found"]]);
  });

  test("a ticket request without an answer is tried again", async () => {
    const all = ground();
    all.pass = () => Promise.reject(new Unreachable("network"));
    all.line.start();
    await vi.advanceTimersByTimeAsync(1_600);
    expect(all.states.map(([state]) => state)).toEqual(["connecting", "lost", "connecting", "lost", "connecting", "lost"]);
  });

  test("stopping while the ticket is on its way opens nothing", async () => {
    const all = ground();
    all.line.start();
    all.line.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(all.wires).toEqual([]);
    expect(all.states.at(-1)).toEqual(["closed", null]);
  });
});

describe("asking", () => {
  test("each request gets its own answer by a rising ref", async () => {
    const { line, wire } = await opened();
    const first = line.send({ type: "hand", up: true });
    const second = line.send({ type: "session.start" });
    expect(wire.sent.slice(1)).toEqual([{ type: "hand", up: true, ref: 1 }, { type: "session.start", ref: 2 }]);
    wire.tell({ type: "refused", ref: 2, problem: { status: 403, code: "not_host", title: "" } });
    wire.tell({ type: "done", ref: 1, sdp: null, room_id: null });
    await expect(first).resolves.toMatchObject({ ref: 1 });
    await expect(second).rejects.toMatchObject({ status: 403, code: "not_host" });
  });

  test("a lost line answers what was still open", async () => {
    const { line, wire } = await opened();
    const answer = line.send({ type: "hand", up: true });
    wire.onclose?.({ code: 1006 });
    await expect(answer).rejects.toEqual(new Unreachable("network"));
    await expect(line.send({ type: "hand", up: true })).rejects.toEqual(new Unreachable("network"));
  });
});

describe("staying", () => {
  test("two signs of life are due in the seven seconds after which the server misses them", async () => {
    const { wire } = await opened();
    await vi.advanceTimersByTimeAsync(7_000);
    expect(wire.sent.slice(-2)).toEqual([
      { type: "beat", loss: 0.01, ref: 1 },
      { type: "beat", loss: 0.01, ref: 2 },
    ]);
  });

  test("eight silent seconds count as a lost line", async () => {
    const { wire, states } = await opened();
    await vi.advanceTimersByTimeAsync(7_999);
    expect(states.at(-1)?.[0]).toBe("open");
    await vi.advanceTimersByTimeAsync(1);
    expect([states.at(-1)?.[0], wire.closed]).toEqual(["lost", true]);
  });

  test("answers keep it open", async () => {
    const { wire, states } = await opened();
    for (let round = 0; round < 10; round += 1) {
      await vi.advanceTimersByTimeAsync(5_000);
      wire.tell({ type: "done", ref: round + 1, sdp: null, room_id: null });
    }
    expect(states.at(-1)?.[0]).toBe("open");
  });

  test("a missing fact asks for the whole again", async () => {
    const { wire, states, pushes } = await opened();
    wire.tell({ type: "fact", n: 11, fact: { kind: "called" } });
    expect(pushes.length).toBe(2);
    wire.tell({ type: "fact", n: 13, fact: { kind: "called" } });
    expect([pushes.length, states.at(-1)?.[0]]).toEqual([2, "lost"]);
  });
});

describe("coming back", () => {
  test("each time with a new ticket and refs from one", async () => {
    const { line, wire, wires } = await opened();
    wire.onclose?.({ code: 1012 });
    await vi.advanceTimersByTimeAsync(500);
    const second = wires[1];
    second?.onopen?.();
    second?.tell(WELCOME);
    line.send({ type: "hand", up: true }).catch(() => undefined);
    expect(second?.sent).toEqual([
      { type: "hello", version: 1, ticket: "ticket-2" },
      { type: "hand", up: true, ref: 1 },
    ]);
  });

  test("what the old wire still says is not heard", async () => {
    const { wire, pushes } = await opened();
    wire.onclose?.({ code: 1006 });
    wire.tell({ type: "fact", n: 11, fact: { kind: "called" } });
    expect(pushes.length).toBe(1);
  });

  test.each([1009, 4403, 4409, 4422, 4429])("code %i ends it", async (code) => {
    const { wire, wires, states } = await opened();
    wire.tell({ type: "refused", ref: null, problem: { status: 409, code: "over", title: "" } });
    wire.onclose?.({ code });
    await vi.advanceTimersByTimeAsync(60_000);
    expect([wires.length, states.at(-1)]).toEqual([1, ["closed", "over"]]);
  });

  test("a ticket that is never good ends it after four", async () => {
    const all = ground();
    all.line.start();
    for (let round = 0; round < 10; round += 1) {
      await vi.advanceTimersByTimeAsync(4_000);
      all.wires.at(-1)?.onclose?.({ code: 4401 });
    }
    expect([all.wires.length, all.states.at(-1)?.[0]]).toEqual([4, "closed"]);
  });

  test("leave tells whether to come back", async () => {
    const stopped = await opened();
    stopped.wire.tell({ type: "leave", action: "stop", reason: "closed" });
    await vi.advanceTimersByTimeAsync(60_000);
    expect([stopped.wires.length, stopped.states.at(-1)?.[0]]).toEqual([1, "closed"]);
    const resumed = await opened();
    resumed.wire.tell({ type: "leave", action: "resume", reason: "draining" });
    await vi.advanceTimersByTimeAsync(500);
    expect(resumed.wires.length).toBe(2);
  });

  test("hurrying skips the pause", async () => {
    const { line, wire, wires } = await opened();
    wire.onclose?.({ code: 1006 });
    line.hurry();
    await vi.advanceTimersByTimeAsync(0);
    expect(wires.length).toBe(2);
  });

  test("pauses grow to ten seconds and spread by half", () => {
    expect([1, 2, 5, 9].map((attempt) => pauseBefore(attempt, 1))).toEqual([500, 1000, 8000, 10_000]);
    expect(pauseBefore(3, 0)).toBe(1000);
  });
});

test("a problem and a lost line are told apart", () => {
  expect(new Unreachable("network")).not.toBeInstanceOf(Problem);
});
