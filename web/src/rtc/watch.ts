/** Looks after one peer connection: says when it is up, in trouble, or past help. */

export interface Care {
  readonly up: () => void;
  /** The path is lost: an ICE restart may find another. */
  readonly restart: () => void;
  /** Only a new peer connection helps. */
  readonly rebuild: () => void;
}

/** How long a gap may last before we do something about it. */
export const PATIENCE = 2_000;
/** How long a restart or a first connection may take. */
export const DEADLINE = 12_000;

export class Watch {
  private patience: ReturnType<typeof setTimeout> | undefined;
  private deadline: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly connection: RTCPeerConnection,
    private readonly care: Care,
  ) {
    connection.addEventListener("connectionstatechange", this.changed);
  }

  /** From now on the connection must be up in time. */
  expect(): void {
    clearTimeout(this.deadline);
    this.deadline = setTimeout(() => {
      if (this.connection.connectionState !== "connected") this.care.rebuild();
    }, DEADLINE);
  }

  stop(): void {
    this.connection.removeEventListener("connectionstatechange", this.changed);
    clearTimeout(this.patience);
    clearTimeout(this.deadline);
  }

  /** DTLS said goodbye: the other end has dropped this leg. */
  watchTransport(transport: RTCDtlsTransport | null): void {
    transport?.addEventListener("statechange", () => {
      if (transport.state === "closed" || transport.state === "failed") this.care.rebuild();
    });
  }

  private readonly changed = (): void => {
    clearTimeout(this.patience);
    switch (this.connection.connectionState) {
      case "connected":
        clearTimeout(this.deadline);
        this.care.up();
        break;
      case "disconnected":
        this.patience = setTimeout(() => this.care.restart(), PATIENCE);
        break;
      case "failed":
        this.care.restart();
        break;
      case "closed":
      case "connecting":
      case "new":
        break;
    }
  };
}
