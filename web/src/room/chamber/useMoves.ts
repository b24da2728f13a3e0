/** What a host asks the server for when a person's card is moved, and whom they have asked in private. */

import { onScopeDispose, reactive, ref, type Ref } from "vue";
import type { PersonCard, Told } from "@/api/protocol.gen";
import { Problem } from "@/app/problem";
import type { Room } from "../useRoom";
import { moveTo, type Place } from "./places";

export interface Moves {
  /** Invited into a private room and not answered yet. */
  readonly asked: ReadonlySet<string>;
  /** Said no, or nothing, to the last invitation. */
  readonly declined: Readonly<Ref<PersonCard | null>>;
  /** To be let in although nobody compared the card. */
  readonly unseen: Ref<PersonCard | null>;
  move(person: PersonCard, target: Place): Promise<void>;
  admit(person: PersonCard, because?: string): Promise<void>;
  /** Into a private room, a new one where there is none that is empty. */
  withdraw(person: PersonCard): Promise<void>;
  learn(fact: Told): void;
}

const SHOWN = 8_000;

export function useMoves(room: Room): Moves {
  const asked = reactive(new Set<string>());
  const declined = ref<PersonCard | null>(null);
  const unseen = ref<PersonCard | null>(null);
  let hiding: ReturnType<typeof setTimeout> | undefined;

  async function admit(person: PersonCard, because?: string): Promise<void> {
    const done = await room.ask({ type: "admit", participant_id: person.participant_id, because: because ?? null });
    const error = room.refusal.value;
    const isUnseen = !done && because === undefined && error instanceof Problem && error.code === "not_seen";
    unseen.value = isUnseen ? person : null;
  }

  async function invite(person: PersonCard, roomId: string): Promise<void> {
    const done = await room.ask({ type: "caucus.invite", room_id: roomId, participant_id: person.participant_id });
    if (done) asked.add(person.participant_id);
  }

  async function withdraw(person: PersonCard): Promise<void> {
    const taken = new Set(room.state.value?.sight.people.map((one) => one.room_id));
    const free = room.state.value?.sight.rooms.find((one) => one.kind === "caucus" && !taken.has(one.id));
    const roomId = free?.id ?? (await room.open());
    if (roomId !== null) await invite(person, roomId);
  }

  async function move(person: PersonCard, target: Place): Promise<void> {
    const state = room.state.value;
    const wish = state === null ? null : moveTo(state, person, target);
    switch (wish?.kind) {
      case "admit":
        await admit(person);
        break;
      case "send_out":
        await room.ask({ type: "dismiss", participant_id: person.participant_id, back: true });
        break;
      case "invite":
        await invite(person, wish.room);
        break;
      case "close":
        await room.ask({ type: "caucus.close", room_id: wish.room });
        break;
      case undefined:
    }
  }

  function learn(fact: Told): void {
    if (fact.kind !== "caucus.answered") return;
    asked.delete(fact.participant_id);
    clearTimeout(hiding);
    declined.value = null;
    if (fact.accepted) return;
    declined.value = room.state.value?.sight.people.find((one) => one.participant_id === fact.participant_id) ?? null;
    hiding = setTimeout(() => (declined.value = null), SHOWN);
  }

  onScopeDispose(() => clearTimeout(hiding));
  return { asked, declined, unseen, move, admit, withdraw, learn };
}
