/**
 * How lines are laid out: their colours, dashes and axes. Pure.
 *
 * Invariant: lines of one overlay share an axis; the ends of an axis that nobody gave are round numbers
 * that hold what is seen. No two lines look the same while there are fewer than colours times dashes.
 */

import type { Drawn, ShownLine } from "./series";
import type { OverlayLine } from "./types";

/** Light, for the dark ground of most colormaps; each is drawn on a dark rim. */
export const LINE_COLORS = ["#4dd0e1", "#ffd54f", "#f48fb1", "#aed581", "#ffab91", "#b39ddb"];
export const DASHES: readonly (readonly number[])[] = [[], [7, 3], [2, 3], [9, 3, 2, 3]];

export interface SeriesAxis {
  readonly overlay: string;
  readonly unit: string;
  /** "frequency": it has no ends of its own. */
  readonly kind: OverlayLine["axis"];
  readonly lo: number;
  readonly hi: number;
  /** Of its first line. */
  readonly color: string;
  readonly lines: readonly StyledLine[];
}

export interface StyledLine extends ShownLine {
  readonly color: string;
  readonly dash: readonly number[];
}

/** The axes of lines, in their order, fitted to what is seen between two times. */
export function seriesAxes(shown: readonly ShownLine[], t0: number, t1: number): SeriesAxis[] {
  const styled = shown.map((one, i) => ({
    ...one,
    color: one.line.color ?? LINE_COLORS[i % LINE_COLORS.length]!,
    dash: DASHES[i % DASHES.length]!,
  }));
  const byOverlay = new Map<string, StyledLine[]>();
  for (const one of styled) {
    const { overlay } = one.line;
    byOverlay.set(overlay, [...(byOverlay.get(overlay) ?? []), one]);
  }
  return [...byOverlay].map(([overlay, lines]) => {
    const { line, color } = lines[0]!;
    const [lo, hi] = line.limits ?? fitted(lines, t0, t1);
    return { overlay, unit: line.unit, kind: line.axis, lo, hi, color, lines };
  });
}

function fitted(lines: readonly ShownLine[], t0: number, t1: number): [number, number] {
  let [lo, hi] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { drawn } of lines) {
    if (!drawn) continue;
    const [from, to] = columnsBetween(drawn, t0, t1);
    for (let i = from; i < to; i++) {
      // What is no number is neither less nor more.
      if (drawn.min[i]! < lo) lo = drawn.min[i]!;
      if (drawn.max[i]! > hi) hi = drawn.max[i]!;
    }
  }
  return roundEnds(lo, hi);
}

/** The columns of which something lies between two times: [from, to). */
export function columnsBetween(drawn: Drawn, t0: number, t1: number): [number, number] {
  const step = (drawn.end - drawn.start) / drawn.columns;
  const within = (column: number) => Math.min(drawn.columns, Math.max(0, column));
  const from = within(Math.floor((t0 - drawn.start) / step) - 1);
  return [from, within(Math.ceil((t1 - drawn.start) / step) + 1)];
}

/** The ends of an axis that holds some values: multiples of a quarter or so of their span. */
export function roundEnds(lo: number, hi: number): [number, number] {
  if (!(Number.isFinite(lo) && Number.isFinite(hi))) return [0, 1];
  if (lo === hi) return lo === 0 ? [-1, 1] : [Math.min(0, 2 * lo), Math.max(0, 2 * lo)];
  const rough = (hi - lo) / 4;
  const decade = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((digit) => digit * decade >= rough * (1 - 1e-9))! * decade;
  return [Math.floor(lo / step + 1e-6) * step, Math.ceil(hi / step - 1e-6) * step];
}
