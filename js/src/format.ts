// Numbers as people read them.
// Invariant: a text is rounded once, as a whole, before it is cut into parts, so that no "0:60" or "1000 Hz" can come
// out; it shows the digits that the resolution justifies and no more. What is no number shows as a dash.

const NONE = "–";
const MINUS = "−";
const MOST_DECIMALS = 9;
const NOTES = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"] as const;

/** How many decimals tell apart two values that are `resolution` apart. */
export function decimalsFor(resolution: number): number {
  if (!(resolution > 0)) return MOST_DECIMALS;
  // The hair's breadth keeps 0.001, whose logarithm is -2.9999999999999996, at three.
  return Math.min(Math.max(Math.ceil(-Math.log10(resolution) - 1e-9), 0), MOST_DECIMALS);
}

/** toFixed with a true minus sign, and none before zero. */
export function fixed(value: number, decimals: number): string {
  const text = Math.abs(value).toFixed(decimals);
  return value < 0 && /[1-9]/.test(text) ? MINUS + text : text;
}

/**
 * "3.25 s", "1:03.25", "2:01:03": as many decimals as `resolution` (in seconds, for instance of one pixel) justifies.
 * `longest` is the largest time that is to be written in the same form (default: this one).
 */
export function formatTime(
  seconds: number,
  resolution: number,
  longest = Math.abs(seconds),
): string {
  if (!Number.isFinite(seconds)) return NONE;
  const decimals = decimalsFor(resolution);
  const [whole = "0", fraction] = Math.abs(seconds).toFixed(decimals).split(".");
  const rounded = Number(whole);
  const most = Math.max(rounded, longest);
  const tail = fraction === undefined ? "" : `.${fraction}`;
  const sign = seconds < 0 && /[1-9]/.test(whole + tail) ? MINUS : "";
  if (most < 60) return `${sign}${whole}${tail} s`;
  const minutes = Math.floor(rounded / 60);
  const ss = String(rounded % 60).padStart(2, "0");
  if (most < 3600) return `${sign}${minutes}:${ss}${tail}`;
  const mm = String(minutes % 60).padStart(2, "0");
  return `${sign}${Math.floor(minutes / 60)}:${mm}:${ss}${tail}`;
}

/** "440 Hz", "1.25 kHz"; with a resolution in Hz, exactly the decimals that it justifies. */
export function formatFreq(hz: number, resolution?: number | undefined): string {
  if (!Number.isFinite(hz)) return NONE;
  const inHz =
    resolution === undefined
      ? trimmed(hz, Math.abs(hz) < 1 ? decimalsFor(Math.abs(hz)) + 1 : 1)
      : fixed(hz, decimalsFor(resolution));
  if (Math.abs(Number(inHz.replace(MINUS, "-"))) < 1000) return `${inHz} Hz`;
  const khz = hz / 1000;
  const text =
    resolution === undefined ? trimmed(khz, 3) : fixed(khz, decimalsFor(resolution / 1000));
  return `${text} kHz`;
}

function trimmed(value: number, decimals: number): string {
  const text = fixed(value, decimals);
  return decimals === 0 ? text : text.replace(/\.?0+$/, "");
}

/** "−12.3 dB". */
export function formatDb(db: number, decimals = 1): string {
  if (Number.isNaN(db)) return NONE;
  if (!Number.isFinite(db)) return `${db < 0 ? MINUS : ""}∞ dB`;
  return `${fixed(db, decimals)} dB`;
}

export interface Note {
  readonly name: string;
  /** -50 to 50, from the note in equal temperament with A4 = 440 Hz. */
  readonly cents: number;
}

/** The nearest note; null below 8 Hz, above 26 kHz and for what is no number. */
export function nearestNote(hz: number): Note | null {
  if (!(hz >= 8 && hz <= 26_000)) return null;
  const midi = 69 + 12 * Math.log2(hz / 440);
  const nearest = Math.round(midi);
  const octave = Math.floor(nearest / 12) - 1;
  const cents = Math.round((midi - nearest) * 100);
  return { name: `${NOTES[((nearest % 12) + 12) % 12]}${octave}`, cents: cents === 0 ? 0 : cents };
}
