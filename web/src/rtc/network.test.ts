import { afterEach, expect, test, vi } from "vitest";
import { onNetwork } from "./network";

/** What the browser tells of its network, and how often that was news. */
function watched(type?: string) {
  const connection = Object.assign(new EventTarget(), { type });
  vi.stubGlobal("navigator", { connection });
  let times = 0;
  const end = onNetwork(() => times++);
  const become = (next?: string): number => {
    connection.type = next;
    connection.dispatchEvent(new Event("change"));
    return times;
  };
  return { become, end, times: () => times };
}

afterEach(() => vi.unstubAllGlobals());

test("another guess of how fast the line is, is no other network", () => {
  const { become, end } = watched("wifi");
  expect([become("wifi"), become("wifi")]).toEqual([0, 0]);
  end();
});

test("another kind of network is news once", () => {
  const { become, end } = watched("wifi");
  expect([become("cellular"), become("cellular"), become("wifi")]).toEqual([1, 1, 2]);
  end();
});

test("what is not known is no news, and neither is the same network after it", () => {
  const { become, end } = watched("wifi");
  expect([become("none"), become("wifi"), become("unknown"), become("cellular")]).toEqual([0, 0, 0, 1]);
  end();
  const desktop = watched();
  expect([desktop.become(), desktop.become()]).toEqual([0, 0]);
  desktop.end();
});

test("a device that is back on a network is news, until nobody asks any more", () => {
  const { become, end, times } = watched();
  window.dispatchEvent(new Event("online"));
  expect(times()).toBe(1);
  end();
  window.dispatchEvent(new Event("online"));
  expect(become("wifi")).toBe(1);
});

test("a browser that tells nothing of its network still says when there is one", () => {
  vi.stubGlobal("navigator", {});
  let times = 0;
  const end = onNetwork(() => times++);
  window.dispatchEvent(new Event("online"));
  end();
  expect(times).toBe(1);
});
