/**
 * A spectrum as a book on acoustics draws it: level in dB over frequency, with its highest peaks named.
 *
 * Invariant: it paints what it is given; the curve is the largest level at each pixel, so that no peak is lost.
 */

import { formatDb, formatFreq } from "./format";
import type { Rect } from "./layout";
import { clipTo, crisp, setFont, TEXT_SIZE, textWidth } from "./pen";
import type { SpectrumData } from "./protocol";
import { type FreqScale, freqScale } from "./scales";
import type { Theme } from "./theme";
import { freqTicks, valueTicks } from "./ticks";

type Context = CanvasRenderingContext2D;

export interface SpectrumView {
  readonly width: number;
  readonly height: number;
  readonly ratio: number;
  readonly axis: "linear" | "log";
  readonly range: readonly [number, number];
  readonly data: SpectrumData | null;
  /** Of the pointer, in pixels. */
  readonly pointer: number | null;
}

const LEFT = 58;
const RIGHT = 12;
const TOP = 8;
const BOTTOM = 20;
/** Peaks this far below the highest are not named. */
const PEAK_DEPTH = 45;
/** Pixels across for a label, where ticks.ts thinks of labels above each other. */
const ACROSS = 2.4;
const GAP = 4;

/** The ends of the level axis: steps of 20 dB that hold what there is, and never narrower than before. */
export function levelRange(
  db: Float32Array,
  before: readonly [number, number] | null,
): [number, number] {
  let [lo, hi] = before ?? [-80, -20];
  let top = Number.NEGATIVE_INFINITY;
  let sum = 0;
  let n = 0;
  for (const value of db) {
    if (!Number.isFinite(value)) continue;
    if (value > top) top = value;
    sum += value;
    n += 1;
  }
  if (n === 0) return [lo, hi];
  hi = Math.max(hi, 20 * Math.ceil((top + 4) / 20));
  lo = Math.min(lo, 20 * Math.floor(Math.max(sum / n - 20, -200) / 20));
  return [lo, hi];
}

export function paintSpectrum(g: Context, view: SpectrumView, theme: Theme): void {
  const { width, height, ratio, axis, range, data } = view;
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.clearRect(0, 0, width, height);
  const rect = {
    x: LEFT,
    y: TOP,
    width: Math.max(1, width - LEFT - RIGHT),
    height: Math.max(1, height - TOP - BOTTOM),
  };
  g.fillStyle = theme.pane;
  g.fillRect(rect.x, rect.y, rect.width, rect.height);
  const top = data?.frequencies.at(-1) ?? 0;
  if (!data || !(top > 0)) return;
  setFont(g, theme);
  const scale = freqScale(axis, 0, top);
  const x = (hz: number) => rect.x + scale.toUnit(hz) * rect.width;
  const [lo, hi] = range;
  const y = (db: number) => rect.y + ((hi - db) / (hi - lo)) * rect.height;
  paintGrid(g, view, rect, top, x, y, theme);
  const curve = curveOf(data, scale, rect, y);
  clipTo(g, rect, () => {
    const area = new Path2D(curve);
    area.lineTo(rect.x + rect.width, rect.y + rect.height);
    area.lineTo(rect.x, rect.y + rect.height);
    g.fillStyle = theme.wave;
    g.globalAlpha = 0.25;
    g.fill(area);
    g.globalAlpha = 1;
    g.strokeStyle = theme.wave;
    g.lineWidth = 1.5;
    g.lineJoin = "round";
    g.stroke(curve);
    g.lineJoin = "miter";
  });
  paintPeaks(g, rect, data, x, y, theme);
  if (view.pointer !== null) paintPointer(g, rect, view.pointer, scale, data, y, theme);
}

function paintGrid(
  g: Context,
  view: SpectrumView,
  rect: Rect,
  top: number,
  x: (hz: number) => number,
  y: (db: number) => number,
  theme: Theme,
): void {
  const right = rect.x + rect.width;
  const bottom = rect.y + rect.height;
  const grid = new Path2D();
  g.fillStyle = theme.text;
  g.textAlign = "right";
  for (const tick of valueTicks(...view.range, rect.height)) {
    if (!tick.major) continue;
    const at = crisp(y(tick.value));
    grid.moveTo(rect.x, at);
    grid.lineTo(right, at);
    const half = TEXT_SIZE / 2;
    g.fillText(tick.label, rect.x - 6, Math.min(bottom - half, Math.max(rect.y + half, at)));
  }
  g.textAlign = "center";
  for (const tick of freqTicks(view.axis, 0, top, rect.width / ACROSS)) {
    const at = crisp(x(tick.value));
    if (at < rect.x - 1 || at > right + 1) continue;
    grid.moveTo(at, tick.major ? rect.y : bottom - 3);
    grid.lineTo(at, bottom);
    if (!tick.major) continue;
    const half = textWidth(g, tick.label) / 2;
    g.fillText(tick.label, Math.min(view.width - half - 2, Math.max(half, at)), bottom + 11);
  }
  g.strokeStyle = theme.line;
  g.lineWidth = 1;
  g.stroke(grid);
  g.save();
  g.translate(10, rect.y + rect.height / 2);
  g.rotate(-Math.PI / 2);
  g.fillStyle = theme.muted;
  g.fillText("dBFS", 0, 0);
  g.restore();
}

function curveOf(
  { frequencies, db }: SpectrumData,
  scale: FreqScale,
  rect: Rect,
  y: (db: number) => number,
): Path2D {
  const curve = new Path2D();
  let column = Number.NaN;
  let most = Number.NEGATIVE_INFINITY;
  let begun = false;
  const put = () => {
    if (most === Number.NEGATIVE_INFINITY) return;
    if (begun) curve.lineTo(rect.x + column, y(most));
    else curve.lineTo(rect.x, y(most));
    begun = true;
  };
  for (let i = 0; i < db.length; i++) {
    const at = scale.toUnit(frequencies[i]!) * rect.width;
    if (!(at >= 0) || Number.isNaN(db[i]!)) continue;
    // Where bins lie apart, each is where it is.
    const here = Math.round(at * 2) / 2;
    if (here !== column) {
      put();
      column = here;
      most = Number.NEGATIVE_INFINITY;
    }
    if (db[i]! > most) most = db[i]!;
  }
  put();
  return curve;
}

/** The highest first; what would hide another's name has none. */
function paintPeaks(
  g: Context,
  rect: Rect,
  { peaks }: SpectrumData,
  x: (hz: number) => number,
  y: (db: number) => number,
  theme: Theme,
): void {
  const highest = peaks[0]?.db ?? 0;
  const taken: { from: number; to: number; y: number }[] = [];
  for (const { freq, db } of peaks) {
    const [px, py] = [x(freq), y(db)];
    if (db < highest - PEAK_DEPTH || px < rect.x || py > rect.y + rect.height) continue;
    g.fillStyle = theme.accent;
    g.beginPath();
    g.arc(px, py, 3, 0, 2 * Math.PI);
    g.fill();
    const text = `${formatFreq(rounded(freq))}  ${formatDb(db)}`;
    const width = textWidth(g, text);
    const room = px + 8 + width <= rect.x + rect.width;
    const from = room ? px + 7 : px - 7 - width;
    const at = Math.max(rect.y + TEXT_SIZE / 2 + 1, py - 3);
    const box = { from: from - GAP, to: from + width + GAP, y: at };
    const hides = taken.some(
      (other) =>
        Math.abs(other.y - box.y) < TEXT_SIZE + 3 && box.from < other.to && other.from < box.to,
    );
    if (hides || from < rect.x) continue;
    taken.push(box);
    g.textAlign = "left";
    g.lineJoin = "round";
    g.lineWidth = 3;
    g.strokeStyle = theme.pane;
    g.strokeText(text, from, at);
    g.fillStyle = theme.text;
    g.fillText(text, from, at);
    g.lineJoin = "miter";
  }
}

/** Five digits, which no peak between bins has more of. */
export const rounded = (hz: number): number => Number(hz.toPrecision(5));

function paintPointer(
  g: Context,
  rect: Rect,
  pointer: number,
  scale: FreqScale,
  data: SpectrumData,
  y: (db: number) => number,
  theme: Theme,
): void {
  if (pointer < rect.x || pointer > rect.x + rect.width) return;
  const { frequencies, db } = data;
  const unit = (pointer - rect.x) / rect.width;
  const i = nearest(frequencies, scale.fromUnit(unit));
  const level = db[i];
  if (level === undefined || Number.isNaN(level)) return;
  g.strokeStyle = theme.text;
  g.lineWidth = 1;
  g.setLineDash([3, 3]);
  g.beginPath();
  g.moveTo(crisp(pointer), rect.y);
  g.lineTo(crisp(pointer), rect.y + rect.height);
  g.stroke();
  g.setLineDash([]);
  g.beginPath();
  g.arc(pointer, y(level), 3.5, 0, 2 * Math.PI);
  g.stroke();
  const text = `${formatFreq(rounded(frequencies[i]!))}  ${formatDb(level)}`;
  const width = textWidth(g, text) + 8;
  const left = pointer + 6 + width > rect.x + rect.width ? pointer - 6 - width : pointer + 6;
  g.fillStyle = "rgba(0, 0, 0, 0.78)";
  g.fillRect(left, rect.y + rect.height - 20, width, 17);
  g.fillStyle = "#fff";
  g.textAlign = "left";
  g.fillText(text, left + 4, rect.y + rect.height - 11);
}

/** The place of the number nearest to a value, of ascending ones. */
export function nearest(sorted: Float32Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  if (low === 0) return 0;
  if (low === sorted.length) return low - 1;
  return value - sorted[low - 1]! < sorted[low]! - value ? low - 1 : low;
}
