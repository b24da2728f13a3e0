/** Whose picture this device cannot show: it is sent, and nothing of it is offered that we could decode. */

import type { PersonCard } from "@/api/protocol.gen";

type Tracks = Pick<MediaStream, "getTracks">;

export function unseenAmong(people: readonly PersonCard[], streams: ReadonlyMap<string, Tracks>): string[] {
  return people.filter((person) => isUnseen(person, streams.get(person.participant_id))).map((person) => person.participant_id);
}

function isUnseen(person: PersonCard, stream: Tracks | undefined): boolean {
  if (!person.video || person.state === "connection_lost") return false;
  const kinds = stream?.getTracks().map(({ kind }) => kind) ?? [];
  return kinds.includes("audio") && !kinds.includes("video");
}
