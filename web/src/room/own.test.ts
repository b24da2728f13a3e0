import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { effectScope, type EffectScope } from "vue";
import { FakeStream, FakeTrack } from "@/rtc/fake";
import { useOwnMedia, type OwnMedia } from "./own";

/** A camera: what hears nothing needs no meter. */
class Camera extends FakeTrack {
  enabled = true;
  muted = false;
  readyState = "live";
  onmute: (() => void) | null = null;
  onunmute: (() => void) | null = null;
  onended: (() => void) | null = null;

  getSettings = () => ({});
  stop = (): void => void (this.readyState = "ended");

  become(muted: boolean): void {
    this.muted = muted;
    (muted ? this.onmute : this.onunmute)?.();
  }
}

let scope: EffectScope;
let own: OwnMedia;
let given: Camera[];
let refusal: string | null;
let comesMuted: boolean;

function look(visible: boolean): void {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue(visible ? "visible" : "hidden");
  document.dispatchEvent(new Event("visibilitychange"));
}

/** The camera that was given last. */
function camera(): Camera {
  const last = given.at(-1);
  if (last === undefined) throw new Error("no camera was asked for");
  return last;
}

beforeEach(async () => {
  vi.useFakeTimers();
  vi.stubGlobal("MediaStream", FakeStream);
  vi.stubGlobal("isSecureContext", true);
  given = [];
  refusal = null;
  comesMuted = false;
  const mediaDevices = Object.assign(new EventTarget(), {
    enumerateDevices: () => Promise.resolve([]),
    getUserMedia: () => {
      if (refusal !== null) return Promise.reject(new DOMException("", refusal));
      given.push(Object.assign(new Camera("video", `camera ${given.length}`), { muted: comesMuted }));
      return Promise.resolve(new FakeStream([camera()]));
    },
  });
  vi.stubGlobal("navigator", { mediaDevices });
  scope = effectScope();
  scope.run(() => (own = useOwnMedia()));
  await own.open({ audio: false, video: true });
});
afterEach(() => {
  scope.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("what a phone call takes away is missing as long as it lasts, and then there again", () => {
  expect(own.given("video")).toBe(camera());
  camera().become(true);
  expect([own.missing.video, own.given("video")]).toEqual(["busy", null]);
  camera().become(false);
  expect([own.missing.video, own.given("video")]).toEqual([undefined, camera()]);
});

test("what is not given back though the page is seen again is taken anew", async () => {
  const old = camera();
  look(false);
  old.become(true);
  look(true);
  await vi.advanceTimersByTimeAsync(1_900);
  expect(given).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(given).toHaveLength(2);
  expect([old.readyState, own.missing.video, own.given("video")]).toEqual(["ended", undefined, camera()]);
});

test("what is given back in time is kept", async () => {
  look(false);
  camera().become(true);
  look(true);
  camera().become(false);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(given).toHaveLength(1);
});

test("while the call lasts a press finds it busy, and its end is still noticed", async () => {
  camera().become(true);
  refusal = "NotReadableError";
  const pressed = await own.toggle("video");
  expect([pressed, own.missing.video, camera().readyState]).toEqual([false, "busy", "live"]);
  camera().become(false);
  expect([own.missing.video, own.given("video")]).toEqual([undefined, camera()]);
});

test("a press takes anew what a call has taken", async () => {
  camera().become(true);
  expect(await own.toggle("video")).toBe(true);
  expect([given.length, own.given("video")]).toEqual([2, camera()]);
});

test("one that comes while the call still lasts is missing until it gives something", async () => {
  camera().become(true);
  comesMuted = true;
  expect(await own.toggle("video")).toBe(false);
  expect([given.length, own.missing.video]).toEqual([2, "busy"]);
  camera().become(false);
  expect(own.given("video")).toBe(camera());
});
