/**
 * Rows by id and in order, and what operations make of them.
 *
 * Invariant: `RowTable` is the kernel's table at one revision: it changes by what the kernel says, and
 * by nothing else. Its order is the order of the DataFrame.
 */

import { type Cells, cell, type DoneOp, type NewRow, type Op, opId, type Row } from "./protocol";

const DEFAULTS: Omit<Row, "id"> = {
  recording: "",
  channel: null,
  tier: "",
  start: null,
  end: null,
  low_freq: null,
  high_freq: null,
  label: "",
  score: null,
  source: "manual",
  status: "accepted",
  annotator: "",
  note: "",
  created_at: null,
  updated_at: null,
};

/** A new row as it will look when the kernel has filled in the rest. */
export const completeRow = (row: NewRow): Row => ({ ...DEFAULTS, ...row });

/** What is left of a row; a row that is there already is not added over, one that is gone stays gone. */
export function applyOp(row: Row | undefined, op: Op): Row | undefined {
  if (op.op === "add") return row ?? completeRow(op.row);
  if (op.op === "remove" || row === undefined) return undefined;
  return { ...row, ...op.set };
}

/** Operations by the row they concern, each list in order. */
export function opsById(ops: readonly Op[]): Map<string, Op[]> {
  const byId = new Map<string, Op[]>();
  for (const op of ops) {
    const list = byId.get(opId(op));
    if (list === undefined) byId.set(opId(op), [op]);
    else list.push(op);
  }
  return byId;
}

const holds = (row: Row, cells: Cells): boolean =>
  Object.keys(cells).every((column) => cell(row, column) === cells[column]);

/** Whether a table that has `row` in this place already shows what `ops`, all of one row, would do. */
export function isDone(row: Row | undefined, ops: readonly Op[]): boolean {
  if (ops.at(-1)?.op === "remove") return row === undefined;
  if (row === undefined) return false;
  const set: Record<string, Cells[string]> = {};
  for (const op of ops) if (op.op === "update") Object.assign(set, op.set);
  return ops.some(({ op }) => op === "add") || holds(row, set);
}

/** Puts ids into a list, at rising places, in one pass; without a place: at the end. */
function insertAll(
  order: readonly string[],
  added: readonly { id: string; at: number }[],
): string[] {
  const result: string[] = [];
  let i = 0;
  for (const { id, at } of added) {
    while (result.length < at && i < order.length) result.push(order[i++]!);
    result.push(id);
  }
  while (i < order.length) result.push(order[i++]!);
  return result;
}

export class RowTable {
  readonly #rows = new Map<string, Row>();
  #order: string[] = [];

  get(id: string): Row | undefined {
    return this.#rows.get(id);
  }

  get order(): readonly string[] {
    return this.#order;
  }

  reset(rows: readonly Row[]): void {
    this.#rows.clear();
    for (const row of rows) this.#rows.set(row.id, row);
    this.#order = [...this.#rows.keys()];
  }

  /** Neighbouring operations of a kind change the order in one pass. */
  apply(ops: readonly DoneOp[]): void {
    let removed = new Set<string>();
    let added: { id: string; at: number }[] = [];
    const settle = () => {
      if (removed.size > 0) this.#order = this.#order.filter((id) => !removed.has(id));
      if (added.length > 0) this.#order = insertAll(this.#order, added);
      removed = new Set();
      added = [];
    };
    for (const op of ops) {
      const id = opId(op);
      const row = this.#rows.get(id);
      if (op.op === "update") {
        if (row !== undefined) this.#rows.set(id, { ...row, ...op.set });
      } else if (op.op === "remove") {
        if (added.length > 0) settle();
        if (this.#rows.delete(id)) removed.add(id);
      } else {
        const at = op.at ?? Number.POSITIVE_INFINITY;
        const last = added.at(-1)?.at;
        const rises = last === undefined || at > last || at === Number.POSITIVE_INFINITY;
        if (removed.size > 0 || !rises) settle();
        this.#rows.set(id, op.row);
        if (row === undefined) added.push({ id, at });
      }
    }
    settle();
  }
}
