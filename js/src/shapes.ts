/**
 * The geometry of annotations while they are drawn, moved and resized: seconds and hertz in,
 * seconds and hertz out. Pure.
 *
 * Invariant: whatever the pointer does, the result lies inside the recording, `start <= end`,
 * and `low_freq <= high_freq`; an edge dragged past its opposite takes the opposite's place.
 */

export interface Shape {
  readonly start: number | null;
  readonly end: number | null;
  readonly low_freq: number | null;
  readonly high_freq: number | null;
}

/** An annotation on its way to another shape; without an id while it is drawn. */
export interface Preview extends Shape {
  readonly id: string | null;
}

export interface Extent {
  readonly duration: number;
  readonly nyquist: number;
}

export interface Point {
  readonly time: number;
  /** Hertz, or null on a pane that has no frequency. */
  readonly freq: number | null;
}

export type Edge = "start" | "end";
export type Side = "low" | "high";

/** What part of an annotation the pointer holds: its body, or edges in time and frequency. */
export interface Grip {
  readonly edge: Edge | null;
  readonly side: Side | null;
}

export const BODY: Grip = { edge: null, side: null };

const clip = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));

interface InTime {
  readonly start: number;
  readonly end: number;
}
interface InBand {
  readonly low_freq: number;
  readonly high_freq: number;
}

export const isInterval = <S extends Shape>(shape: S): shape is S & InTime =>
  shape.start !== null && shape.end !== null;

export const isBox = <S extends Shape>(shape: S): shape is S & InTime & InBand =>
  isInterval(shape) && shape.low_freq !== null && shape.high_freq !== null;

/** The annotation spanned by a drag from one point to another; a box where `withBand`. */
export function drawn(from: Point, to: Point, withBand: boolean, extent: Extent): Shape {
  const a = clip(from.time, 0, extent.duration);
  const b = clip(to.time, 0, extent.duration);
  const times = { start: Math.min(a, b), end: Math.max(a, b) };
  if (!withBand || from.freq === null || to.freq === null) {
    return { ...times, low_freq: null, high_freq: null };
  }
  const f = clip(from.freq, 0, extent.nyquist);
  const g = clip(to.freq, 0, extent.nyquist);
  return { ...times, low_freq: Math.min(f, g), high_freq: Math.max(f, g) };
}

/**
 * The annotation after its grip was dragged from one point to another.
 *
 * The body moves without changing its size and stops at the borders; an edge or side follows the
 * pointer. A frequency is touched only where both points have one and the annotation has a band.
 */
export function dragged(shape: Shape, grip: Grip, from: Point, to: Point, extent: Extent): Shape {
  if (!isInterval(shape)) return shape;
  const moves = grip.edge === null && grip.side === null;
  const dt = to.time - from.time;
  let { start, end } = shape;
  if (moves) {
    const shift = clip(dt, -start, extent.duration - end);
    start += shift;
    end += shift;
  } else if (grip.edge !== null) {
    const fixed = grip.edge === "start" ? end : start;
    const moving = clip((grip.edge === "start" ? start : end) + dt, 0, extent.duration);
    start = Math.min(fixed, moving);
    end = Math.max(fixed, moving);
  }
  const times = { start, end, low_freq: shape.low_freq, high_freq: shape.high_freq };
  if (!isBox(shape) || from.freq === null || to.freq === null) return times;
  let { low_freq: low, high_freq: high } = shape;
  const df = to.freq - from.freq;
  if (moves) {
    const shift = clip(df, -low, extent.nyquist - high);
    low += shift;
    high += shift;
  } else if (grip.side !== null) {
    const fixed = grip.side === "low" ? high : low;
    const moving = clip((grip.side === "low" ? low : high) + df, 0, extent.nyquist);
    low = Math.min(fixed, moving);
    high = Math.max(fixed, moving);
  }
  return { ...times, low_freq: low, high_freq: high };
}

/** Several annotations moved by one distance, as far as all of them stay inside the recording. */
export function movedTogether<S extends Shape>(
  shapes: readonly S[],
  from: Point,
  to: Point,
  extent: Extent,
): S[] {
  let [earliest, latest, lowest, highest] = [extent.duration, 0, extent.nyquist, 0];
  for (const shape of shapes) {
    if (!isInterval(shape)) continue;
    earliest = Math.min(earliest, shape.start);
    latest = Math.max(latest, shape.end);
    if (!isBox(shape)) continue;
    lowest = Math.min(lowest, shape.low_freq);
    highest = Math.max(highest, shape.high_freq);
  }
  const dt = clip(to.time - from.time, -earliest, extent.duration - latest);
  const df =
    from.freq === null || to.freq === null || highest < lowest
      ? 0
      : clip(to.freq - from.freq, -lowest, extent.nyquist - highest);
  const still = { time: 0, freq: 0 };
  return shapes.map((shape) => ({
    ...shape,
    ...dragged(shape, BODY, still, { time: dt, freq: df }, extent),
  }));
}

/** The fields in which two shapes differ, with the values of the second. */
export function changes(before: Shape, after: Shape): Partial<Shape> {
  const set: { -readonly [K in keyof Shape]?: Shape[K] } = {};
  for (const key of ["start", "end", "low_freq", "high_freq"] as const) {
    if (before[key] !== after[key]) set[key] = after[key];
  }
  return set;
}
