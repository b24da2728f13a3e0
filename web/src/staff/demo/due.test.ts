import { expect, test } from "vitest";
import { dueSessions, type DueWay } from "./due";

const way = (appointment_id: string, session_kind: string, role: string, login: string | null): DueWay => ({
  appointment_id,
  session_kind,
  begins_at: "2026-11-23T01:00:00Z",
  role,
  name: role,
  login,
  path: login === null ? "/i/token" : "/staff/desk",
});

test("the first of a line stands for it, who has a link before who signs in", () => {
  const found = dueSessions([
    way("a", "reception", "host", "leader3"),
    way("a", "reception", "petitioner", null),
    way("b", "reception", "host", "leader3"),
    way("b", "reception", "petitioner", null),
    way("m", "mediation", "host", "mediator1"),
    way("m", "mediation", "respondent", null),
  ]);
  expect(found.map(({ id, kind, line }) => ({ id, kind, line }))).toEqual([
    { id: "a", kind: "reception", line: 1 },
    { id: "m", kind: "mediation", line: 0 },
  ]);
  expect(found[0]?.ways.map((one) => one.role)).toEqual(["petitioner", "host"]);
});

test("a session that nobody can enter by a link is not offered", () => {
  expect(dueSessions([way("a", "reception", "host", "leader3")])).toEqual([]);
});
