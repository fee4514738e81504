/**
 * Annotations as they are to be drawn: which of them, where they are, or are being dragged to, and how they look. Pure.
 *
 * Invariant: a mark has a place in time; what has none, or was rejected, has no mark. However many rows
 * there are, those to be drawn and held are no more than can be told apart.
 */

import type { Row } from "./protocol";
import { isInterval, type Preview, type Shape } from "./shapes";
import type { Label } from "./types";

/** Rows drawn at once, and of those that begin together and are as long. */
const MOST_ROWS = 2000;
const MOST_TOGETHER = 4;

export interface Mark extends Shape {
  /** null: it is being drawn. */
  readonly id: string | null;
  readonly label: string;
  readonly color: string;
  readonly draft: boolean;
  readonly pending: boolean;
}

export interface MarkState {
  readonly labels: readonly Label[];
  /** Takes the place of the rows with the same ids. */
  readonly previews: readonly Preview[];
  /** The label of what is being drawn. */
  readonly activeLabel: string;
  readonly isPending: (id: string) => boolean;
  /** Whether there is a place for their bands; else they are drawn over the full height. */
  readonly banded: boolean;
}

export const UNLABELLED = "#9aa0a6";

export function marksOf(rows: readonly Row[], state: MarkState): Mark[] {
  const colors = new Map(state.labels.map(({ name, color }) => [name, color]));
  const colorOf = (label: string) => colors.get(label) ?? UNLABELLED;
  const moved = new Map(state.previews.map((shape) => [shape.id, shape]));
  const marks: Mark[] = [];
  for (const row of rows) {
    if (!isInterval(row) || row.status === "rejected") continue;
    const { start, end, ...band } = moved.get(row.id) ?? row;
    marks.push({
      id: row.id,
      label: row.label,
      color: colorOf(row.label),
      draft: row.status === "draft",
      pending: state.isPending(row.id),
      start,
      end,
      low_freq: state.banded ? band.low_freq : null,
      high_freq: state.banded ? band.high_freq : null,
    });
  }
  const fresh = moved.get(null);
  if (fresh) {
    const label = state.activeLabel;
    marks.push({ ...fresh, label, color: colorOf(label), draft: false, pending: false });
  }
  return marks;
}

/**
 * The rows that are drawn where all cannot be: some of those that begin in the same stretch, and those to `keep`, unless
 * they are too many as well.
 *
 * Rows come as the index gives them, by length and then by start; `pixel` is in seconds. Stretches are fixed in time,
 * so that what is left out does not change while the window is moved.
 */
export function thinned<R extends Shape>(
  rows: readonly R[],
  pixel: number,
  keep: (row: R) => boolean,
): readonly R[] {
  if (rows.length <= MOST_ROWS || !(pixel > 0)) return rows;
  const least = 2 ** Math.ceil(Math.log2(pixel));
  for (let step = least, most = MOST_TOGETHER; ; step *= most === 1 ? 2 : 1, most = 1) {
    const kept: R[] = [];
    let stretch = Number.NaN;
    let together = 0;
    let asked = 0;
    for (const row of rows) {
      const at = Math.floor((row.start ?? 0) / step);
      together = at === stretch ? together + 1 : 1;
      stretch = at;
      const few = together <= most;
      if (!few && (asked >= MOST_ROWS || !keep(row))) continue;
      if (!few) asked += 1;
      kept.push(row);
    }
    if (kept.length - asked <= MOST_ROWS) return kept;
  }
}
