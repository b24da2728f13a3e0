/** Reads a text aloud on a tap, with the device's own voice. */

import { onScopeDispose, readonly, ref, type Ref } from "vue";

export interface Reader {
  readonly possible: boolean;
  /** The key of what is being read. */
  readonly reading: Readonly<Ref<string | null>>;
  /** Starts, or stops when it is already reading this. */
  toggle(key: string, text: string, language: string): void;
}

/** Slow enough to follow while reading along. */
const RATE = 0.9;

export function useReader(): Reader {
  const voice = "speechSynthesis" in globalThis ? globalThis.speechSynthesis : null;
  const reading = ref<string | null>(null);

  function stop(): void {
    voice?.cancel();
    reading.value = null;
  }

  function toggle(key: string, text: string, language: string): void {
    const again = reading.value === key;
    stop();
    if (voice === null || again) return;
    const words = new SpeechSynthesisUtterance(text);
    words.lang = language;
    words.rate = RATE;
    words.onend = words.onerror = () => {
      if (reading.value === key) reading.value = null;
    };
    reading.value = key;
    voice.speak(words);
  }

  onScopeDispose(stop);
  return { possible: voice !== null, reading: readonly(reading), toggle };
}
