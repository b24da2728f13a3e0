/** Passes to the relay, for connections whose network lets no packets through to the server. */

export interface Relay {
  readonly urls: readonly string[];
  readonly username: string;
  readonly credential: string;
  /** Seconds. */
  readonly expires_in: number;
}

export const CONFIGURATION: RTCConfiguration = { bundlePolicy: "max-bundle" };
/** Asked for anew this long before its end: a relay takes a while to open. */
const MARGIN = 30_000;

export class RelayPasses {
  private relay: Relay | null = null;
  private freshUntil = 0;

  constructor(private readonly ask: () => Promise<Relay | null>) {}

  /** Tells a connection of the relay, before it looks for paths. */
  async give(connection: RTCPeerConnection): Promise<void> {
    if (Date.now() >= this.freshUntil) await this.renew();
    if (this.relay === null) return;
    const { urls, username, credential } = this.relay;
    connection.setConfiguration({ ...CONFIGURATION, iceServers: [{ urls: [...urls], username, credential }] });
  }

  private async renew(): Promise<void> {
    const relay = await this.ask();
    this.relay = relay;
    this.freshUntil = relay === null ? Infinity : Date.now() + relay.expires_in * 1000 - MARGIN;
  }
}
