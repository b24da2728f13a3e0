/** The way from a personal link to the seat: what is asked next, and what is remembered. */

import { computed, onScopeDispose, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from "vue";
import type { Reason } from "@/api/protocol.gen";
import { useApi } from "@/app/api";
import { useClock } from "@/app/clock";
import { browserPlaces } from "@/app/drafts";
import { useExplain } from "@/app/explain";
import { Problem } from "@/app/problem";
import { useGuestApi } from "../guest";
import { keepSeat, takeSeat, wipeSeat, type Seat } from "../seat";
import { readSigns, surroundingsOf, type Surroundings } from "../surroundings";
import type { ConsentTexts, InvitationView } from "@/api/schema.gen";
import { checkInOf, type Answers } from "./consents";
import { gateOf, type Gate } from "./invitation";

export type Step = "loading" | "link" | "early" | "rehearsal" | "app" | "obstacle" | "check" | "address" | "consent" | "live" | "left";
export type LinkProblem = Exclude<Gate, "open" | "early"> | "foreign" | "offline";

export interface Entrance {
  readonly api: ReturnType<typeof useGuestApi>;
  readonly step: ComputedRef<Step>;
  readonly invitation: Readonly<ShallowRef<InvitationView | null>>;
  readonly linkProblem: ComputedRef<LinkProblem>;
  readonly surroundings: Surroundings;
  readonly seat: Readonly<ShallowRef<Seat>>;
  readonly texts: Readonly<ShallowRef<ConsentTexts | null>>;
  readonly address: Ref<string>;
  readonly failure: Readonly<Ref<string | null>>;
  readonly busy: Readonly<Ref<boolean>>;
  readonly reason: Readonly<Ref<Reason | null>>;
  load(): Promise<void>;
  rehearse(on: boolean): void;
  stayInApp(): void;
  checked(soundOnly: boolean): void;
  addressed(): Promise<void>;
  consented(answers: Answers): Promise<void>;
  over(reason: Reason): void;
  back(): void;
  wipe(): Promise<void>;
}

/** The link is forgotten by the server or was never ours: both look alike. */
const UNKNOWN: ReadonlySet<number> = new Set([401, 403, 404, 410]);

export function useEntrance(token: string): Entrance {
  const api = useGuestApi(token);
  const staff = useApi();
  const clock = useClock();
  const explain = useExplain();
  const surroundings = surroundingsOf(readSigns());
  const seat = shallowRef(takeSeat(token));
  const invitation = shallowRef<InvitationView | null>(null);
  const trouble = ref<"foreign" | "offline" | null>(null);
  const gate = ref<Gate>("early");
  const rehearsing = ref(false);
  const stays = ref(false);
  const address = ref("");
  const asksConsent = ref(false);
  const texts = shallowRef<ConsentTexts | null>(null);
  const failure = ref<string | null>(null);
  const busy = ref(false);
  const reason = ref<Reason | null>(null);

  async function load(): Promise<void> {
    try {
      const view = await api.call("GET /api/invitations/mine", {});
      invitation.value = view;
      gate.value = gateOf(view, clock.now());
      trouble.value = null;
    } catch (error) {
      trouble.value = error instanceof Problem && UNKNOWN.has(error.status) ? "foreign" : "offline";
    }
  }

  function next(): Step {
    if (reason.value !== null) return "left";
    if (trouble.value !== null && invitation.value === null) return "link";
    if (invitation.value === null) return "loading";
    if (gate.value === "early") return rehearsing.value ? "rehearsal" : "early";
    return gate.value === "open" ? inside() : "link";
  }

  function inside(): Step {
    // WeChat's window comes first: opened in a browser, the same phone may have all it needs.
    if (surroundings.container !== "browser" && !stays.value && !seat.value.checked) return "app";
    if (surroundings.obstacle !== null) return "obstacle";
    if (!seat.value.checked) return "check";
    if (seat.value.arrived) return "live";
    return asksConsent.value ? "consent" : "address";
  }

  function remember(change: Partial<Seat>): void {
    seat.value = { ...seat.value, ...change };
    keepSeat(seat.value);
  }

  async function run(work: () => Promise<void>): Promise<void> {
    if (busy.value) return;
    busy.value = true;
    failure.value = null;
    try {
      await work();
    } catch (error) {
      failure.value = explain(error);
    } finally {
      busy.value = false;
    }
  }

  async function readTexts(): Promise<void> {
    texts.value ??= await api.call("GET /api/live/consents", {});
  }

  async function addressed(): Promise<void> {
    await run(readTexts);
    asksConsent.value = texts.value !== null;
  }

  async function consented(answers: Answers): Promise<void> {
    const known = texts.value;
    if (known === null) return;
    await run(async () => {
      await api.call("POST /api/live/check-in", { body: checkInOf(address.value, answers, known) });
      remember({ arrived: true });
    });
  }

  /** Also on the server, in the worker's name: what this device held opens nothing any more. */
  async function wipe(): Promise<void> {
    const id = invitation.value?.seat_id;
    wipeSeat(browserPlaces());
    if (id !== undefined) await staff.call("POST /api/site/seats/{seat_id}/wiping", { params: { seat_id: id } }).catch(() => undefined);
  }

  function over(why: Reason): void {
    reason.value = why;
    if (awaitsReply()) void load();
  }

  function awaitsReply(): boolean {
    return reason.value === "closed" && invitation.value?.role === "petitioner" && invitation.value.reply_in === null;
  }

  /** The doors open while the page is looked at, or the leader was changed meanwhile; afterwards the reply may come. */
  const again = setInterval(() => {
    if (document.visibilityState === "visible" && (next() === "early" || awaitsReply())) void load();
  }, 60_000);
  onScopeDispose(() => clearInterval(again));
  const step = computed(next);
  watch(step, (now) => {
    if (now === "live") void readTexts().catch(() => undefined);
  });

  return {
    api,
    step,
    invitation,
    linkProblem: computed(() => trouble.value ?? (gate.value === "open" || gate.value === "early" ? "offline" : gate.value)),
    surroundings,
    seat,
    texts,
    address,
    failure,
    busy,
    reason,
    load,
    rehearse: (on) => (rehearsing.value = on),
    stayInApp: () => (stays.value = true),
    checked: (soundOnly) => remember({ checked: true, soundOnly }),
    addressed,
    consented,
    over,
    back: () => (reason.value = null),
    wipe,
  };
}
