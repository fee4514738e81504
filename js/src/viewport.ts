import type { Bounds, FreqAxis, Viewport } from "./types";

export type { Bounds, Viewport } from "./types";

const todo = (): never => {
  throw new Error("not yet");
};

/** The nearest window that lies within the bounds and is not narrower than the least span. */
export function clamp(_vp: Viewport, _b: Bounds): Viewport {
  return todo();
}
/** The whole recording. */
export function fit(_b: Bounds): Viewport {
  return todo();
}
/** The visible span times `factor` (below 1 zooms in); `anchor` (seconds) stays under the same pixel. */
export function zoomTime(_vp: Viewport, _b: Bounds, _factor: number, _anchor: number): Viewport {
  return todo();
}
/** Moves the window by dt seconds; the span is kept. */
export function panTime(_vp: Viewport, _b: Bounds, _dt: number): Viewport {
  return todo();
}
/** As zoomTime, in the axis' own units; `anchor` in Hz. */
export function zoomFreq(
  _vp: Viewport,
  _b: Bounds,
  _axis: FreqAxis,
  _factor: number,
  _anchor: number,
): Viewport {
  return todo();
}
/** Moves the window up by `delta` of its own height on screen. */
export function panFreq(_vp: Viewport, _b: Bounds, _axis: FreqAxis, _delta: number): Viewport {
  return todo();
}
/** Unchanged when start..end is in sight; else moved, and widened only when it has to be. */
export function showInterval(_vp: Viewport, _b: Bounds, _start: number, _end: number): Viewport {
  return todo();
}
