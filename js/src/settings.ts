/**
 * The settings panel: transform and picture.
 *
 * Invariant: what it shows is what the traits say; a field that is being typed in is left alone.
 * The transform belongs to Python: the panel proposes one, and shows why it was refused. STFT and mel
 * have fields of their own; of any other transform, every parameter is shown that a field can hold.
 */

import { colormapNames } from "./colormaps";
import { element } from "./dom";
import type { Scope } from "./scope";
import type { TransformJson } from "./traits";
import type { FreqAxis } from "./types";

export interface SettingsState {
  readonly transform: TransformJson;
  readonly sr: number;
  readonly colormap: string;
  readonly range: readonly [number, number];
  /** Of the range's numbers; "" where they have none. */
  readonly unit: string;
  readonly axis: FreqAxis;
  /** Whether there is a choice of axis. */
  readonly inHz: boolean;
}

export interface SettingsHost {
  /** Resolves to null, or to the reason why the transform was refused. */
  setTransform(transform: TransformJson): Promise<string | null>;
  setColormap(name: string): void;
  setRange(range: readonly [number, number]): void;
  setAxis(axis: FreqAxis): void;
}

const N_FFT = [64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384];
const WINDOWS = [
  "hann",
  "hamming",
  "blackman",
  "blackmanharris",
  "nuttall",
  "flattop",
  "bartlett",
  "boxcar",
];
const AXES: readonly (readonly [FreqAxis, string])[] = [
  ["linear", "linear"],
  ["log", "logarithmic"],
  ["mel", "mel"],
];
/** What a kind of transform starts with when it is chosen here. */
const MEL_DEFAULTS = { n_mels: 128, fmin: 0, fmax: null };
/** What an emptied field stands for; null leaves it to the transform. */
const DEFAULTS: Readonly<Record<string, number>> = { n_mels: 128, fmin: 0 };
/** The kinds that have fields of their own, and the parameters that all of them know. */
const OWN = ["Stft", "MelSpectrogram"];
const SHARED = ["n_fft", "hop_length", "win_length", "window"];
const MEL_FIELDS = ["n_mels", "fmin", "fmax"];
/** Kinds that Python cannot make anew from what is sent of them. */
const FIXED = ["Frames", "FromFunction"];

export class Settings {
  readonly root: HTMLElement;
  private readonly fields = new Map<string, HTMLInputElement | HTMLSelectElement>();
  private readonly rows = new Map<string, HTMLElement>();
  private readonly others = new Map<string, HTMLInputElement>();
  private readonly otherRows = element("div", { class: "sw-fields" });
  private readonly rangeUnits = [element("span"), element("span")] as const;
  private readonly problem = element("p", { class: "sw-problem", role: "alert", hidden: true });
  private state: SettingsState | null = null;

  constructor(
    private readonly host: SettingsHost,
    private readonly scope: Scope,
  ) {
    const number = { type: "number", class: "sw-input" };
    this.root = element(
      "div",
      { class: "sw-panel sw-settings", role: "group", "aria-label": "Settings", hidden: true },
      element(
        "fieldset",
        {},
        element("legend", {}, "Transform"),
        this.choice("type", "Kind", [
          ["Stft", "STFT"],
          ["MelSpectrogram", "mel spectrogram"],
        ]),
        this.choice(
          "n_fft",
          "n_fft",
          N_FFT.map((n) => [String(n), String(n)]),
        ),
        this.input("hop_length", "hop_length", { ...number, min: 1, step: 1 }),
        this.choice(
          "window",
          "window",
          WINDOWS.map((w) => [w, w]),
        ),
        this.input("n_mels", "n_mels", { ...number, min: 1, step: 1 }),
        this.input("fmin", "fmin (Hz)", { ...number, min: 0, step: "any" }),
        this.input("fmax", "fmax (Hz)", { ...number, min: 0, step: "any" }),
        this.otherRows,
      ),
      element(
        "fieldset",
        {},
        element("legend", {}, "Picture"),
        this.choice("axis", "Frequency axis", AXES),
        this.choice(
          "colormap",
          "Colormap",
          colormapNames.map((n) => [n, n]),
        ),
        this.input("lo", this.rangeUnits[0], { ...number, step: "any" }),
        this.input("hi", this.rangeUnits[1], { ...number, step: "any" }),
      ),
      this.problem,
    );
    scope.listen(this.root, "change", (event) => this.changed(event.target));
  }

  update(state: SettingsState): void {
    this.state = state;
    const { transform } = state;
    this.show("type", transform.type);
    const own = OWN.includes(transform.type);
    for (const name of [...SHARED.filter((name) => name !== "win_length"), ...MEL_FIELDS]) {
      const row = this.rows.get(name);
      const here = own && (transform.type === "MelSpectrogram" || !MEL_FIELDS.includes(name));
      if (row) row.hidden = !here;
    }
    this.updateOthers(own ? { type: transform.type } : transform);
    if (own) {
      const hop = transform["hop_length"] ?? Math.floor(winLength(transform) / 4);
      this.show("n_fft", String(transform["n_fft"]));
      this.show("hop_length", String(hop));
      this.show("window", windowName(transform["window"]));
      this.show("n_mels", String(transform["n_mels"] ?? ""));
      this.show("fmin", String(transform["fmin"] ?? 0));
      this.show("fmax", String(transform["fmax"] ?? state.sr / 2));
    }
    const unit = state.unit && ` (${state.unit})`;
    this.rangeUnits[0].textContent = `Darkest${unit}`;
    this.rangeUnits[1].textContent = `Brightest${unit}`;
    this.field("axis").disabled = !state.inHz;
    this.show("axis", state.axis);
    this.show("colormap", state.colormap);
    for (const [name, value] of [
      ["lo", state.range[0]],
      ["hi", state.range[1]],
    ] as const) {
      this.show(name, String(rounded(value, state.range[1] - state.range[0])));
    }
  }

  /** A field for each parameter of a transform that has no fields of its own. */
  private updateOthers(transform: TransformJson): void {
    const parameters = Object.entries(transform).filter(([name]) => name !== "type");
    const shown = parameters.filter(([, value]) => isScalar(value));
    const names = shown.map(([name]) => name);
    if (names.join() !== [...this.others.keys()].join()) {
      this.others.clear();
      this.otherRows.replaceChildren(
        ...shown.map(([name, value]) => {
          const type = typeof value === "boolean" ? "checkbox" : "text";
          const field = element("input", { class: "sw-input", type, name: `other-${name}` });
          this.others.set(name, field);
          return element("label", { class: "sw-field" }, element("span", {}, name), field);
        }),
      );
    }
    for (const [name, value] of shown) {
      const field = this.others.get(name);
      if (!field) continue;
      field.disabled = FIXED.includes(transform.type);
      if (typeof value === "boolean") field.checked = value;
      else if (field !== document.activeElement) field.value = value === null ? "" : String(value);
    }
  }

  private changed(target: EventTarget | null): void {
    const other = [...this.others].find(([, field]) => field === target);
    if (other && this.state) {
      const [name, field] = other;
      const now = this.state.transform;
      void this.propose({ ...now, [name]: read(field, now[name]) });
      return;
    }
    const found = [...this.fields].find(([, field]) => field === target);
    if (!found || !this.state) return;
    const [name, { value }] = found;
    switch (name) {
      case "axis":
        return this.host.setAxis(value as FreqAxis);
      case "colormap":
        return this.host.setColormap(value);
      case "lo":
      case "hi":
        return this.range(this.field("lo").value, this.field("hi").value);
      default:
        void this.propose(this.proposal(name, value));
    }
  }

  private range(low: string, high: string): void {
    const range = [Number(low), Number(high)] as const;
    if (low && high && range[0] < range[1]) {
      this.say(null);
      this.host.setRange(range);
    } else {
      this.say("The darkest level must be a number below the brightest.");
    }
  }

  /** The present transform with one parameter changed. */
  private proposal(name: string, value: string): TransformJson {
    const now = this.state?.transform ?? { type: "Stft" };
    if (name === "type") {
      const shared = Object.entries(now).filter(([key]) => SHARED.includes(key));
      const own = value === "MelSpectrogram" ? MEL_DEFAULTS : {};
      return { ...Object.fromEntries(shared), ...own, type: value };
    }
    if (name === "window") return { ...now, window: value };
    if (value === "") return { ...now, [name]: DEFAULTS[name] ?? null };
    if (name === "n_fft") {
      // A window or hop that was left to follow n_fft goes on to do so.
      const n = Number(value);
      const followed = now["win_length"] === null || now["win_length"] === undefined;
      const scaled = Math.max(1, Math.round((hopOf(now) * n) / Number(now["n_fft"])));
      return {
        ...now,
        n_fft: n,
        win_length: followed ? null : Math.min(n, winLength(now)),
        hop_length: scaled,
      };
    }
    return { ...now, [name]: Number(value) };
  }

  private async propose(transform: TransformJson): Promise<void> {
    this.say(await this.host.setTransform(transform));
  }

  /** Shows why something was refused, and the fields as they hold. */
  private say(reason: string | null): void {
    this.problem.textContent = reason ?? "";
    this.problem.hidden = reason === null;
    if (reason !== null && this.state) this.update(this.state);
  }

  private show(name: string, value: string): void {
    const field = this.field(name);
    if (field.value === value || (field === document.activeElement && field.tagName === "INPUT")) {
      return;
    }
    if (field instanceof HTMLSelectElement && ![...field.options].some((o) => o.value === value)) {
      field.append(element("option", { value }, value));
    }
    field.value = value;
  }

  private field(name: string): HTMLInputElement | HTMLSelectElement {
    const field = this.fields.get(name);
    if (!field) throw new Error(`the settings have no field ${name}`);
    return field;
  }

  private choice(
    name: string,
    text: string,
    options: readonly (readonly [string, string])[],
  ): HTMLElement {
    const select = element(
      "select",
      { class: "sw-select", name },
      ...options.map(([value, shown]) => element("option", { value }, shown)),
    );
    return this.row(name, text, select);
  }

  private input(
    name: string,
    text: string | Node,
    attributes: Record<string, string | number>,
  ): HTMLElement {
    const input = element("input", { ...attributes, name });
    this.scope.listen(input, "blur", () => this.state && this.update(this.state));
    return this.row(name, text, input);
  }

  private row(
    name: string,
    text: string | Node,
    field: HTMLInputElement | HTMLSelectElement,
  ): HTMLElement {
    this.fields.set(name, field);
    const label = typeof text === "string" ? element("span", {}, text) : text;
    const row = element("label", { class: "sw-field" }, label, field);
    this.rows.set(name, row);
    return row;
  }
}

const winLength = (transform: TransformJson) =>
  Number(transform["win_length"] ?? transform["n_fft"]);
const hopOf = (transform: TransformJson) =>
  Number(transform["hop_length"] ?? Math.floor(winLength(transform) / 4));
const windowName = (window: unknown) =>
  typeof window === "string" ? window : JSON.stringify(window);

const isScalar = (value: unknown): boolean =>
  value === null || ["boolean", "number", "string"].includes(typeof value);

/** What a field says, as a parameter that was `before`; an emptied field leaves it to the transform. */
function read(field: HTMLInputElement, before: unknown): boolean | number | string | null {
  if (typeof before === "boolean") return field.checked;
  const text = field.value.trim();
  if (typeof before === "string") return text;
  return text === "" ? null : Number.isNaN(Number(text)) ? text : Number(text);
}

/** As many digits as tell the steps of tiles apart. */
function rounded(value: number, span: number): number {
  const digits = Math.min(9, Math.max(1, Math.ceil(-Math.log10(Math.abs(span) / 255 || 1))));
  return Number(value.toFixed(digits));
}
