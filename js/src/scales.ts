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

/** Centre of a bin in Hz. */
export function binHz(info: SpectrogramInfo, bin: number): number {
  return info.bins.kind === "linear" ? bin * info.bins.step : (info.bins.hz[bin] ?? Number.NaN);
}

/** The bin whose cell holds hz, or -1 outside all cells. */
export function binAt(info: SpectrogramInfo, hz: number): number {
  if (info.bins.kind === "linear") {
    const bin = Math.floor(hz / info.bins.step + 0.5);
    return bin >= 0 && bin < info.n_bins ? bin : -1;
  }
  const { hz: centres } = info.bins;
  const above = firstAtLeast(centres, hz);
  if (above === 0) return hz >= lowestEdge(centres) ? 0 : -1;
  if (above === centres.length) return hz <= highestEdge(centres) ? above - 1 : -1;
  return hz < (centres[above - 1]! + centres[above]!) / 2 ? above - 1 : above;
}

/** The first bin centred at hz or above; n_bins when there is none. A hair's breadth below counts as at. */
export function firstBinFrom(info: SpectrogramInfo, hz: number): number {
  const bin =
    info.bins.kind === "linear"
      ? Math.ceil(hz / info.bins.step - 1e-9)
      : firstAtLeast(info.bins.hz, hz * (1 - 1e-12));
  return Math.min(Math.max(bin, 0), info.n_bins);
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

// The outermost cells of a list reach one spacing outwards: to the corner of a mel filter, where the axis ends.
function lowestEdge(centres: readonly number[]): number {
  const first = centres[0] ?? 0;
  return Math.max(0, 2 * first - (centres[1] ?? 2 * first));
}

function highestEdge(centres: readonly number[]): number {
  const last = centres.at(-1) ?? 0;
  const before = centres.at(-2) ?? last / 2;
  return before > 0 ? Math.max((last * last) / before, 2 * last - before) : 2 * last;
}
