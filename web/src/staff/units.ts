/** The units of the district: the staffed points near people, and whom a matter can be handed to. */

import { defineStore } from "pinia";
import { computed, ref } from "vue";
import { useI18n } from "vue-i18n";
import type { UnitKind, UnitView } from "@/api/schema.gen";
import { useApi } from "@/app/api";
import type { Option } from "@/design/models";

const useUnitList = defineStore("units", () => {
  const api = useApi();
  const list = ref<readonly UnitView[]>([]);
  let asked: Promise<void> | null = null;

  async function fetchList(): Promise<void> {
    try {
      list.value = await api.call("GET /api/units", {});
    } catch {
      // The next page that needs the list asks again.
      asked = null;
    }
  }

  function load(): void {
    asked ??= fetchList();
  }

  return { list, load };
});

const HANDED_TO: readonly UnitKind[] = ["district_centre", "department", "committee", "studio", "sub_centre", "service"];

const SUBJECTS: readonly UnitKind[] = ["village", "sub_centre", "department", "committee", "studio", "service", "district_centre"];

function useNames() {
  const { locale } = useI18n();
  return (unit: UnitView) => (locale.value === "en" ? (unit.name_en ?? unit.name) : unit.name);
}

export function useSites() {
  const store = useUnitList();
  const nameOf = useNames();
  store.load();
  const options = computed<Option<string>[]>(() => {
    const byId = new Map(store.list.map((unit) => [unit.id, unit]));
    const labelOf = (unit: UnitView) => {
      const above = unit.parent_id === null ? undefined : byId.get(unit.parent_id);
      return above === undefined || above.kind === "district_centre" ? nameOf(unit) : `${nameOf(above)} · ${nameOf(unit)}`;
    };
    return store.list.filter((unit) => unit.is_site).map((unit) => ({ value: unit.id, label: labelOf(unit) }));
  });
  return { options };
}

/** Units that can be complained of: also villages, with their town. */
export function useSubjects() {
  const store = useUnitList();
  const nameOf = useNames();
  store.load();
  const options = computed<Option<string>[]>(() => {
    const byId = new Map(store.list.map((unit) => [unit.id, unit]));
    const labelOf = (unit: UnitView) => {
      const above = unit.kind === "village" && unit.parent_id !== null ? byId.get(unit.parent_id) : undefined;
      return above === undefined ? nameOf(unit) : `${nameOf(above)} · ${nameOf(unit)}`;
    };
    return SUBJECTS.flatMap((kind) => store.list.filter((unit) => unit.kind === kind)).map((unit) => ({ value: unit.id, label: labelOf(unit) }));
  });
  return { options };
}

export function useUnitsOfKind(kind: UnitKind) {
  const store = useUnitList();
  const nameOf = useNames();
  store.load();
  const options = computed<Option<string>[]>(() => store.list.filter((unit) => unit.kind === kind).map((unit) => ({ value: unit.id, label: nameOf(unit) })));
  return { options };
}

/** Units that can lead a matter, departments and committees before towns. */
export function useLeadUnits() {
  const store = useUnitList();
  const nameOf = useNames();
  store.load();
  const options = computed<Option<string>[]>(() =>
    HANDED_TO.flatMap((kind) => store.list.filter((unit) => unit.kind === kind)).map((unit) => ({ value: unit.id, label: nameOf(unit) })),
  );
  return { options };
}
