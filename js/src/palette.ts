/**
 * The labels as a row of chips: name, colour, key. The chosen one is what a new annotation gets.
 *
 * Invariant: a chip does what the label's key does; names are shown as text, whatever they hold.
 */

import { element } from "./dom";
import type { Scope } from "./scope";
import type { Label } from "./types";

export interface PaletteState {
  readonly labels: readonly Label[];
  readonly active: string;
  /** Labels of the selected annotations: their chips are marked. */
  readonly selected: ReadonlySet<string>;
  readonly open: boolean;
  /** Labels of the whole recording, with the ids of their annotations. */
  readonly whole: readonly {
    readonly id: string;
    readonly label: string;
    readonly color: string;
  }[];
}

export interface PaletteHost {
  choose(label: string): void;
  /** The person is done with typing here. */
  leave(): void;
  select(id: string): void;
}

export class Palette {
  readonly root = element("div", { class: "sw-palette", role: "group", "aria-label": "Labels" });
  private shown = "";
  private chips: Scope | null = null;

  constructor(
    private readonly host: PaletteHost,
    private readonly scope: Scope,
  ) {}

  update(state: PaletteState): void {
    const shown = JSON.stringify({ ...state, selected: [...state.selected].sort() });
    if (shown === this.shown) return;
    this.shown = shown;
    const focused = [...this.root.querySelectorAll("button")].indexOf(
      document.activeElement as HTMLButtonElement,
    );
    this.chips?.dispose();
    const chips = this.scope.child();
    this.chips = chips;
    this.root.replaceChildren(
      ...state.labels.map((label) => this.chip(label, state, chips)),
      ...(state.open ? [this.adder(chips)] : []),
      ...(state.whole.length > 0 ? [this.whole(state, chips)] : []),
    );
    this.root.hidden = this.root.childElementCount === 0;
    if (focused >= 0) this.root.querySelectorAll("button")[focused]?.focus();
  }

  private chip(label: Label, state: PaletteState, scope: Scope): HTMLElement {
    const swatch = element("span", { class: "sw-swatch" });
    swatch.style.background = label.color;
    const chip = element(
      "button",
      {
        type: "button",
        class: "sw-chip",
        "aria-pressed": String(label.name === state.active),
        title: label.key ? `Label ${label.name} (key ${label.key})` : `Label ${label.name}`,
      },
      swatch,
      element("span", { class: "sw-chip-name" }, label.name),
      ...(label.key ? [element("kbd", {}, label.key)] : []),
    );
    chip.style.setProperty("--sw-label", label.color);
    chip.classList.toggle("sw-on-selection", state.selected.has(label.name));
    scope.listen(chip, "click", () => this.host.choose(label.name));
    return chip;
  }

  /** Where new labels are allowed, one is named here. */
  private adder(scope: Scope): HTMLElement {
    const input = element("input", {
      class: "sw-new-label",
      type: "text",
      placeholder: "+ new label",
      "aria-label": "Name of a new label",
      maxlength: 200,
      size: 10,
    });
    scope.listen(input, "keydown", (event) => {
      if (event.key !== "Enter" || !input.value.trim()) return;
      event.preventDefault();
      const name = input.value.trim();
      this.host.leave();
      this.host.choose(name);
    });
    return input;
  }

  private whole(state: PaletteState, scope: Scope): HTMLElement {
    const group = element("span", { class: "sw-whole" }, "Whole recording:");
    for (const { id, label, color } of state.whole) {
      const swatch = element("span", { class: "sw-swatch" });
      swatch.style.background = color;
      const text = label || "(no label)";
      const chip = element("button", { type: "button", class: "sw-chip" }, swatch, text);
      scope.listen(chip, "click", () => this.host.select(id));
      group.append(chip);
    }
    return group;
  }
}
