import { describe, expect, test } from "vitest";
import { bodyOf, faultsOf, NO_VERDICT, type Verdict } from "./verdict";

const whole: Verdict = {
  ...NO_VERDICT,
  instruction: " 请住建局核实 ",
  unit: "unit",
  deadline: "2026-08-19",
  reply: "已交住建局，十五日内答复。",
  release: true,
};
const leader = { today: "2026-08-04", isOperator: false };

describe("what is missing", () => {
  test("in a whole verdict is nothing", () => {
    expect(faultsOf(whole, leader)).toEqual({});
  });

  test.each([
    [{ unit: null }, { instruction_unit_id: "missing" }],
    [{ deadline: "" }, { deadline: "missing" }],
    [{ deadline: "2026-08-04" }, { deadline: "past" }],
    [{ reply: " " }, { reply: "missing" }],
    [{ reply: "", release: false }, {}],
    [{ instruction: "", unit: null, deadline: "" }, {}],
  ] as const)("with %o", (change, faults) => {
    expect(faultsOf({ ...whole, ...change }, leader)).toEqual(faults);
  });

  test("for an operator is the reading back, until it was done", () => {
    const operator = { ...leader, isOperator: true };
    expect([faultsOf(whole, operator), faultsOf({ ...whole, readBack: true }, operator)]).toEqual([{ read_back: "missing" }, {}]);
  });
});

describe("what is sent", () => {
  test("keeps the two texts apart, and a deadline lasts its whole day in China", () => {
    expect(bodyOf(whole)).toEqual({
      result: "held",
      instruction: "请住建局核实",
      instruction_unit_id: "unit",
      deadline: "2026-08-19T23:59:59+08:00",
      reply: "已交住建局，十五日内答复。",
      release: true,
    });
  });

  test("without an instruction there is no unit, and without a reply nothing is released", () => {
    expect(bodyOf({ ...whole, instruction: "", reply: "" })).toMatchObject({
      instruction: null,
      instruction_unit_id: null,
      deadline: null,
      reply: null,
      release: false,
    });
  });
});
