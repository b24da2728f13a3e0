import { expect, test } from "vitest";
import type { PersonCard } from "@/api/protocol.gen";
import { unseenAmong } from "./unseen";

function person(id: string, change: Partial<PersonCard> = {}): PersonCard {
  return { participant_id: id, name: id, role: "applicant", state: "in_room", room_id: "main", audio: true, video: true, muted_by_host: false,
    hand: false, floor: false, shares: false, let_share: null, line: "good", seen: null, waiting_since: null, ...change };
}

function of(...kinds: string[]): Pick<MediaStream, "getTracks"> {
  return { getTracks: () => kinds.map((kind) => ({ kind }) as MediaStreamTrack) };
}

test("who sends a picture of which only the sound comes cannot be shown", () => {
  const people = [person("sound"), person("both"), person("off", { video: false }), person("lost", { state: "connection_lost" }), person("coming")];
  const sound = of("audio");
  const streams = new Map([["sound", sound], ["both", of("audio", "video")], ["off", sound], ["lost", sound]]);
  expect(unseenAmong(people, streams)).toEqual(["sound"]);
});
