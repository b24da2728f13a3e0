/** What people are called in a session: the host of a mediation is the mediator, of a reception the leader. */

import { inject, provide, type ComputedRef, type InjectionKey } from "vue";
import { useI18n } from "vue-i18n";
import type { SessionKind, SessionRole } from "@/api/protocol.gen";

const kindKey: InjectionKey<ComputedRef<SessionKind | null>> = Symbol("session kind");

export function provideSessionKind(kind: ComputedRef<SessionKind | null>): void {
  provide(kindKey, kind);
}

export function useRoleName(): (role: SessionRole) => string {
  const { t } = useI18n();
  const kind = inject(kindKey, null);
  return (role) => {
    const known = kind?.value;
    return role === "host" && known !== null && known !== undefined ? t(`room.host.${known}`) : t(`room.role.${role}`);
  };
}
