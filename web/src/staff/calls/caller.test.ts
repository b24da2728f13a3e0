import { expect, test } from "vitest";
import type { CallKind } from "@/api/schema.gen";
import { besides } from "./caller";

const call = (kind: CallKind, choice_id: string | null): { kind: CallKind; choice_id: string | null } => ({ kind, choice_id });

test("a call is left out where its question stands open beside it", () => {
  const unasked = call("call_me", null);
  const over = call("choice_by_phone", "over");
  const apology = call("leader_missed", "open");
  expect(besides([unasked, over, call("choice_by_phone", "open"), apology], [{ id: "open" }])).toEqual([unasked, over, apology]);
});
