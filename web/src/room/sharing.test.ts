import { computed, effectScope, nextTick, ref, type EffectScope } from "vue";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { PersonCard } from "@/api/protocol.gen";
import type { Request } from "@/app/socket";
import { ScreenError } from "@/rtc/screen";
import { useSharing, type Sharing } from "./sharing";

class Screen {
  onended: (() => void) | null = null;
  isStopped = false;
  stop(): void {
    this.isStopped = true;
  }
}

let scope: EffectScope;
let asked: Request[];
let sent: (Screen | null)[];
let answer: boolean;
let screen: Screen;
let opens: () => Promise<Screen>;
let sharing: Sharing;
const shares = ref(false);
const me = computed(() => ({ participant_id: "me", shares: shares.value }) as PersonCard);

beforeEach(() => {
  [asked, sent, answer, screen, scope] = [[], [], true, new Screen(), effectScope()];
  shares.value = false;
  opens = () => Promise.resolve(screen);
  const parts = {
    me,
    ask: (request: Request) => {
      asked.push(request);
      if (answer) shares.value = request.type === "share.start";
      return Promise.resolve(answer);
    },
    send: (track: MediaStreamTrack | null) => sent.push(track as unknown as Screen | null),
    open: () => opens() as unknown as Promise<MediaStreamTrack>,
    possible: true,
  };
  scope.run(() => (sharing = useSharing(parts)));
});
afterEach(() => scope.stop());

test("what was chosen is sent once the server lets it", async () => {
  await sharing.start();
  expect([asked, sent]).toEqual([[{ type: "share.start" }], [screen]]);
  await sharing.stop();
  expect(asked.at(-1)).toEqual({ type: "share.stop", participant_id: "me" });
  expect([sent, screen.isStopped]).toEqual([[screen, null], true]);
});

test("what the server refuses is never sent", async () => {
  answer = false;
  await sharing.start();
  expect([screen.isStopped, sent]).toEqual([true, [null]]);
  expect(sent).not.toContain(screen);
});

test("the browser's own bar ends it", async () => {
  await sharing.start();
  screen.onended?.();
  await nextTick();
  expect([asked.at(-1)?.type, sent.at(-1)]).toEqual(["share.stop", null]);
});

test("what the server ended is let go without another word", async () => {
  await sharing.start();
  shares.value = false;
  await nextTick();
  expect([screen.isStopped, sent.at(-1), asked.length]).toEqual([true, null, 1]);
});

test("a choice that was closed asks nothing of anybody, and may be made again", async () => {
  opens = () => Promise.reject(new ScreenError("refused"));
  await sharing.start();
  expect([sharing.trouble.value, asked, sent]).toEqual(["refused", [], []]);
  opens = () => Promise.resolve(screen);
  await sharing.start();
  expect([sharing.trouble.value, sent]).toEqual([null, [screen]]);
});

test("leaving the page lets the screen go", async () => {
  await sharing.start();
  scope.stop();
  expect(screen.isStopped).toBe(true);
});
