/** Reads what a page shows from the server, and reads it again when asked, now and then, or on a change. */

import { onScopeDispose, shallowReactive, watch } from "vue";
import { useExplain } from "./explain";
import { Problem } from "./problem";

export interface Loading<T> {
  /** The newest answer; an older one stays while a newer one is being fetched. */
  readonly data: T | null;
  /** Why the newest try failed, in words. */
  readonly failure: string | null;
  /** The newest try was answered: it is not there, or not for this person. */
  readonly missing: boolean;
  readonly busy: boolean;
  reload(): Promise<void>;
  /** What a write was answered with takes the place of what was read. */
  replace(data: T): void;
}

export interface LoadOptions {
  /** Read again whenever this changes. */
  readonly on?: () => unknown;
  /** Read again every so many milliseconds, while the page is seen. */
  readonly every?: number;
  /** Also while it is not seen. */
  readonly hidden?: boolean;
}

export function useLoad<T>(read: (signal: AbortSignal) => Promise<T>, options: LoadOptions = {}): Loading<T> {
  const explain = useExplain();
  let running = new AbortController();

  async function reload(): Promise<void> {
    running.abort();
    const own = (running = new AbortController());
    loading.busy = true;
    try {
      const data = await read(own.signal);
      if (!own.signal.aborted) Object.assign(loading, { data, failure: null, missing: false });
    } catch (error) {
      const missing = error instanceof Problem && error.status === 404;
      if (!own.signal.aborted) Object.assign(loading, { failure: explain(error), missing });
    } finally {
      if (!own.signal.aborted) loading.busy = false;
    }
  }

  function replace(data: T): void {
    running.abort();
    Object.assign(loading, { data, failure: null, missing: false, busy: false });
  }

  const loading = shallowReactive({ data: null as T | null, failure: null as string | null, missing: false, busy: false, reload, replace });
  void reload();
  if (options.on !== undefined) watch(options.on, () => void reload(), { deep: 1 });
  if (options.every !== undefined) repeat(loading, options.every, options.hidden ?? false);
  onScopeDispose(() => running.abort());
  return loading;
}

function repeat(loading: { readonly busy: boolean; reload(): Promise<void> }, every: number, hidden: boolean): void {
  const timer = setInterval(() => {
    // A slow answer is waited for, not begun anew.
    if (!loading.busy && (hidden || document.visibilityState === "visible")) void loading.reload();
  }, every);
  onScopeDispose(() => clearInterval(timer));
}
