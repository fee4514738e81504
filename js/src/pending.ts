/**
 * Edits that the kernel has not settled, in the order in which they were made.
 *
 * Invariant: edits go out in their order: those that are out come first, those still to be sent (`next`)
 * after them. An edit whose answer was lost with the connection is to be sent again, less what the
 * kernel's table shows to be done.
 */

import { MAX_OPS, type Op, opId, type Row } from "./protocol";
import { applyOp, isDone, opsById } from "./table";

export interface Pending {
  readonly ops: readonly Op[];
  readonly byId: ReadonlyMap<string, readonly Op[]>;
}

interface Entry extends Pending {
  ops: readonly Op[];
  byId: ReadonlyMap<string, readonly Op[]>;
  /** Every id it was ever sent under, the last one last. */
  readonly requests: string[];
  out: boolean;
}

/** Beyond 10 MB a message closes the connection. */
const MAX_LETTERS = 4_000_000;

/** As few batches as the limits of a message allow. */
function batches(ops: readonly Op[]): Op[][] {
  const result: Op[][] = [];
  let letters = Number.POSITIVE_INFINITY;
  for (const op of ops) {
    const more = JSON.stringify(op).length;
    if (letters + more > MAX_LETTERS || result.at(-1)!.length === MAX_OPS) {
      result.push([]);
      letters = 0;
    }
    result.at(-1)!.push(op);
    letters += more;
  }
  return result;
}

export class PendingEdits {
  #entries: Entry[] = [];

  get size(): number {
    return this.#entries.length;
  }

  add(ops: readonly Op[]): readonly Pending[] {
    const added = batches(ops).map((batch) => ({
      ops: batch,
      byId: opsById(batch),
      requests: [],
      out: false,
    }));
    this.#entries.push(...added);
    return added;
  }

  /** The first edit that is not out. */
  next(): Pending | undefined {
    return this.#entries.find(({ out }) => !out);
  }

  sent(pending: Pending, request: string): void {
    const entry = pending as Entry;
    entry.requests.push(request);
    entry.out = true;
  }

  /** The connection broke before an answer came. */
  lost(pending: Pending): void {
    (pending as Entry).out = false;
  }

  /** The edit that was sent under this id, be it in an earlier attempt. */
  find(request: string): Pending | undefined {
    return this.#entries.find(({ requests }) => requests.includes(request));
  }

  /** Whether an answer to this id ends the last attempt to send the edit. */
  isOut(pending: Pending, request: string): boolean {
    const entry = pending as Entry;
    return entry.out && entry.requests.at(-1) === request && this.#entries.includes(entry);
  }

  settle(pending: Pending): void {
    this.#entries = this.#entries.filter((entry) => entry !== pending);
  }

  /**
   * Takes out what was sent, lost its answer, and is done all the same by what the table shows.
   *
   * The kernel works in order, so the first edit that is not done bounds what can be. Beyond it only new
   * rows are sure: no two have the same id.
   */
  settleDone(row: (id: string) => Row | undefined): void {
    let sure = true;
    for (const entry of [...this.#entries]) {
      if (entry.out) continue;
      if (entry.requests.length === 0) return;
      const left = entry.ops.filter((op) => {
        const id = opId(op);
        if (sure) return !isDone(row(id), entry.byId.get(id) ?? []);
        return op.op !== "add" || row(id) === undefined;
      });
      if (left.length === 0) {
        this.settle(entry);
      } else {
        sure = false;
        entry.ops = left;
        entry.byId = opsById(left);
      }
    }
  }

  /** Ids of the rows that any edit concerns. */
  ids(): Set<string> {
    return new Set(this.#entries.flatMap(({ byId }) => [...byId.keys()]));
  }

  concerns(id: string): boolean {
    return this.#entries.some(({ byId }) => byId.has(id));
  }

  /** What the edits make of a row. */
  apply(id: string, row: Row | undefined): Row | undefined {
    let result = row;
    for (const { byId } of this.#entries) {
      for (const op of byId.get(id) ?? []) result = applyOp(result, op);
    }
    return result;
  }
}
