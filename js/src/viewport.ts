// Arithmetic of the visible window.
// Invariant: whatever goes in (NaN, infinities, a window turned round), a window comes out that is finite, within
// the bounds and no narrower than the least span; a window that is right already comes out unchanged. Zooming
// keeps the anchor under its pixel unless a bound forbids it; then the window is moved, never resized, to fit.

import { axisBottom, axisWarp, logFloor } from "./scales";
import type { Bounds, FreqAxis, Viewport } from "./types";

export type { Bounds, Viewport } from "./types";

const LEAST_SAMPLES = 16;
const LEAST_HZ = 20;
const LEAST_SHARE = 1 / 200;
/** Share of the window that an interval takes when the window had to be widened for it. */
const SHOWN_SHARE = 0.8;

type Range = readonly [number, number];
interface Limits {
  readonly min: number;
  readonly max: number;
  readonly least: number;
}

function timeLimits(b: Bounds): Limits {
  const max = b.duration > 0 && Number.isFinite(b.duration) ? b.duration : 1;
  const least = b.sr > 0 ? LEAST_SAMPLES / b.sr : 0;
  return { min: 0, max, least: Math.min(Math.max(least, max * 1e-9), max) };
}

function freqLimits(b: Bounds): Limits {
  const min = Number.isFinite(b.fmin) ? Math.max(0, b.fmin) : 0;
  const max = b.fmax > min && Number.isFinite(b.fmax) ? b.fmax : min + 1;
  return { min, max, least: Math.min(LEAST_HZ, (max - min) * LEAST_SHARE) };
}

/** Widened about its middle to the least span, then moved to lie within; or cut where it is too wide. */
function clampRange([a, b]: Range, { min, max, least }: Limits): Range {
  if (!Number.isFinite(a) || !Number.isFinite(b)) return [min, max];
  let low = Math.min(a, b);
  let high = Math.max(a, b);
  let span = high - low;
  // A span that rounding alone has made too small is left as it is, or windows would creep.
  if (span < least * (1 - 1e-6)) {
    low += (span - least) / 2;
    high = low + least;
    span = least;
  }
  if (span >= max - min) return [min, max];
  if (low < min) return [min, min + span];
  if (high > max) return [max - span, max];
  return [low, high];
}

function zoomRange([a, b]: Range, limits: Limits, factor: number, anchor: number): Range {
  if (!(factor > 0) || !Number.isFinite(anchor)) return [a, b];
  const span = b - a;
  const k = Math.min(
    Math.max(factor, limits.least / span),
    Math.max(1, (limits.max - limits.min) / span),
  );
  return k === 1 ? [a, b] : [anchor + (a - anchor) * k, anchor + (b - anchor) * k];
}

/** The window, moved and resized as little as makes it lie within the bounds. */
export function clamp(vp: Viewport, b: Bounds): Viewport {
  const [t0, t1] = clampRange([vp.t0, vp.t1], timeLimits(b));
  const [f0, f1] = clampRange([vp.f0, vp.f1], freqLimits(b));
  return { t0, t1, f0, f1 };
}

/** The whole recording. */
export function fit(b: Bounds): Viewport {
  const time = timeLimits(b);
  const freq = freqLimits(b);
  return { t0: time.min, t1: time.max, f0: freq.min, f1: freq.max };
}

/** The visible span times `factor` (below 1 zooms in); `anchor` (seconds) stays under the same pixel. */
export function zoomTime(vp: Viewport, b: Bounds, factor: number, anchor: number): Viewport {
  const now = clamp(vp, b);
  const [t0, t1] = zoomRange([now.t0, now.t1], timeLimits(b), factor, anchor);
  return clamp({ ...now, t0, t1 }, b);
}

/** Moves the window by dt seconds; the span is kept. */
export function panTime(vp: Viewport, b: Bounds, dt: number): Viewport {
  const now = clamp(vp, b);
  if (!Number.isFinite(dt)) return now;
  return clamp({ ...now, t0: now.t0 + dt, t1: now.t1 + dt }, b);
}

/** The visible height on the axis times `factor`; `anchor` (Hz) stays under the same pixel. */
export function zoomFreq(
  vp: Viewport,
  b: Bounds,
  axis: FreqAxis,
  factor: number,
  anchor: number,
): Viewport {
  return onAxis(vp, b, axis, (range, limits, { forward, inverse }) => {
    const at = forward(axis === "log" ? Math.max(anchor, limits.min / 1e3) : anchor);
    const unlimited = { min: forward(limits.min), max: forward(limits.max), least: 0 };
    const zoomed = (k: number) => zoomRange(range, unlimited, k, at);
    const wideEnough = ([low, high]: Range) => inverse(high) - inverse(low) >= limits.least;
    const wanted = zoomed(factor);
    if (wideEnough(wanted) || !(factor < 1)) return wanted;
    let narrow = factor;
    let wide = 1;
    for (let i = 0; i < 60; i++) {
      const middle = (narrow + wide) / 2;
      if (wideEnough(zoomed(middle))) wide = middle;
      else narrow = middle;
    }
    return zoomed(wide);
  });
}

/** Moves the window up by `delta` of its own height on screen; its height on the axis is kept. */
export function panFreq(vp: Viewport, b: Bounds, axis: FreqAxis, delta: number): Viewport {
  return onAxis(vp, b, axis, ([low, high]) => {
    const shift = Number.isFinite(delta) ? delta * (high - low) : 0;
    return [low + shift, high + shift];
  });
}

/** Unchanged when start..end is in sight; else moved, and widened only when it has to be. */
export function showInterval(vp: Viewport, b: Bounds, start: number, end: number): Viewport {
  const now = clamp(vp, b);
  if (!Number.isFinite(start) || !Number.isFinite(end)) return now;
  const [low, high] = start <= end ? [start, end] : [end, start];
  if (low >= now.t0 && high <= now.t1) return now;
  const span = Math.max(now.t1 - now.t0, (high - low) / SHOWN_SHARE);
  const middle = (low + high) / 2;
  return clamp({ ...now, t0: middle - span / 2, t1: middle + span / 2 }, b);
}

type Change = (range: Range, limits: Limits, warp: ReturnType<typeof axisWarp>) => Range;

/** Applies a change in the axis' own unit. What is not drawn below a log axis counts as its bottom. */
function onAxis(vp: Viewport, b: Bounds, axis: FreqAxis, change: Change): Viewport {
  const now = clamp(vp, b);
  const warp = axisWarp(axis);
  const limits = freqLimits(b);
  const bottom = axisBottom(axis, now.f0, now.f1);
  const lowest = Math.min(bottom, axisBottom(axis, limits.min, limits.max));
  const range: Range = [warp.forward(bottom), warp.forward(now.f1)];
  const changed = change(range, { ...limits, min: lowest }, warp);
  if (changed[0] === range[0] && changed[1] === range[1]) return now;
  const edges = { min: warp.forward(lowest), max: warp.forward(limits.max), least: 0 };
  const [low, high] = clampRange(changed, edges);
  const f1 = high === edges.max ? limits.max : warp.inverse(high);
  const atBottom = low === edges.min && (axis !== "log" || lowest >= logFloor(f1));
  return clamp({ ...now, f0: atBottom ? limits.min : warp.inverse(low), f1 }, b);
}
