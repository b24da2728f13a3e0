import { expect, test } from "vitest";
import type { Surroundings } from "../surroundings";
import { adviceFor } from "./advice";

const iphone: Surroundings = { platform: "ios", container: "browser", obstacle: null };
const wechat: Surroundings = { platform: "android", container: "wechat", obstacle: null };

test("nothing missing needs no advice", () => {
  expect(adviceFor({}, iphone)).toBeNull();
});

test.each([
  [{ audio: "refused", video: "refused" }, iphone, { what: "both", trouble: "refused", steps: "refused.ios" }],
  [{ video: "none" }, iphone, { what: "camera", trouble: "none", steps: "none.ios" }],
  [{ audio: "busy" }, wechat, { what: "microphone", trouble: "busy", steps: "busy.android" }],
  [{ video: "refused" }, wechat, { what: "camera", trouble: "refused", steps: "refused.app" }],
] as const)("%o leads to the right words", (missing, surroundings, advice) => {
  expect(adviceFor(missing, surroundings)).toEqual(advice);
});
