/** What all painters share. Invariant: nothing is kept but what would be computed again. */

import type { Rect } from "./layout";
import type { Theme } from "./theme";

export const TEXT_SIZE = 11;

/** Half a pixel off the grid, where a one-pixel line is one pixel. */
export const crisp = (at: number) => Math.round(at) + 0.5;

export function setFont(g: CanvasRenderingContext2D, theme: Theme): void {
  g.font = `${TEXT_SIZE}px ${theme.font}`;
  g.textBaseline = "middle";
  if (theme.font !== widthsOf) widths.clear();
  widthsOf = theme.font;
}

export function clipTo(g: CanvasRenderingContext2D, rect: Rect, paint: () => void): void {
  g.save();
  g.beginPath();
  g.rect(rect.x, rect.y, rect.width, rect.height);
  g.clip();
  paint();
  g.restore();
}

const MOST_WIDTHS = 2000;
const widths = new Map<string, number>();
let widthsOf = "";

/** As measureText tells it after setFont, which takes longer than to remember. */
export function textWidth(g: CanvasRenderingContext2D, text: string): number {
  const known = widths.get(text) ?? g.measureText(text).width;
  if (widths.size >= MOST_WIDTHS) widths.clear();
  widths.set(text, known);
  return known;
}
