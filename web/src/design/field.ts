/** What a field tells the control inside it, so that label, help and error are read with it. */

import { computed, inject, useId, type ComputedRef, type InjectionKey } from "vue";

export interface FieldLink {
  readonly id: string;
  readonly describedBy: string | undefined;
  readonly invalid: boolean;
  readonly required: boolean;
}

export const fieldKey: InjectionKey<ComputedRef<FieldLink>> = Symbol("field");

/** Attributes for the control of the field around it, or of none. */
export function useField(): ComputedRef<Record<string, string | true | undefined>> {
  const field = inject(fieldKey, undefined);
  const ownId = useId();
  return computed(() => ({
    id: field?.value.id ?? ownId,
    "aria-describedby": field?.value.describedBy,
    "aria-invalid": field?.value.invalid === true ? "true" : undefined,
    "aria-required": field?.value.required === true ? "true" : undefined,
  }));
}
