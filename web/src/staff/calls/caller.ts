import type { CallTaskView, ChoiceView } from "@/api/schema.gen";

/** Calls that are not asked beside their question, which stands open. An apology is owed whatever they say. */
export function besides<Call extends Pick<CallTaskView, "choice_id" | "kind">>(
  calls: readonly Call[],
  choices: readonly Pick<ChoiceView, "id">[],
): Call[] {
  const asked = new Set(choices.map((choice) => choice.id));
  return calls.filter((call) => call.choice_id === null || !asked.has(call.choice_id) || call.kind === "leader_missed");
}
