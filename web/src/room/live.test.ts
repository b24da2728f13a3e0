import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { PersonCard, RoomCard, ServerMessage, Told, Welcome } from "@/api/protocol.gen";
import { problemOf } from "@/app/problem";
import type { Wire } from "@/app/socket";
import { createLiveRoom, type LiveRoom, type MediaLink, type Signal } from "./live";
import { company, type RoomState } from "./state";

/** The server's side of a socket, driven by the test. */
class FakeWire implements Wire {
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  onclose: ((event: { readonly code: number }) => void) | null = null;
  readonly sent: Record<string, unknown>[] = [];

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }

  close(): void {
    this.onmessage = null;
  }

  says(message: ServerMessage): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  types(): unknown[] {
    return this.sent.map((message) => message["type"]);
  }
}

class FakeMedia implements MediaLink {
  readonly did: string[] = [];

  constructor(private readonly signal: Signal) {}

  start(): void {
    this.did.push("start");
    this.signal.publish("offer").catch(() => undefined);
  }

  offer(revision: number): void {
    this.signal.answer(revision, "answer").catch(() => undefined);
  }

  encode(rids: readonly string[]): void {
    this.did.push(`encode ${rids.join()}`);
  }

  offerAgain(): void {
    this.did.push("offer again");
  }

  reset(): void {
    this.did.push("reset");
  }

  resume(): void {
    this.did.push("resume");
  }

  stop(): void {
    this.did.push("stop");
  }
}

function card(id: string): PersonCard {
  return { participant_id: id, name: id, role: "host", state: "in_room", room_id: "main", audio: true, video: true, muted_by_host: false, hand: false, floor: false,
    shares: false,
    let_share: null, line: "good", seen: null, waiting_since: null };
}

function welcome(n: number): Welcome {
  const times = { begins_at: "2026-08-04T01:30:00Z", ends_at: "2026-08-04T01:50:00Z", started_at: null };
  return {
    type: "welcome",
    you: "me",
    n,
    clock_now: "2026-08-04T01:31:00Z",
    sight: {
      session: { appointment_id: "a", kind: "reception", state: "live", result: null, let_in: [], recording: null, ...times },
      room: { id: "main", kind: "main", opened_at: "2026-08-04T01:30:00Z" },
      rooms: [],
      people: [card("me")],
      place: null,
      invitation: null,
      actions: [],
    },
  };
}

interface Scene {
  room: LiveRoom;
  wires: FakeWire[];
  media: FakeMedia[];
  pictures: RoomState[];
  facts: Told[];
  lines: string[];
  ends: string[];
}

function scene(pass = () => Promise.resolve({ address: "ws://x", ticket: "t" })): Scene {
  const wires: FakeWire[] = [];
  const scene = { wires, media: [], pictures: [], facts: [], lines: [], ends: [] } as unknown as Scene;
  scene.room = createLiveRoom({
    pass,
    open: () => {
      const wire = new FakeWire();
      wires.push(wire);
      return wire;
    },
    media: (signal) => {
      const media = new FakeMedia(signal);
      scene.media.push(media);
      return media;
    },
    stream: () => null,
    vitals: () => ({ loss: 0, rtt: 20, width: 640 }),
    random: () => 0,
    onPicture: (state) => scene.pictures.push(state),
    onTold: (fact) => scene.facts.push(fact),
    onLine: (state, problem) => scene.lines.push(problem === null ? state : `${state} ${problem.code}`),
    onPictures: () => undefined,
    onParted: (left) => scene.ends.push(left.reason),
    onWelcome: () => undefined,
  });
  return scene;
}

async function entered(): Promise<Scene & { wire: FakeWire }> {
  const one = scene();
  one.room.enter();
  await vi.advanceTimersByTimeAsync(0);
  const wire = one.wires[0];
  if (wire === undefined) throw new Error("no wire was opened");
  wire.onopen?.();
  wire.says(welcome(0));
  return { ...one, wire };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("entering", () => {
  test("greets, takes the picture and publishes at once", async () => {
    const { wire, pictures, lines } = await entered();
    expect([wire.types(), pictures.length, lines]).toEqual([["hello", "media.publish"], 1, ["connecting", "open"]]);
  });

  test("a refused ticket ends with its problem instead of trying for ever", async () => {
    const one = scene(() => Promise.reject(problemOf(403, { code: "doors_closed" })));
    one.room.enter();
    await vi.advanceTimersByTimeAsync(60_000);
    expect([one.lines, one.wires.length]).toEqual([["connecting", "closed doors_closed"], 0]);
  });
});

describe("facts", () => {
  test("change the picture in their order", async () => {
    const { wire, pictures, facts } = await entered();
    wire.says({ type: "fact", n: 1, fact: { kind: "person.joined", person: card("leader") } });
    const last = pictures.at(-1);
    expect([last && company(last).map((one) => one.name), facts.length]).toEqual([["leader"], 1]);
  });

  test("a missing one opens a new line for the whole picture", async () => {
    const { wire, wires, pictures } = await entered();
    wire.says({ type: "fact", n: 2, fact: { kind: "called" } });
    await vi.advanceTimersByTimeAsync(2_000);
    wires[1]?.onopen?.();
    wires[1]?.says(welcome(5));
    expect([wires.length, pictures.map((state) => state.called)]).toEqual([2, [false, false]]);
  });
});

describe("media", () => {
  test("offers are answered with their revision", async () => {
    const { wire } = await entered();
    wire.says({ type: "media.offer", revision: 3, sdp: "v=0" });
    expect(wire.sent.at(-1)).toMatchObject({ type: "media.answer", revision: 3 });
  });

  test("begins once, is reset when the server says so, and resumes with the line", async () => {
    const { wire, wires, media } = await entered();
    wire.says({ type: "media.encodings", rids: ["q"] });
    wire.says({ type: "media.again" });
    wire.says({ type: "media.reset" });
    wire.onclose?.({ code: 1012 });
    await vi.advanceTimersByTimeAsync(2_000);
    wires[1]?.onopen?.();
    wires[1]?.says(welcome(0));
    expect(media.map((one) => one.did)).toEqual([["start", "encode q", "offer again", "reset", "resume"]]);
  });
});

describe("waiting", () => {
  const outside: RoomCard = { id: "waiting", kind: "waiting", opened_at: "2026-08-04T01:30:00Z" };
  const inside: RoomCard = { id: "main", kind: "main", opened_at: "2026-08-04T01:30:00Z" };

  test("sends no media, and begins anew with each stay in a room", async () => {
    const { wire, media } = await entered();
    const move = (n: number, room: RoomCard) => wire.says({ type: "fact", n, fact: { kind: "room.changed", room, people: [] } });
    move(1, outside);
    const whileWaiting = media.map((one) => one.did);
    move(2, inside);
    expect([whileWaiting, media.map((one) => one.did)]).toEqual([[["start", "stop"]], [["start", "stop"], ["start"]]]);
  });
});

describe("ending", () => {
  test.each(["closed", "dismissed"] as const)("the server's stop because %s is final", async (reason) => {
    const { wire, wires, media, ends, lines } = await entered();
    wire.says({ type: "leave", action: "stop", reason });
    await vi.advanceTimersByTimeAsync(60_000);
    expect([ends, media.at(-1)?.did.at(-1), lines.at(-1), wires.length]).toEqual([[reason], "stop", "closed", 1]);
  });

  test("a draining server is joined again by itself", async () => {
    const { wire, wires, lines } = await entered();
    wire.says({ type: "leave", action: "join_again", reason: "draining" });
    await vi.advanceTimersByTimeAsync(8_000);
    expect([wires.length, lines.at(-1)]).toEqual([2, "connecting"]);
  });

  test("a seat opened elsewhere does not fight for it", async () => {
    const { wire, wires } = await entered();
    wire.onclose?.({ code: 4409 });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(wires.length).toBe(1);
  });

  test("leaving says so and closes the media", async () => {
    const { room, wire, media } = await entered();
    const left = room.leave();
    const ref = wire.sent.at(-1)?.["ref"] as number;
    wire.says({ type: "done", ref, sdp: null, room_id: null, relay: null });
    await left;
    expect([wire.types().at(-1), media.at(-1)?.did.at(-1)]).toEqual(["leave", "stop"]);
  });
});
