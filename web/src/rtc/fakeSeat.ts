/** A stand-in for a page with its server, for the unit tests of both legs. */

import { afterEach, beforeEach, vi } from "vitest";
import { described, FakeConnection, FakeStream, FakeTrack } from "./fake";
import { Peers, type Leg, type PeersState } from "./peers";
import type { Relay } from "./relay";

/** A seat with everything that it asked of the server and told the page. */
export class Seat {
  readonly connections: FakeConnection[] = [];
  readonly published: string[] = [];
  readonly answered: [number, string][] = [];
  readonly restarted: Leg[] = [];
  readonly remotes = new Map<string, FakeStream>();
  state: PeersState | null = null;
  session = "1";
  relay: Relay | null = null;
  relaysAsked = 0;
  lineIsDown = false;
  refusesRestart = false;
  readonly peers = new Peers({
    signal: {
      publish: (sdp) => this.sent(() => (this.published.push(sdp), described(this.session, []))),
      answer: (revision, sdp) => this.sent(() => void this.answered.push([revision, sdp])),
      restart: (leg) => (this.refusesRestart ? Promise.reject(new Error("busy")) : this.sent(() => void this.restarted.push(leg))),
      relay: () => this.sent(() => (this.relaysAsked++, this.relay)),
    },
    onRemote: (member, stream) => {
      if (stream === null) this.remotes.delete(member);
      else this.remotes.set(member, stream as unknown as FakeStream);
    },
    onState: (state) => (this.state = state),
    connect: () => {
      const connection = new FakeConnection();
      this.connections.push(connection);
      return connection as unknown as RTCPeerConnection;
    },
  });

  connection(place: number): FakeConnection {
    const found = this.connections.at(place);
    if (found === undefined) throw new Error("no such connection");
    return found;
  }

  /** Both legs up, with these members to be seen. */
  async up(...members: string[]): Promise<void> {
    this.peers.start(null);
    await settle();
    this.peers.offer(1, described("9", members));
    await settle();
    for (const connection of this.connections) connection.become("connected");
  }

  private sent<Result>(send: () => Result): Promise<Result> {
    return this.lineIsDown ? Promise.reject(new Error("line")) : Promise.resolve(send());
  }
}

export const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);
export const camera = () => new FakeStream([new FakeTrack("audio", "mic"), new FakeTrack("video", "cam")]) as unknown as MediaStream;
export const sentBy = (connection: FakeConnection) => connection.getTransceivers().map(({ sender }) => sender.track?.id ?? null);

/** The seat of the test that runs, in a file that asked for one. */
export let seat: Seat;

/** Gives every test of the file a seat of its own, and timers that the test moves. */
export function seatEachTest(): void {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("MediaStream", FakeStream);
    seat = new Seat();
  });
  afterEach(() => {
    seat.peers.stop();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
}
