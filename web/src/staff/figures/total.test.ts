import { expect, test } from "vitest";
import type { AttendanceView } from "@/api/schema.gen";
import { COUNTED, totalOf } from "./total";

test("the last row is the sum of every column", () => {
  const counts = Object.fromEntries(COUNTED.map((key, place) => [key, place + 1])) as Record<(typeof COUNTED)[number], number>;
  const row: AttendanceView = { host_id: "a", name: "A", post: "Mayor", is_leader: true, excused: 20, ...counts };
  const total = totalOf([row, { ...row, host_id: "b" }], "All");
  expect(COUNTED.map((key) => total[key])).toEqual(COUNTED.map((_, place) => 2 * (place + 1)));
  expect([total.name, total.excused, total.post]).toEqual(["All", 40, null]);
});
