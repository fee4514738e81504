/**
 * What an operation on annotations comes to: the changes a view asks for, or why there are none. Pure.
 *
 * Invariant: a plan asks for changes of cells that do change, in the order of the rows.
 */

import { type Cells, cell, type NewRow, type Op, type Row } from "./protocol";

export type Plan = { readonly ops: readonly Op[] } | { readonly refused: string };

/** Of those there is one value for each row that is the table's to say. */
const OWN: ReadonlySet<string> = new Set(["id", "recording", "created_at", "updated_at"]);

/** Gives rows other cells; a row whose cells stay as they are needs no operation. */
export function updates(rows: readonly Row[], cells: (row: Row, i: number) => Cells): Op[] {
  return rows.flatMap((row, i): Op[] => {
    const changed = Object.entries(cells(row, i)).filter(([name, to]) => cell(row, name) !== to);
    return changed.length > 0
      ? [{ op: "update", id: row.id, set: Object.fromEntries(changed) as Cells }]
      : [];
  });
}

/** The least of many numbers, which may be more than a call can take; Infinity if there are none. */
export const least = (numbers: readonly number[]): number =>
  numbers.reduce((best, number) => Math.min(best, number), Number.POSITIVE_INFINITY);

export const greatest = (numbers: readonly number[]): number =>
  numbers.reduce((best, number) => Math.max(best, number), Number.NEGATIVE_INFINITY);

/** A new row that says what another one says, but for some cells. */
export function copyOf(row: Row, id: string, cells: Cells): Op {
  const kept = Object.entries(row).filter(([name]) => !OWN.has(name));
  return { op: "add", row: { ...Object.fromEntries(kept), ...cells, id } as NewRow };
}
