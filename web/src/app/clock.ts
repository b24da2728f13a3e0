/** The server's time on this device, whatever the device's own clock says. */

import { inject, onScopeDispose, readonly, ref, type InjectionKey, type Ref } from "vue";

export interface ServerClock {
  /** Milliseconds since 1970 by the server's clock. */
  now(): number;
  /** Learns from an answer: what the server's clock said, between sending and receiving by ours. */
  learn(server: number, sent: number, received: number): void;
}

export function createServerClock(device: () => number = Date.now): ServerClock {
  let offset = 0;
  let error = Number.POSITIVE_INFINITY;
  return {
    now: () => device() + offset,
    learn(server, sent, received) {
      const uncertainty = (received - sent) / 2;
      const next = server - (sent + uncertainty);
      // A quick answer says more than a slow one, until the clocks have plainly moved apart.
      const moved = Math.abs(next - offset) > 2000 + uncertainty;
      if (uncertainty > error && !moved) return;
      offset = next;
      error = uncertainty;
    },
  };
}

export const clockKey: InjectionKey<ServerClock> = Symbol("clock");

export function useClock(): ServerClock {
  const clock = inject(clockKey);
  if (clock === undefined) throw new Error("the clock is provided by main.ts");
  return clock;
}

/** The server's time, read again every `every` milliseconds while the component lives. */
export function useNow(every = 1000): Readonly<Ref<number>> {
  const clock = useClock();
  const now = ref(clock.now());
  const timer = setInterval(() => (now.value = clock.now()), every);
  onScopeDispose(() => clearInterval(timer));
  return readonly(now);
}
