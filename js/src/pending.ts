/**
 * What a person did and the kernel has not settled, in the order in which it was done: edits, and steps
 * back and forth in history.
 *
 * Invariant: all goes out in its order: what is out comes first, what is still to be sent (`next`)
 * after it. An edit whose answer was lost with the connection is to be sent again, less what the
 * kernel's table shows to be done. A step back over an edit that is pending too hides it at once; when
 * the edit is settled before the step is, the step goes on hiding it, by the inverse.
 */

import {
  type Cells,
  cell,
  type DoneOp,
  type HistoryAction,
  MAX_OPS,
  type NewRow,
  type Op,
  opId,
  type Row,
} from "./protocol";
import { applyOp, isDone, opsById } from "./table";

export interface Pending {
  readonly action: "edit" | HistoryAction;
  readonly ops: readonly Op[];
  readonly byId: ReadonlyMap<string, readonly Op[]>;
}

interface Entry extends Pending {
  ops: readonly Op[];
  byId: ReadonlyMap<string, readonly Op[]>;
  /** Every id it was ever sent under, the last one last. */
  readonly requests: string[];
  out: boolean;
  /** Of a step: the entry that it takes back; null: that one is settled, or is none of this page's. */
  target: Entry | null;
  /** A later step takes it back. */
  undone: boolean;
}

const made = (action: Pending["action"], ops: readonly Op[], target: Entry | null): Entry => ({
  action,
  ops,
  byId: opsById(ops),
  requests: [],
  out: false,
  target,
  undone: false,
});

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

/** What takes operations back, given the rows from before them. */
function inverse(ops: readonly DoneOp[], before: (id: string) => Row | undefined): Op[] {
  const rows = new Map<string, Row | undefined>();
  const back: Op[] = [];
  for (const op of ops) {
    const id = opId(op);
    const row = rows.has(id) ? rows.get(id) : before(id);
    if (op.op === "add") {
      back.unshift({ op: "remove", id });
    } else if (row !== undefined) {
      const old = op.op === "update" ? Object.keys(op.set) : [];
      const set = Object.fromEntries(old.map((name) => [name, cell(row, name) ?? null])) as Cells;
      const again: Op = { op: "add", row: row as NewRow };
      back.unshift(op.op === "remove" ? again : { op: "update", id, set });
    }
    rows.set(id, op.op === "add" ? op.row : applyOp(row, op));
  }
  return back;
}

export class PendingEdits {
  #entries: Entry[] = [];

  get size(): number {
    return this.#entries.length;
  }

  add(ops: readonly Op[]): readonly Pending[] {
    const added = batches(ops).map((batch) => made("edit", batch, null));
    this.#entries.push(...added);
    return added;
  }

  /** A step back or forth; it is taken to concern what `top` says. */
  addStep(action: HistoryAction): Pending {
    const step = made(action, [], this.#top(action));
    this.#entries.push(step);
    this.#mark();
    return step;
  }

  /** What a step would take back, if that is pending; a step forth takes back a step back. */
  top(action: HistoryAction): Pending | null {
    return this.#top(action);
  }

  /** Whether it was never sent: the kernel cannot know of it. */
  isHere(pending: Pending): boolean {
    return (pending as Entry).requests.length === 0;
  }

  /** The request whose change a step takes back; null where that is not known. */
  targetRequest(step: Pending): string | null {
    return (step as Entry).target?.requests.at(-1) ?? null;
  }

  /** Ids of the rows that may look different when this comes or goes. */
  touched(pending: Pending): Set<string> {
    const ids = new Set<string>();
    for (let entry: Entry | null = pending as Entry; entry !== null; entry = entry.target) {
      for (const id of entry.byId.keys()) ids.add(id);
    }
    return ids;
  }

  /** The first that is not out. */
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

  /** What was sent under this id, be it in an earlier attempt. */
  find(request: string): Pending | undefined {
    return this.#entries.find(({ requests }) => requests.includes(request));
  }

  /** Whether an answer to this id ends the last attempt to send the edit. */
  isOut(pending: Pending, request: string): boolean {
    const entry = pending as Entry;
    return entry.out && entry.requests.at(-1) === request && this.#entries.includes(entry);
  }

  /** It was done, as `ops` of a patch say, or refused. `before` gives the rows as the patch finds them. */
  settle(
    pending: Pending,
    ops: readonly DoneOp[] = [],
    before: (id: string) => Row | undefined = () => undefined,
  ): void {
    this.#entries = this.#entries.filter((entry) => entry !== pending);
    for (const step of this.#entries) {
      if (step.target !== pending) continue;
      step.target = null;
      step.ops = inverse(ops, before);
      step.byId = opsById(step.ops);
    }
    this.#mark();
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

  /** What is pending makes of a row. */
  apply(id: string, row: Row | undefined): Row | undefined {
    let result = row;
    for (const { byId, undone } of this.#entries) {
      if (!undone) for (const op of byId.get(id) ?? []) result = applyOp(result, op);
    }
    return result;
  }

  /** As the kernel will find its history when it comes to a step that is taken now. */
  #top(action: HistoryAction): Entry | null {
    const done: Entry[] = [];
    let back: Entry[] = [];
    for (const entry of this.#entries) {
      if (entry.action === "undo") {
        done.pop();
        back.push(entry);
      } else {
        if (entry.action === "edit") back = [];
        else back.pop();
        done.push(entry);
      }
    }
    return (action === "undo" ? done : back).at(-1) ?? null;
  }

  #mark(): void {
    for (const entry of this.#entries) entry.undone = false;
    for (const { target, undone } of [...this.#entries].reverse()) {
      if (target !== null && !undone) target.undone = true;
    }
  }
}
