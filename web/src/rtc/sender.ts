/** The sending leg: one microphone, one camera, and the screen once it was shown; offered by us. */

import { ENCODINGS, SCREEN_ENCODING, sendOnly } from "./encodings";
import { readDescription } from "./sdp";
import { Watch, type Care } from "./watch";

export type Kind = "audio" | "video";
export const KINDS: readonly Kind[] = ["audio", "video"];
export type Tracks = Readonly<Record<Kind, MediaStreamTrack | null>>;

export class Sender {
  private readonly watch: Watch;
  private readonly transceivers: Readonly<Record<Kind, RTCRtpTransceiver>>;
  private screen: RTCRtpTransceiver | null = null;
  private session = "";
  private showing: Promise<void> = Promise.resolve();

  constructor(
    readonly connection: RTCPeerConnection,
    private readonly publish: (sdp: string) => Promise<string>,
    private readonly care: Care,
  ) {
    this.watch = new Watch(connection, care);
    this.transceivers = {
      audio: connection.addTransceiver("audio", { direction: "sendonly" }),
      video: connection.addTransceiver("video", { direction: "sendonly", sendEncodings: [...ENCODINGS] }),
    };
  }

  /**
   * Both sections are there from the start, with or without a track: a camera may come later.
   * One after the other, and `wanted` is asked when it is its turn: a sender that is about to lose
   * its track still shows it.
   */
  show(wanted: () => Tracks): Promise<void> {
    const replace = (): Promise<void> => this.replace(wanted);
    this.showing = this.showing.then(replace, replace);
    return this.showing;
  }

  /** The second picture of the leg is the screen; its section comes with the first one, and stays. */
  async share(track: MediaStreamTrack | null): Promise<void> {
    if (track !== null && this.screen === null) {
      this.screen = this.connection.addTransceiver("video", { direction: "sendonly", sendEncodings: [SCREEN_ENCODING] });
      await keepSize(this.screen.sender);
    }
    if (this.screen !== null && this.screen.sender.track !== track) await this.screen.sender.replaceTrack(track);
  }

  /** Only these encodings are watched by anybody. */
  async encode(rids: readonly string[]): Promise<void> {
    await sendOnly(this.transceivers.video.sender, rids);
  }

  /** The first offer, or one more with new paths if `iceRestart` was asked for. */
  async negotiate(options: RTCOfferOptions = {}): Promise<void> {
    const { connection } = this;
    this.watch.expect();
    await connection.setLocalDescription(await connection.createOffer(options));
    const answer = await this.publish(connection.localDescription?.sdp ?? "");
    const { session } = readDescription(answer);
    if (this.session !== "" && session !== this.session) {
      // The server no longer had our leg and began another one, with other keys.
      this.care.rebuild();
      return;
    }
    await connection.setRemoteDescription({ type: "answer", sdp: answer });
    if (this.session === "") this.watch.watchTransport(this.transceivers.audio.sender.transport);
    this.session = session;
  }

  private async replace(wanted: () => Tracks): Promise<void> {
    for (const kind of KINDS) {
      const { sender } = this.transceivers[kind];
      const track = wanted()[kind];
      if (sender.track !== track) await sender.replaceTrack(track);
    }
  }

  close(): void {
    this.watch.stop();
    this.connection.close();
  }
}

/** What a weak line takes away is pictures a second: smaller text could not be read. */
async function keepSize(sender: RTCRtpSender): Promise<void> {
  const parameters: RTCRtpSendParameters & { degradationPreference?: string } = sender.getParameters();
  parameters.degradationPreference = "maintain-resolution";
  await sender.setParameters(parameters).catch(() => undefined); // a browser that does not know it heeds the hint
}
