/** Things of the calendar in words. */

import { inject, provide, type ComputedRef, type InjectionKey } from "vue";
import { useI18n } from "vue-i18n";
import type { CalendarRow } from "@/api/schema.gen";
import type { Movable, Thing } from "./view";

type Rows = ComputedRef<readonly CalendarRow[]>;
const key: InjectionKey<Rows> = Symbol("calendar rows");

/** Whom ids stand for. */
export function provideRows(rows: Rows): void {
  provide(key, rows);
}

export function useThingWords() {
  const { t } = useI18n();
  const rows = inject(key, null);

  function nameOf(id: string): string {
    return rows?.value.find((row) => row.id === id)?.name ?? "";
  }

  function rowName(row: CalendarRow): string {
    return row.kind === "room" ? t("staff.calendar.main_room", { unit: row.name }) : row.name;
  }

  /** Whom it is about, without its time. */
  function title(thing: Thing): string {
    if (thing.is === "leave") return t("staff.calendar.leave");
    if (thing.is === "day") return nameOf(thing.day.leader_id);
    const { session } = thing;
    if (session.kind === "reception") return session.person_name ?? session.reference;
    return session.host_name;
  }

  /** What the eye takes from place and colour, for the ear. */
  function aside(thing: Movable, brief: boolean): string {
    if (thing.is === "day") return [t("staff.calendar.reception_day"), title(thing), brief ? t(`staff.state.day.${thing.day.state}`) : ""].join(" ");
    const kind = thing.session.kind === "reception" ? t("staff.common.session_kind.reception") : "";
    return [kind, t(`staff.state.appointment.${thing.session.state}`)].join(" ");
  }

  return { title, aside, rowName, nameOf };
}
