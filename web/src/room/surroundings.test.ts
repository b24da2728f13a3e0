import { expect, test } from "vitest";
import { surroundingsOf, type Signs } from "./surroundings";

const IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";
const MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15";
const WECHAT = "Mozilla/5.0 (Linux; Android 14; V2309A) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36 MicroMessenger/8.0.50";

function signs(change: Partial<Signs>): Signs {
  return { agent: MAC, touchPoints: 0, secure: true, hasPeerConnection: true, hasUserMedia: true, ...change };
}

test.each([
  [{ agent: IPHONE }, "ios", "browser"],
  [{ agent: MAC }, "desktop", "browser"],
  [{ agent: MAC, touchPoints: 5 }, "ios", "browser"],
  [{ agent: WECHAT }, "android", "wechat"],
  [{ agent: `${IPHONE} DingTalk/7.5` }, "ios", "other_app"],
])("knows the device and the window from %o", (change, platform, container) => {
  expect(surroundingsOf(signs(change))).toEqual({ platform, container, obstacle: null });
});

test.each([
  [{ secure: false, hasUserMedia: false }, "insecure"],
  [{ hasUserMedia: false }, "too_old"],
  [{ hasPeerConnection: false }, "too_old"],
])("says what stands in the way with %o", (change, obstacle) => {
  expect(surroundingsOf(signs(change)).obstacle).toBe(obstacle);
});
