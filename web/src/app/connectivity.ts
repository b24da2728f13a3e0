/** Whether the device says that it has a network. */

import { onScopeDispose, readonly, ref, type Ref } from "vue";

export function useOnline(): Readonly<Ref<boolean>> {
  const online = ref(navigator.onLine);
  const read = () => (online.value = navigator.onLine);
  addEventListener("online", read);
  addEventListener("offline", read);
  onScopeDispose(() => {
    removeEventListener("online", read);
    removeEventListener("offline", read);
  });
  return readonly(online);
}
