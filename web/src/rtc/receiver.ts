/** The receiving leg: the server offers, and each section is one person's for ever. */

import { readDescription, SCREEN, type Section } from "./sdp";
import type { Entry } from "./vitals";
import { Watch, type Care } from "./watch";

export class Receiver {
  private readonly watch: Watch;
  private readonly streams = new Map<string, MediaStream>();
  private isWatched = false;

  constructor(
    readonly session: string,
    readonly connection: RTCPeerConnection,
    private readonly onRemote: (member: string, stream: MediaStream | null) => void,
    care: Care,
  ) {
    this.watch = new Watch(connection, care);
  }

  /** An offer with new paths is asked for: with it, or without, the leg must be up in time. */
  expect(): void {
    this.watch.expect();
  }

  /** Takes an offer and returns the answer; streams are told before it is sent. */
  async take(sdp: string): Promise<string> {
    const { connection } = this;
    this.watch.expect();
    await connection.setRemoteDescription({ type: "offer", sdp });
    await connection.setLocalDescription(await connection.createAnswer());
    this.sort(readDescription(sdp).sections);
    if (!this.isWatched) this.watchFirst();
    return connection.localDescription?.sdp ?? "";
  }

  /** Marks what comes of a shared screen: it stands still for long, and says nothing of how the faces do. */
  readonly asSeen = (entry: Entry): Entry => {
    const isScreen = [...this.streams].some(
      ([member, stream]) => member.endsWith(SCREEN) && stream.getTracks().some(({ id }) => id === entry["trackIdentifier"]),
    );
    return isScreen ? { ...entry, kind: "screen" } : entry;
  };

  close(): void {
    this.watch.stop();
    this.connection.close();
    for (const member of [...this.streams.keys()]) this.forget(member);
  }

  private watchFirst(): void {
    this.isWatched = true;
    this.watch.watchTransport(this.connection.getTransceivers()[0]?.receiver.transport ?? null);
  }

  private sort(sections: readonly Section[]): void {
    const taken = this.connection.getTransceivers().filter(({ currentDirection }) => currentDirection !== "inactive");
    const tracks = new Map(taken.map(({ mid, receiver }) => [mid, receiver.track]));
    const present = new Map<string, MediaStreamTrack[]>();
    for (const { mid, member } of sections) {
      const track = tracks.get(mid);
      if (member !== null && track !== undefined) present.set(member, [...(present.get(member) ?? []), track]);
    }
    for (const member of [...this.streams.keys()]) if (!present.has(member)) this.forget(member);
    for (const [member, wanted] of present) this.show(member, wanted);
  }

  private show(member: string, tracks: readonly MediaStreamTrack[]): void {
    const known = this.streams.get(member);
    const stream = known ?? new MediaStream();
    for (const track of stream.getTracks()) if (!tracks.includes(track)) stream.removeTrack(track);
    for (const track of tracks) stream.addTrack(track);
    if (known !== undefined) return;
    this.streams.set(member, stream);
    this.onRemote(member, stream);
  }

  private forget(member: string): void {
    this.streams.delete(member);
    this.onRemote(member, null);
  }
}
