/** The line to a live session: it keeps itself up, and each message sent gets an answer. */

import type { Beat, ClientMessage, Done, Left, ServerMessage } from "@/api/protocol.gen";
import { Problem, problemOf, Unreachable } from "./problem";

/** Of those two may be lost or late before seven silent seconds make the server give a seat up. */
const HEARTBEAT = 2_500;
const SILENCE = 8_000;
const LONGEST_WAIT = 10_000;
const BAD_TICKET = 4401;
/** Too big, over, opened elsewhere, malformed, too many: joining again would end the same way. */
const FINAL: ReadonlySet<number> = new Set([1009, 4403, 4409, 4422, 4429]);

export type LineState = "connecting" | "open" | "lost" | "closed";
export type Vitals = Omit<Beat, "type" | "ref">;
/** What the server tells without being asked. */
export type Push = Exclude<ServerMessage, { type: "done" } | { type: "refused" }>;
type WithoutRef<Message> = Message extends { readonly ref: number } ? Omit<Message, "ref"> : never;
/** A message as a page writes it; the line numbers it. */
export type Request = WithoutRef<ClientMessage>;

export interface Pass {
  readonly address: string;
  readonly ticket: string;
}

/** What a WebSocket looks like from here. */
export interface Wire {
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number }) => void) | null;
  send(text: string): void;
  close(): void;
}

export interface LineParts {
  readonly open: (address: string) => Wire;
  /** Asks for a new single-use ticket; a Problem ends the line, anything else is tried again. */
  readonly pass: () => Promise<Pass>;
  readonly vitals: () => Vitals;
  readonly onPush: (push: Push) => void;
  readonly onState: (state: LineState, problem: Problem | null) => void;
  readonly random: () => number;
}

interface Waiting {
  readonly resolve: (answer: Done) => void;
  readonly reject: (error: Error) => void;
}

/** Half to all of 0.5 s, 1 s, 2 s … 10 s, so that a restart is not met by everyone at once. */
export function pauseBefore(attempt: number, random: number): number {
  return Math.min(LONGEST_WAIT, 500 * 2 ** (attempt - 1)) * (0.5 + random / 2);
}

function messageOf(data: unknown): ServerMessage {
  // The server's types are generated from its own description of the protocol.
  return JSON.parse(String(data)) as ServerMessage;
}

export class Line {
  private wire: Wire | null = null;
  private ref = 0;
  private told = 0;
  private attempt = 0;
  private state: LineState = "closed";
  private refusal: Problem | null = null;
  private readonly waiting = new Map<number, Waiting>();
  private heartbeat: ReturnType<typeof setInterval> | undefined;
  private silence: ReturnType<typeof setTimeout> | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly parts: LineParts) {}

  start(): void {
    if (this.state === "closed") void this.connect();
  }

  /** Comes back at once instead of at the next try: the network is there again, or the page is looked at again. */
  hurry(): void {
    if (this.state !== "lost") return;
    clearTimeout(this.retry);
    void this.connect();
  }

  stop(): void {
    this.end(null);
  }

  /** Resolves with the server's `done`, rejects with its Problem, or as Unreachable when the line drops. */
  send(request: Request): Promise<Done> {
    const { wire } = this;
    if (wire === null || this.state !== "open") return Promise.reject(new Unreachable("network"));
    const ref = ++this.ref;
    const answer = new Promise<Done>((resolve, reject) => this.waiting.set(ref, { resolve, reject }));
    wire.send(JSON.stringify({ ...request, ref }));
    return answer;
  }

  private async connect(): Promise<void> {
    this.attempt += 1;
    this.become("connecting");
    try {
      const pass = await this.parts.pass();
      // Stopped while the ticket was on its way.
      if (this.isIn("connecting")) this.attach(this.parts.open(pass.address), pass.ticket);
    } catch (error) {
      if (error instanceof Problem && error.status < 500 && error.status !== 429) this.end(error);
      else if (this.isIn("connecting")) this.drop();
    }
  }

  private isIn(state: LineState): boolean {
    return this.state === state;
  }

  private attach(wire: Wire, ticket: string): void {
    this.wire = wire;
    this.ref = 0;
    this.refusal = null;
    wire.onopen = () => wire.send(JSON.stringify({ type: "hello", version: 1, ticket } satisfies ClientMessage));
    wire.onmessage = (event) => {
      if (this.wire === wire) this.receive(messageOf(event.data));
    };
    wire.onclose = (event) => {
      if (this.wire === wire) this.closed(event.code);
    };
    this.listen();
  }

  private receive(message: ServerMessage): void {
    this.listen();
    switch (message.type) {
      case "done":
        this.answered(message.ref)?.resolve(message);
        break;
      case "refused":
        if (message.ref === null) this.refusal = problemOf(message.problem.status, message.problem);
        else this.answered(message.ref)?.reject(problemOf(message.problem.status, message.problem));
        break;
      case "leave":
        this.parted(message);
        break;
      default:
        this.hear(message);
    }
  }

  private answered(ref: number): Waiting | undefined {
    const waiting = this.waiting.get(ref);
    this.waiting.delete(ref);
    return waiting;
  }

  private hear(push: Exclude<Push, Left>): void {
    if (push.type === "welcome") this.opened(push.n);
    // A gap: what is shown no longer holds, and a fresh welcome tells the whole again.
    if (push.type === "fact" && push.n !== ++this.told) this.drop();
    else this.parts.onPush(push);
  }

  private opened(told: number): void {
    this.told = told;
    this.attempt = 0;
    this.become("open");
    clearInterval(this.heartbeat);
    this.heartbeat = setInterval(() => this.beat(), HEARTBEAT);
  }

  private beat(): void {
    // A heartbeat that is lost needs no answer of its own: the silence after it is noticed.
    this.send({ type: "beat", ...this.parts.vitals() }).catch(() => undefined);
  }

  /** The network can die without closing anything: silence for 8 s counts as a lost line. */
  private listen(): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.drop(), SILENCE);
  }

  private parted(left: Left): void {
    this.parts.onPush(left);
    if (left.action === "stop") this.end(null);
    else this.drop(left.action === "resume" ? 1 : 4);
  }

  private closed(code: number): void {
    // A ticket that came too late is replaced.
    if (FINAL.has(code) || (code === BAD_TICKET && this.attempt > 3)) this.end(this.refusal);
    else this.drop();
  }

  private detach(): void {
    clearInterval(this.heartbeat);
    clearTimeout(this.silence);
    clearTimeout(this.retry);
    const { wire } = this;
    this.wire = null;
    wire?.close();
    for (const { reject } of this.waiting.values()) reject(new Unreachable("network"));
    this.waiting.clear();
  }

  private drop(attempt = Math.max(1, this.attempt)): void {
    this.detach();
    if (this.state === "closed") return;
    this.become("lost");
    this.retry = setTimeout(() => void this.connect(), pauseBefore(attempt, this.parts.random()));
  }

  private end(problem: Problem | null): void {
    this.detach();
    if (this.state !== "closed") this.become("closed", problem);
  }

  private become(state: LineState, problem: Problem | null = null): void {
    this.state = state;
    this.parts.onState(state, problem);
  }
}

/** The address of a path on this server, for a WebSocket. */
export function lineAddress(path: string, page: Location = location): string {
  return `${page.protocol === "https:" ? "wss" : "ws"}://${page.host}${path}`;
}
