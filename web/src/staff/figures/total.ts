/** What is counted of each, and the sum of it. */

import type { AttendanceView } from "@/api/schema.gen";

export const COUNTED = ["days", "not_held", "late", "left_early", "called_off", "booked", "received", "not_received", "absent", "came_late"] as const;
export type Counted = (typeof COUNTED)[number];

export function totalOf(rows: readonly AttendanceView[], name: string): AttendanceView {
  const sum = (key: Counted | "excused"): number => rows.reduce((all, row) => all + row[key], 0);
  return {
    host_id: "total",
    name,
    post: null,
    is_leader: rows[0]?.is_leader ?? false,
    days: sum("days"),
    not_held: sum("not_held"),
    late: sum("late"),
    left_early: sum("left_early"),
    called_off: sum("called_off"),
    booked: sum("booked"),
    received: sum("received"),
    not_received: sum("not_received"),
    absent: sum("absent"),
    excused: sum("excused"),
    came_late: sum("came_late"),
  };
}
