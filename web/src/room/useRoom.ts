/** A live session as a page uses it: the picture, the people's streams, and what can be done. */

import { computed, onMounted, onScopeDispose, provide, readonly, ref, shallowReactive, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from "vue";
import type { Done, Left, Told } from "@/api/protocol.gen";
import type { Api } from "@/app/api";
import { useClock } from "@/app/clock";
import type { Problem } from "@/app/problem";
import { lineAddress, type LineState, type Request, type Vitals, type Wire } from "@/app/socket";
import { Peers, type PeersState } from "@/rtc/peers";
import { SCREEN } from "@/rtc/sdp";
import { KINDS, type Kind } from "@/rtc/sender";
import { createLiveRoom, type Signal } from "./live";
import type { OwnMedia } from "./own";
import { useSharing, type Sharing } from "./sharing";
import { amOutside, company, may, myself, sharerAmong, type RoomState } from "./state";
import { unseenAmong } from "./unseen";
import { createViews, viewsKey, type Views } from "./views";

export interface RoomOptions {
  readonly api: Api;
  /** Staff name the session; a personal link names it by itself. */
  readonly appointmentId?: string;
  readonly own: OwnMedia;
  readonly onTold?: (fact: Told) => void;
}

export interface Room {
  readonly state: Readonly<ShallowRef<RoomState | null>>;
  readonly line: Readonly<Ref<LineState>>;
  /** Why the line is closed for good. */
  readonly problem: Readonly<ShallowRef<Problem | null>>;
  /** No picture comes: by my wish, or because the line bears none. */
  readonly views: Views;
  readonly parted: Readonly<ShallowRef<Left | null>>;
  /** Pictures and voices by participant; a screen by the participant's id and `.screen`. */
  readonly streams: ReadonlyMap<string, MediaStream>;
  readonly legs: Readonly<ShallowRef<PeersState>>;
  readonly me: ComputedRef<ReturnType<typeof myself>>;
  readonly company: ComputedRef<ReturnType<typeof company>>;
  /** Whose picture this device cannot show, though they are heard. */
  readonly unseen: Readonly<ShallowRef<ReadonlySet<string>>>;
  /** Whose screen I see, and its picture once it comes. */
  readonly sharer: ComputedRef<ReturnType<typeof sharerAmong>>;
  readonly screen: ComputedRef<MediaStream | null>;
  readonly sharing: Sharing;
  readonly outside: ComputedRef<boolean>;
  /** The line or the media is being brought back. */
  readonly reconnecting: ComputedRef<boolean>;
  may(action: string): boolean;
  /** True when it was done; a refusal is told by `refusal`. */
  ask(request: Request): Promise<boolean>;
  readonly refusal: Readonly<ShallowRef<unknown>>;
  /** A new private room; its id, or null where it was refused. */
  open(): Promise<string | null>;
  enter(): void;
  leave(): Promise<void>;
}

const CONNECTING: PeersState = { sending: "connecting", receiving: "connecting" };
const NO_VITALS: Vitals = { loss: null, rtt: null, width: null, height: null, kbps: null };

export function useRoom({ api, appointmentId, own, onTold }: RoomOptions): Room {
  const clock = useClock();
  const state = shallowRef<RoomState | null>(null);
  const line = ref<LineState>("closed");
  const problem = shallowRef<Problem | null>(null);
  const parted = shallowRef<Left | null>(null);
  const streams = shallowReactive(new Map<string, MediaStream>());
  const legs = shallowRef(CONNECTING);
  const refusal = shallowRef<unknown>(null);
  let peers: Peers | null = null;
  let vitals = NO_VITALS;
  /** Since the last heartbeat. */
  let freezes: number | null = null;
  const unseen = shallowRef<ReadonlySet<string>>(new Set());
  let suspected = unseen.value;

  const live = createLiveRoom({
    pass: async () => {
      const body = { appointment_id: appointmentId ?? null };
      const { ticket, url } = await api.call("POST /api/live/tickets", { body });
      return { ticket, address: lineAddress(url) };
    },
    open: (address) => new WebSocket(address) as Wire,
    media: newPeers,
    stream: () => own.stream.value,
    vitals: () => {
      const measured = { ...vitals, freezes, unseen: unseen.value.size };
      freezes = null;
      return measured;
    },
    random: Math.random,
    onPicture: (next) => (state.value = next),
    onTold: (fact) => onTold?.(fact),
    onWelcome: ({ clock_now }) => {
      clock.learn(Date.parse(clock_now), Date.now(), Date.now());
      sayMute();
      if (!outside.value) views.again();
    },
    onPictures: (on) => views.bears(on),
    onLine: (next, why) => {
      line.value = next;
      problem.value = why;
    },
    onParted: (left) => (parted.value = left),
  });

  const views = createViews((wish) => live.send({ type: "media.view", ...wish }));
  provide(viewsKey, views);

  function newPeers(signal: Signal): Peers {
    legs.value = CONNECTING;
    views.again();
    peers = new Peers({
      signal,
      onRemote: (member, stream) => {
        if (stream === null) streams.delete(member);
        else streams.set(member, stream);
      },
      onState: (next) => {
        if (next.receiving === "up" && legs.value.receiving !== "up") views.again();
        legs.value = next;
      },
      onVitals: ({ loss, rtt, width, height, kbps, freezes: more }) => {
        vitals = { loss, rtt, width, height, kbps };
        if (more !== null) freezes = (freezes ?? 0) + more;
        lookForPictures();
      },
    });
    show(peers);
    return peers;
  }

  /** Twice in a row: while people come, or another codec is agreed, sound may be there first. */
  function lookForPictures(): void {
    const looks = !views.blind.value && document.visibilityState === "visible"; // else none need to come
    const now = new Set(looks ? unseenAmong(others.value, streams) : []);
    const lasting = new Set([...now].filter((id) => suspected.has(id)));
    suspected = now;
    if (lasting.size !== unseen.value.size || [...lasting].some((id) => !unseen.value.has(id))) unseen.value = lasting;
  }

  async function attempt(request: Request): Promise<Done | null> {
    try {
      const done = await live.send(request);
      refusal.value = null;
      return done;
    } catch (error) {
      refusal.value = error;
      return null;
    }
  }

  async function ask(request: Request): Promise<boolean> {
    return (await attempt(request)) !== null;
  }

  async function open(): Promise<string | null> {
    return (await attempt({ type: "caucus.open" }))?.room_id ?? null;
  }

  /** The host's word stands above my switch. */
  function isShown(kind: Kind): boolean {
    const held = state.value === null ? undefined : myself(state.value)?.muted_by_host;
    return own.on[kind] && own.given(kind) !== null && !(kind === "audio" && held === true);
  }

  function show(link: Peers): void {
    for (const kind of KINDS) void link.mute(kind, !isShown(kind));
  }

  function sayMute(): void {
    void ask({ type: "say.mute", audio: isShown("audio"), video: isShown("video") });
  }

  const outside = computed(() => state.value === null || amOutside(state.value));
  const me = computed(() => (state.value === null ? undefined : myself(state.value)));
  const others = computed(() => (state.value === null ? [] : company(state.value)));
  const sharer = computed(() => sharerAmong(others.value));
  const sharing = useSharing({ me, ask, send: (track) => peers?.share(track) });
  watch([() => own.on.audio, () => own.on.video, () => me.value?.muted_by_host, own.stream, () => own.given("audio"), () => own.given("video")], () => {
    for (const kind of KINDS) void peers?.replaceTrack(kind, own.given(kind));
    if (peers !== null) show(peers);
    if (line.value === "open") sayMute();
  });

  const back = () => {
    const looks = document.visibilityState === "visible";
    views.look(looks);
    if (looks) live.hurry();
  };
  onMounted(() => {
    addEventListener("online", back);
    document.addEventListener("visibilitychange", back);
  });
  onScopeDispose(() => {
    removeEventListener("online", back);
    document.removeEventListener("visibilitychange", back);
    views.stop();
    live.close();
  });

  return {
    state,
    line: readonly(line),
    problem,
    views,
    parted,
    streams,
    legs,
    refusal,
    me,
    company: others,
    unseen,
    sharer,
    screen: computed(() => streams.get(`${sharer.value?.participant_id ?? ""}${SCREEN}`) ?? null),
    sharing,
    outside,
    reconnecting: computed(() => state.value !== null && (line.value !== "open" || (!outside.value && isLost(legs.value)))),
    may: (action) => may(state.value, action),
    ask,
    open,
    enter: () => live.enter(),
    leave: () => live.leave(),
  };
}

function isLost(legs: PeersState): boolean {
  return legs.sending === "lost" || legs.receiving === "lost";
}
