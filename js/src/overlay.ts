/**
 * What is drawn over the picture: axes, annotations, overview window; and, on a layer of its own,
 * what follows the pointer and the playhead.
 *
 * Invariant: these functions paint what they are given and keep nothing; all positions come from the
 * same scales that the hit test uses, so that what is seen is what is held.
 */

import { formatFreq, formatTime } from "./format";
import { freqToY, type Scene } from "./hit";
import { GUTTER, overlap, type Pane, type Rect } from "./layout";
import type { Mark } from "./marks";
import { isBox, isInterval, type Shape } from "./shapes";
import { inkOn, lighter, type Theme } from "./theme";
import { amplitudeTicks, dbTicks, freqTicks, timeTicks } from "./ticks";
import type { FreqAxis, Tick } from "./types";

type Context = CanvasRenderingContext2D;

const TICK = 4;
const TEXT_SIZE = 11;
const CHIP_HEIGHT = 15;
/** Chips of text are left out where they could not be read. */
const CHIP_MIN = 18;
const CHIP_MAX = 200;

/** Half a pixel off the grid, where a one-pixel line is one pixel. */
const crisp = (at: number) => Math.round(at) + 0.5;

export function setFont(g: Context, theme: Theme): void {
  g.font = `${TEXT_SIZE}px ${theme.font}`;
  g.textBaseline = "middle";
}

function clipTo(g: Context, rect: Rect, paint: () => void): void {
  g.save();
  g.beginPath();
  g.rect(rect.x, rect.y, rect.width, rect.height);
  g.clip();
  paint();
  g.restore();
}

// Axes -------------------------------------------------------------------------------------------

export interface AxisState {
  readonly axis: FreqAxis;
  readonly band: readonly [number, number];
  readonly range: readonly [number, number];
  /** Largest amplitude on the axis; it runs from -amplitude to amplitude. */
  readonly amplitude: number;
  readonly channelName: (pane: Pane) => string;
  readonly barColors: readonly string[];
}

export function paintAxes(g: Context, scene: Scene, state: AxisState, theme: Theme): void {
  setFont(g, theme);
  const { layout } = scene;
  paintTimeAxis(g, scene, theme);
  for (const pane of layout.panes) {
    const { rect } = pane;
    const ticks =
      pane.kind === "spec"
        ? freqTicks(state.axis, state.band[0], state.band[1], rect.height)
        : amplitudeTicks(-state.amplitude, state.amplitude, rect.height);
    const y = (tick: Tick) =>
      pane.kind === "spec"
        ? freqToY(scene.freq, rect, tick.value)
        : rect.y + ((state.amplitude - tick.value) / (2 * state.amplitude)) * rect.height;
    sideTicks(g, rect.x, rect, ticks, y, theme, -1);
    axisTitle(g, rect, state.channelName(pane), theme);
  }
  const bar = layout.colorbar;
  if (bar) {
    const steps = state.barColors.length;
    state.barColors.forEach((color, i) => {
      g.fillStyle = color;
      const top = bar.y + ((steps - 1 - i) / steps) * bar.height;
      g.fillRect(bar.x, top, bar.width, bar.height / steps + 0.5);
    });
    const [lo, hi] = state.range;
    const y = (tick: Tick) => bar.y + ((hi - tick.value) / (hi - lo || 1)) * bar.height;
    sideTicks(g, bar.x + bar.width, bar, dbTicks(lo, hi, bar.height), y, theme, 1);
    g.fillStyle = theme.muted;
    g.textAlign = "left";
    g.fillText("dB", bar.x, bar.y - 9);
  }
}

function sideTicks(
  g: Context,
  x: number,
  rect: Rect,
  ticks: readonly Tick[],
  toY: (tick: Tick) => number,
  theme: Theme,
  direction: -1 | 1,
): void {
  g.strokeStyle = theme.muted;
  g.fillStyle = theme.text;
  g.textAlign = direction < 0 ? "right" : "left";
  g.beginPath();
  for (const tick of ticks) {
    const y = toY(tick);
    if (y < rect.y - 0.5 || y > rect.y + rect.height + 0.5) continue;
    const line = crisp(Math.min(y, rect.y + rect.height - 1));
    g.moveTo(x, line);
    g.lineTo(x + direction * (tick.major ? TICK : TICK / 2), line);
    if (!tick.major) continue;
    // A label at the very edge is moved in, so that nothing is cut off.
    const half = TEXT_SIZE / 2;
    const text = Math.min(rect.y + rect.height - half, Math.max(rect.y + half, y));
    g.fillText(tick.label, x + direction * (TICK + 3), text);
  }
  g.stroke();
}

function axisTitle(g: Context, rect: Rect, title: string, theme: Theme): void {
  if (!title || rect.height < 30) return;
  g.save();
  g.translate(rect.x - GUTTER + 8, rect.y + rect.height / 2);
  g.rotate(-Math.PI / 2);
  g.textAlign = "center";
  g.fillStyle = theme.muted;
  g.fillText(title, 0, 0);
  g.restore();
}

function paintTimeAxis(g: Context, scene: Scene, theme: Theme): void {
  const { timeAxis, plot } = scene.layout;
  const [t0, t1] = scene.visible;
  g.strokeStyle = theme.muted;
  g.fillStyle = theme.text;
  g.textAlign = "center";
  g.beginPath();
  for (const tick of timeTicks(t0, t1, plot.width)) {
    const x = plot.x + scene.time.toX(tick.value);
    g.moveTo(crisp(x), timeAxis.y);
    g.lineTo(crisp(x), timeAxis.y + (tick.major ? TICK : TICK / 2));
    if (!tick.major) continue;
    const half = g.measureText(tick.label).width / 2;
    const right = scene.layout.width - half;
    g.fillText(tick.label, Math.min(right, Math.max(half, x)), timeAxis.y + TICK + 9);
  }
  g.stroke();
}

// Annotations ------------------------------------------------------------------------------------

/** Where an annotation is drawn on a pane; null where it has no place there. */
export function markRect(scene: Scene, pane: Pane, shape: Shape): Rect | null {
  if (!isInterval(shape)) return null;
  const x = pane.rect.x + scene.time.toX(shape.start);
  const width = pane.rect.x + scene.time.toX(shape.end) - x;
  if (pane.kind === "wave" || !isBox(shape)) {
    return { x, y: pane.rect.y, width, height: pane.rect.height };
  }
  const y = freqToY(scene.freq, pane.rect, shape.high_freq);
  return { x, y, width, height: freqToY(scene.freq, pane.rect, shape.low_freq) - y };
}

export function paintMarks(g: Context, scene: Scene, marks: readonly Mark[], theme: Theme): void {
  setFont(g, theme);
  const isSelected = (mark: Mark) => mark.id === null || scene.selected.has(mark.id);
  const inOrder = [...marks].sort((a, b) => Number(isSelected(a)) - Number(isSelected(b)));
  const labelled = new Set(["spec"]);
  if (!scene.layout.panes.some(({ kind }) => kind === "spec")) labelled.add("wave");
  for (const pane of scene.layout.panes) {
    clipTo(g, pane.rect, () => {
      const placed = inOrder.flatMap((mark) => {
        const rect = markRect(scene, pane, mark);
        return rect ? [{ mark, rect }] : [];
      });
      for (const { mark, rect } of placed) paintMark(g, pane, rect, mark, isSelected(mark));
      if (!labelled.has(pane.kind)) return;
      // The selected ones come first to the room there is for text.
      const taken: Rect[] = [];
      for (const { mark, rect } of placed.reverse()) paintChip(g, pane, rect, mark, taken);
    });
  }
}

function paintMark(g: Context, pane: Pane, rect: Rect, mark: Mark, selected: boolean): void {
  const width = Math.max(rect.width, 1);
  g.globalAlpha = pane.kind === "wave" ? (selected ? 0.3 : 0.16) : selected ? 0.16 : 0;
  g.fillStyle = mark.color;
  if (g.globalAlpha > 0) g.fillRect(rect.x, rect.y, width, rect.height);
  g.globalAlpha = 1;
  const framed = pane.kind === "spec" && mark.low_freq !== null;
  const outline = () => {
    g.beginPath();
    const [left, right] = [crisp(rect.x), crisp(rect.x + rect.width)];
    if (framed) {
      const top = crisp(rect.y);
      g.rect(left, top, Math.max(1, right - left), Math.max(1, crisp(rect.y + rect.height) - top));
    } else {
      g.moveTo(left, rect.y);
      g.lineTo(left, rect.y + rect.height);
      g.moveTo(right, rect.y);
      g.lineTo(right, rect.y + rect.height);
    }
    g.stroke();
  };
  // A dark rim keeps every colour legible on every colormap.
  if (pane.kind === "spec") {
    g.setLineDash([]);
    g.strokeStyle = "rgba(0, 0, 0, 0.55)";
    g.lineWidth = selected ? 4.5 : 3;
    outline();
  }
  g.setLineDash(mark.draft ? [5, 3] : mark.pending ? [2, 2] : []);
  g.strokeStyle = pane.kind === "spec" ? lighter(mark.color) : mark.color;
  g.lineWidth = selected ? 2.5 : 1.5;
  outline();
  g.setLineDash([]);
  if (selected && framed && rect.width > 24 && rect.height > 16) {
    paintGrips(g, rect, mark.color);
  }
}

function paintGrips(g: Context, rect: Rect, color: string): void {
  const size = 6;
  g.lineWidth = 1;
  g.strokeStyle = "rgba(0, 0, 0, 0.7)";
  g.fillStyle = color;
  for (const x of [rect.x, rect.x + rect.width / 2, rect.x + rect.width]) {
    for (const y of [rect.y, rect.y + rect.height / 2, rect.y + rect.height]) {
      if (x === rect.x + rect.width / 2 && y === rect.y + rect.height / 2) continue;
      g.fillRect(x - size / 2, y - size / 2, size, size);
      g.strokeRect(x - size / 2, y - size / 2, size, size);
    }
  }
}

/** The label's text, whole where it hides no other, else as wide as the annotation. */
function paintChip(g: Context, pane: Pane, rect: Rect, mark: Mark, taken: Rect[]): void {
  if (!mark.label) return;
  const x = Math.max(rect.x, pane.rect.x);
  const room = Math.min(rect.x + rect.width, pane.rect.x + pane.rect.width) - x;
  // Above the box where there is room for it, else inside: the sound under it stays visible.
  const above = rect.y - CHIP_HEIGHT;
  const y = mark.low_freq !== null && above >= pane.rect.y ? above : Math.max(rect.y, pane.rect.y);
  const full = Math.min(CHIP_MAX, g.measureText(mark.label).width + 8);
  const free = [full, Math.min(full, room)].find((width) =>
    taken.every((other) => !overlap({ x, y, width, height: CHIP_HEIGHT }, other)),
  );
  if (free === undefined || free < Math.min(full, CHIP_MIN)) return;
  taken.push({ x, y, width: free, height: CHIP_HEIGHT });
  g.save();
  g.beginPath();
  g.rect(x, y, free, CHIP_HEIGHT);
  g.clip();
  g.fillStyle = mark.color;
  g.fillRect(x, y, free, CHIP_HEIGHT);
  g.fillStyle = inkOn(mark.color);
  g.textAlign = "left";
  g.fillText(mark.label, x + 4, y + CHIP_HEIGHT / 2 + 0.5);
  g.restore();
}

// Overview ---------------------------------------------------------------------------------------

export function paintOverview(
  g: Context,
  scene: Scene,
  marks: readonly Mark[],
  theme: Theme,
): void {
  const { overview } = scene.layout;
  clipTo(g, overview, () => {
    for (const mark of marks) {
      if (!isInterval(mark)) continue;
      const x = overview.x + scene.overview.toX(mark.start);
      const width = Math.max(1.5, scene.overview.toX(mark.end) - scene.overview.toX(mark.start));
      g.fillStyle = mark.color;
      g.fillRect(x, overview.y + overview.height - 4, width, 4);
    }
    const left = overview.x + scene.overview.toX(scene.visible[0]);
    const right = overview.x + scene.overview.toX(scene.visible[1]);
    g.fillStyle = theme.pane;
    g.globalAlpha = 0.6;
    g.fillRect(overview.x, overview.y, left - overview.x, overview.height);
    g.fillRect(right, overview.y, overview.x + overview.width - right, overview.height);
    g.globalAlpha = 1;
    g.strokeStyle = theme.accent;
    g.lineWidth = 1.5;
    const width = Math.max(3, right - left - 1.5);
    g.strokeRect(left + 0.75, overview.y + 0.75, width, overview.height - 1.5);
  });
}

// Pointer and playhead ---------------------------------------------------------------------------

export interface CursorState {
  readonly pointer: { readonly x: number; readonly y: number } | null;
  readonly position: number;
  readonly playing: boolean;
  readonly preview: Shape | null;
}

export function paintCursor(g: Context, scene: Scene, state: CursorState, theme: Theme): void {
  const { layout } = scene;
  const [first] = layout.panes;
  const last = layout.panes[layout.panes.length - 1];
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
