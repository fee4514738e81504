const todo = (): never => {
  throw new Error("not yet");
};

/** As many decimals as `resolution` (seconds, for instance of a pixel) justifies: "3.25 s", "1:03.25", "2:01:03". */
export function formatTime(_seconds: number, _resolution: number): string {
  return todo();
}
/** "440 Hz", "1.25 kHz"; with a resolution in Hz, as many decimals as it justifies. */
export function formatFreq(_hz: number, _resolution?: number): string {
  return todo();
}
/** "-12.3 dB", with a true minus sign. */
export function formatDb(_db: number): string {
  return todo();
}
export interface Note {
  readonly name: string;
  /** -50..50 from the note in equal temperament, A4 = 440 Hz. */
  readonly cents: number;
}
/** null below 8 Hz, above 26 kHz and for what is no number. */
export function nearestNote(_hz: number): Note | null {
  return todo();
}
