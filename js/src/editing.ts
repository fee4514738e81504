/**
 * What a person does to annotations in one view: select, draw, reshape, label, remove.
 *
 * Invariant: annotations change only through the region store, the selection only through its trait;
 * `refusal` says why the last edit was refused, until the next one.
 */

import type { Op, Row } from "./protocol";
import { newId } from "./regions";
import type { Scope } from "./scope";
import type { Session } from "./session";
import { isInterval, type Shape } from "./shapes";

/** Milliseconds. */
const SHOWN_FOR = 10_000;

export class Editing {
  refusal: string | null = null;

  constructor(
    private readonly session: Session,
    private readonly scope: Scope,
    private readonly changed: () => void,
  ) {
    const { regions, traits } = session;
    regions.onReject(({ reason }) => this.refuse(reason), scope);
    regions.onChange(() => {
      const there = traits.get("selected").filter((id) => regions.get(id));
      if (regions.ready) traits.set({ selected: there });
    }, scope);
  }

  selected(): Row[] {
    const { regions, traits } = this.session;
    return traits.get("selected").flatMap((id) => regions.get(id) ?? []);
  }

  /** From the first start to the last end of what is selected; null where nothing has a time. */
  selectedSpan(): { start: number; end: number } | null {
    const spans = this.selected().filter(isInterval);
    if (spans.length === 0) return null;
    return {
      start: Math.min(...spans.map((row) => row.start)),
      end: Math.max(...spans.map((row) => row.end)),
    };
  }

  select(ids: readonly string[], how: "replace" | "toggle"): void {
    const now = this.session.traits.get("selected");
    const kept = now.filter((id) => !ids.includes(id));
    const added = ids.filter((id) => !now.includes(id));
    this.session.traits.set({ selected: how === "replace" ? ids : [...kept, ...added] });
  }

  selectAll(): void {
    this.select(
      this.session.shown().map(({ id }) => id),
      "replace",
    );
  }

  create(shape: Shape): void {
    const id = newId();
    const label = this.session.activeLabel;
    this.apply([{ op: "add", row: { id, ...shape, label } }]);
    // Drawn with a label, it is done, and the next key is for the next one; else it waits for its label.
    this.select(label ? [] : [id], "replace");
  }

  reshape(edits: readonly { id: string; set: Partial<Shape> }[]): void {
    this.apply(edits.map(({ id, set }) => ({ op: "update", id, set: { ...set } })));
    const { player } = this.session;
    const span = this.selectedSpan();
    // What is heard follows the borders of what it is.
    if (player.playing && span && span.start < span.end) player.setLoopRange(span.start, span.end);
  }

  /** Gives a label to what is selected; with nothing selected, chooses it for what is drawn next. */
  choose(label: string): void {
    const rows = this.selected();
    if (rows.length === 0) {
      this.session.chooseLabel(label === this.session.activeLabel ? "" : label);
      return;
    }
    const others = rows.filter((row) => row.label !== label);
    this.apply(others.map(({ id }) => ({ op: "update", id, set: { label } })));
  }

  removeSelected(): void {
    this.apply(this.selected().map(({ id }) => ({ op: "remove", id })));
  }

  undo(): void {
    const { regions } = this.session;
    if (regions.undoLabel !== null || regions.pending > 0) regions.undo();
  }

  redo(): void {
    const { regions } = this.session;
    if (regions.redoLabel !== null || regions.pending > 0) regions.redo();
  }

  /** Says why something was refused, for a while or until the next edit. */
  refuse(reason: string): void {
    this.refusal = reason;
    this.scope.timeout(() => this.accept(reason), SHOWN_FOR);
    this.changed();
  }

  private accept(reason: string): void {
    if (this.refusal !== reason) return;
    this.refusal = null;
    this.changed();
  }

  apply(ops: readonly Op[]): void {
    this.refusal = null;
    if (ops.length > 0) this.session.regions.edit(ops);
  }
}
