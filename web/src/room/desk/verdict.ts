/** What a leader decides at the end of a session: two texts that never mix. */

import type { DecisionBody, Result } from "@/api/schema.gen";

export interface Verdict {
  result: Result | null;
  instruction: string;
  unit: string | null;
  /** A calendar day, as 2026-08-04. */
  deadline: string;
  reply: string;
  release: boolean;
  /** For whoever writes in the leader's name: it was read back and confirmed. */
  readBack: boolean;
}

export const RESULTS: readonly Result[] = ["held", "adjourned", "aborted", "nobody_came", "safety_stop"];
export const LONGEST = 2_000;

export const NO_VERDICT: Readonly<Verdict> = {
  result: "held",
  instruction: "",
  unit: null,
  deadline: "",
  reply: "",
  release: false,
  readBack: false,
};

export type Fault = "instruction_unit_id" | "deadline" | "reply" | "read_back" | "instruction";

interface Circumstances {
  readonly today: string;
  /** Whoever writes in the leader's name reads it back. */
  readonly isOperator: boolean;
}

/** What is still missing, by the field it belongs to; the server looks again. */
export function faultsOf(verdict: Readonly<Verdict>, { today, isOperator }: Circumstances): Partial<Record<Fault, string>> {
  const instructed = verdict.instruction.trim() !== "";
  const replied = verdict.reply.trim() !== "";
  const rules: readonly (readonly [broken: boolean, field: Fault, fault: string])[] = [
    [verdict.instruction.length > LONGEST, "instruction", "too_long"],
    [instructed && verdict.unit === null, "instruction_unit_id", "missing"],
    [instructed && verdict.deadline === "", "deadline", "missing"],
    [verdict.deadline !== "" && verdict.deadline <= today, "deadline", "past"],
    [verdict.release && !replied, "reply", "missing"],
    [verdict.reply.length > LONGEST, "reply", "too_long"],
    [isOperator && !verdict.readBack, "read_back", "missing"],
  ];
  return Object.fromEntries(rules.flatMap(([broken, field, fault]) => (broken ? [[field, fault]] : [])));
}

function textOrNull(text: string): string | null {
  return text.trim() === "" ? null : text.trim();
}

/** A deadline is met until the end of its day in China. */
export function bodyOf(verdict: Readonly<Verdict>): DecisionBody {
  const instruction = textOrNull(verdict.instruction);
  const reply = textOrNull(verdict.reply);
  return {
    result: verdict.result ?? "held",
    instruction,
    instruction_unit_id: instruction === null ? null : verdict.unit,
    deadline: instruction === null || verdict.deadline === "" ? null : `${verdict.deadline}T23:59:59+08:00`,
    reply,
    release: reply !== null && verdict.release,
  };
}
