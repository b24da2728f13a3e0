/** Hears how loud a microphone is, and lets a speaker be heard. */

const FLOOR_DECIBELS = -60;

/** 0 for silence to 1 for the loudest, of samples between -1 and 1. */
export function levelOf(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const decibels = 10 * Math.log10(sum / Math.max(1, samples.length));
  return Math.min(1, Math.max(0, 1 - decibels / FLOOR_DECIBELS));
}

/** Tells the level of a stream's sound ten times a second; returns how to end that. */
export function meter(stream: MediaStream, tell: (level: number) => void): () => void {
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 1024 });
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    tell(levelOf(samples));
  }, 100);
  return () => {
    clearInterval(timer);
    void context.close();
  };
}

/** Three notes, a little over a second, on the given speaker where the browser can choose. */
export async function playTest(speaker?: string): Promise<void> {
  const context = new AudioContext();
  if (speaker !== undefined) await chooseSpeaker(context, speaker);
  // Browsers keep sound back until the person has tapped: this is called from a tap.
  await context.resume();
  const volume = new GainNode(context, { gain: 0.2 });
  volume.connect(context.destination);
  const notes = [523, 659, 784].map((frequency, place) => {
    const note = new OscillatorNode(context, { frequency });
    note.connect(volume);
    note.start(context.currentTime + place * 0.4);
    note.stop(context.currentTime + place * 0.4 + 0.35);
    return note;
  });
  await new Promise((resolve) => notes.at(-1)?.addEventListener("ended", resolve));
  await context.close();
}

/** Sends a video element's sound to the speaker; quietly leaves it where the browser cannot. */
export async function chooseSpeaker(player: HTMLMediaElement | AudioContext, speaker: string): Promise<void> {
  const { setSinkId } = player as { setSinkId?: (id: string) => Promise<void> };
  await setSinkId?.call(player, speaker);
}
