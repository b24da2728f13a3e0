/** Keeps what is typed through a reload, the back button and a lost network. */

import { onScopeDispose, ref, watch, type Ref } from "vue";

interface Stored {
  readonly saved_at: number;
  readonly value: Record<string, unknown>;
}

export interface DraftPlaces {
  /** Kept on this device. */
  readonly lasting: Storage;
  /** Gone with the tab: for what must not stay on a device, and for shared devices. */
  readonly passing: Storage;
  readonly now: () => number;
}

const PREFIX = "yuntiao.draft.";
const SHARED = "yuntiao.shared_device";
const LIFE = 7 * 86_400_000;

export function browserPlaces(): DraftPlaces {
  return { lasting: localStorage, passing: sessionStorage, now: Date.now };
}

/** A device at a reception point serves many people: nothing is kept beyond the tab. */
export function markShared(shared: boolean, places: DraftPlaces = browserPlaces()): void {
  if (shared) places.lasting.setItem(SHARED, "1");
  else places.lasting.removeItem(SHARED);
}

export function isShared(places: DraftPlaces = browserPlaces()): boolean {
  return places.lasting.getItem(SHARED) === "1";
}

/** Forgets everything typed here: at sign-out, and when a shared device is handed on. */
export function forgetDrafts(places: DraftPlaces = browserPlaces()): void {
  for (const place of [places.lasting, places.passing]) {
    const names = Array.from({ length: place.length }, (_, index) => place.key(index));
    for (const name of names) if (name?.startsWith(PREFIX) === true) place.removeItem(name);
  }
}

function readStored(place: Storage, name: string, now: number): Record<string, unknown> {
  try {
    const stored = JSON.parse(place.getItem(PREFIX + name) ?? "null") as Stored | null;
    if (stored !== null && now - stored.saved_at < LIFE) return stored.value;
  } catch {
    // A draft that cannot be read is no draft.
  }
  return {};
}

function sameShape(stored: unknown, initial: unknown): boolean {
  if (Array.isArray(initial)) return Array.isArray(stored);
  if (initial === null || stored === null) return true;
  return typeof stored === typeof initial;
}

export interface DraftOptions<T> {
  /** Fields that never outlive the tab, such as an ID number. */
  readonly passing?: readonly (keyof T & string)[];
  readonly places?: DraftPlaces;
}

export interface Draft<T> {
  readonly value: Ref<T>;
  /** True when something typed earlier came back. */
  readonly restored: boolean;
  readonly save: () => void;
  readonly clear: () => void;
}

/** The fields of a form by its name; fields the form no longer has are dropped. */
export function useDraft<T extends object>(name: string, initial: T, options: DraftOptions<T> = {}): Draft<T> {
  const places = options.places ?? browserPlaces();
  const lasting = isShared(places) ? places.passing : places.lasting;
  const passing: readonly string[] = options.passing ?? [];
  const now = places.now();
  const stored = { ...readStored(lasting, name, now), ...readStored(places.passing, `${name}.passing`, now) };
  const known = Object.entries(stored).filter(([key, value]) => key in initial && sameShape(value, initial[key as keyof T]));
  const value = ref({ ...structuredClone(initial), ...Object.fromEntries(known) }) as Ref<T>;
  let cleared = false;

  function write(place: Storage, as: string, keep: (key: string) => boolean): void {
    const fields = Object.fromEntries(Object.entries(value.value).filter(([key]) => keep(key)));
    try {
      place.setItem(PREFIX + as, JSON.stringify({ saved_at: places.now(), value: fields } satisfies Stored));
    } catch {
      // Storage full or forbidden: the form still works, only without its memory.
    }
  }

  function save(): void {
    if (cleared) return;
    write(lasting, name, (key) => !passing.includes(key));
    if (passing.length > 0) write(places.passing, `${name}.passing`, (key) => passing.includes(key));
  }

  function clear(): void {
    cleared = true;
    lasting.removeItem(PREFIX + name);
    places.passing.removeItem(`${PREFIX}${name}.passing`);
  }

  // Written at once: a phone may kill the page without a word.
  watch(value, save, { deep: true, flush: "sync" });
  onScopeDispose(save);
  return { value, restored: known.length > 0, save, clear };
}
