/**
 * The panel below the picture that shows a spectrum, and says of what it is.
 *
 * Invariant: while it is closed nothing is asked for and nothing painted; open, it paints with the frame
 * after something has changed. Its peaks are there in words for who cannot see the curve.
 */

import type { Channel } from "./channel";
import { element, iconButton } from "./dom";
import { formatDb, formatFreq, formatTime } from "./format";
import type { Scope } from "./scope";
import { type Aim, Spectra, type Target, targetOf } from "./spectrum";
import { levelRange, paintSpectrum, rounded } from "./spectrumpaint";
import { readTheme, type Theme, watchTheme } from "./theme";

const MAX_RATIO = 2;
const NAMED = 3;

export class SpectrumPanel {
  readonly button = iconButton("spectrum", "Spectrum");
  private readonly canvas = element("canvas", { class: "sw-spectrum-canvas", role: "img" });
  private readonly title = element("span", { class: "sw-spectrum-title" });
  private readonly axis = element(
    "select",
    { class: "sw-select", "aria-label": "Frequency axis of the spectrum" },
    element("option", { value: "linear" }, "linear"),
    element("option", { value: "log" }, "log"),
  );
  readonly root = element(
    "section",
    { class: "sw-spectrum", "aria-label": "Spectrum", hidden: true },
    element(
      "div",
      { class: "sw-line" },
      this.title,
      element("span", { class: "sw-spring" }),
      this.axis,
    ),
    this.canvas,
  );
  private readonly spectra: Spectra;
  private theme: Theme | null = null;
  private range: [number, number] | null = null;
  private pointer: number | null = null;
  private frame: (() => void) | null = null;

  constructor(
    channel: Channel,
    private readonly aim: () => Aim,
    private readonly themed: HTMLElement,
    private readonly scope: Scope,
  ) {
    this.spectra = new Spectra(channel, scope, () => this.came());
    this.button.setAttribute("aria-expanded", "false");
    scope.listen(this.button, "click", () => this.toggle());
    scope.listen(this.axis, "change", () => this.invalidate());
    scope.listen(this.canvas, "pointermove", (event) => this.point(event.offsetX));
    scope.listen(this.canvas, "pointerleave", () => this.point(null));
    scope.resize(this.canvas, () => this.invalidate());
    watchTheme(scope, () => {
      this.theme = null;
      this.invalidate();
    });
  }

  toggle(): void {
    this.root.hidden = !this.root.hidden;
    this.button.setAttribute("aria-expanded", String(!this.root.hidden));
    this.range = null;
    this.follow();
    this.invalidate();
  }

  /** Asks for what is to be seen by now; called with each frame of the picture. */
  follow(): void {
    if (!this.root.hidden) this.spectra.want(targetOf(this.aim()));
  }

  private point(at: number | null): void {
    this.pointer = at;
    this.invalidate();
  }

  private came(): void {
    const { shown, problem } = this.spectra;
    if (problem !== null) {
      this.title.textContent = problem;
      return;
    }
    if (!shown) return;
    const { data, target } = shown;
    this.range = levelRange(data.db, this.range);
    const text = titleOf(target, data.n_fft, data.n_frames);
    if (this.title.textContent !== text) this.title.textContent = text;
    this.canvas.setAttribute("aria-label", peaksText(data.peaks));
    this.invalidate();
  }

  private invalidate(): void {
    if (this.root.hidden) return;
    this.frame ??= this.scope.frame(() => {
      this.frame = null;
      this.paint();
    });
  }

  private paint(): void {
    const { canvas } = this;
    const { clientWidth: width, clientHeight: height } = canvas;
    const g = canvas.getContext("2d");
    if (!g || width < 1 || height < 1) return;
    this.theme ??= readTheme(this.themed);
    const ratio = Math.min(MAX_RATIO, Math.max(1, globalThis.devicePixelRatio || 1));
    const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== wide) canvas.width = wide;
    if (canvas.height !== high) canvas.height = high;
    const axis = this.axis.value === "log" ? "log" : "linear";
    const data = this.spectra.shown?.data ?? null;
    const range = this.range ?? ([-80, 0] as const);
    const view = { width, height, ratio, axis, range, data, pointer: this.pointer } as const;
    paintSpectrum(g, view, this.theme);
  }
}

const WORDS = { pointer: "Under the pointer", selection: "Selection", playhead: "At the cursor" };

/** "Selection: 1.200 s – 1.450 s, mean of 12 frames of 2048 samples". */
export function titleOf({ start, end, of }: Target, nFft: number, nFrames: number): string {
  const fine = (end - start) / 100;
  const times = `${formatTime(start, fine)} – ${formatTime(end, fine)}`;
  const frames = nFrames === 1 ? `FFT of ${nFft}` : `mean of ${nFrames} FFTs of ${nFft}`;
  return `${WORDS[of]}: ${times}, ${frames}`;
}

/** The highest peaks in words. */
export function peaksText(
  peaks: readonly { readonly freq: number; readonly db: number }[],
): string {
  if (peaks.length === 0) return "Spectrum without a peak";
  const named = peaks.slice(0, NAMED).map(({ freq, db }) => {
    return `${formatFreq(rounded(freq))} at ${formatDb(db)}`;
  });
  return `Spectrum; highest peaks: ${named.join(", ")}`;
}
