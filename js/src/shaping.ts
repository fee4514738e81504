/**
 * Plans that give annotations other times, bands, labels or states, and keep each of them. Pure.
 *
 * Invariant: a plan moves nothing beyond the recording, and never turns a row around: rows that are
 * moved together stop together. annotations/shaping.py are the same plans in Python;
 * tests/protocol/operations.json holds both to one meaning.
 */

import { greatest, least, type Plan, updates } from "./plans";
import type { Row, Status } from "./protocol";
import { type Edge, type Extent, isBox, isInterval } from "./shapes";

export type Kind = "interval" | "point" | "box" | "recording";

/** Seconds by which boundaries that are one may differ. */
const TOUCHING = 1e-9;

const clip = (value: number, low: number, high: number) => Math.max(low, Math.min(high, value));

const isPoint = (row: Row): boolean => row.start !== null && row.start === row.end;

export function kindOf(row: Row): Kind {
  if (!isInterval(row)) return "recording";
  if (isPoint(row)) return "point";
  return isBox(row) ? "box" : "interval";
}

export const relabel = (rows: readonly Row[], label: string): Plan => ({
  ops: updates(rows, () => ({ label })),
});

export const setStatus = (rows: readonly Row[], status: Status): Plan => ({
  ops: updates(rows, () => ({ status })),
});

/** How far edges can move together: inside the recording, and not past the other edge. */
export function shiftOf(
  rows: readonly Row[],
  by: number,
  edge: Edge | null,
  { duration, nyquist }: Extent,
): number {
  let [least, most] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (const row of rows) {
    if (!isInterval(row)) continue;
    const { start, end } = row;
    const whole = edge === null || isPoint(row);
    const room = Math.max(0, end - start - 0.5 / nyquist);
    if (whole || edge === "start") least = Math.max(least, -start);
    if (whole || edge === "end") most = Math.min(most, duration - end);
    if (!whole && edge === "start") most = Math.min(most, room);
    if (!whole && edge === "end") least = Math.max(least, -room);
  }
  return clip(by, least, most);
}

/** Moves rows, or one edge of each, by seconds and hertz, as far as all of them can. */
export function nudge(
  rows: readonly Row[],
  { by = 0, freq = 0, edge = null }: { by?: number; freq?: number; edge?: Edge | null },
  extent: Extent,
): Plan {
  const bounds = rows.flatMap(({ low_freq, high_freq }) => [low_freq, high_freq]);
  const known = bounds.filter((hz) => hz !== null);
  if (by !== 0 && !rows.some(isInterval)) {
    return { refused: "it labels the whole recording, and has no time; select others" };
  }
  if (freq !== 0 && known.length === 0) {
    return { refused: "it has no band; convert it to a box first" };
  }
  const dt = shiftOf(rows, by, edge, extent);
  const df = clip(freq, -least(known), extent.nyquist - greatest(known));
  const moved = (hz: number | null) => (hz === null ? null : hz + df);
  const ops = updates(rows, (row) => {
    const band = { low_freq: moved(row.low_freq), high_freq: moved(row.high_freq) };
    if (!isInterval(row)) return band;
    const whole = edge === null || isPoint(row);
    return {
      start: whole || edge === "start" ? row.start + dt : row.start,
      end: whole || edge === "end" ? row.end + dt : row.end,
      ...band,
    };
  });
  return { ops };
}

export interface Conversion {
  readonly kind: Kind;
  /** Seconds that a point lasts which becomes an interval or a box. */
  readonly width?: number;
  /** Hertz of what has no band and becomes a box. */
  readonly band?: readonly [number, number];
  /** Where the point is that something becomes. */
  readonly at?: "start" | "centre" | "end";
}

/** Makes rows of another kind of them. */
export function convert(rows: readonly Row[], to: Conversion, extent: Extent): Plan {
  const { duration, nyquist } = extent;
  const { kind, width = 0.1, band = [0, nyquist], at = "start" } = to;
  const none = { low_freq: null, high_freq: null };
  const ops = updates(rows, (row) => {
    let [start, end] = isInterval(row) ? [row.start, row.end] : [0, duration];
    if (kind === "recording") return { start: null, end: null, ...none };
    if (kind === "point") {
      const time = { start, centre: (start + end) / 2, end }[at];
      return { start: time, end: time, ...none };
    }
    if (start === end) {
      start = clip(start, 0, Math.max(0, duration - width));
      end = Math.min(start + width, duration);
    }
    if (kind === "interval") return { start, end, ...none };
    const { low_freq: low, high_freq: high } = row;
    if (low === null && high === null) {
      return { start, end, low_freq: band[0], high_freq: band[1] };
    }
    return { start, end, low_freq: low ?? 0, high_freq: high ?? nyquist };
  });
  return { ops };
}

/** Moves the boundary nearest to a time there, with all of its tier that lie on it. */
export function moveBoundary(rows: readonly Row[], time: number): Plan {
  const timed = rows.filter(isInterval);
  const edges = timed.flatMap(({ start, end }) => [start, end]);
  if (edges.length === 0) return { refused: "there is no boundary to move; add an annotation" };
  const nearest = edges.reduce((best, edge) => {
    const closer = Math.abs(edge - time) - Math.abs(best - time);
    return closer < 0 || (closer === 0 && edge < best) ? edge : best;
  });
  const { tier } = timed.find(({ start, end }) => start === nearest || end === nearest)!;
  const lies = (edge: number) => Math.abs(edge - nearest) <= TOUCHING;
  const lane = timed.filter((row) => row.tier === tier);
  return {
    ops: updates(lane, ({ start, end }) => ({
      start: lies(start!) ? time : start,
      end: lies(end!) ? time : end,
    })),
  };
}
