import { expect, test } from "vitest";
import type { AboutView, AuditLineView, WhoView } from "@/api/schema.gen";
import source from "../messages/zh-CN/audit.json";
import { GROUPS, aboutOf, codeOf, wayOf, whoOf } from "./reading";

const ID = "3f2a9c00-0000-4000-8000-000000000000";
const WHO: WhoView = { kind: "staff", id: ID, name: "Chen", roles: ["clerk"], session_role: null, reference: null };
const ABOUT: AboutView = { kind: "case", id: ID, title: "WX-2026-000012", name: null, at: null, role: null, case_id: null };

function line(action: string, who: Partial<WhoView>, about: Partial<AboutView> = {}): AuditLineView {
  return { id: 1, at: "2026-11-23T00:00:00Z", who: { ...WHO, ...who }, action, about: { ...ABOUT, ...about }, reason: null, facts: {}, sealed: true };
}

const nobody: Partial<WhoView> = { kind: "anyone", id: null, name: null, roles: [] };

test.each([
  [line("read", {}), { words: "Chen" }, null],
  [line("read", { kind: "resident", name: null }), { key: "who_is.resident", params: { code: "3F2A9C" } }, null],
  [line("read", { kind: "system", id: null, name: null }), { key: "who_is.system", params: { code: "" } }, { key: "way.by_itself" }],
  [line("sign_in_failed", nobody, { kind: "account", name: "Chen" }), { key: "who_is.unknown" }, { key: "way.failed" }],
  [line("sign_in", nobody, { kind: "account", name: "Chen" }), { words: "Chen" }, { key: "way.password" }],
  [line("sign_in", nobody, { kind: "account", name: null }), { key: "who_is.resident", params: { code: "3F2A9C" } }, { key: "way.code" }],
  [line("request", nobody, { kind: "call_task" }), { key: "who_is.caller" }, { key: "way.public" }],
  [line("answer", nobody, { kind: "mediation" }), { key: "who_is.asked" }, { key: "way.link" }],
  [line("read", nobody), { key: "who_is.visitor" }, null],
  [
    line("consent", { kind: "guest", name: null, reference: "YT-1" }),
    { key: "who_is.guest", params: { code: "3F2A9C" } },
    { key: "way.invitation", params: { reference: "YT-1" } },
  ],
] as const)("everybody is called by what they are, %#", (shown, who, way) => {
  expect([whoOf(shown), wayOf(shown)]).toEqual([who, way]);
});

test("a thing without a number has a code", () => {
  expect(aboutOf(line("read", {}))).toEqual({ kind: { key: "subjects.case" }, title: "WX-2026-000012" });
  expect(aboutOf(line("read", {}, { kind: "person", title: null }))).toEqual({ kind: { key: "subjects.person" }, title: codeOf(ID) });
  expect(aboutOf(line("sign_in", {}, { kind: "account", title: null })).kind).toEqual({ key: "resident_account" });
});

test("everything that can be looked for has its words", () => {
  const named = (code: string) => code.split(".").reduce<unknown>((texts, key) => (texts as Record<string, unknown>)[key], source.actions);
  const missing = GROUPS.flatMap(({ actions }) => actions).filter((code) => typeof named(code) !== "string");
  expect(missing).toEqual([]);
  expect(GROUPS.map(({ group }) => group).sort()).toEqual(Object.keys(source.groups).sort());
});
