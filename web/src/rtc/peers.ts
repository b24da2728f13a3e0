/** Both legs of a seat: publishes ours, takes what is offered, and comes back by itself. */

import { onNetwork } from "./network";
import { Receiver } from "./receiver";
import { CONFIGURATION, RelayPasses, type Relay } from "./relay";
import { readDescription } from "./sdp";
import { Sender, type Kind, type Tracks } from "./sender";
import { countsOf, entriesOf, NOTHING, UNKNOWN, vitalsOf, type Counts, type Vitals } from "./vitals";
import { onWaking } from "./waking";
import type { Care } from "./watch";

export type Leg = "sending" | "receiving";
export type LegState = "connecting" | "up" | "lost";
export type PeersState = Readonly<Record<Leg, LegState>>;

/** The way to the server. Each call rejects when the line is down; `resume` tells that it is back. */
export interface Signal {
  /** Resolves with the answer. */
  readonly publish: (sdp: string) => Promise<string>;
  readonly answer: (revision: number, sdp: string) => Promise<void>;
  readonly restart: (leg: Leg) => Promise<void>;
  /** A pass to the relay, or null where there is none. */
  readonly relay: () => Promise<Relay | null>;
}

export interface PeersParts {
  readonly signal: Signal;
  readonly onRemote: (member: string, stream: MediaStream | null) => void;
  readonly onState: (state: PeersState) => void;
  readonly onVitals?: (vitals: Vitals) => void;
  readonly connect?: () => RTCPeerConnection;
}

const REBUILD_PAUSES = [0, 1_000, 2_000, 5_000];
const STEADY = 30_000;
const VITALS_EVERY = 2_000;

export class Peers {
  private sender: Sender | null = null;
  private receiver: Receiver | null = null;
  private tracks: Record<Kind, MediaStreamTrack | null> = { audio: null, video: null };
  private screen: MediaStreamTrack | null = null;
  private readonly shown: Record<Kind, boolean> = { audio: true, video: true };
  private state: PeersState = { sending: "connecting", receiving: "connecting" };
  private work: Promise<void> = Promise.resolve();
  private generation = 0;
  private rebuilds = 0;
  private rebuilding: ReturnType<typeof setTimeout> | undefined;
  private steady: ReturnType<typeof setTimeout> | undefined;
  private measuring: ReturnType<typeof setInterval> | undefined;
  private endings: readonly (() => void)[] = [];
  private counts: Counts = NOTHING;
  private isStopped = false;
  private readonly passes: RelayPasses;

  constructor(private readonly parts: PeersParts) {
    this.passes = new RelayPasses(() => parts.signal.relay());
  }

  /** Begins with what camera and microphone give, which may be nothing: one can listen without. */
  start(stream: MediaStream | null): void {
    this.tracks = { audio: stream?.getAudioTracks()[0] ?? null, video: stream?.getVideoTracks()[0] ?? null };
    this.measuring = setInterval(() => void this.measure(), VITALS_EVERY);
    // What came while all stood still leaves Chromium wrong about when to show what comes after it.
    this.endings = [onWaking(() => this.reset()), onNetwork(() => this.networkChanged())];
    this.build();
  }

  stop(): void {
    this.isStopped = true;
    for (const end of this.endings) end();
    clearInterval(this.measuring);
    clearTimeout(this.rebuilding);
    clearTimeout(this.steady);
    this.drop();
  }

  /** A `media.offer` came. */
  offer(revision: number, sdp: string): void {
    this.enqueue(async () => {
      const receiver = this.receiverFor(readDescription(sdp).session);
      const answer = await this.orRebuild(this.take(receiver, sdp), () => receiver === this.receiver);
      if (receiver === this.receiver) await this.parts.signal.answer(revision, answer);
    });
  }

  /** A `media.encodings` came. */
  encode(rids: readonly string[]): void {
    this.enqueue(async () => this.sender?.encode(rids));
  }

  /** A `media.again` came: the answer will name another codec first. */
  offerAgain(): void {
    this.enqueue(async () => {
      const sender = this.sender;
      if (sender !== null) await this.orRebuild(this.negotiate(sender), () => sender === this.sender);
    });
  }

  /** A `media.reset` came: the server's legs are gone. */
  reset(): void {
    this.rebuilds = 0;
    this.rebuild();
  }

  /** The line is open again: say what was lost on the way, ask for what was missed. */
  resume(): void {
    this.rebuilds = 0;
    if (this.sender === null) {
      // Given up while nobody could be asked: no need to sit out the pause.
      this.rebuild();
      return;
    }
    this.restart("sending");
    this.restart("receiving");
  }

  /** Another device, or none. */
  replaceTrack(kind: Kind, track: MediaStreamTrack | null): Promise<void> {
    this.tracks[kind] = track;
    return this.show();
  }

  /** A muted camera or microphone sends nothing. */
  mute(kind: Kind, muted: boolean): Promise<void> {
    this.shown[kind] = !muted;
    return this.show();
  }

  /** My screen for everybody in the room, once the server lets me; null: no more. */
  share(track: MediaStreamTrack | null): void {
    this.screen = track;
    this.enqueue(async () => {
      const { sender } = this;
      if (sender === null || track !== this.screen) return; // another one follows, or it goes with the next leg
      await sender.share(track);
      if (track !== null) await this.negotiate(sender);
    });
  }

  private build(): void {
    const connection = this.newConnection();
    const publish = (sdp: string) => this.parts.signal.publish(sdp);
    const sender = new Sender(connection, publish, this.careFor("sending", connection));
    this.sender = sender;
    this.enqueue(async () => {
      if (sender !== this.sender) return;
      await sender.show(this.sent);
      await sender.share(this.screen);
      await this.orRebuild(this.negotiate(sender), () => sender === this.sender);
    });
  }

  private async negotiate(sender: Sender, options: RTCOfferOptions = {}): Promise<void> {
    await this.passes.give(sender.connection);
    await sender.negotiate(options);
  }

  private async take(receiver: Receiver, sdp: string): Promise<string> {
    await this.passes.give(receiver.connection);
    return await receiver.take(sdp);
  }

  /** What cannot be begun is begun anew, as long as it takes. */
  private async orRebuild<Result>(task: Promise<Result>, isCurrent: () => boolean): Promise<Result> {
    try {
      return await task;
    } catch (error) {
      if (isCurrent()) this.rebuild();
      throw error;
    }
  }

  private receiverFor(session: string): Receiver {
    if (this.receiver?.session === session) return this.receiver;
    this.receiver?.close();
    const connection = this.newConnection();
    this.receiver = new Receiver(session, connection, this.parts.onRemote, this.careFor("receiving", connection));
    return this.receiver;
  }

  private restart(leg: Leg): void {
    const connection = leg === "sending" ? this.sender?.connection : this.receiver?.connection;
    if (connection?.connectionState !== "connected") this.become(leg, "lost");
    if (leg === "receiving") this.receiver?.expect();
    this.enqueue(async () => {
      if (leg === "receiving") await this.parts.signal.restart(leg);
      else if (this.sender !== null) await this.negotiate(this.sender, { iceRestart: true });
    });
  }

  /** New peer connections for both legs; again and again, with growing pauses. */
  private rebuild(): void {
    if (this.isStopped) return;
    this.drop();
    clearTimeout(this.rebuilding);
    const pause = REBUILD_PAUSES[Math.min(this.rebuilds, REBUILD_PAUSES.length - 1)];
    this.rebuilds += 1;
    this.rebuilding = setTimeout(() => this.build(), pause);
  }

  private drop(): void {
    // What is under way on a connection that closes never ends, and what waits for it would neither.
    this.generation += 1;
    this.work = Promise.resolve();
    this.sender?.close();
    this.receiver?.close();
    this.sender = null;
    this.receiver = null;
    this.counts = NOTHING;
    if (!this.isStopped) this.lose();
  }

  private lose(): void {
    this.become("sending", "lost");
    this.become("receiving", "lost");
  }

  private careFor(leg: Leg, connection: RTCPeerConnection): Care {
    const isCurrent = () => !this.isStopped && (this.sender?.connection === connection || this.receiver?.connection === connection);
    return {
      up: () => {
        if (isCurrent()) this.rise(leg);
      },
      restart: () => {
        if (isCurrent()) this.restart(leg);
      },
      rebuild: () => {
        if (isCurrent()) this.rebuild();
      },
    };
  }

  private rise(leg: Leg): void {
    this.become(leg, "up");
    clearTimeout(this.steady);
    this.steady = setTimeout(() => {
      this.rebuilds = 0;
    }, STEADY);
  }

  private async show(): Promise<void> {
    await this.sender?.show(this.sent);
  }

  private readonly sent = (): Tracks => ({
    audio: this.shown.audio ? this.tracks.audio : null,
    video: this.shown.video ? this.tracks.video : null,
  });

  private networkChanged(): void {
    if (this.sender === null) return;
    this.restart("sending");
    this.restart("receiving");
  }

  /** One negotiation at a time, in the order they came. */
  private enqueue(task: () => Promise<void>): void {
    const { generation } = this;
    this.work = this.work.then(async () => {
      if (this.isStopped || generation !== this.generation) return;
      try {
        await task();
      } catch {
        // The line is down, or the connection closed meanwhile: `resume`, the watch or a rebuild tries again.
      }
    });
  }

  private async measure(): Promise<void> {
    const { sender, receiver } = this;
    if (receiver === null || !this.receives() || this.parts.onVitals === undefined) return;
    const receiving = entriesOf(await receiver.connection.getStats()).map(receiver.asSeen);
    const sending = sender === null ? [] : entriesOf(await sender.connection.getStats());
    if (!this.receives()) return; // meanwhile
    const counts = countsOf(receiving, performance.now());
    this.parts.onVitals(vitalsOf(receiving, sending, counts, this.counts));
    this.counts = counts;
  }

  private receives(): boolean {
    return this.state.receiving === "up";
  }

  private become(leg: Leg, state: LegState): void {
    if (this.state[leg] === state) return;
    this.state = { ...this.state, [leg]: state };
    this.parts.onState(this.state);
    if (leg === "receiving" && state === "lost") this.parts.onVitals?.(UNKNOWN);
  }

  private newConnection(): RTCPeerConnection {
    return this.parts.connect?.() ?? new RTCPeerConnection(CONFIGURATION);
  }
}
