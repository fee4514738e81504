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

export class Editing {
  refusal: string | null = null;

  constructor(
    private readonly session: Session,
    scope: Scope,
    changed: () => void,
  ) {
    const { regions, traits } = session;
    regions.onReject(({ reason }) => {
      this.refusal = reason;
      changed();
    }, scope);
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
      this.session.regions.rows().map(({ id }) => id),
      "replace",
    );
  }

  create(shape: Shape): void {
    const id = newId();
    const row = { id, ...shape, label: this.session.activeLabel };
    this.edit([{ op: "add", row }]);
    this.select([id], "replace");
  }

  reshape(edits: readonly { id: string; set: Partial<Shape> }[]): void {
    this.edit(edits.map(({ id, set }) => ({ op: "update", id, set: { ...set } })));
    const { player } = this.session;
    const span = this.selectedSpan();
    // What is heard follows the borders of what it is.
    if (player.playing && span && span.start < span.end) player.setLoopRange(span.start, span.end);
  }

  /** Makes a label the one for new annotations, and gives it to those that are selected. */
  choose(label: string): void {
    this.session.chooseLabel(label);
    const rows = this.selected().filter((row) => row.label !== label);
    this.edit(rows.map(({ id }) => ({ op: "update", id, set: { label } })));
  }

  removeSelected(): void {
    this.edit(this.selected().map(({ id }) => ({ op: "remove", id })));
  }

  undo(): void {
    this.refusal = null;
    this.session.regions.undo();
  }

  redo(): void {
    this.refusal = null;
    this.session.regions.redo();
  }

  private edit(ops: readonly Op[]): void {
    this.refusal = null;
    if (ops.length > 0) this.session.regions.edit(ops);
  }
}
