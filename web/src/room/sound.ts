/** The bell that calls somebody in, made on the spot so that nothing has to load. */

/** Three rising tones (Hz, seconds from the start): friendly, and heard by old ears. */
const TONES: readonly (readonly [pitch: number, at: number])[] = [
  [523, 0],
  [659, 0.28],
  [784, 0.56],
];
const LENGTH = 0.9;
const VIBRATION = [220, 120, 220, 120, 420];

function tone(context: AudioContext, pitch: number, at: number): void {
  const start = context.currentTime + at;
  const loudness = context.createGain();
  loudness.gain.setValueAtTime(0, start);
  loudness.gain.linearRampToValueAtTime(0.5, start + 0.03);
  loudness.gain.exponentialRampToValueAtTime(0.001, start + LENGTH);
  const voice = context.createOscillator();
  voice.frequency.value = pitch;
  voice.connect(loudness).connect(context.destination);
  voice.start(start);
  voice.stop(start + LENGTH);
}

export interface Bell {
  /** A browser lets a page sound only after a touch: call this in one. */
  unlock(): Promise<void>;
  ring(): Promise<void>;
  close(): void;
}

export function createBell(): Bell {
  let context: AudioContext | null = null;

  async function ready(): Promise<AudioContext> {
    context ??= new AudioContext();
    if (context.state === "suspended") await context.resume();
    return context;
  }

  return {
    async unlock() {
      await ready();
    },
    async ring() {
      // Vibration is missing on iPhones; the sound is enough there.
      if (typeof navigator.vibrate === "function") navigator.vibrate(VIBRATION);
      const awake = await ready();
      for (const [pitch, at] of TONES) tone(awake, pitch, at);
    },
    close() {
      void context?.close();
      context = null;
    },
  };
}
