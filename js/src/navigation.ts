/**
 * Moving the window of one view, in time, frequency, amplitude and dB.
 *
 * Invariant: the window moves at once; the traits hear of it when it has rested, and from then on the
 * last writer, whoever it is, has the say.
 */

import type { Scope } from "./scope";
import type { Session } from "./session";
import type { Stage } from "./stage";
import * as viewports from "./viewport";

/** Milliseconds without a further move after which the window has settled. */
const SETTLE = 150;
/** The least difference of brightest and darkest, as a share of what tiles can hold: 3 dB of 150. */
const MIN_RANGE = 1 / 50;
/** How much is shown around a moment that has no length, in seconds. */
const AROUND = 0.5;

export class Navigation {
  private settling: (() => void) | null = null;

  constructor(
    private readonly session: Session,
    private readonly stage: Stage,
    private readonly scope: Scope,
  ) {}

  zoomTime(factor: number, anchor: number): void {
    this.moveTo(viewports.zoomTime(this.stage.viewport, this.stage.bounds, factor, anchor));
  }

  panTime(seconds: number): void {
    this.moveTo(viewports.panTime(this.stage.viewport, this.stage.bounds, seconds));
  }

  zoomFreq(factor: number, anchor: number): void {
    const { viewport, bounds } = this.stage;
    this.moveTo(viewports.zoomFreq(viewport, bounds, this.axis, factor, anchor));
  }

  /** Moves by a share of the visible band. */
  panFreq(share: number): void {
    this.moveTo(viewports.panFreq(this.stage.viewport, this.stage.bounds, this.axis, share));
  }

  zoomAmplitude(factor: number): void {
    this.stage.zoomAmplitude(factor);
  }

  showTimes(start: number, end: number): void {
    const around = start === end ? AROUND : 0;
    this.moveTo({ ...this.stage.viewport, t0: start - around, t1: end + around });
  }

  /** Moves without changing the span. */
  goTo(start: number): void {
    this.panTime(start - this.stage.viewport.t0);
  }

  fit(): void {
    this.moveTo(viewports.fit(this.stage.bounds));
  }

  fitTime(): void {
    const { t0, t1 } = viewports.fit(this.stage.bounds);
    this.moveTo({ ...this.stage.viewport, t0, t1 });
  }

  fitFreq(): void {
    const { f0, f1 } = viewports.fit(this.stage.bounds);
    this.moveTo({ ...this.stage.viewport, f0, f1 });
  }

  /** Moves one end of the range of values, by a share of it. */
  moveRange(end: "low" | "high", share: number): void {
    const [lo, hi] = this.session.traits.get("db_range");
    const by = share * (hi - lo);
    const [bottom, top] = this.session.traits.get("_info").spectrogram.range_db;
    const least = MIN_RANGE * (top - bottom);
    const range =
      end === "low"
        ? ([Math.min(lo + by, hi - least), hi] as const)
        : ([lo, Math.max(hi + by, lo + least)] as const);
    this.session.traits.set({ db_range: range });
  }

  resetRange(): void {
    const { db_range, spectrogram } = this.session.traits.get("_info");
    const offset = spectrogram.full_scale_db - this.session.traits.get("_ref_db");
    this.session.traits.set({ db_range: [db_range[0] + offset, db_range[1] + offset] });
  }

  /** Takes the window over from the traits, unless it is being moved here. */
  follow(): void {
    if (!this.settling) this.stage.viewport = this.stage.settledViewport();
  }

  private get axis() {
    return this.stage.axis;
  }

  private moveTo(viewport: viewports.Viewport): void {
    this.stage.viewport = viewport;
    this.settling?.();
    this.settling = this.scope.timeout(() => {
      this.settling = null;
      const { t0, t1, f0, f1 } = this.stage.viewport;
      this.session.traits.set({ view: [t0, t1], freq_view: [f0, f1] });
    }, SETTLE);
  }
}
