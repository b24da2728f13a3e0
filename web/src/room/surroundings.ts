/** What the page runs in: phone or desk, a browser or an app's window, able to see and hear or not. */

export type Platform = "ios" | "android" | "desktop";
export type Container = "wechat" | "other_app" | "browser";
/** What stands in the way before a camera is even asked for. */
export type Obstacle = "insecure" | "too_old";

export interface Surroundings {
  readonly platform: Platform;
  readonly container: Container;
  readonly obstacle: Obstacle | null;
}

export interface Signs {
  readonly agent: string;
  readonly touchPoints: number;
  readonly secure: boolean;
  readonly hasPeerConnection: boolean;
  readonly hasUserMedia: boolean;
}

function platformOf({ agent, touchPoints }: Signs): Platform {
  if (/iPhone|iPad|iPod/.test(agent)) return "ios";
  // An iPad calls itself a Mac, but no Mac has a touch screen.
  if (agent.includes("Macintosh") && touchPoints > 1) return "ios";
  return agent.includes("Android") ? "android" : "desktop";
}

function containerOf({ agent }: Signs): Container {
  if (agent.includes("MicroMessenger")) return "wechat";
  return /DingTalk|AlipayClient|QQ\/|Weibo|aweme|NewsArticle/.test(agent) ? "other_app" : "browser";
}

function obstacleOf(signs: Signs): Obstacle | null {
  // Without TLS the browser hides the camera, so this comes before its age.
  if (!signs.secure) return "insecure";
  return signs.hasPeerConnection && signs.hasUserMedia ? null : "too_old";
}

export function surroundingsOf(signs: Signs): Surroundings {
  return { platform: platformOf(signs), container: containerOf(signs), obstacle: obstacleOf(signs) };
}

export function readSigns(): Signs {
  // Old browsers and plain http lack what the types promise.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  return {
    agent: navigator.userAgent,
    touchPoints: navigator.maxTouchPoints,
    secure: isSecureContext,
    hasPeerConnection: "RTCPeerConnection" in globalThis,
    hasUserMedia: typeof devices?.getUserMedia === "function",
  };
}
