import { expect, test } from "vitest";
import { described } from "./fake";
import { readDescription } from "./sdp";

test("each section says whose track it carries, and nobody's while it rests", () => {
  expect(readDescription(described("77", ["alice", null]))).toEqual({
    session: "77",
    sections: [
      { mid: "0", kind: "audio", member: "alice" },
      { mid: "1", kind: "video", member: "alice" },
      { mid: "2", kind: "audio", member: null },
      { mid: "3", kind: "video", member: null },
    ],
  });
});

test("what is no description is empty", () => {
  expect(readDescription("")).toEqual({ session: "", sections: [] });
});
