/** What all painters share. Invariant: nothing is kept, but for the state of the context it is given. */

import type { Rect } from "./layout";
import type { Theme } from "./theme";

export const TEXT_SIZE = 11;

/** Half a pixel off the grid, where a one-pixel line is one pixel. */
export const crisp = (at: number) => Math.round(at) + 0.5;

export function setFont(g: CanvasRenderingContext2D, theme: Theme): void {
  g.font = `${TEXT_SIZE}px ${theme.font}`;
  g.textBaseline = "middle";
}

export function clipTo(g: CanvasRenderingContext2D, rect: Rect, paint: () => void): void {
  g.save();
  g.beginPath();
  g.rect(rect.x, rect.y, rect.width, rect.height);
  g.clip();
  paint();
  g.restore();
}
