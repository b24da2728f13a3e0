/** A seat in a live session: the line, the picture of the room and the media, kept together. */

import type { Done, Left, MediaAgain, MediaEncodings, MediaOffer, MediaPictures, MediaReset, Relay, Told, Welcome } from "@/api/protocol.gen";
import { Line, type LineState, type Pass, type Push, type Request, type Vitals, type Wire } from "@/app/socket";
import type { Problem } from "@/app/problem";
import { amOutside, begin, told, type RoomState } from "./state";

/** What the room asks of the peer connections; one for each stay in a room that has media. */
export interface MediaLink {
  /** Begins with what camera and microphone give, which may be nothing. */
  start(stream: MediaStream | null): void;
  stop(): void;
  offer(revision: number, sdp: string): void;
  /** Which encodings of the camera are watched. */
  encode(rids: readonly string[]): void;
  /** Offer once more what is sent. */
  offerAgain(): void;
  /** The server's legs are gone. */
  reset(): void;
  /** The line is back: what was missed is asked for again. */
  resume(): void;
}

/** How the peer connections reach the server. */
export interface Signal {
  readonly publish: (offer: string) => Promise<string>;
  readonly answer: (revision: number, sdp: string) => Promise<void>;
  readonly restart: (leg: "sending" | "receiving") => Promise<void>;
  readonly relay: () => Promise<Relay | null>;
}

export interface RoomParts {
  readonly pass: () => Promise<Pass>;
  readonly open: (address: string) => Wire;
  readonly media: (signal: Signal) => MediaLink;
  /** The own picture and voice, open before anybody is let in, so that the first picture comes at once. */
  readonly stream: () => MediaStream | null;
  readonly vitals: () => Vitals;
  readonly random: () => number;
  readonly onPicture: (state: RoomState) => void;
  /** Each fact, after it is in the picture: for what rings or is said once. */
  readonly onTold: (fact: Told) => void;
  /** The line is open, for the first time or again. */
  readonly onWelcome: (welcome: Welcome) => void;
  readonly onLine: (state: LineState, problem: Problem | null) => void;
  /** Whether my line bears pictures now. */
  readonly onPictures: (on: boolean) => void;
  readonly onParted: (left: Left) => void;
}

export interface LiveRoom {
  enter(): void;
  /** The network is back or the page is looked at again. */
  hurry(): void;
  send(request: Request): Promise<Done>;
  /** Says that this is meant; a closed line alone is a lost one. */
  leave(): Promise<void>;
  close(): void;
}

export function createLiveRoom(parts: RoomParts): LiveRoom {
  let state: RoomState | null = null;
  /** Who waits is neither seen nor heard: there is nothing to send to or receive from. */
  let media: MediaLink | null = null;
  const line = new Line({
    open: parts.open,
    pass: parts.pass,
    random: parts.random,
    vitals: parts.vitals,
    onPush: receive,
    onState: parts.onLine,
  });
  const signal: Signal = {
    publish: async (sdp) => (await line.send({ type: "media.publish", sdp })).sdp ?? "",
    answer: async (revision, sdp) => {
      await line.send({ type: "media.answer", revision, sdp });
    },
    restart: async (leg) => {
      await line.send({ type: "media.restart", leg });
    },
    relay: async () => (await line.send({ type: "media.relay" })).relay,
  };

  function receive(push: Push): void {
    switch (push.type) {
      case "welcome":
        welcomed(push);
        break;
      case "fact":
        learned(push.fact);
        break;
      case "media.offer":
      case "media.encodings":
      case "media.again":
      case "media.pictures":
      case "media.reset":
        asked(push);
        break;
      case "leave":
        if (push.action === "stop") parted(push);
    }
  }

  function asked(push: MediaOffer | MediaEncodings | MediaAgain | MediaPictures | MediaReset): void {
    if (push.type === "media.offer") media?.offer(push.revision, push.sdp);
    else if (push.type === "media.encodings") media?.encode(push.rids);
    else if (push.type === "media.again") media?.offerAgain();
    else if (push.type === "media.pictures") parts.onPictures(push.on);
    else media?.reset();
  }

  function welcomed(welcome: Welcome): void {
    // What was under way when the line broke is asked for again; a first stay begins by itself.
    const before = media;
    show(begin(welcome));
    parts.onWelcome(welcome);
    if (media !== null && media === before) media.resume();
  }

  function learned(fact: Told): void {
    if (state === null) return;
    show(told(state, fact));
    parts.onTold(fact);
  }

  function show(next: RoomState): void {
    state = next;
    parts.onPicture(next);
    if (amOutside(next)) endMedia();
    else if (media === null) beginMedia();
  }

  function beginMedia(): void {
    media = parts.media(signal);
    media.start(parts.stream());
  }

  function endMedia(): void {
    media?.stop();
    media = null;
  }

  function parted(left: Left): void {
    endMedia();
    parts.onParted(left);
  }

  function close(): void {
    endMedia();
    line.stop();
  }

  async function leave(): Promise<void> {
    try {
      await line.send({ type: "leave" });
    } catch {
      // Without a line the server notices by itself.
    }
    close();
  }

  return {
    enter: () => line.start(),
    hurry: () => line.hurry(),
    send: (request) => line.send(request),
    leave,
    close,
  };
}
