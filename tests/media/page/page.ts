/** A page with nothing but the media client, for tests: everything hangs on `window.seat`. */

import { DeviceError, open, type Wish } from "@/rtc/devices";
import { Peers, type PeersState } from "@/rtc/peers";
import type { Relay } from "@/rtc/relay";
import type { Vitals } from "@/rtc/vitals";

interface Reply {
  readonly ref?: number;
  readonly error?: string;
  readonly sdp?: string;
  readonly revision?: number;
  readonly rids?: readonly string[];
  readonly relay?: Relay | null;
  readonly type?: string;
}

class Seat {
  readonly connections: RTCPeerConnection[] = [];
  readonly firstFrames: Record<string, number> = {};
  startedAt = 0;
  state: PeersState = { sending: "connecting", receiving: "connecting" };
  vitals: Vitals | null = null;
  peers: Peers | null = null;
  stream: MediaStream | null = null;
  private readonly videos = new Map<string, HTMLVideoElement>();
  private readonly waiting = new Map<number, { resolve: (reply: Reply) => void; reject: (error: Error) => void }>();
  private socket: WebSocket | null = null;
  private refs = 0;

  async join(member: string, wish: Wish | null): Promise<string> {
    try {
      this.stream = wish === null ? null : (await open(wish)).stream;
    } catch (error) {
      return error instanceof DeviceError ? error.trouble : String(error);
    }
    await this.line(member);
    this.peers = new Peers({
      signal: {
        publish: async (sdp) => (await this.call({ type: "publish", sdp })).sdp ?? "",
        answer: async (revision, sdp) => void (await this.call({ type: "answer", revision, sdp })),
        restart: async (leg) => void (await this.call({ type: "restart", leg })),
        relay: async () => (await this.call({ type: "relay" })).relay ?? null,
      },
      onRemote: (name, stream) => this.show(name, stream),
      onState: (state) => (this.state = state),
      onVitals: (vitals) => (this.vitals = vitals),
      connect: () => {
        const connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
        this.connections.push(connection);
        return connection;
      },
    });
    this.startedAt = performance.timeOrigin + performance.now();
    this.peers.start(this.stream);
    return "joined";
  }

  /** Frames decoded so far of one member, over all peer connections there were. */
  async decoded(member: string): Promise<number> {
    return await this.sum(member, "framesDecoded", "video");
  }

  async packets(member: string, kind: string): Promise<number> {
    return await this.sum(member, "packetsReceived", kind);
  }

  /** RTP packets that came so far on the wire, by media section. */
  async wire(): Promise<Record<string, number>> {
    const packets: Record<string, number> = {};
    (await this.connections.at(-1)?.getStats())?.forEach((entry: Record<string, unknown>) => {
      if (entry["type"] === "inbound-rtp") packets[String(entry["mid"])] = Number(entry["packetsReceived"]);
    });
    return packets;
  }

  /** Everything that came so far on the receiving leg, whatever it was for. */
  async carried(): Promise<number> {
    let packets = 0;
    (await this.connections.at(-1)?.getStats())?.forEach((entry: Record<string, unknown>) => {
      if (entry["type"] === "transport") packets += Number(entry["packetsReceived"]);
    });
    return packets;
  }

  /** How wide the picture of one member is now. */
  width(member: string): number {
    return this.videos.get(member)?.videoWidth ?? 0;
  }

  /** The encodings of the camera that are on. */
  encodings(): string[] {
    const senders = this.connections.flatMap((one) => (one.connectionState === "closed" ? [] : one.getSenders()));
    const video = senders.map((sender) => sender.getParameters().encodings).find((all) => all.length > 1) ?? [];
    return video.filter(({ active }) => active).map(({ rid }) => rid ?? "");
  }

  /** How each live connection reaches the server: host, srflx, prflx or relay. */
  async paths(): Promise<string[]> {
    const paths: string[] = [];
    for (const connection of this.connections.filter((one) => one.connectionState === "connected")) {
      const entries = new Map<string, Record<string, unknown>>();
      (await connection.getStats()).forEach((entry: Record<string, unknown>) => entries.set(String(entry["id"]), entry));
      for (const entry of entries.values()) {
        const pair = entry["type"] === "transport" ? entries.get(String(entry["selectedCandidatePairId"])) : undefined;
        const local = entries.get(String(pair?.["localCandidateId"]));
        if (local !== undefined) paths.push(`${String(local["candidateType"])} ${String(local["relayProtocol"] ?? "")}`.trim());
      }
    }
    return paths;
  }

  /** The ICE names in use, to see a restart. */
  ufrags(): (string | undefined)[] {
    return this.connections.map((one) => /a=ice-ufrag:(\S+)/.exec(one.localDescription?.sdp ?? "")?.[1]);
  }

  members(): string[] {
    return [...this.videos.keys()].sort();
  }

  private async sum(member: string, field: string, kind: string): Promise<number> {
    const stream = this.videos.get(member)?.srcObject;
    if (!(stream instanceof MediaStream)) return 0;
    const ids = new Set(stream.getTracks().map((track) => track.id));
    let total = 0;
    for (const connection of this.connections) {
      (await connection.getStats()).forEach((entry: Record<string, unknown>) => {
        const matches = entry["type"] === "inbound-rtp" && entry["kind"] === kind;
        if (matches && ids.has(String(entry["trackIdentifier"]))) total += Number(entry[field] ?? 0);
      });
    }
    return total;
  }

  private show(member: string, stream: MediaStream | null): void {
    this.videos.get(member)?.remove();
    this.videos.delete(member);
    if (stream === null) return;
    const video = document.createElement("video");
    Object.assign(video, { autoplay: true, muted: true, playsInline: true, srcObject: stream });
    video.requestVideoFrameCallback(() => {
      this.firstFrames[member] = performance.timeOrigin + performance.now();
    });
    document.body.append(video);
    this.videos.set(member, video);
  }

  private line(member: string): Promise<void> {
    const socket = new WebSocket(`ws://${location.host}/line?member=${member}`);
    this.socket = socket;
    socket.onmessage = (event) => this.receive(JSON.parse(String(event.data)) as Reply);
    return new Promise((resolve) => (socket.onopen = () => resolve()));
  }

  private receive(reply: Reply): void {
    if (reply.type === "offer") this.peers?.offer(reply.revision ?? 0, reply.sdp ?? "");
    else if (reply.type === "encodings") this.peers?.encode(reply.rids ?? []);
    else if (reply.type === "again") this.peers?.offerAgain();
    else if (reply.type === "reset") this.peers?.reset();
    else if (reply.error === undefined) this.waiting.get(reply.ref ?? 0)?.resolve(reply);
    else this.waiting.get(reply.ref ?? 0)?.reject(new Error(reply.error));
  }

  private call(message: object): Promise<Reply> {
    const ref = ++this.refs;
    this.socket?.send(JSON.stringify({ ...message, ref }));
    return new Promise((resolve, reject) => this.waiting.set(ref, { resolve, reject }));
  }
}

declare global {
  interface Window {
    seat: Seat;
  }
}
window.seat = new Seat();
