/**
 * Annotations as they are to be drawn: where they are, or are being dragged to, and how they look. Pure.
 *
 * Invariant: a mark has a place in time; what has none, or was rejected, has no mark.
 */

import type { Row } from "./protocol";
import { isInterval, type Preview, type Shape } from "./shapes";
import type { Label } from "./types";

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
