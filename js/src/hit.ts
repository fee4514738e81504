/**
 * What lies under the pointer. Pure.
 *
 * Invariant: grips of a selected annotation win over anything drawn beneath them; otherwise the
 * smallest annotation that holds the point wins, so that a short one inside a long one can be had.
 */

import { contains, type Layout, type Pane, type Rect } from "./layout";
import type { FreqScale, TimeScale } from "./scales";
import { BODY, type Grip, isBox, isInterval, type Shape } from "./shapes";

export interface Target {
  readonly id: string;
  readonly grip: Grip;
}

export type Hit =
  | {
      readonly zone: "pane";
      readonly pane: Pane;
      readonly time: number;
      readonly freq: number | null;
      readonly target: Target | null;
    }
  | {
      readonly zone: "overview";
      readonly time: number;
      readonly part: "start" | "end" | "body" | null;
    }
  | { readonly zone: "time-axis"; readonly time: number }
  | { readonly zone: "freq-axis"; readonly pane: Pane; readonly freq: number }
  | { readonly zone: "amplitude-axis"; readonly pane: Pane }
  | { readonly zone: "colorbar"; readonly half: "low" | "high" }
  | { readonly zone: "none" };

export interface Scene {
  readonly layout: Layout;
  readonly time: TimeScale;
  readonly freq: FreqScale;
  /** Whether the rows of the spectrogram are frequencies; else annotations have no band on it. */
  readonly inHz: boolean;
  /** The whole recording on the overview strip. */
  readonly overview: TimeScale;
  /** The visible window, in seconds. */
  readonly visible: readonly [number, number];
  /** Annotations that may be hit, drawn order. */
  readonly rows: readonly (Shape & { readonly id: string })[];
  readonly selected: ReadonlySet<string>;
}

/** How near, in pixels, an edge must be to be held; wider for a finger. */
export const GRIP = 6;

export function hitTest(scene: Scene, x: number, y: number, grip: number = GRIP): Hit {
  const { layout, time } = scene;
  const inPlot = x - layout.plot.x;
  for (const pane of layout.panes) {
    if (contains(pane.rect, x, y)) {
      const freq = pane.kind === "spec" ? freqAt(scene.freq, pane.rect, y) : null;
      const target = targetAt(scene, pane, inPlot, y, grip);
      return { zone: "pane", pane, time: time.toTime(inPlot), freq, target };
    }
    const inRows = y >= pane.rect.y && y < pane.rect.y + pane.rect.height;
    if (inRows && x < pane.rect.x) {
      return pane.kind === "spec"
        ? { zone: "freq-axis", pane, freq: freqAt(scene.freq, pane.rect, y) }
        : { zone: "amplitude-axis", pane };
    }
  }
  if (contains(layout.overview, x, y)) return overviewHit(scene, inPlot, grip);
  const timed = [layout.timeAxis, ...layout.layers.map(({ rect }) => rect)];
  if (timed.some((rect) => contains(rect, x, y)))
    return { zone: "time-axis", time: time.toTime(inPlot) };
  const bar = layout.colorbar;
  if (bar && x >= bar.x && y >= bar.y && y < bar.y + bar.height) {
    return { zone: "colorbar", half: y < bar.y + bar.height / 2 ? "high" : "low" };
  }
  return { zone: "none" };
}

export function freqAt(scale: FreqScale, rect: Rect, y: number): number {
  return scale.fromUnit(Math.min(1, Math.max(0, 1 - (y - rect.y) / rect.height)));
}

export function freqToY(scale: FreqScale, rect: Rect, hz: number): number {
  return rect.y + (1 - scale.toUnit(hz)) * rect.height;
}

function overviewHit(scene: Scene, x: number, grip: number): Hit {
  const [t0, t1] = scene.visible;
  const left = scene.overview.toX(t0);
  const right = scene.overview.toX(t1);
  const at = scene.overview.toTime(x);
  const wide = right - left > 4 * grip;
  const part =
    wide && Math.abs(x - left) <= grip
      ? "start"
      : wide && Math.abs(x - right) <= grip
        ? "end"
        : x >= left - grip && x <= right + grip
          ? "body"
          : null;
  return { zone: "overview", time: at, part };
}

function targetAt(scene: Scene, pane: Pane, x: number, y: number, grip: number): Target | null {
  let body: Target | null = null;
  let smallest = Number.POSITIVE_INFINITY;
  for (const row of scene.rows) {
    if (!isInterval(row)) continue;
    const left = scene.time.toX(row.start);
    const right = scene.time.toX(row.end);
    if (x < left - grip || x > right + grip) continue;
    const band = pane.kind === "spec" && scene.inHz && isBox(row);
    const top = band ? freqToY(scene.freq, pane.rect, row.high_freq) : pane.rect.y;
    const bottom = band
      ? freqToY(scene.freq, pane.rect, row.low_freq)
      : pane.rect.y + pane.rect.height;
    if (y < top - grip || y > bottom + grip) continue;
    if (scene.selected.has(row.id)) {
      const held = gripAt(x, y, { left, right, top, bottom }, row.start < row.end, band, grip);
      if (held.edge !== null || held.side !== null) return { id: row.id, grip: held };
    }
    // A point or a sliver is still to be had: it counts as wide as a grip.
    const slack = right - left < 2 * grip ? grip / 2 : 0;
    const inside = x >= left - slack && x <= right + slack && y >= top && y <= bottom;
    const area = (right - left) * (bottom - top);
    if (inside && area <= smallest) {
      body = { id: row.id, grip: BODY };
      smallest = area;
    }
  }
  return body;
}

interface Sides {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** A point in time has no edges to pull apart: it is moved. */
function gripAt(
  x: number,
  y: number,
  box: Sides,
  hasExtent: boolean,
  hasBand: boolean,
  grip: number,
): Grip {
  const nearLeft = hasExtent && Math.abs(x - box.left) <= grip;
  const nearRight = hasExtent && Math.abs(x - box.right) <= grip;
  const edge =
    nearLeft && nearRight
      ? x < (box.left + box.right) / 2
        ? "start"
        : "end"
      : nearLeft
        ? "start"
        : nearRight
          ? "end"
          : null;
  if (!hasBand) return { edge, side: null };
  const nearTop = Math.abs(y - box.top) <= grip;
  const nearBottom = Math.abs(y - box.bottom) <= grip;
  const side =
    nearTop && nearBottom
      ? y < (box.top + box.bottom) / 2
        ? "high"
        : "low"
      : nearTop
        ? "high"
        : nearBottom
          ? "low"
          : null;
  return { edge, side };
}

/** The mouse cursor that tells what a press here would do. */
export function cursorFor(hit: Hit, selected: ReadonlySet<string>): string {
  switch (hit.zone) {
    case "pane": {
      if (!hit.target) return "crosshair";
      const { edge, side } = hit.target.grip;
      if (edge && side)
        return (edge === "start") === (side === "high") ? "nwse-resize" : "nesw-resize";
      if (edge) return "ew-resize";
      if (side) return "ns-resize";
      return selected.has(hit.target.id) ? "move" : "pointer";
    }
    case "overview":
      return hit.part === "start" || hit.part === "end" ? "ew-resize" : "grab";
    case "time-axis":
      return "ew-resize";
    case "freq-axis":
    case "amplitude-axis":
    case "colorbar":
      return "ns-resize";
    case "none":
      return "default";
  }
}
