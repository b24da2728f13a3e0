/** One camera, three encodings: each listener gets the one that suits their line and screen. */

export const ENCODINGS: readonly RTCRtpEncodingParameters[] = [
  { rid: "f", maxBitrate: 1_200_000 },
  { rid: "h", scaleResolutionDownBy: 2, maxBitrate: 450_000 },
  { rid: "q", scaleResolutionDownBy: 4, maxBitrate: 140_000 },
];

/** Of a shared screen, letters before motion: on a weak line fewer pictures, each as sharp as before. */
export const SCREEN_ENCODING: RTCRtpEncodingParameters = { maxBitrate: 1_500_000, maxFramerate: 15, priority: "high" };

/** Send these, and rest the others: all, where nobody watches. A single encoding of a browser that makes no more has no name. */
export async function sendOnly(sender: RTCRtpSender, rids: readonly string[]): Promise<void> {
  const parameters = sender.getParameters();
  const changed = parameters.encodings.filter(({ rid, active }) => active !== rids.includes(rid ?? ""));
  if (changed.length === 0) return;
  for (const encoding of changed) encoding.active = !encoding.active;
  await sender.setParameters(parameters);
}
