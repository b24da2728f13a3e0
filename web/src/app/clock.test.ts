import { expect, test } from "vitest";
import { createServerClock } from "./clock";

const SERVER = 1_785_800_000_000;

test("the clock follows the server, not the device", () => {
  let device = SERVER - 3_600_000;
  const clock = createServerClock(() => device);
  clock.learn(SERVER, device, device + 100);
  device += 100;
  expect(clock.now()).toBe(SERVER + 50);
});

test("a slow answer does not spoil what a quick one taught", () => {
  const clock = createServerClock(() => 1_000_000);
  clock.learn(SERVER, 1_000_000, 1_000_040);
  const before = clock.now();
  clock.learn(SERVER + 1500, 1_000_000, 1_004_000);
  expect(clock.now()).toBe(before);
});

test("a device clock that was set anew is noticed", () => {
  let device = 1_000_000;
  const clock = createServerClock(() => device);
  clock.learn(SERVER, device, device + 40);
  device += 7_200_000;
  clock.learn(SERVER + 60_000, device, device + 200);
  expect(Math.abs(clock.now() - (SERVER + 60_000 - 100))).toBeLessThan(1);
});
