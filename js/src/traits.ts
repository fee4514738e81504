/**
 * The model's traits, with their types.
 *
 * Invariant: only traits that the front end may write can be written here. Values are read from the
 * model each time, never kept: the last writer wins, whoever it was.
 */

import type { AnyModel } from "@anywidget/types";
import type { KeyChanges } from "./keys";
import type { Scope } from "./scope";
import type { Assistant, FreqAxis, Info, Label, Layer, OverlayLine } from "./types";

export interface TransformJson {
  readonly type: string;
  readonly [parameter: string]: unknown;
}

export interface Notice {
  readonly level: "warning" | "error";
  readonly text: string;
}

/** Written by Python alone. */
export interface OwnedTraits {
  readonly _info: Info;
  readonly _labels: readonly Label[];
  readonly _open_labels: boolean;
  readonly _transform: TransformJson;
  readonly _notice: Notice | null;
  readonly _ref_db: number;
  readonly _overlays: readonly OverlayLine[];
  readonly _layers: readonly Layer[];
  readonly _assistants: readonly Assistant[];
  readonly keymap: KeyChanges;
  readonly hidden_labels: readonly string[];
  readonly hidden_tiers: readonly string[];
  readonly min_score: number | null;
}

/** Written by whoever was last. */
export interface SharedTraits {
  readonly view: readonly [number, number];
  readonly freq_view: readonly [number, number];
  readonly selected: readonly string[];
  readonly colormap: string;
  readonly db_range: readonly [number, number];
  readonly freq_axis: FreqAxis;
  readonly height: number;
  readonly position: number;
  readonly loop: boolean;
  readonly channel: "all" | "mix" | number;
}

export type TraitValues = OwnedTraits & SharedTraits;
export type TraitName = keyof TraitValues;

export class Traits {
  constructor(private readonly model: AnyModel) {}

  get<K extends TraitName>(name: K): TraitValues[K] {
    return this.model.get(name) as TraitValues[K];
  }

  /** Writes what differs, in one message. */
  set(values: Partial<SharedTraits>): void {
    let changed = false;
    for (const [name, value] of Object.entries(values)) {
      if (JSON.stringify(this.model.get(name)) === JSON.stringify(value)) continue;
      this.model.set(name, value);
      changed = true;
    }
    if (!changed) return;
    try {
      this.model.save_changes();
    } catch {
      // No kernel: the value stands on this page, and the channel tells that there is none.
    }
  }

  on(names: readonly TraitName[], changed: () => void, scope: Scope): void {
    for (const name of names) scope.observe(this.model, `change:${name}`, changed);
  }
}
