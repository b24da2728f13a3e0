import { expect, test } from "vitest";
import { hintFor, type Circumstances } from "./hints";

const calm: Circumstances = {
  reconnecting: false,
  mutedByHost: false,
  microphoneTaken: false,
  noMicrophone: false,
  speakingMuted: false,
  myFloor: null,
  speaker: [],
  picturesRest: false,
  myLine: "good",
  weakOthers: [],
  paused: false,
  suspended: false,
  apart: [],
  justCalled: false,
};

test("a calm room says nothing", () => {
  expect(hintFor(calm)).toBeNull();
});

test.each([
  [{ speakingMuted: true, myLine: "bad" }, "speaking_muted"],
  [{ speakingMuted: true, mutedByHost: true }, "muted_by_host"],
  [{ reconnecting: true, justCalled: true }, "reconnecting"],
  [{ noMicrophone: true, justCalled: true }, "no_microphone"],
  [{ noMicrophone: true, microphoneTaken: true }, "microphone_taken"],
  [{ myLine: "weak" }, undefined],
  [{ myFloor: "muted", speakingMuted: true }, "floor_muted"],
  [{ myFloor: "muted", noMicrophone: true }, "no_microphone"],
  [{ myFloor: "open", myLine: "bad" }, "floor_mine"],
  [{ speaker: ["a"], apart: ["b"] }, "apart"],
  [{ myLine: "bad", picturesRest: true }, "pictures_rest"],
] as const)("of %o it says what matters most", (change, key) => {
  expect(hintFor({ ...calm, ...change })?.key).toBe(key);
});

test("it names who talks apart", () => {
  expect(hintFor({ ...calm, apart: ["a", "b"] })).toEqual({ key: "apart", tone: "info", names: ["a", "b"] });
});

test("it names whom the host asked to speak", () => {
  expect(hintFor({ ...calm, speaker: ["a"] })).toEqual({ key: "floor_other", tone: "info", names: ["a"] });
});

test("it names whose line is bad", () => {
  expect(hintFor({ ...calm, weakOthers: ["a", "b"] })).toEqual({ key: "other_line", tone: "info", names: ["a", "b"] });
});
