/** The little that a client reads in the server's session descriptions. */

/** Follows a member's id in the name of the stream that shows their screen. */
export const SCREEN = ".screen";

export interface Section {
  readonly mid: string;
  readonly kind: string;
  /** Whose track this section carries now; null while it rests. */
  readonly member: string | null;
}

export interface Description {
  /** Names the leg: a description with another session is for another peer connection. */
  readonly session: string;
  readonly sections: readonly Section[];
}

export function readDescription(sdp: string): Description {
  const [head = "", ...media] = sdp.split(/\r?\n(?=m=)/);
  const session = /^o=\S+ (\d+) /m.exec(head)?.[1] ?? "";
  return { session, sections: media.map(readSection) };
}

function readSection(text: string): Section {
  const kind = /^m=(\w+)/.exec(text)?.[1] ?? "";
  const mid = /^a=mid:(\S+)/m.exec(text)?.[1] ?? "";
  const flows = /^a=sendonly\r?$/m.test(text);
  const member = flows ? (/^a=msid:(\S+)/m.exec(text)?.[1] ?? null) : null;
  return { mid, kind, member };
}
