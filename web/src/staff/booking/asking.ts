/** Whoever finds no time stands in the line of a full day, applies for a place by lot, or has the desk find one. */

import { computed, ref, type Ref } from "vue";
import { useI18n } from "vue-i18n";
import type { DeskDay, DeskDrawEntry, DrawView, EnteredInLine, EnteredWish } from "@/api/schema.gen";
import { newKey, useApi } from "@/app/api";
import type { Submission } from "@/app/form";
import { useTimes } from "@/app/time";
import { matterOf, type BookingForm } from "./form";

/** What was asked for; `day` is when the line or the draw is for, or by when times are found; `place` in the line, or the number that is drawn. */
export interface Asked {
  readonly kind: "line" | "wish" | "draw";
  readonly name: string;
  readonly reference: string;
  readonly day: string;
  readonly leader: string | null;
  readonly place: number | null;
  /** When it is drawn. */
  readonly closes: string | null;
}

export function useAsking(form: Ref<BookingForm>, isDesk: Ref<boolean>, { run }: Submission) {
  const { t } = useI18n();
  const api = useApi();
  const times = useTimes();
  const asked = ref<Asked | null>(null);
  let key = newKey();
  const line = computed(() => {
    if (asked.value === null) return "";
    const { kind, day, leader, place, reference } = asked.value;
    return t(`staff.booking.asked_note.${kind}`, { day, leader: leader ?? "", place: place ?? "", reference });
  });

  function ofLine({ person_name: name, reference, leader, place, begins_at, ends_at }: EnteredInLine): Asked {
    const day = `${times.day(begins_at)} ${times.span(begins_at, ends_at)}`;
    return { kind: "line", name, reference, day, leader: `${leader.name} · ${leader.post}`, place, closes: null };
  }

  function ofWish({ person_name: name, reference, due_at }: EnteredWish): Asked {
    return { kind: "wish", name, reference, day: times.moment(due_at), leader: null, place: null, closes: null };
  }

  function ofDraw({ person_name: name, reference, title, host_name, number: place, begins_at, ends_at, closes_at }: DeskDrawEntry): Asked {
    const day = `${times.day(begins_at)} ${times.span(begins_at, ends_at)}`;
    return { kind: "draw", name, reference, day, leader: `${title} · ${host_name}`, place, closes: times.moment(closes_at) };
  }

  function join(day: DeskDay): Promise<boolean> {
    return run(async () => {
      const body = { ...matterOf(form.value, { isDesk: isDesk.value }), day_id: day.id };
      asked.value = ofLine(await api.call("POST /api/desk/waitlist", { body, idempotencyKey: key }));
    });
  }

  function wish(leaderId: string | null): Promise<boolean> {
    return run(async () => {
      const body = { ...matterOf(form.value, { isDesk: isDesk.value }), leader_id: leaderId };
      asked.value = ofWish(await api.call("POST /api/desk/wishes", { body, idempotencyKey: key }));
    });
  }

  function apply(draw: DrawView): Promise<boolean> {
    return run(async () => {
      const body = { ...matterOf(form.value, { isDesk: isDesk.value }), draw_id: draw.id };
      asked.value = ofDraw(await api.call("POST /api/desk/draw-entries", { body, idempotencyKey: key }));
    });
  }

  function again(): void {
    asked.value = null;
    key = newKey();
  }

  return { asked, line, join, wish, apply, again };
}
