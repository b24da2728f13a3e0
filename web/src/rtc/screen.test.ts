import { expect, test, vi } from "vitest";
import type { Browser } from "./devices";
import { canShare, openScreen, ScreenError } from "./screen";
import { FakeStream, FakeTrack } from "./fake";

function browser(getDisplayMedia?: () => Promise<unknown>): Browser {
  return { secure: true, media: { getDisplayMedia } as unknown as MediaDevices, permissions: undefined };
}

const refusing = (name: string) => browser(() => Promise.reject(new DOMException("", name)));

test("a screen is opened for text, without sound", async () => {
  const track = new FakeTrack("video", "screen");
  const ask = vi.fn(() => Promise.resolve(new FakeStream([track])));
  expect(await openScreen(browser(ask))).toBe(track);
  expect(track).toMatchObject({ contentHint: "detail" });
  expect(ask.mock.calls).toMatchObject([[{ audio: false }]]);
});

test.each([
  [browser(), "unsupported"],
  [{ ...browser(), media: undefined }, "unsupported"],
  [refusing("NotAllowedError"), "refused"],
  [refusing("NotReadableError"), "failed"],
  [browser(() => Promise.resolve(new FakeStream())), "failed"],
])("what went wrong is told", async (where, trouble) => {
  await expect(openScreen(where)).rejects.toEqual(new ScreenError(trouble as ScreenError["trouble"]));
  await expect(openScreen(where)).rejects.toMatchObject({ trouble });
});

test("a browser that cannot is known before it is asked", () => {
  expect([canShare(browser()), canShare(refusing("any"))]).toEqual([false, true]);
});
