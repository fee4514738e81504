/** A kernel for tests: keeps a table by the rules of the real one, and is heard by every page. */

import type { DoneOp, NewRow, Op, Row } from "./protocol";
import { completeRow } from "./table";
import type { FakeModel, Sent } from "./testing";

interface Page {
  readonly model: FakeModel;
  readonly up: Sent[];
  readonly down: unknown[];
}

export class FakeKernel {
  rows: Row[] = [];
  rev = 0;
  readonly pages: Page[] = [];
  readonly #undo: DoneOp[][] = [];
  readonly #redo: DoneOp[][] = [];
  /** Requests that left nothing to take back. */
  readonly #void = new Set<string>();

  join(model: FakeModel): Page {
    const page: Page = { model, up: [], down: [] };
    model.onSend = (message) => page.up.push(message);
    this.pages.push(page);
    return page;
  }

  /** The kernel takes one message of a page; false: there was none. */
  takeUp(page: Page): boolean {
    const message = page.up.shift();
    if (message !== undefined) this.#handle(message);
    return message !== undefined;
  }

  /** A page hears one message. */
  takeDown(page: Page): boolean {
    if (page.down.length === 0) return false;
    page.model.tell(page.down.shift());
    return true;
  }

  /** Until no message is on its way. */
  deliverAll(): void {
    const takeAny = () => this.pages.some((page) => this.takeUp(page) || this.takeDown(page));
    while (takeAny());
  }

  /** A change by Python; throws what makes no sense. */
  apply(ops: readonly Op[], editId: string | null = null): void {
    this.#change(ops, editId, (inverse) => {
      this.#undo.push(inverse);
      this.#redo.length = 0;
    });
  }

  #change(ops: readonly (Op | DoneOp)[], editId: string | null, keep: (inverse: DoneOp[]) => void) {
    let rows = this.rows;
    const done: DoneOp[] = [];
    const inverse: DoneOp[] = [];
    for (const op of ops) {
      const id = op.op === "add" ? op.row.id : op.id;
      const at = rows.findIndex((row) => row.id === id);
      const row = rows[at];
      if (op.op === "add") {
        if (row !== undefined) throw new Error(`there is a row ${id}`);
        const place = ("at" in op ? op.at : undefined) ?? rows.length;
        const fresh = completeRow(op.row as NewRow);
        rows = rows.toSpliced(place, 0, fresh);
        done.push({ op: "add", row: fresh, at: place });
        inverse.unshift({ op: "remove", id });
      } else if (row === undefined) {
        throw new Error(`there is no row ${id}`);
      } else if (op.op === "remove") {
        rows = rows.toSpliced(at, 1);
        done.push(op);
        inverse.unshift({ op: "add", row, at });
      } else {
        const fresh = { ...row, ...op.set, updated_at: `revision ${this.rev + 1}` };
        if (fresh.start! > fresh.end!) throw new Error(`${id}: end is before start`);
        rows = rows.with(at, fresh);
        done.push({ op: "update", id, set: { ...op.set, updated_at: fresh.updated_at } });
        const old = Object.keys(op.set).map((name) => [name, (row as never)[name]]);
        inverse.unshift({ op: "update", id, set: Object.fromEntries(old) });
      }
    }
    this.rows = rows;
    this.rev += 1;
    keep(inverse);
    this.#tell({
      type: "annotations.patch",
      edit_id: editId,
      rev: this.rev,
      ops: done,
      ...this.#labels(),
    });
  }

  #step(from: DoneOp[][], to: DoneOp[][], id: string): void {
    const ops = from.pop();
    if (ops === undefined) throw new Error("nothing to do");
    this.#change(ops, id, (inverse) => to.push(inverse));
  }

  #labels() {
    return {
      undo: this.#undo.length > 0 ? `step ${this.#undo.length}` : null,
      redo: this.#redo.length > 0 ? `step ${this.#redo.length}` : null,
    };
  }

  #handle(message: Sent): void {
    try {
      if (message.type === "ping") this.#tell({ type: "ok", id: message.id });
      else if (message.type === "hello") this.#snapshot(message.id);
      else if (this.#void.has(message.of)) this.#tellNothing(message.id);
      else if (message.type === "edit") this.apply(message.ops, message.id);
      else if (message.action === "undo") this.#step(this.#undo, this.#redo, message.id);
      else this.#step(this.#redo, this.#undo, message.id);
    } catch (error) {
      this.#void.add(message.id);
      this.#tell({ type: "edit.reject", id: message.id, reason: (error as Error).message });
    }
  }

  #tellNothing(id: string): void {
    this.#void.add(id);
    const { rev } = this;
    this.#tell({ type: "annotations.patch", edit_id: id, rev, ops: [], ...this.#labels() });
  }

  #snapshot(id: string): void {
    const names = Object.keys(completeRow({ id: "" })) as (keyof Row)[];
    const columns = names.map((name) => ({ name, values: this.rows.map((row) => row[name]) }));
    const { rev } = this;
    const n = this.rows.length;
    const type = "annotations.snapshot";
    this.#tell({ type, id, rev, n, columns, extras: {}, ...this.#labels() });
  }

  #tell(message: object): void {
    for (const { down } of this.pages) down.push(structuredClone({ v: 1, ...message }));
  }
}
