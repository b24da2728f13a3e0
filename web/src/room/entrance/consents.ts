/** What a person is told or asked before the door, and what they answer. */

import type { CheckIn, ConsentTexts } from "@/api/schema.gen";

export type ConsentKind = "join" | "record";
export type Answers = Readonly<Record<ConsentKind, boolean>>;

export const KINDS: readonly ConsentKind[] = ["join", "record"];

export function checkInOf(address: string, answers: Answers, texts: ConsentTexts): CheckIn {
  const consents = KINDS.map((kind) => ({ kind, given: answers[kind] }));
  return { present_address: address.trim(), consents, text_version: texts.version };
}

/** Without taking part there is no door; without recording there is another way. */
export function mayEnter(answers: Answers): boolean {
  return answers.join;
}
