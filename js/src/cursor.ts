/**
 * What follows the pointer and the playhead, on a layer of its own.
 *
 * Invariant: lines are light on dark and dark on light, so that they are seen on every colormap.
 */

import { formatFreq, formatTime } from "./format";
import type { Scene } from "./hit";
import { markRect } from "./overlay";
import { crisp, setFont } from "./pen";
import { isBox, isInterval, type Shape } from "./shapes";
import type { Theme } from "./theme";

type Context = CanvasRenderingContext2D;

export interface CursorState {
  readonly pointer: { readonly x: number; readonly y: number } | null;
  readonly position: number;
  readonly playing: boolean;
  readonly preview: Shape | null;
}

export function paintCursor(g: Context, scene: Scene, state: CursorState, theme: Theme): void {
  const { layout } = scene;
  const [first] = layout.panes;
  const last = layout.layers.at(-1) ?? layout.panes.at(-1);
  if (!first || !last) return;
  setFont(g, theme);
  const top = first.rect.y;
  const bottom = last.rect.y + last.rect.height;
  const { pointer } = state;
  const inside =
    pointer && pointer.x >= layout.plot.x && pointer.x < layout.plot.x + layout.plot.width;
  if (pointer && inside && pointer.y >= top && pointer.y < bottom) {
    hairline(g, crisp(pointer.x), top, crisp(pointer.x), bottom);
    const pane = layout.panes.find(
      ({ rect, kind }) =>
        kind === "spec" && pointer.y >= rect.y && pointer.y < rect.y + rect.height,
    );
    if (pane) {
      const { x, width } = pane.rect;
      hairline(g, x, crisp(pointer.y), x + width, crisp(pointer.y));
    }
  }
  const overviewX = layout.overview.x + scene.overview.toX(state.position);
  playhead(g, overviewX, layout.overview.y, layout.overview.y + layout.overview.height, theme, 1);
  const x = scene.time.toX(state.position);
  if (x >= 0 && x <= layout.plot.width) {
    playhead(g, layout.plot.x + x, top, bottom, theme, state.playing ? 2 : 1.5);
  }
  if (state.preview) paintMeasure(g, scene, state.preview);
}

/** Light on dark and dark on light at once. */
function hairline(g: Context, x0: number, y0: number, x1: number, y1: number): void {
  for (const [color, dash] of [
    ["rgba(0, 0, 0, 0.65)", []],
    ["rgba(255, 255, 255, 0.85)", [3, 3]],
  ] as const) {
    g.beginPath();
    g.setLineDash([...dash]);
    g.strokeStyle = color;
    g.lineWidth = 1;
    g.moveTo(x0, y0);
    g.lineTo(x1, y1);
    g.stroke();
  }
  g.setLineDash([]);
}

function playhead(
  g: Context,
  x: number,
  top: number,
  bottom: number,
  theme: Theme,
  width: number,
): void {
  for (const [color, extra] of [
    ["rgba(0, 0, 0, 0.5)", 2],
    [theme.accent, 0],
  ] as const) {
    g.beginPath();
    g.strokeStyle = color;
    g.lineWidth = width + extra;
    g.moveTo(x, top);
    g.lineTo(x, bottom);
    g.stroke();
  }
}

/** The extent of what is being drawn, in words, beside it. */
function paintMeasure(g: Context, scene: Scene, shape: Shape): void {
  const pane = scene.layout.panes.find(({ kind }) => kind === "spec") ?? scene.layout.panes[0];
  const rect = pane && markRect(scene, pane, shape);
  if (!pane || !rect || !isInterval(shape)) return;
  const duration = formatTime(shape.end - shape.start, (scene.visible[1] - scene.visible[0]) / 1e3);
  const band = isBox(shape)
    ? ` · ${formatFreq(shape.low_freq)} – ${formatFreq(shape.high_freq)}`
    : "";
  const text = `${duration}${band}`;
  const width = g.measureText(text).width + 10;
  const right = pane.rect.x + pane.rect.width - width;
  const x = Math.max(pane.rect.x, Math.min(right, rect.x + rect.width / 2 - width / 2));
  const below = rect.y + rect.height + 3;
  const room = below + 18 <= pane.rect.y + pane.rect.height;
  const y = room ? below : Math.max(pane.rect.y, rect.y + rect.height - 21);
  g.fillStyle = "rgba(0, 0, 0, 0.75)";
  g.fillRect(x, y, width, 18);
  g.fillStyle = "#fff";
  g.textAlign = "left";
  g.fillText(text, x + 5, y + 9.5);
}
