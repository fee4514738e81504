/**
 * What a person does to annotations by keys: mark, split, merge, nudge, accept, copy and paste.
 *
 * Invariant: every action is one change for the kernel, and one step to undo; what cannot be done is
 * said, and changes nothing. The cursor is where sound would start.
 */

import { duplicate, holds, merge, split } from "./cutting";
import type { Editing } from "./editing";
import type { Action } from "./keys";
import type { Navigation } from "./navigation";
import type { Plan } from "./plans";
import type { Row } from "./protocol";
import { newId } from "./regions";
import type { Session } from "./session";
import { isInterval } from "./shapes";
import { convert, type Kind, kindOf, moveBoundary, nudge, setStatus } from "./shaping";
import { pasted, readTsv, writeTsv } from "./tsv";
import type { Viewport } from "./types";

/** Seconds. */
const NUDGE = 0.01;
/** Parts of the visible window: how far the cursor goes, and how long a point becomes. */
const CURSOR_STEP = 0.01;
const GROWN = 0.05;

const FULL_BAND = { low_freq: null, high_freq: null };
const KINDS: readonly Kind[] = ["interval", "box", "point", "recording"];

export class Handwork {
  /** Where the annotation that is being marked begins. */
  begun: number | null = null;

  private readonly actions: Partial<Record<Action, () => void>> = {
    mark: () => this.mark(),
    point: () => this.editing.create({ ...FULL_BAND, start: this.cursor, end: this.cursor }),
    split: () => this.split(),
    merge: () => this.plan((rows) => merge(rows)),
    duplicate: () => this.duplicate(),
    convert: () => this.convert(),
    "boundary-here": () => this.carryOut(moveBoundary(this.session.shown(), this.cursor)),
    "nudge-left": () => this.nudge(-NUDGE),
    "nudge-right": () => this.nudge(NUDGE),
    "nudge-sample-left": () => this.nudge(-1 / this.info.sr),
    "nudge-sample-right": () => this.nudge(1 / this.info.sr),
    "nudge-frame-left": () => this.nudge(-this.info.spectrogram.hop_length / this.info.sr),
    "nudge-frame-right": () => this.nudge(this.info.spectrogram.hop_length / this.info.sr),
    accept: () => this.plan((rows) => setStatus(rows, "accepted")),
    reject: () => this.plan((rows) => setStatus(rows, "rejected")),
    "select-label": () => this.selectLabel(),
    "cursor-left": () => this.moveCursor(-1),
    "cursor-right": () => this.moveCursor(1),
  };

  constructor(
    private readonly session: Session,
    private readonly editing: Editing,
    private readonly navigation: Pick<Navigation, "goTo">,
    private readonly viewport: () => Viewport,
    private readonly seek: (time: number) => void,
  ) {}

  /** Says whether the action is one of these. */
  act(action: Action): boolean {
    const act = this.actions[action];
    act?.();
    return act !== undefined;
  }

  /** To the annotation after or before; says whether there was one. */
  step(by: 1 | -1): boolean {
    const rows = this.session.shown().filter(isInterval);
    rows.sort((a, b) => a.start - b.start || a.end - b.end || (a.id < b.id ? -1 : 1));
    const [selected] = this.editing.selected().filter(isInterval);
    const at = selected ? rows.findIndex(({ id }) => id === selected.id) : -1;
    const from = by > 0 ? rows : rows.toReversed();
    const isBeyond = ({ start }: { start: number }) =>
      by > 0 ? start >= this.cursor : start <= this.cursor;
    const next = at >= 0 ? rows[at + by] : (from.find(isBeyond) ?? null);
    if (!next) return false;
    this.editing.select([next.id], "replace");
    this.seek(next.start);
    const { t0, t1 } = this.viewport();
    if (next.start < t0 || next.start > t1) this.navigation.goTo(next.start - (t1 - t0) / 3);
    return true;
  }

  /** What is selected as a table, or null if nothing is. */
  copied(): string | null {
    const rows = this.editing.selected();
    return rows.length > 0 ? writeTsv(rows, this.session.regions.extras) : null;
  }

  paste(text: string): void {
    const found = readTsv(text, this.session.regions.extras);
    if ("refused" in found) return this.editing.refuse(`Not pasted: ${found.refused}`);
    const ops = pasted(found.rows, this.cursor, newId);
    this.editing.apply(ops);
    this.editing.select(
      ops.flatMap((op) => (op.op === "add" ? [op.row.id] : [])),
      "replace",
    );
  }

  private get info() {
    return this.session.traits.get("_info");
  }

  private get extent() {
    return { duration: this.info.duration, nyquist: this.info.sr / 2 };
  }

  private get cursor(): number {
    return this.session.player.position;
  }

  /** Does something with what is selected; says so if nothing is. */
  private plan(make: (rows: readonly Row[]) => Plan): void {
    const rows = this.editing.selected();
    if (rows.length > 0) return this.carryOut(make(rows));
    this.editing.refuse("Select an annotation first: click it, or press Tab");
  }

  private carryOut(plan: Plan): void {
    if ("ops" in plan) this.editing.apply(plan.ops);
    else this.editing.refuse(plan.refused);
  }

  private mark(): void {
    const { begun, cursor } = this;
    this.begun = begun === null || begun === cursor ? cursor : null;
    if (begun === null || begun === cursor) return;
    const [start, end] = begun < cursor ? [begun, cursor] : [cursor, begun];
    this.editing.create({ ...FULL_BAND, start, end });
  }

  private split(): void {
    const { cursor } = this;
    const selected = this.editing.selected();
    const under = () => this.session.shown(this.session.regions.inView(cursor, cursor));
    const rows = selected.length > 0 ? selected : under();
    const held = rows.filter((row) => holds(row, cursor));
    if (held.length > 0) return this.carryOut(split(held, cursor, newId));
    this.editing.refuse("There is nothing to split at the cursor: click where the parts meet");
  }

  private convert(): void {
    this.plan((rows) => {
      const last = rows[0] ? KINDS.indexOf(kindOf(rows[0])) : 0;
      const kind = KINDS[(last + 1) % KINDS.length] ?? "interval";
      const { t0, t1, f0, f1 } = this.viewport();
      return convert(rows, { kind, width: (t1 - t0) * GROWN, band: [f0, f1] }, this.extent);
    });
  }

  private duplicate(): void {
    const span = this.editing.selectedSpan();
    const by = span ? span.end - span.start : 0;
    this.plan((rows) => duplicate(rows, by, this.extent, newId));
  }

  private nudge(by: number): void {
    this.plan((rows) => nudge(rows, { by }, this.extent));
  }

  private selectLabel(): void {
    const labels = new Set(this.editing.selected().map(({ label }) => label));
    const same = this.session.shown().filter(({ label }) => labels.has(label));
    this.editing.select(
      same.map(({ id }) => id),
      "replace",
    );
  }

  private moveCursor(by: 1 | -1): void {
    const { t0, t1 } = this.viewport();
    this.seek(this.cursor + by * CURSOR_STEP * (t1 - t0));
  }
}
