/**
 * The settings panel: transform and picture.
 *
 * Invariant: what it shows is what the traits say; a field that is being typed in is left alone.
 * The transform belongs to Python: the panel proposes one, and shows why it was refused.
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
  readonly axis: FreqAxis;
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
const MEL_ONLY = ["n_mels", "fmin", "fmax", "htk", "norm"];

export class Settings {
  readonly root: HTMLElement;
  private readonly fields = new Map<string, HTMLInputElement | HTMLSelectElement>();
  private readonly rows = new Map<string, HTMLElement>();
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
        this.input("lo", "Darkest (dB)", { ...number, step: 1 }),
        this.input("hi", "Brightest (dB)", { ...number, step: 1 }),
      ),
      this.problem,
    );
    scope.listen(this.root, "change", (event) => this.changed(event.target));
  }

  update(state: SettingsState): void {
    this.state = state;
    const { transform } = state;
    const mel = transform.type === "MelSpectrogram";
    for (const name of ["n_mels", "fmin", "fmax"]) {
      const row = this.rows.get(name);
      if (row) row.hidden = !mel;
    }
    const hop = transform["hop_length"] ?? Math.floor(winLength(transform) / 4);
    this.show("type", transform.type);
    this.show("n_fft", String(transform["n_fft"]));
    this.show("hop_length", String(hop));
    this.show("window", windowName(transform["window"]));
    this.show("n_mels", String(transform["n_mels"] ?? ""));
    this.show("fmin", String(transform["fmin"] ?? 0));
    this.show("fmax", String(transform["fmax"] ?? state.sr / 2));
    this.show("axis", state.axis);
    this.show("colormap", state.colormap);
    this.show("lo", String(Math.round(state.range[0] * 10) / 10));
    this.show("hi", String(Math.round(state.range[1] * 10) / 10));
  }

  private changed(target: EventTarget | null): void {
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
      const shared = Object.entries(now).filter(([key]) => !MEL_ONLY.includes(key));
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
    text: string,
    attributes: Record<string, string | number>,
  ): HTMLElement {
    const input = element("input", { ...attributes, name });
    this.scope.listen(input, "blur", () => this.state && this.update(this.state));
    return this.row(name, text, input);
  }

  private row(
    name: string,
    text: string,
    field: HTMLInputElement | HTMLSelectElement,
  ): HTMLElement {
    this.fields.set(name, field);
    const row = element("label", { class: "sw-field" }, element("span", {}, text), field);
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
