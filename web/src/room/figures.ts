/** How somebody's line does: a word of each thing that was measured first, its number second. */

import type { Vitals } from "@/api/protocol.gen";

/** Those that are graded: how high a picture is says no more than how wide. */
type Measured = Omit<Vitals, "height" | "unseen">;

export type Grade = "good" | "weak" | "bad" | "unknown";

export interface Figure {
  readonly of: keyof Measured;
  readonly grade: Grade;
  /** Per cent, milliseconds, kilobits a second, pixels, times in the last minute. */
  readonly number: number;
}

/** From where on it is weak, and bad; where more is better, below what. The first two are the server's own bounds. */
const WORSE = { loss: [0.05, 0.2], sent_loss: [0.05, 0.2], rtt: [500, 1000], freezes: [1, 4] } as const;
const BETTER = { kbps: [300, 100], width: [320, 1] } as const;

export function figuresOf(vitals: Measured): Figure[] {
  return [
    rising("loss", vitals.loss, percent),
    rising("sent_loss", vitals.sent_loss, percent),
    rising("rtt", vitals.rtt, Math.round),
    falling("kbps", vitals.kbps),
    falling("width", vitals.width),
    rising("freezes", vitals.freezes, Math.round),
  ];
}

function rising(of: keyof typeof WORSE, value: number | null, shown: (value: number) => number): Figure {
  if (value === null) return { of, grade: "unknown", number: 0 };
  const [weak, bad] = WORSE[of];
  return { of, grade: value >= bad ? "bad" : value >= weak ? "weak" : "good", number: shown(value) };
}

function falling(of: keyof typeof BETTER, value: number | null): Figure {
  if (value === null) return { of, grade: "unknown", number: 0 };
  const [weak, bad] = BETTER[of];
  return { of, grade: value < bad ? "bad" : value < weak ? "weak" : "good", number: Math.round(value) };
}

/** Small shares with one decimal: they are the common ones. */
function percent(share: number): number {
  return Number((share * 100).toFixed(share < 0.1 ? 1 : 0));
}
