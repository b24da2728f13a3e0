/** The units that can be asked to a joint interview, and the rooms it can be in. */

import { computed } from "vue";
import type { UnitKind } from "@/api/schema.gen";
import type { Option } from "@/design/models";
import { useUnitsOfKind } from "../units";

const ATTENDING: readonly UnitKind[] = ["department", "sub_centre", "committee", "studio", "tribunal", "service"];
const ROOMS: readonly UnitKind[] = ["district_centre", "office", "tribunal"];

function useKinds(kinds: readonly UnitKind[]) {
  const parts = kinds.map(useUnitsOfKind);
  return computed<Option<string>[]>(() => parts.flatMap((part) => part.options.value));
}

export function useAttending() {
  return useKinds(ATTENDING);
}

export function useRooms() {
  return useKinds(ROOMS);
}

/** A name by its id, whichever list it stands in. */
export function nameIn(options: readonly Option<string>[], id: string): string {
  return options.find((option) => option.value === id)?.label ?? "";
}
