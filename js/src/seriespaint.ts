/**
 * Lines over the spectrogram, their axes inside its right edge, and their legend in its upper left corner.
 *
 * Invariant: it paints what it is given and keeps nothing; every line and letter has a dark rim, so that it is
 * read on every colormap, and every line a dash of its own, so that colour is not the only sign.
 */

import { formatFreq } from "./format";
import { freqToY, type Scene } from "./hit";
import type { Rect } from "./layout";
import { clipTo, crisp, setFont, textWidth } from "./pen";
import { columnsBetween, type SeriesAxis, type StyledLine } from "./seriesaxes";
import type { Theme } from "./theme";
import { amplitudeTicks } from "./ticks";

type Context = CanvasRenderingContext2D;

const RIM = "rgba(0, 0, 0, 0.65)";
const PLATE = "rgba(0, 0, 0, 0.72)";
/** Room for the numbers of an axis. */
const AXIS_WIDTH = 46;
const ROW = 16;
const SAMPLE = 22;
/** Share of a pane that axes, and the legend, may take. */
const MOST_AXES = 0.3;
const MOST_LEGEND = 0.6;
const INSET = 6;

export function paintSeries(
  g: Context,
  scene: Scene,
  axes: readonly SeriesAxis[],
  theme: Theme,
): void {
  if (axes.length === 0) return;
  setFont(g, theme);
  let first = true;
  for (const { kind, rect } of scene.layout.panes) {
    if (kind !== "spec" || rect.width < 1 || rect.height < 1) continue;
    clipTo(g, rect, () => {
      for (const axis of axes) {
        const toY = yOf(scene, rect, axis);
        for (const line of axis.lines) paintLine(g, scene, rect, line, toY);
      }
      g.setLineDash([]);
      g.globalAlpha = 1;
      paintAxes(g, rect, axes);
      if (first) paintLegend(g, rect, axes);
    });
    first = false;
  }
}

type ToY = (value: number) => number;

/** Where a value lies; a little within the pane, so that a line on the very end is seen. */
function yOf(scene: Scene, rect: Rect, axis: SeriesAxis): ToY {
  if (axis.kind === "frequency") return (hz) => freqToY(scene.freq, rect, hz);
  const { lo, hi } = axis;
  return (value) => rect.y + rect.height - 2 - ((value - lo) / (hi - lo || 1)) * (rect.height - 4);
}

function paintLine(g: Context, scene: Scene, rect: Rect, line: StyledLine, toY: ToY): void {
  const { drawn } = line;
  if (!drawn) return;
  const [t0, t1] = scene.visible;
  const [from, to] = columnsBetween(drawn, t0, t1);
  const step = (drawn.end - drawn.start) / drawn.columns;
  const x = (i: number) => rect.x + scene.time.toX(drawn.start + (i + 0.5) * step);
  const far = 4 * rect.height;
  const y = (value: number) => Math.min(rect.y + far, Math.max(rect.y - far, toY(value)));
  const path = new Path2D();
  const range = new Path2D();
  let ranges = false;
  const half = Math.max(0.5, (scene.time.toX(step) - scene.time.toX(0)) / 2);
  let pen = false;
  for (let i = from; i < to; i++) {
    const mean = drawn.mean[i]!;
    if (Number.isNaN(mean)) {
      pen = false;
      continue;
    }
    const at = x(i);
    if (pen) path.lineTo(at, y(mean));
    else {
      path.moveTo(at, y(mean));
      // A single column is a dot, not nothing.
      if (i + 1 >= to || Number.isNaN(drawn.mean[i + 1]!)) path.lineTo(at + 1, y(mean));
    }
    pen = true;
    const [low, high] = [y(drawn.min[i]!), y(drawn.max[i]!)];
    if (low - high < 1.5) continue;
    ranges = true;
    range.rect(at - half, high, 2 * half, low - high);
  }
  if (ranges) {
    g.globalAlpha = 0.3;
    g.fillStyle = line.color;
    g.fill(range);
    g.globalAlpha = 1;
  }
  stroke(g, path, line);
}

function stroke(g: Context, path: Path2D, { color, dash }: StyledLine): void {
  g.lineJoin = "round";
  g.setLineDash([]);
  g.strokeStyle = RIM;
  g.lineWidth = 3.5;
  g.stroke(path);
  g.setLineDash([...dash]);
  g.strokeStyle = color;
  g.lineWidth = 1.75;
  g.stroke(path);
  g.setLineDash([]);
  g.lineJoin = "miter";
}

/** As many axes of their own as there is room for; the legend has the ends of the others. */
function paintAxes(g: Context, rect: Rect, axes: readonly SeriesAxis[]): void {
  const own = axes.filter(({ kind }) => kind === "own");
  const room = Math.floor((rect.width * MOST_AXES) / AXIS_WIDTH);
  if (rect.height < 60) return;
  own.slice(0, room).forEach((axis, i) => {
    const right = rect.x + rect.width - i * AXIS_WIDTH;
    const x = crisp(right - 5);
    const toY = (value: number) =>
      rect.y + rect.height - 2 - ((value - axis.lo) / (axis.hi - axis.lo || 1)) * (rect.height - 4);
    const ticks = amplitudeTicks(axis.lo, axis.hi, rect.height * 0.6);
    const marks = new Path2D();
    marks.moveTo(x, rect.y);
    marks.lineTo(x, rect.y + rect.height);
    for (const tick of ticks) {
      const y = crisp(toY(tick.value));
      marks.moveTo(x, y);
      marks.lineTo(x - (tick.major ? 5 : 3), y);
    }
    g.strokeStyle = RIM;
    g.lineWidth = 3;
    g.stroke(marks);
    g.strokeStyle = axis.color;
    g.lineWidth = 1;
    g.stroke(marks);
    g.textAlign = "right";
    for (const tick of ticks) {
      if (!tick.major) continue;
      const y = Math.min(rect.y + rect.height - 7, Math.max(rect.y + 7, toY(tick.value)));
      rimmed(g, tick.label, x - 8, y, axis.color);
    }
  });
}

/** The ends of an axis in words, such as "0 – 0.5 V". */
export function endsOf({ kind, lo, hi, unit }: SeriesAxis): string {
  if (kind === "frequency") return "Hz";
  const text = (value: number) =>
    unit === "Hz" ? formatFreq(value) : String(Number(value.toPrecision(3))).replace("-", "−");
  const tail = unit && unit !== "Hz" ? ` ${unit}` : "";
  return `${text(lo)} – ${text(hi)}${tail}`;
}

function paintLegend(g: Context, rect: Rect, axes: readonly SeriesAxis[]): void {
  const rows = axes.flatMap((axis) =>
    axis.lines.map((line, i) => ({ line, text: legendText(axis, line, i === 0) })),
  );
  const fits = Math.max(1, Math.floor((rect.height * MOST_LEGEND) / ROW));
  const seen = rows.length > fits ? rows.slice(0, fits - 1) : rows;
  const more = rows.length > seen.length ? `and ${rows.length - seen.length} more` : null;
  const widest = Math.max(...seen.map(({ text }) => textWidth(g, text)), 0);
  const width = Math.min(rect.width * MOST_LEGEND, widest + SAMPLE + 3 * INSET);
  const height = (seen.length + (more ? 1 : 0)) * ROW + 4;
  const [left, top] = [rect.x + INSET, rect.y + INSET];
  g.fillStyle = PLATE;
  g.beginPath();
  g.roundRect(left, top, width, height, 4);
  g.fill();
  clipTo(g, { x: left, y: top, width, height }, () => {
    g.textAlign = "left";
    seen.forEach(({ line, text }, i) => {
      const y = top + 2 + (i + 0.5) * ROW;
      const sample = new Path2D();
      sample.moveTo(left + INSET, crisp(y));
      sample.lineTo(left + INSET + SAMPLE, crisp(y));
      stroke(g, sample, line);
      g.fillStyle = "#fff";
      g.fillText(text, left + 2 * INSET + SAMPLE, y + 0.5);
    });
    if (more) g.fillText(more, left + INSET, top + 2 + (seen.length + 0.5) * ROW);
  });
}

function legendText(
  axis: SeriesAxis,
  { line, problem, drawn }: StyledLine,
  first: boolean,
): string {
  if (problem !== null) return `${line.name}: ${problem}`;
  if (!drawn) return `${line.name} …`;
  return first ? `${line.name}  ${endsOf(axis)}` : line.name;
}

function rimmed(g: Context, text: string, x: number, y: number, color: string): void {
  g.lineJoin = "round";
  g.strokeStyle = "rgba(0, 0, 0, 0.85)";
  g.lineWidth = 3;
  g.strokeText(text, x, y);
  g.fillStyle = color;
  g.fillText(text, x, y);
  g.lineJoin = "miter";
}
