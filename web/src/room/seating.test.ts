import { expect, test } from "vitest";
import type { PersonCard, SessionRole } from "@/api/protocol.gen";
import { seated } from "./seating";

function person(participant_id: string, role: SessionRole): PersonCard {
  return {
    participant_id, name: participant_id, role, state: "in_room", room_id: "main", audio: true, video: true, muted_by_host: false, hand: false, floor: false,
    shares: false, let_share: null, line: "good", seen: null, waiting_since: null,
  };
}

const CAME = [person("1", "recorder"), person("2", "host"), person("3", "helper"), person("5", "respondent"), person("4", "applicant")];

function order(viewer: SessionRole | undefined): string[] {
  return seated(CAME, viewer).map(({ role }) => role);
}

test("whoever works here sees the parties first", () => {
  expect(order("operator")).toEqual(["applicant", "respondent", "helper", "host", "recorder"]);
  expect(order(undefined)).toEqual(order("host"));
});

test("a party sees first who leads", () => {
  expect(order("petitioner")).toEqual(["host", "applicant", "respondent", "helper", "recorder"]);
});

test("people of one role stay where they are when the list is told anew", () => {
  const two = [person("a", "helper"), person("b", "helper")];
  expect(seated([...two].reverse(), "host")).toEqual(seated(two, "host"));
});
