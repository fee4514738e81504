/**
 * Annotations over the picture, and the overview's window.
 *
 * Invariant: these functions paint what they are given and keep nothing; all positions come from the
 * same scales that the hit test uses, so that what is seen is what is held.
 */

import { freqToY, type Scene } from "./hit";
import { overlap, type Pane, type Rect } from "./layout";
import type { Mark } from "./marks";
import { clipTo, crisp, setFont, textWidth } from "./pen";
import { isBox, isInterval, type Shape } from "./shapes";
import { inkOn, lighter, type Theme } from "./theme";

type Context = CanvasRenderingContext2D;

const CHIP_HEIGHT = 15;
/** Height of the annotations on the overview strip. */
export const STRIP_MARKS = 4;
/** Chips of text are left out where they could not be read. */
const CHIP_MIN = 18;
const CHIP_MAX = 200;
/** More of a label than this is never drawn. */
const MOST_LETTERS = 100;
/** With more marks than this in sight, each is drawn with the fewest strokes, and only selected ones with text. */
const MOST_DETAILED = 300;
const PLAIN_ALPHA = 0.4;

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
  const plain = (mark: Mark) => marks.length > MOST_DETAILED && !isSelected(mark);
  const labelled = new Set(["spec"]);
  if (!scene.layout.panes.some(({ kind }) => kind === "spec")) labelled.add("wave");
  for (const pane of scene.layout.panes) {
    clipTo(g, pane.rect, () => {
      const placed = inOrder.flatMap((mark) => {
        const rect = markRect(scene, pane, mark);
        return rect ? [{ mark, rect }] : [];
      });
      for (const { mark, rect } of placed) {
        if (plain(mark)) paintLines(g, pane, rect, mark);
        else paintMark(g, pane, rect, mark, isSelected(mark));
      }
      if (!labelled.has(pane.kind)) return;
      // The selected ones come first to the room there is for text.
      const taken: Rect[] = [];
      for (const { mark, rect } of placed.reverse()) {
        if (taken.length < MOST_DETAILED && !plain(mark)) paintChip(g, pane, rect, mark, taken);
      }
    });
  }
}

/** Its edges alone, on whole pixels, which is many times faster than strokes. */
function paintLines(g: Context, pane: Pane, rect: Rect, mark: Mark): void {
  const left = Math.round(rect.x);
  const width = Math.max(1, Math.round(rect.x + rect.width) - left);
  const top = Math.round(rect.y);
  const height = Math.max(1, Math.round(rect.y + rect.height) - top);
  g.fillStyle = pane.kind === "spec" ? lighter(mark.color) : mark.color;
  const boxed = pane.kind === "spec" && mark.low_freq !== null;
  // Many lines of full height would hide what they mark.
  g.globalAlpha = boxed ? 1 : PLAIN_ALPHA;
  g.fillRect(left, top, 1, height);
  if (width > 1) g.fillRect(left + width - 1, top, 1, height);
  g.globalAlpha = 1;
  if (!boxed || width === 1) return;
  g.fillRect(left, top, width, 1);
  g.fillRect(left, top + height - 1, width, 1);
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

/** What a chip reads; of what the kernel has not heard, that too. */
function chipText({ label, pending }: Mark): string {
  if (!pending) return label;
  return label ? `${label} · waits` : "waits";
}

/** The label's text, whole where it hides no other, else as wide as the annotation. */
function paintChip(g: Context, pane: Pane, rect: Rect, mark: Mark, taken: Rect[]): void {
  const text = chipText(mark);
  if (!text) return;
  const x = Math.max(rect.x, pane.rect.x);
  const room = Math.min(rect.x + rect.width, pane.rect.x + pane.rect.width) - x;
  // Above the box where there is room for it, else inside: the sound under it stays visible.
  const above = rect.y - CHIP_HEIGHT;
  const y = mark.low_freq !== null && above >= pane.rect.y ? above : Math.max(rect.y, pane.rect.y);
  const full = Math.min(CHIP_MAX, textWidth(g, text.slice(0, MOST_LETTERS)) + 8);
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
  g.fillText(shortened(g, text, free - 8), x + 4, y + CHIP_HEIGHT / 2 + 0.5);
  g.restore();
}

/** A text that fits, ended by an ellipsis where it was longer. */
function shortened(g: Context, text: string, width: number): string {
  if (textWidth(g, text) <= width + 0.5) return text;
  const letters = [...text.slice(0, MOST_LETTERS)];
  let [fits, fails] = [0, letters.length];
  while (fails - fits > 1) {
    const middle = (fits + fails) >> 1;
    if (textWidth(g, `${letters.slice(0, middle).join("")}…`) <= width) fits = middle;
    else fails = middle;
  }
  return `${letters.slice(0, fits).join("")}…`;
}

/** The window on the overview strip, and what is being drawn or moved. */
export function paintOverview(
  g: Context,
  scene: Scene,
  previews: readonly Mark[],
  theme: Theme,
): void {
  const { overview } = scene.layout;
  clipTo(g, overview, () => {
    for (const mark of previews) {
      if (!isInterval(mark)) continue;
      const x = overview.x + scene.overview.toX(mark.start);
      const width = Math.max(1.5, scene.overview.toX(mark.end) - scene.overview.toX(mark.start));
      g.fillStyle = mark.color;
      g.fillRect(x, overview.y + overview.height - STRIP_MARKS, width, STRIP_MARKS);
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
