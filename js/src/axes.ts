/** Axes of time, frequency, amplitude and dB. Invariant: a label is never cut off, nor hides another. */

import { freqToY, type Scene } from "./hit";
import { GUTTER, type Rect } from "./layout";
import { crisp, setFont, TEXT_SIZE, textWidth } from "./pen";
import type { Theme } from "./theme";
import { amplitudeTicks, freqTicks, rowTicks, timeTicks, valueTicks } from "./ticks";
import type { Bins, FreqAxis, Tick } from "./types";

type Context = CanvasRenderingContext2D;

const TICK = 4;

export interface AxisState {
  readonly axis: FreqAxis;
  readonly bins: Bins;
  readonly band: readonly [number, number];
  readonly range: readonly [number, number];
  /** Largest amplitude on the axis; it runs from -amplitude to amplitude. */
  readonly amplitude: number;
  /** What stands over the colour bar. */
  readonly unit: string;
  /** Whether the channels are named. */
  readonly named: boolean;
  /** 256 RGB triples, from dark to bright. */
  readonly colors: Uint8Array;
}

/** Colours in the colour bar. */
const BAR_STEPS = 64;

/** What lies beside the panes: it stays as it is while the window moves in time. */
export function paintSides(g: Context, scene: Scene, state: AxisState, theme: Theme): void {
  setFont(g, theme);
  const { layout } = scene;
  for (const pane of layout.panes) {
    const { rect } = pane;
    const ticks =
      pane.kind === "spec"
        ? rowsOrHz(state, rect.height)
        : amplitudeTicks(-state.amplitude, state.amplitude, rect.height);
    const y = (tick: Tick) =>
      pane.kind === "spec"
        ? freqToY(scene.freq, rect, tick.value)
        : rect.y + ((state.amplitude - tick.value) / (2 * state.amplitude)) * rect.height;
    sideTicks(g, rect.x, rect, ticks, y, theme, -1);
    const row = pane.kind === "spec" && state.bins.kind === "index" ? state.bins.label : "";
    const channel = state.named ? `ch ${Number(pane.channel) + 1}` : "";
    axisTitle(g, rect, channel || row, theme);
  }
  const bar = layout.colorbar;
  if (bar) {
    for (let i = 0; i < BAR_STEPS; i++) {
      const at = 3 * Math.round((i * 255) / (BAR_STEPS - 1));
      const [red, green, blue] = state.colors.subarray(at, at + 3);
      g.fillStyle = `rgb(${red}, ${green}, ${blue})`;
      const top = bar.y + ((BAR_STEPS - 1 - i) / BAR_STEPS) * bar.height;
      g.fillRect(bar.x, top, bar.width, bar.height / BAR_STEPS + 0.5);
    }
    const [lo, hi] = state.range;
    const y = (tick: Tick) => bar.y + ((hi - tick.value) / (hi - lo || 1)) * bar.height;
    sideTicks(g, bar.x + bar.width, bar, valueTicks(lo, hi, bar.height), y, theme, 1);
    g.fillStyle = theme.muted;
    g.textAlign = "left";
    g.fillText(state.unit, bar.x, bar.y - 9, layout.width - bar.x);
  }
}

function rowsOrHz({ axis, bins, band: [low, high] }: AxisState, height: number): Tick[] {
  return bins.kind === "index"
    ? rowTicks(bins.names ?? null, low, high, height)
    : freqTicks(axis, low, high, height);
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

export function paintTimeAxis(g: Context, scene: Scene, theme: Theme): void {
  setFont(g, theme);
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
    const half = textWidth(g, tick.label) / 2;
    const right = scene.layout.width - half;
    g.fillText(tick.label, Math.min(right, Math.max(half, x)), timeAxis.y + TICK + 9);
  }
  g.stroke();
}
