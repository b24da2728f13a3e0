/** Moves a thing of the calendar: looks ahead, does it, and takes it back by the same way. */

import type { MovedView, MovePreview } from "@/api/schema.gen";
import { useApi } from "@/app/api";
import type { Movable } from "./view";

export interface Asked {
  readonly thing: Movable;
  /** When it would begin. */
  readonly at: string;
  /** It was dropped into a row that it does not belong to. */
  readonly elsewhere: boolean;
}

export function useMoving() {
  const api = useApi();

  function look(thing: Movable, begins_at: string, signal: AbortSignal): Promise<MovePreview> {
    const body = { begins_at };
    if (thing.is === "day") return api.call("POST /api/calendar/days/{day_id}/move-previews", { params: { day_id: thing.day.id }, body, signal });
    return api.call("POST /api/calendar/sessions/{appointment_id}/move-previews", { params: { appointment_id: thing.session.id }, body, signal });
  }

  /** `urgency`: why a session is to have the time before those whose turn it is. */
  function move(thing: Movable, begins_at: string, version: number, urgency: string | null = null): Promise<MovedView> {
    const body = { begins_at, version };
    if (thing.is === "day") return api.call("POST /api/calendar/days/{day_id}/moves", { params: { day_id: thing.day.id }, body });
    return api.call("POST /api/calendar/sessions/{appointment_id}/moves", { params: { appointment_id: thing.session.id }, body: { ...body, urgency } });
  }

  return { look, move };
}
