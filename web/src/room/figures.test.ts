import { describe, expect, test } from "vitest";
import { figuresOf } from "./figures";

const CALM = { loss: 0.004, sent_loss: 0.011, rtt: 80.4, kbps: 812.5, width: 640, freezes: 0 };

function grades(change: Partial<typeof CALM>): string[] {
  return figuresOf({ ...CALM, ...change }).map(({ grade }) => grade);
}

describe("the figures of a line", () => {
  test("are in per cent, milliseconds, kilobits, pixels and times", () => {
    expect(figuresOf(CALM).map(({ of, number }) => [of, number])).toEqual([
      ["loss", 0.4],
      ["sent_loss", 1.1],
      ["rtt", 80],
      ["kbps", 813],
      ["width", 640],
      ["freezes", 0],
    ]);
    expect(figuresOf({ ...CALM, loss: 0.226 })[0]?.number).toBe(23);
  });

  test.each([
    [{}, ["good", "good", "good", "good", "good", "good"]],
    [{ loss: 0.05, sent_loss: 0.05, rtt: 500, kbps: 299, width: 319, freezes: 1 }, ["weak", "weak", "weak", "weak", "weak", "weak"]],
    [{ loss: 0.2, sent_loss: 0.2, rtt: 1000, kbps: 99, width: 0, freezes: 4 }, ["bad", "bad", "bad", "bad", "bad", "bad"]],
  ])("are graded as the server grades a line: %o", (change, expected) => {
    expect(grades(change)).toEqual(expected);
  });

  test("say so where nothing was measured", () => {
    const nothing = { loss: null, sent_loss: null, rtt: null, kbps: null, width: null, freezes: null };
    expect(new Set(figuresOf(nothing).map(({ grade }) => grade))).toEqual(new Set(["unknown"]));
  });
});
