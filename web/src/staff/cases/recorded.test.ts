import { describe, expect, it } from "vitest";
import type { EntryView } from "@/api/schema.gen";
import { recordedOf } from "./recorded";

function entry(facts: EntryView["facts"], personal: EntryView["personal"] = null): EntryView {
  return { id: "e", position: 1, at: "2026-11-23T01:00:00Z", kind: "recording", actor_name: null, for_resident: false, facts, personal, hash: "0" };
}

describe("what was recorded", () => {
  it("names whose file it is, how long and under which hash", () => {
    const file = { id: "f", participant_id: "p", began_at: "2026-11-23T01:00:00Z", seconds: 61.5, octets: 2_000_000, sha256: "ab", interrupted: true };
    expect(recordedOf(entry({ files: [file] }, { names: { p: "王某" } }))).toEqual([
      { id: "f", name: "王某", beganAt: "2026-11-23T01:00:00Z", seconds: 61.5, octets: 2_000_000, sha256: "ab", interrupted: true },
    ]);
  });

  it("is empty where the archive holds something else", () => {
    expect(recordedOf(entry({ files: "none" }))).toEqual([]);
    expect(recordedOf(entry({}))).toEqual([]);
  });
});
