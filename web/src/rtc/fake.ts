/** Stand-ins for the browser's connections and streams, for the unit tests of this folder. */

type Listener = () => void;

class Events {
  private readonly listeners = new Map<string, Set<Listener>>();

  addEventListener(name: string, listener: Listener): void {
    this.listeners.set(name, (this.listeners.get(name) ?? new Set()).add(listener));
  }

  removeEventListener(name: string, listener: Listener): void {
    this.listeners.get(name)?.delete(listener);
  }

  fire(name: string): void {
    for (const listener of this.listeners.get(name) ?? []) listener();
  }
}

export class FakeTrack {
  constructor(
    readonly kind: string,
    readonly id: string,
  ) {}
}

export class FakeStream {
  constructor(private tracks: FakeTrack[] = []) {}

  getTracks = (): FakeTrack[] => [...this.tracks];
  getAudioTracks = (): FakeTrack[] => this.tracks.filter(({ kind }) => kind === "audio");
  getVideoTracks = (): FakeTrack[] => this.tracks.filter(({ kind }) => kind === "video");

  addTrack(track: FakeTrack): void {
    if (!this.tracks.includes(track)) this.tracks.push(track);
  }

  removeTrack(track: FakeTrack): void {
    this.tracks = this.tracks.filter((one) => one !== track);
  }
}

class FakeTransport extends Events {
  state = "connected";
}

export class FakeTransceiver {
  readonly transport = new FakeTransport();
  readonly receiver: { readonly track: FakeTrack; readonly transport: FakeTransport };
  readonly sender = {
    track: null as FakeTrack | null,
    transport: this.transport,
    encodings: [] as RTCRtpEncodingParameters[],
    getParameters: () => ({ encodings: this.sender.encodings.map((one) => ({ ...one })) }),
    setParameters: ({ encodings }: { readonly encodings: RTCRtpEncodingParameters[] }): Promise<void> => {
      this.sender.encodings = encodings;
      return Promise.resolve();
    },
    /** As in browsers: until it is done, the track of before is there. */
    replaceTrack: async (track: FakeTrack | null): Promise<void> => {
      await Promise.resolve();
      this.sender.track = track;
    },
  };

  constructor(
    readonly mid: string,
    kind: string,
  ) {
    this.receiver = { track: new FakeTrack(kind, `${kind}-${mid}`), transport: this.transport };
  }
}

/** Does just what the client needs of a peer connection, and notes what was asked. */
export class FakeConnection extends Events {
  connectionState = "new";
  localDescription: { readonly sdp: string } | null = null;
  remote: string[] = [];
  servers: readonly RTCIceServer[] = [];
  iceRestarts = 0;
  isClosed = false;
  /** Milliseconds that each operation takes. */
  slowness = 0;
  private offers = 0;
  private readonly transceivers: FakeTransceiver[] = [];

  addTransceiver(kind: string, { sendEncodings = [] }: RTCRtpTransceiverInit = {}): FakeTransceiver {
    const transceiver = new FakeTransceiver(String(this.transceivers.length), kind);
    transceiver.sender.encodings = sendEncodings.map((one) => ({ active: true, ...one }));
    this.transceivers.push(transceiver);
    return transceiver;
  }

  getTransceivers = (): FakeTransceiver[] => this.transceivers;
  getStats = (): Promise<Map<string, object>> => Promise.resolve(new Map<string, object>());

  createOffer(options: { iceRestart?: boolean } = {}): Promise<{ sdp: string }> {
    this.offers += 1;
    if (options.iceRestart === true) this.iceRestarts += 1;
    return this.after({ sdp: `offer ${this.offers}` });
  }

  createAnswer(): Promise<{ sdp: string }> {
    return this.after({ sdp: `answer ${this.remote.length}` });
  }

  setLocalDescription(description: { sdp: string }): Promise<void> {
    this.localDescription = description;
    return this.after(undefined);
  }

  setRemoteDescription({ type, sdp }: { type: string; sdp: string }): Promise<void> {
    if (this.isClosed) return Promise.reject(new Error("closed"));
    this.remote.push(sdp);
    const sections = type === "offer" ? sdp.split(/\r\n(?=m=)/).slice(1) : [];
    for (const section of sections.slice(this.transceivers.length)) this.addTransceiver(section.slice(2, 7));
    return this.after(undefined);
  }

  setConfiguration({ iceServers = [] }: RTCConfiguration): void {
    this.servers = iceServers;
  }

  /** As in browsers: what is under way when the connection closes neither succeeds nor fails, ever. */
  private after<Result>(result: Result): Promise<Result> {
    if (this.slowness === 0) return Promise.resolve(result);
    return new Promise((resolve) => {
      setTimeout(() => {
        if (!this.isClosed) resolve(result);
      }, this.slowness);
    });
  }

  become(state: string): void {
    this.connectionState = state;
    this.fire("connectionstatechange");
  }

  close(): void {
    this.isClosed = true;
    this.connectionState = "closed";
  }
}

/** An offer or answer of the server, with who is in which pair of sections. */
export function described(session: string, members: readonly (string | null)[]): string {
  const sections = members.flatMap((member, place) =>
    ["audio", "video"].map((kind, half) => {
      const flow = member === null ? "a=inactive" : `a=sendonly\r\na=msid:${member} ${member}-${place}`;
      return `m=${kind} 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:${place * 2 + half}\r\n${flow}`;
    }),
  );
  return [`v=0\r\no=- ${session} 1 IN IP4 0.0.0.0`, ...sections].join("\r\n") + "\r\n";
}
