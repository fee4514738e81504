// Where a frequency or a time lies on screen, and which cell of the spectrogram lies there.
// Invariant: to and from are inverse to each other and increase strictly; nothing is clipped, so what lies
// outside the window gets a place outside it. The cell of frame f reaches from (f - 0.5) to (f + 0.5) hops.

import type { FreqAxis, SpectrogramInfo } from "./types";

const MEL_HZ = 200 / 3;
const MEL_BREAK_HZ = 1000;
const MEL_BREAK = MEL_BREAK_HZ / MEL_HZ;
const MEL_LOG_STEP = Math.log(6.4) / 27;

/** Slaney's scale, as librosa.hz_to_mel by default: linear to 1 kHz, logarithmic above. */
export function hzToMel(hz: number): number {
  return hz < MEL_BREAK_HZ ? hz / MEL_HZ : MEL_BREAK + Math.log(hz / MEL_BREAK_HZ) / MEL_LOG_STEP;
}

export function melToHz(mel: number): number {
  return mel < MEL_BREAK ? mel * MEL_HZ : MEL_BREAK_HZ * Math.exp((mel - MEL_BREAK) * MEL_LOG_STEP);
}

/** Where a log axis begins that would otherwise begin at 0 Hz. */
export function logFloor(f1: number): number {
  return Math.min(20, f1 / 10);
}

/** The lowest frequency that is drawn when the window is f0..f1. */
export function axisBottom(axis: FreqAxis, f0: number, f1: number): number {
  return axis === "log" ? Math.max(f0, logFloor(f1)) : f0;
}

/** Hz to the unit in which an axis is even, and back. A log axis takes positive frequencies only. */
export interface Warp {
  readonly forward: (hz: number) => number;
  readonly inverse: (unit: number) => number;
}

const WARPS: Readonly<Record<FreqAxis, Warp>> = {
  linear: { forward: (hz) => hz, inverse: (unit) => unit },
  log: { forward: Math.log, inverse: Math.exp },
  mel: { forward: hzToMel, inverse: melToHz },
};

export function axisWarp(axis: FreqAxis): Warp {
  return WARPS[axis];
}

export interface FreqScale {
  /** 0 at the bottom (f0), 1 at the top (f1). On a log axis 0 Hz and below lie at -Infinity. */
  toUnit(hz: number): number;
  fromUnit(unit: number): number;
}

/** The window f0..f1 on an axis; its bottom is axisBottom. */
export function freqScale(axis: FreqAxis, f0: number, f1: number): FreqScale {
  const { forward, inverse } = axisWarp(axis);
  const low = forward(axisBottom(axis, f0, f1));
  const span = forward(f1) - low;
  return {
    toUnit: (hz) => (forward(axis === "log" ? Math.max(hz, 0) : hz) - low) / span,
    fromUnit: (unit) => inverse(low + unit * span),
  };
}

export interface TimeScale {
  /** Pixels from the left edge. */
  toX(seconds: number): number;
  toTime(x: number): number;
}

export function timeScale(t0: number, t1: number, width: number): TimeScale {
  const span = t1 - t0;
  return {
    toX: (seconds) => ((seconds - t0) / span) * width,
    toTime: (x) => t0 + (x / width) * span,
  };
}

/** The frame whose cell holds the time, or -1 outside all cells. */
export function frameAt(info: SpectrogramInfo, seconds: number): number {
  const frame = Math.floor((seconds * info.sr) / info.hop_length + 0.5);
  return frame >= 0 && frame < info.n_frames ? frame : -1;
}

/** Whether the rows of the spectrogram are frequencies. */
export const inHz = (info: SpectrogramInfo): boolean => info.bins.kind !== "index";

/** Centre of a bin in Hz, or on the axis of rows that are no frequencies. */
export function binHz(info: SpectrogramInfo, bin: number): number {
  const { bins } = info;
  if (bins.kind === "index") return bin + 0.5;
  return bins.kind === "linear" ? bin * bins.step : (bins.hz[bin] ?? Number.NaN);
}

/** The bin whose cell holds hz, or -1 outside all cells. */
export function binAt(info: SpectrogramInfo, hz: number): number {
  const { bins, n_bins } = info;
  if (bins.kind !== "list") {
    const bin = Math.floor(bins.kind === "index" ? hz : hz / bins.step + 0.5);
    return bin >= 0 && bin < n_bins ? bin : -1;
  }
  const borders = bordersOf(bins.hz);
  if (!(hz >= borders[0]! && hz <= borders.at(-1)!)) return -1;
  return Math.min(firstAbove(borders, hz) - 1, bins.hz.length - 1);
}

/** The first bin centred at hz or above; n_bins when there is none. A hair's breadth below counts as at. */
export function firstBinFrom(info: SpectrogramInfo, hz: number): number {
  const { bins, n_bins } = info;
  const bin =
    bins.kind === "linear"
      ? Math.ceil(hz / bins.step - 1e-9)
      : bins.kind === "index"
        ? Math.ceil(hz - 0.5 - 1e-9)
        : firstAtLeast(bins.hz, hz * (1 - 1e-12));
  return Math.min(Math.max(bin, 0), n_bins);
}

function firstAtLeast(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function firstAbove(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

const borders = new WeakMap<readonly number[], readonly number[]>();

/** Where the cells of a list of centres meet: one number more than there are cells. */
function bordersOf(centres: readonly number[]): readonly number[] {
  const known = borders.get(centres);
  if (known) return known;
  const even = isGeometric(centres);
  const between = centres
    .slice(1)
    .map((hz, i) => (even ? Math.sqrt(hz * centres[i]!) : (hz + centres[i]!) / 2));
  const made = [lowestBorder(centres, even), ...between, highestBorder(centres, even)];
  borders.set(centres, made);
  return made;
}

/** Whether each of some centres is the last one times the same: then cells are even on a log axis. */
function isGeometric(centres: readonly number[]): boolean {
  const [first = 0, second = 0] = centres;
  const ratio = second / first;
  if (centres.length < 3 || !(first > 0 && ratio > 1)) return false;
  return centres.every((hz, i) => i === 0 || Math.abs(hz / centres[i - 1]! / ratio - 1) < 1e-6);
}

// The outermost cells reach half a spacing outwards where spacings are even on a log axis; else a whole one: to the
// corner of a mel filter, where the axis ends.
function lowestBorder(centres: readonly number[], even: boolean): number {
  const [first = 0, second = 2 * first] = centres;
  return even ? first * Math.sqrt(first / second) : Math.max(0, 2 * first - second);
}

function highestBorder(centres: readonly number[], even: boolean): number {
  const last = centres.at(-1) ?? 0;
  const before = centres.at(-2) ?? last / 2;
  if (even) return last * Math.sqrt(last / before);
  return before > 0 ? Math.max((last * last) / before, 2 * last - before) : 2 * last;
}
