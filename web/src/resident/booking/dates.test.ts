import { describe, expect, it } from "vitest";
import type { DayCard } from "@/api/schema.gen";
import { nearestDate } from "./dates";

const NOW = Date.parse("2026-11-23T00:30:00Z");

function day(date: string, free: number): DayCard {
  return {
    id: date,
    leader: { id: "l", name: "Li", post: "Head", division: "", rank: 1 },
    unit_name: "Centre",
    kind: "scheduled",
    begins_at: `${date}T01:00:00Z`,
    ends_at: `${date}T03:00:00Z`,
    state: "booking_open",
    booking_opens_at: "2026-11-01T01:00:00Z",
    booking_closes_at: `${date}T00:00:00Z`,
    topics: [],
    free,
    waiting: 0,
    total: 4,
    fits: true,
    review: false,
    invited_only: false,
  };
}

describe("nearestDate", () => {
  const days = [day("2026-11-24", 2), day("2026-12-08", 1), day("2026-12-15", 3)];

  it("is the appointment's own date where it has a free place", () => {
    expect(nearestDate(days, NOW, "2026-12-15T02:00:00Z")).toBe("2026-12-15");
  });

  it("is the next best where it has none", () => {
    const full = [...days.slice(0, 2), day("2026-12-15", 0)];
    expect(nearestDate(full, NOW, "2026-12-15T02:00:00Z")).toBe("2026-12-08");
  });

  it("is the first known date where nothing is free", () => {
    expect(nearestDate([day("2026-12-08", 0)], NOW, "2026-12-15T02:00:00Z")).toBe("2026-12-08");
    expect(nearestDate([], NOW, "2026-12-15T02:00:00Z")).toBeNull();
  });
});
