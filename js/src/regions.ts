/**
 * The annotations of one model as they are shown: the kernel's rows, and pending edits on top.
 *
 * Invariant: the kernel wins conflicts. `rows` is always the kernel's last known table with the
 * pending edits applied in order; an edit stays pending, and visible, until the kernel's patch or
 * reject settles it, however long that takes and however often the connection is lost.
 */

import type { Channel } from "./channel";
import type { HistoryAction, Op, Row } from "./protocol";
import type { Scope } from "./scope";

export interface RegionChange {
  /** Ids of rows that came, went or changed; null: possibly all. */
  readonly ids: ReadonlySet<string> | null;
}

export interface Rejection {
  readonly reason: string;
  readonly ops: readonly Op[];
  readonly action: "edit" | HistoryAction;
}

export declare class RegionStore {
  constructor(channel: Channel, scope: Scope);
  /** Whether the kernel's table has come. */
  readonly ready: boolean;
  readonly rev: number;
  /** Number of edits that the kernel has not yet settled. */
  readonly pending: number;
  readonly undoLabel: string | null;
  readonly redoLabel: string | null;
  rows(): readonly Row[];
  get(id: string): Row | undefined;
  /** Rows with a place in time that touch [t0, t1], long ones first, so that short ones are drawn on top. */
  inView(t0: number, t1: number): readonly Row[];
  /** Rows of the whole recording. */
  whole(): readonly Row[];
  isPending(id: string): boolean;
  edit(ops: readonly Op[]): void;
  undo(): void;
  redo(): void;
  onChange(listener: (change: RegionChange) => void, scope: Scope): void;
  onReject(listener: (rejection: Rejection) => void, scope: Scope): void;
}

/** A new row's id: short, random, safe in URLs and CSV. */
export declare function newId(): string;
