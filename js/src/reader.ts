/**
 * Reads off what lies under the pointer: at once as well as the picture tells, exactly once it rests.
 *
 * Invariant: an answer of the kernel is shown only while the pointer is still where it was asked for.
 */

import { DisconnectedError, KernelError } from "./channel";
import { damageAt } from "./damage";
import { type Hit, hitTest } from "./hit";
import { valueGet } from "./protocol";
import { type Reading, rowName, valueScale, words } from "./reading";
import { inHz } from "./scales";
import type { Scope } from "./scope";
import type { Session } from "./session";
import type { Stage } from "./stage";
import type { Status } from "./status";

/** Milliseconds the pointer rests before the exact value is asked for. */
const REST = 80;
/** Milliseconds between readings while the picture moves under the pointer: nobody reads faster. */
const PACE = 90;

type PaneHit = Hit & { zone: "pane" };

export class Reader {
  private reading: Reading | null = null;
  /** What was read of the picture itself, before the kernel refined it. */
  private seen = "";
  private pointer: { readonly x: number; readonly y: number } | null = null;
  private resting: (() => void) | null = null;
  private due: (() => void) | null = null;
  private readAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly session: Session,
    private readonly stage: Stage,
    private readonly status: Status,
    private readonly scope: Scope,
  ) {}

  hover(x: number, y: number): void {
    this.pointer = { x, y };
    this.stage.point(this.pointer);
    this.refresh();
  }

  leave(): void {
    this.pointer = null;
    this.stage.point(null);
    this.refresh();
  }

  /** What lies under a still pointer changes with the picture. */
  follow(now: number): void {
    if (!this.pointer || this.due) return;
    const wait = this.readAt + PACE - now;
    if (wait <= 0) return this.refresh();
    this.due = this.scope.timeout(() => this.refresh(), wait);
  }

  private refresh(): void {
    this.due?.();
    this.due = null;
    this.readAt = performance.now();
    const { pointer } = this;
    const hit = pointer && hitTest(this.stage.scene(), pointer.x, pointer.y);
    const reading = hit && this.read(hit, pointer.x, pointer.y);
    const { epoch } = this.session.traits.get("_info");
    const seen = JSON.stringify([epoch, reading]);
    if (seen === this.seen) return;
    this.seen = seen;
    this.resting?.();
    this.show(reading);
    if (hit?.zone === "pane") this.resting = this.scope.timeout(() => void this.ask(hit), REST);
  }

  private show(reading: Reading | null): void {
    this.reading = reading;
    this.status.read(reading ? words(reading) : "");
    this.stage.root.title = reading?.damage ?? "";
  }

  private read(hit: Hit, x: number, y: number): Reading | null {
    if (hit.zone !== "pane" && hit.zone !== "time-axis") return null;
    const { viewport } = this.stage;
    const { sr, duration, spectrogram } = this.session.traits.get("_info");
    const ref = this.session.traits.get("_ref_db");
    const width = Math.max(1, this.stage.scene().layout.plot.width);
    const pane = hit.zone === "pane" ? hit.pane : null;
    const freq = hit.zone === "pane" ? hit.freq : null;
    const value = pane?.kind === "spec" ? this.stage.valueAt(pane, x, y) : null;
    const resolution = (viewport.t1 - viewport.t0) / width;
    const time = Math.min(duration, Math.max(0, hit.time));
    return {
      time,
      sr,
      resolution,
      freq,
      hzPerPixel: (viewport.f1 - viewport.f0) / Math.max(1, pane?.rect.height ?? 1),
      row: freq === null || inHz(spectrogram) ? null : rowName(spectrogram, freq),
      value: value === null ? null : value - ref,
      scale: valueScale(spectrogram, ref),
      exact: false,
      amplitude: null,
      damage: damageAt(this.stage.damage, time, resolution)?.reason ?? null,
    };
  }

  private async ask(hit: PaneHit): Promise<void> {
    const before = this.reading;
    if (!before) return;
    const { epoch } = this.session.traits.get("_info");
    const channel = hit.pane.channel === "mix" ? "mix" : Number(hit.pane.channel);
    try {
      const value = await this.session.channel.request(
        valueGet(epoch, channel, before.time, hit.freq ?? 0),
      );
      if (this.reading !== before) return;
      const ref = this.session.traits.get("_ref_db");
      this.show(
        hit.pane.kind === "spec"
          ? { ...before, value: value.db === null ? null : value.db - ref, exact: true }
          : { ...before, amplitude: value.amplitude },
      );
    } catch (error) {
      // The reading stays as good as the picture's steps.
      if (!(error instanceof KernelError || error instanceof DisconnectedError)) throw error;
    }
  }
}
