import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { View } from "@/api/protocol.gen";
import { createViews, type Wish } from "./views";

function wish(views: Record<string, View>, change: Partial<Wish> = {}): Wish {
  return { views, screen: "large", pictures: true, ...change };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("sizes are told once they settle, and only when they change", async () => {
  const tell = vi.fn(() => Promise.resolve());
  const views = createViews(tell);
  views.set("ann", 900);
  views.set("bo", 120);
  await vi.advanceTimersByTimeAsync(300);
  expect(tell.mock.calls).toEqual([[wish({ ann: "large", bo: "small" })]]);
  views.set("ann", 880);
  await vi.advanceTimersByTimeAsync(300);
  expect(tell).toHaveBeenCalledTimes(1);
  views.set("bo", null);
  await vi.advanceTimersByTimeAsync(300);
  expect(tell).toHaveBeenLastCalledWith(wish({ ann: "large" }));
});

test("what could not be told is told again, and so is all after new connections", async () => {
  const tell = vi.fn<() => Promise<void>>().mockRejectedValueOnce(new Error("no line")).mockResolvedValue();
  const views = createViews(tell);
  views.set("ann", 900);
  await vi.advanceTimersByTimeAsync(300);
  views.again();
  await vi.advanceTimersByTimeAsync(300);
  expect(tell).toHaveBeenCalledTimes(2);
  views.again();
  await vi.advanceTimersByTimeAsync(300);
  expect(tell).toHaveBeenCalledTimes(3);
});

test("nobody's picture needs to come to a page that nobody looks at for a while, and all again at once", async () => {
  const tell = vi.fn<(wish: Wish) => Promise<void>>().mockResolvedValue();
  const views = createViews(tell);
  views.set("ann", 900);
  await vi.advanceTimersByTimeAsync(300);
  views.look(false);
  await vi.advanceTimersByTimeAsync(4_000);
  views.look(true);
  expect(tell).toHaveBeenCalledTimes(1);
  views.look(false);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(tell).toHaveBeenLastCalledWith(wish({ ann: "none" }, { screen: "none" }));
  views.set("bo", 120);
  await vi.advanceTimersByTimeAsync(300);
  expect(tell).toHaveBeenLastCalledWith(wish({ ann: "none", bo: "none" }, { screen: "none" }));
  views.look(true);
  expect(tell).toHaveBeenLastCalledWith(wish({ ann: "large", bo: "small" }));
});

test("sound only is told, and kept for the next time", async () => {
  localStorage.clear();
  const tell = vi.fn(() => Promise.resolve());
  const views = createViews(tell);
  expect(views.blind.value).toBe(false);
  views.soundOnly.value = true;
  await vi.advanceTimersByTimeAsync(300);
  expect(tell).toHaveBeenLastCalledWith(wish({}, { pictures: false }));
  expect(views.blind.value).toBe(true);
  const again = createViews(tell);
  expect(again.soundOnly.value).toBe(true);
  again.soundOnly.value = false;
  await vi.advanceTimersByTimeAsync(300);
  expect(tell).toHaveBeenLastCalledWith(wish({}));
  expect(createViews(tell).soundOnly.value).toBe(false);
});

test("a line that bears no picture hides them until it does", () => {
  localStorage.clear();
  const views = createViews(() => Promise.resolve());
  views.bears(false);
  expect([views.blind.value, views.soundOnly.value]).toEqual([true, false]);
  views.bears(true);
  expect(views.blind.value).toBe(false);
});
