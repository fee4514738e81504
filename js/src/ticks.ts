// Where an axis has its marks and what they say.
// Invariant: ticks lie within the window, in ascending order, at round numbers that do not depend on where the
// window begins (so they move with the picture); labels never overlap, and all labels of a time axis have one form.

import { decimalsFor, fixed, formatFreq, formatTime } from "./format";
import { axisBottom, freqScale } from "./scales";
import type { FreqAxis, Tick } from "./types";

const DIGIT_WIDTH = 6.6;
const LABEL_GAP = 26;
/** Least distance in pixels between labels above each other: on even axes, and on those that crowd together. */
const ROW = 32;
const TIGHT_ROW = 20;
const MINOR_GAP = 5;

/** Steps of time above one second, with the number of minor intervals in each. */
const LONG_STEPS: readonly (readonly [number, number])[] = [
  [1, 5],
  [2, 4],
  [5, 5],
  [10, 5],
  [15, 3],
  [30, 3],
  [60, 6],
  [120, 4],
  [300, 5],
  [600, 5],
  [900, 3],
  [1800, 3],
  [3600, 6],
  [10_800, 3],
  [21_600, 6],
  [43_200, 4],
  [86_400, 4],
];

/** step = mantissa * 10^exponent, mantissa 1, 2 or 5: the smallest such number that is at least `least`. */
function niceStep(least: number): { step: number; parts: number } {
  const exponent = Math.floor(Math.log10(least) + 1e-9);
  const unit = 10 ** exponent;
  const ratio = (least / unit) * (1 - 1e-9);
  if (ratio <= 1) return { step: unit, parts: 5 };
  if (ratio <= 2) return { step: 2 * unit, parts: 4 };
  if (ratio <= 5) return { step: 5 * unit, parts: 5 };
  return { step: 10 * unit, parts: 5 };
}

/** The multiples of step / parts within lo..hi; those of step itself are major and get a label. */
function evenTicks(
  lo: number,
  hi: number,
  step: number,
  parts: number,
  label: (value: number) => string,
): Tick[] {
  const ticks: Tick[] = [];
  const small = step / parts;
  const last = Math.floor(hi / small + 1e-6);
  for (let i = Math.ceil(lo / small - 1e-6); i <= last; i++) {
    const major = i % parts === 0;
    // Divided rather than multiplied, 3 * 0.1 is 0.3; and -0 is 0.
    const value = (small < 1 ? i / Math.round(1 / small) : i * small) + 0;
    ticks.push({ value, label: major ? label(value) : "", major });
  }
  return ticks;
}

/** Values in seconds; positions come from timeScale. */
export function timeTicks(t0: number, t1: number, width: number): Tick[] {
  if (!(t1 > t0) || !(width > 0) || !Number.isFinite(t1 - t0)) return [];
  const perSecond = width / (t1 - t0);
  const fits = (step: number) =>
    formatTime(t1, step, t1).length * DIGIT_WIDTH + LABEL_GAP <= step * perSecond;
  const { step, parts } = timeStep(fits, 1 / perSecond);
  return evenTicks(t0, t1, step, parts, (value) => formatTime(value, step, t1));
}

function timeStep(fits: (step: number) => boolean, least: number) {
  for (let { step, parts } = niceStep(least); step < 0.9; { step, parts } = niceStep(step * 1.5)) {
    if (fits(step)) return { step, parts };
  }
  for (const [step, parts] of LONG_STEPS) if (fits(step)) return { step, parts };
  let days = 2;
  while (!fits(days * 86_400) && days < 1e9) days *= 2;
  return { step: days * 86_400, parts: 2 };
}

/** Values of the spectrogram, in dB as a rule; evenly spaced. */
export function valueTicks(lo: number, hi: number, height: number): Tick[] {
  return numberTicks(lo, hi, height, ROW);
}

/** Values in units of full scale; evenly spaced. */
export function amplitudeTicks(lo: number, hi: number, height: number): Tick[] {
  return numberTicks(lo, hi, height, TIGHT_ROW);
}

function numberTicks(lo: number, hi: number, height: number, row: number): Tick[] {
  if (!(hi > lo) || !(height > 0) || !Number.isFinite(hi - lo)) return [];
  const { step, parts } = niceStep((row * (hi - lo)) / height);
  return evenTicks(lo, hi, step, parts, (value) => fixed(value, decimalsFor(step)));
}

/** Rows that are no frequencies, at their middles; as many have labels as there is room for. */
export function rowTicks(
  names: readonly string[] | null,
  lo: number,
  hi: number,
  height: number,
): Tick[] {
  if (!(hi > lo) || !(height > 0) || !Number.isFinite(hi - lo)) return [];
  const { step, parts } = niceStep(Math.max(1, ((TIGHT_ROW * 0.7) / height) * (hi - lo)));
  const between = step === 1 || step / parts < 1 ? step : step / parts;
  const ticks: Tick[] = [];
  const first = Math.max(0, Math.ceil((lo - 0.5) / between)) * between;
  for (let row = first; row + 0.5 <= hi; row += between) {
    const major = row % step === 0;
    ticks.push({ value: row + 0.5, label: major ? (names?.[row] ?? String(row)) : "", major });
  }
  return ticks;
}

/** Values in Hz; positions come from freqScale. */
export function freqTicks(axis: FreqAxis, f0: number, f1: number, height: number): Tick[] {
  const lo = axisBottom(axis, f0, f1);
  if (!(f1 > lo) || !(height > 0) || !Number.isFinite(f1 - lo)) return [];
  const even = (row: number, times = 1) => {
    const { step, parts } = niceStep(((row * (f1 - lo)) / height) * times);
    return evenTicks(lo, f1, step, parts, (hz) => formatFreq(hz, step < 1 ? step : undefined));
  };
  if (axis === "linear") {
    const roomy = even(ROW);
    return labels(roomy).length > 1 ? roomy : even(TIGHT_ROW);
  }
  const scale = freqScale(axis, f0, f1);
  const place = (hz: number) => scale.toUnit(hz) * height;
  const round = roundTicks(axis, lo, f1, place);
  // Close in, an axis is nearly even, and even steps give more labels.
  const best = [even(ROW), even(ROW, 2.1), even(ROW, 5.1), even(TIGHT_ROW)]
    .filter((ticks) => spread(ticks, place) >= TIGHT_ROW)
    .find((ticks) => labels(ticks).length > Math.max(labels(round).length, 1));
  return best ? thinned(best, place) : round;
}

const labels = (ticks: readonly Tick[]) => ticks.filter(({ major }) => major);

/** The least distance between two labels. */
function spread(ticks: readonly Tick[], place: (hz: number) => number): number {
  const at = labels(ticks).map(({ value }) => place(value));
  return at.slice(1).reduce((least, y, i) => Math.min(least, y - at[i]!), Number.POSITIVE_INFINITY);
}

/** Without the minor ticks that come too close to another. */
function thinned(ticks: readonly Tick[], place: (hz: number) => number): Tick[] {
  const taken = labels(ticks).map(({ value }) => place(value));
  return ticks.filter((tick) => tick.major || claim(taken, place(tick.value), MINOR_GAP));
}

/** Takes a place when nothing lies within the gap; says whether it did. */
function claim(taken: number[], at: number, gap: number): boolean {
  if (taken.some((other) => Math.abs(other - at) < gap)) return false;
  taken.push(at);
  return true;
}

/** Leading digits that may have labels, the roundest first. A mel axis has room to spare at some heights. */
const ROUNDS = { log: [[1], [5, 2]], mel: [[1], [5, 2], [3]] } as const;
const DIGITS = [1, 2, 3, 4, 5, 6, 7, 8, 9] as const;
const LEAST_SHARE = 1e-3;
const MOST_DECADES = 9;

/** Labels at 1, then 2 and 5 of each power of ten as long as there is room; minor ticks at the other digits. */
function roundTicks(
  axis: "log" | "mel",
  lo: number,
  hi: number,
  place: (hz: number) => number,
): Tick[] {
  const top = Math.floor(Math.log10(hi) + 1e-9);
  const smallest = lo > 0 ? lo : hi * LEAST_SHARE;
  const decades: number[] = [];
  for (let e = top; e > top - MOST_DECADES && 10 ** (e + 1) > smallest; e--) decades.push(e);
  const inside = (digits: readonly number[]) =>
    decades
      .flatMap((e) => digits.map((digit) => Number(`${digit}e${e}`)))
      .filter((hz) => hz >= lo * (1 - 1e-9) && hz <= hi * (1 + 1e-9));
  const taken: number[] = [];
  const values = lo === 0 ? [0] : [];
  values.push(...ROUNDS[axis].flatMap(inside));
  const ticks: Tick[] = values
    .filter((hz) => claim(taken, place(hz), TIGHT_ROW))
    .map((value) => ({ value, label: formatFreq(value), major: true }));
  for (const value of inside(DIGITS)) {
    if (claim(taken, place(value), MINOR_GAP)) ticks.push({ value, label: "", major: false });
  }
  return ticks.sort((a, b) => a.value - b.value);
}
