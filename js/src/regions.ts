/**
 * The annotations of one model as they are shown: the kernel's rows, and pending edits on top.
 *
 * Invariant: the kernel wins conflicts. What is shown is always the kernel's table at `rev` with the
 * pending edits applied in their order. An edit stays pending, and visible, until the kernel's patch or
 * reject settles it, however long that takes and however often the connection is lost.
 */

import { BAD_ANSWER, type Channel, DisconnectedError, KernelError } from "./channel";
import { IntervalIndex } from "./intervals";
import { type Pending, PendingEdits } from "./pending";
import {
  type ExtraKind,
  type HistoryAction,
  hello,
  history,
  type Op,
  opId,
  type Patch,
  type Row,
  edit as requestEdit,
  type Snapshot,
} from "./protocol";
import { type Cleanup, Listeners, type Scope } from "./scope";
import { RowTable } from "./table";

export interface RegionChange {
  /** Ids of rows that came, went or changed; null: possibly all. */
  readonly ids: ReadonlySet<string> | null;
}

export interface Rejection {
  readonly reason: string;
  readonly ops: readonly Op[];
  readonly action: "edit" | HistoryAction;
}

const isWhole = ({ start, end }: Row): boolean => start === null && end === null;

/** The kernel has not yet given it a name. */
const PENDING_LABEL = "the last change";

const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30_000;

export class RegionStore {
  readonly #channel: Channel;
  readonly #scope: Scope;
  readonly #table = new RowTable();
  readonly #pending = new PendingEdits();
  /** Rows that pending edits make differ from the table's; undefined: removed. */
  readonly #overlay = new Map<string, Row | undefined>();
  readonly #index = new IntervalIndex();
  readonly #whole = new Map<string, Row>();
  /** Patches that came before the ones they follow. */
  readonly #early = new Map<number, Patch>();
  readonly #changeListeners = new Listeners<[RegionChange]>();
  readonly #rejectListeners = new Listeners<[Rejection]>();
  #rev = -1;
  #undo: string | null = null;
  #redo: string | null = null;
  #extras: ReadonlyMap<string, ExtraKind> = new Map();
  #rows: readonly Row[] | null = null;
  #asking = false;
  /** Whether the next snapshot is true whatever its revision. */
  #lost = true;
  #pause = FIRST_PAUSE;
  #retry: Cleanup = () => {};

  constructor(channel: Channel, scope: Scope) {
    this.#channel = channel;
    this.#scope = scope;
    channel.on("annotations.snapshot", (message) => this.#snapshot(message), scope);
    channel.on("annotations.patch", (message) => this.#patch(message), scope);
    channel.on("edit.reject", ({ id, reason }) => this.#rejected(id, reason), scope);
    channel.onState((state) => {
      if (state === "disconnected") this.#lost = true;
      else this.#ask();
      this.#tellOverlay();
    }, scope);
    channel.onBusy(() => this.#tellOverlay(), scope);
    this.#ask();
  }

  /** Whether the kernel's table has come. */
  get ready(): boolean {
    return this.#rev >= 0;
  }

  get rev(): number {
    return this.#rev;
  }

  /** Number of edits and steps in history that the kernel has not yet settled. */
  get pending(): number {
    return this.#pending.size;
  }

  get undoLabel(): string | null {
    return this.#pending.top("undo") === null ? this.#undo : PENDING_LABEL;
  }

  get redoLabel(): string | null {
    if (this.#pending.top("redo") !== null) return PENDING_LABEL;
    return this.#pending.size > 0 ? null : this.#redo;
  }

  /** The user's own columns, and what they hold. */
  get extras(): ReadonlyMap<string, ExtraKind> {
    return this.#extras;
  }

  /** In the kernel's order; rows to be come last. */
  rows(): readonly Row[] {
    if (this.#rows === null) {
      const rows: Row[] = [];
      for (const id of this.#table.order) {
        const row = this.get(id);
        if (row !== undefined) rows.push(row);
      }
      for (const [id, row] of this.#overlay) {
        if (row !== undefined && this.#table.get(id) === undefined) rows.push(row);
      }
      this.#rows = rows;
    }
    return this.#rows;
  }

  get(id: string): Row | undefined {
    return this.#overlay.has(id) ? this.#overlay.get(id) : this.#table.get(id);
  }

  /** Rows with a place in time that touch [t0, t1], long ones first, so that short ones are drawn on top. */
  inView(t0: number, t1: number): readonly Row[] {
    return this.#index.touching(t0, t1);
  }

  /** No more of them than can be drawn, where a pixel is so many seconds. */
  someInView(t0: number, t1: number, pixel: number): readonly Row[] {
    return this.#index.some(t0, t1, pixel);
  }

  /** Rows of the whole recording. */
  whole(): readonly Row[] {
    return [...this.#whole.values()];
  }

  /** Whether it is shown as a person left it, while the kernel is busy or gone and has not heard of it. */
  isPending(id: string): boolean {
    const { busy, state } = this.#channel;
    return (busy || state === "disconnected") && this.#overlay.has(id);
  }

  onChange(listener: (change: RegionChange) => void, scope: Scope): void {
    this.#changeListeners.add(listener, scope);
  }

  onReject(listener: (rejection: Rejection) => void, scope: Scope): void {
    this.#rejectListeners.add(listener, scope);
  }

  // Editing ---------------------------------------------------------------------------------------

  /** Shown at once; one step of undo, unless it is too large for one message. */
  edit(ops: readonly Op[]): void {
    for (const pending of this.#pending.add(ops)) {
      this.#update(pending.byId.keys(), () => {});
      if (this.#pending.next() === pending && this.#channel.state === "connected") {
        this.#send(pending);
      } else {
        this.#ask();
      }
    }
  }

  undo(): void {
    this.#step("undo");
  }

  redo(): void {
    this.#step("redo");
  }

  #step(action: HistoryAction): void {
    const top = this.#pending.top(action);
    if (top !== null && this.#pending.isHere(top)) {
      this.#update(this.#pending.touched(top), () => this.#pending.settle(top));
    } else if (this.#pending.next() !== undefined) {
      this.#tellReject("there is no connection to the kernel", [], action);
    } else {
      const step = this.#pending.addStep(action);
      this.#update(this.#pending.touched(step), () => {});
      this.#send(step);
    }
  }

  #send(pending: Pending): void {
    const id = this.#channel.newId();
    const { action, ops } = pending;
    this.#pending.sent(pending, id);
    const message =
      action === "edit"
        ? requestEdit(Math.max(0, this.#rev), ops)
        : history(action, this.#pending.targetRequest(pending));
    this.#channel.request<"edit" | "history">(message, { id }).then(
      () => {},
      (error: Error) => this.#failed(pending, id, error),
    );
  }

  #failed(pending: Pending, id: string, error: Error): void {
    if (!this.#pending.isOut(pending, id)) return;
    if (error instanceof DisconnectedError && pending.action === "edit") {
      this.#pending.lost(pending);
      this.#askLater();
    } else {
      this.#rejected(id, error.message);
      if (error instanceof KernelError && error.code === BAD_ANSWER) this.#ask();
    }
  }

  #rejected(id: string, reason: string): void {
    const pending = this.#pending.find(id);
    if (pending === undefined || !this.#pending.isOut(pending, id)) return;
    this.#update(this.#pending.touched(pending), () => this.#pending.settle(pending));
    const { action, ops } = pending;
    this.#tellReject(reason, action === "edit" ? ops : [], action);
  }

  #tellReject(reason: string, ops: readonly Op[], action: Rejection["action"]): void {
    this.#rejectListeners.tell({ reason, ops, action });
  }

  // What the kernel says --------------------------------------------------------------------------

  #patch(patch: Patch): void {
    const isChange = patch.ops.length > 0 || patch.extras !== null;
    const news = isChange && patch.rev > this.#rev;
    if (news && patch.rev !== this.#rev + 1) {
      this.#early.set(patch.rev, patch);
    } else {
      this.#apply(patch, news);
      this.#drain();
    }
    if (patch.rev > this.#rev) this.#ask();
  }

  /** Patches that came too early, as far as they follow now. */
  #drain(): void {
    for (const rev of this.#early.keys()) if (rev <= this.#rev) this.#early.delete(rev);
    for (let next = this.#early.get(this.#rev + 1); next !== undefined; ) {
      this.#early.delete(next.rev);
      this.#apply(next, true);
      next = this.#early.get(this.#rev + 1);
    }
  }

  /** A patch without news only settles the edit that it answers. */
  #apply(patch: Patch, news: boolean): void {
    const settled = patch.edit_id === null ? undefined : this.#pending.find(patch.edit_id);
    const ids = settled === undefined ? new Set<string>() : this.#pending.touched(settled);
    if (news) for (const op of patch.ops) ids.add(opId(op));
    if (news) this.#rev = patch.rev;
    if (patch.rev === this.#rev && patch.extras !== null) this.#extras = patch.extras;
    if (patch.rev === this.#rev) {
      this.#undo = patch.undo;
      this.#redo = patch.redo;
    }
    this.#update(ids, () => {
      const done = news ? patch.ops : [];
      if (settled !== undefined) this.#pending.settle(settled, done, (id) => this.#table.get(id));
      this.#table.apply(done);
    });
  }

  #snapshot(snapshot: Snapshot): void {
    const answered = snapshot.id === null ? undefined : this.#pending.find(snapshot.id);
    if (snapshot.rev < this.#rev && !this.#lost) {
      if (answered !== undefined) {
        this.#update(this.#pending.touched(answered), () => this.#pending.settle(answered));
      }
      return;
    }
    if (answered !== undefined) this.#pending.settle(answered);
    this.#lost = false;
    this.#extras = snapshot.extras;
    this.#pause = FIRST_PAUSE;
    this.#rev = snapshot.rev;
    this.#undo = snapshot.undo;
    this.#redo = snapshot.redo;
    this.#table.reset(snapshot.columns.rows());
    for (const patch of this.#early.values()) {
      const settled = patch.edit_id === null ? undefined : this.#pending.find(patch.edit_id);
      if (patch.rev <= this.#rev && settled !== undefined) this.#pending.settle(settled);
    }
    this.#pending.settleDone((id) => this.#table.get(id));
    this.#overlay.clear();
    for (const id of this.#pending.ids()) this.#overlay.set(id, this.#withPending(id));
    this.#rows = null;
    this.#index.reset(this.rows());
    this.#whole.clear();
    for (const row of this.rows()) if (isWhole(row)) this.#whole.set(row.id, row);
    this.#drain();
    this.#changeListeners.tell({ ids: null });
    for (let next = this.#pending.next(); next !== undefined; next = this.#pending.next()) {
      this.#send(next);
      if (this.#channel.state === "disconnected") break;
    }
    if (this.#early.size > 0) this.#ask();
  }

  // Asking for the table --------------------------------------------------------------------------

  #ask(): void {
    if (this.#asking || this.#scope.disposed) return;
    this.#asking = true;
    this.#retry();
    this.#channel.request(hello()).then(
      () => {
        this.#asking = false;
        if (this.#early.size > 0) this.#ask();
        else if (this.#pending.next() !== undefined) this.#askLater();
      },
      () => {
        this.#asking = false;
        this.#askLater();
      },
    );
  }

  #askLater(): void {
    this.#retry();
    this.#retry = this.#scope.timeout(() => this.#ask(), this.#pause);
    this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2);
  }

  // Keeping what is shown in step -------------------------------------------------------------------

  /** What is pending may look different now. */
  #tellOverlay(): void {
    if (this.#overlay.size > 0) this.#changeListeners.tell({ ids: new Set(this.#overlay.keys()) });
  }

  #withPending(id: string): Row | undefined {
    return this.#pending.apply(id, this.#table.get(id));
  }

  /** Does `change`, which may concern the rows `ids` only, and brings overlay and index up to date. */
  #update(ids: Iterable<string>, change: () => void): void {
    const before = new Map<string, Row | undefined>();
    for (const id of ids) before.set(id, this.get(id));
    change();
    const gone: Row[] = [];
    const come: Row[] = [];
    const changed = new Set<string>();
    for (const [id, old] of before) {
      if (this.#pending.concerns(id)) this.#overlay.set(id, this.#withPending(id));
      else this.#overlay.delete(id);
      const row = this.get(id);
      if (row === old) continue;
      changed.add(id);
      if (old !== undefined) gone.push(old);
      if (row !== undefined) come.push(row);
      this.#whole.delete(id);
      if (row !== undefined && isWhole(row)) this.#whole.set(id, row);
    }
    this.#index.change(gone, come);
    if (changed.size > 0) this.#rows = null;
    this.#changeListeners.tell({ ids: changed });
  }
}

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** A new row's id: twelve random characters, the first a letter, so that no spreadsheet takes it for a number. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte, i) => ALPHABET[i === 0 ? 10 + (byte % 22) : byte % 32]).join("");
}
