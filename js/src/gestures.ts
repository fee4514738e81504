/**
 * From pointer and wheel to intents.
 *
 * Invariant: a press begins at most one drag, and a drag ends in exactly one of `end` or `cancel`;
 * nothing reaches the annotations before it ends. This file knows no canvas and no kernel: it asks
 * its host what lies where, and tells it what the person meant.
 */

import type { Editing } from "./editing";
import { cursorFor, freqAt, type Hit, hitTest, type Scene } from "./hit";
import type { Pane } from "./layout";
import type { Navigation } from "./navigation";
import type { Scope } from "./scope";
import {
  changes,
  dragged,
  drawn,
  type Extent,
  type Grip,
  isInterval,
  movedTogether,
  type Point,
  type Preview,
  type Shape,
} from "./shapes";

export interface Placed extends Shape {
  readonly id: string;
}

export interface GestureHost {
  readonly navigation: Pick<
    Navigation,
    | "zoomTime"
    | "panTime"
    | "zoomFreq"
    | "panFreq"
    | "zoomAmplitude"
    | "showTimes"
    | "fitTime"
    | "fitFreq"
    | "moveRange"
    | "resetRange"
  >;
  readonly editing: Pick<Editing, "selected" | "select" | "create" | "reshape">;
  scene(): Scene;
  extent(): Extent;
  hasFocus(): boolean;
  seek(time: number): void;
  hover(x: number, y: number): void;
  leave(): void;
  /** What a drag would make so far; null when there is nothing to preview any more. */
  preview(shapes: readonly Preview[] | null): void;
}

interface Drag {
  readonly cursor: string;
  move(x: number, y: number): void;
  end(): void;
  cancel(): void;
}

/** A press that moved less than this, in pixels, was a click. */
const CLICK = 4;
/** A drag on the spectrogram lower than this is a plain interval: a hand is not that steady. */
const FLAT = 4;
const NOTCH = 0.002;
const PINCH = 0.01;
const LINE = 16;

export class Gestures {
  private drag: Drag | null = null;
  private readonly surface: HTMLElement;
  private readonly host: GestureHost;
  private readonly scope: Scope;

  constructor(surface: HTMLElement, host: GestureHost, scope: Scope) {
    this.surface = surface;
    this.host = host;
    this.scope = scope;
    scope.listen(surface, "pointerdown", (event) => this.down(event));
    scope.listen(surface, "pointermove", (event) => this.hover(event));
    scope.listen(surface, "pointerleave", () => host.leave());
    scope.listen(surface, "dblclick", (event) => this.doubleClick(event));
    scope.listen(surface, "wheel", (event) => this.wheel(event), { passive: false });
    scope.add(() => this.cancel());
  }

  get dragging(): boolean {
    return this.drag !== null;
  }

  /** Gives up the drag under way; says whether there was one. */
  cancel(): boolean {
    const drag = this.drag;
    this.drag = null;
    drag?.cancel();
    return drag !== null;
  }

  private at(event: MouseEvent): { x: number; y: number } {
    const box = this.surface.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  private hover(event: PointerEvent): void {
    if (this.drag) return;
    const { x, y } = this.at(event);
    const scene = this.host.scene();
    const hit = hitTest(scene, x, y);
    this.surface.style.cursor = cursorFor(hit, scene.selected);
    this.host.hover(x, y);
  }

  private down(event: PointerEvent): void {
    if (this.drag || (event.button !== 0 && event.button !== 1)) return;
    const { x, y } = this.at(event);
    const hit = hitTest(this.host.scene(), x, y, event.pointerType === "touch" ? 16 : undefined);
    const toggling = event.shiftKey || event.ctrlKey || event.metaKey;
    const drag = event.button === 1 ? this.hand(x, y) : this.begin(hit, x, y, event.shiftKey);
    if (!drag) return;
    if (event.button === 1) event.preventDefault();

    this.drag = drag;
    const press = this.scope.child();
    let moved = false;
    this.surface.setPointerCapture(event.pointerId);
    this.surface.style.cursor = drag.cursor;
    const finish = () => {
      press.dispose();
      this.surface.style.cursor = "";
    };
    press.listen(this.surface, "pointermove", (to) => {
      if (to.pointerId !== event.pointerId) return;
      const p = this.at(to);
      if (!moved && Math.hypot(p.x - x, p.y - y) < CLICK) return;
      moved = true;
      if (this.drag !== drag) return finish();
      drag.move(p.x, p.y);
      this.host.hover(p.x, p.y);
    });
    press.listen(this.surface, "pointerup", (up) => {
      if (up.pointerId !== event.pointerId) return;
      finish();
      if (this.drag !== drag) return;
      this.drag = null;
      if (moved) return drag.end();
      drag.cancel();
      if (event.button === 0) this.click(hit, toggling);
    });
    press.listen(this.surface, "pointercancel", () => {
      finish();
      if (this.drag === drag) this.cancel();
    });
  }

  private click(hit: Hit, toggling: boolean): void {
    if (hit.zone === "pane") {
      if (hit.target)
        return this.host.editing.select([hit.target.id], toggling ? "toggle" : "replace");
      if (!toggling) this.host.editing.select([], "replace");
      this.host.seek(hit.time);
    } else if (hit.zone === "time-axis") {
      this.host.seek(hit.time);
    } else if (hit.zone === "overview" && hit.part === null) {
      this.centre(hit.time);
    }
  }

  private doubleClick(event: MouseEvent): void {
    const { x, y } = this.at(event);
    const hit = hitTest(this.host.scene(), x, y);
    if (hit.zone === "time-axis" || hit.zone === "overview") this.host.navigation.fitTime();
    else if (hit.zone === "freq-axis") this.host.navigation.fitFreq();
    else if (hit.zone === "colorbar") this.host.navigation.resetRange();
    else if (hit.zone === "pane" && hit.target) {
      const row = this.host.scene().rows.find(({ id }) => id === hit.target?.id);
      if (row && isInterval(row)) this.host.navigation.showTimes(row.start, row.end);
    }
  }

  private wheel(event: WheelEvent): void {
    const zooming = event.ctrlKey || event.metaKey;
    // A reader who scrolls past must not be caught; who has clicked into the widget means it.
    if (!zooming && !event.shiftKey && !event.altKey && !this.host.hasFocus()) return;
    event.preventDefault();
    event.stopPropagation();
    if (this.drag) return;
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE : 1;
    const dx = event.deltaX * unit;
    const dy = event.deltaY * unit;
    const { x, y } = this.at(event);
    const scene = this.host.scene();
    const hit = hitTest(scene, x, y);
    const perPixel = (scene.visible[1] - scene.visible[0]) / Math.max(1, scene.layout.plot.width);
    if (event.shiftKey) return this.host.navigation.panTime((dx || dy) * perPixel);
    if (!zooming && !event.altKey && Math.abs(dx) > Math.abs(dy)) {
      return this.host.navigation.panTime(dx * perPixel);
    }
    // Browsers report a pinch as a wheel with Control and small steps.
    const factor = Math.exp(dy * (zooming && Math.abs(dy) < 40 ? PINCH : NOTCH));
    if (hit.zone === "amplitude-axis") return this.host.navigation.zoomAmplitude(factor);
    if (hit.zone === "freq-axis") return this.host.navigation.zoomFreq(factor, hit.freq);
    if (event.altKey && hit.zone === "pane" && hit.freq !== null) {
      return this.host.navigation.zoomFreq(factor, hit.freq);
    }
    const anchor = scene.time.toTime(
      Math.min(scene.layout.plot.width, Math.max(0, x - scene.layout.plot.x)),
    );
    this.host.navigation.zoomTime(factor, hit.zone === "overview" ? hit.time : anchor);
  }

  private begin(hit: Hit, x: number, y: number, shift: boolean): Drag | null {
    const { host } = this;
    switch (hit.zone) {
      case "pane": {
        const { target } = hit;
        const held = target && host.scene().selected.has(target.id) ? target : null;
        return held ? this.edit(held.id, held.grip, hit, x, y) : this.draw(hit, x, y);
      }
      case "time-axis": {
        const span = host.scene().visible;
        return shift
          ? stepping("ew-resize", x, y, (dx) =>
              host.navigation.zoomTime(Math.exp(-dx / 150), hit.time),
            )
          : stepping("grabbing", x, y, (dx) =>
              host.navigation.panTime((-dx * (span[1] - span[0])) / this.plotWidth()),
            );
      }
      case "freq-axis":
        return shift
          ? stepping("ns-resize", x, y, (_, dy) =>
              host.navigation.zoomFreq(Math.exp(dy / 100), hit.freq),
            )
          : stepping("grabbing", x, y, (_, dy) =>
              host.navigation.panFreq(dy / hit.pane.rect.height),
            );
      case "amplitude-axis":
        return stepping("ns-resize", x, y, (_, dy) =>
          host.navigation.zoomAmplitude(Math.exp(dy / 80)),
        );
      case "colorbar": {
        const bar = host.scene().layout.colorbar;
        const height = bar ? bar.height : 1;
        return stepping("ns-resize", x, y, (_, dy) =>
          host.navigation.moveRange(hit.half, -dy / height),
        );
      }
      case "overview":
        return this.overview(hit.part, hit.time);
      case "none":
        return null;
    }
  }

  private plotWidth(): number {
    return Math.max(1, this.host.scene().layout.plot.width);
  }

  /** Time and frequency at a place, as seen from the pane where the drag began. */
  private point(pane: Pane, x: number, y: number): Point {
    const scene = this.host.scene();
    const time = scene.time.toTime(x - scene.layout.plot.x);
    const banded = pane.kind === "spec" && scene.inHz;
    return { time, freq: banded ? freqAt(scene.freq, pane.rect, y) : null };
  }

  private draw(hit: Hit & { zone: "pane" }, x: number, y: number): Drag {
    const { host } = this;
    const from = this.point(hit.pane, x, y);
    let shape: Shape | null = null;
    return {
      cursor: "crosshair",
      move: (toX, toY) => {
        const withBand = hit.pane.kind === "spec" && Math.abs(toY - y) >= FLAT;
        shape = drawn(from, this.point(hit.pane, toX, toY), withBand, host.extent());
        // Back where it began, or straight up: there is no time in it yet.
        if (Math.abs(toX - x) < CLICK) shape = null;
        host.preview(shape && [{ ...shape, id: null }]);
      },
      end: () => {
        host.preview(null);
        if (shape) host.editing.create(shape);
      },
      cancel: () => host.preview(null),
    };
  }

  private edit(id: string, grip: Grip, hit: Hit & { zone: "pane" }, x: number, y: number): Drag {
    const { host } = this;
    const scene = host.scene();
    const moving = grip.edge === null && grip.side === null;
    const before = moving ? host.editing.selected() : scene.rows.filter((row) => row.id === id);
    const from = this.point(hit.pane, x, y);
    let after: Placed[] = [...before];
    return {
      cursor: moving ? "grabbing" : cursorFor(hit, scene.selected),
      move: (toX, toY) => {
        const to = this.point(hit.pane, toX, toY);
        after = moving
          ? movedTogether(before, from, to, host.extent())
          : before.map((row) => ({ ...row, ...dragged(row, grip, from, to, host.extent()) }));
        host.preview(after);
      },
      end: () => {
        host.preview(null);
        const edits = after.flatMap((row, i) => {
          const old = before[i];
          const set = old ? changes(old, row) : {};
          return Object.keys(set).length > 0 ? [{ id: row.id, set }] : [];
        });
        if (edits.length > 0) host.editing.reshape(edits);
      },
      cancel: () => host.preview(null),
    };
  }

  private centre(time: number): void {
    const [t0, t1] = this.host.scene().visible;
    this.host.navigation.panTime(time - (t0 + t1) / 2);
  }

  private overview(part: "start" | "end" | "body" | null, pressed: number): Drag {
    const { host } = this;
    if (part === null) this.centre(pressed);
    const [t0, t1] = host.scene().visible;
    return {
      cursor: part === "start" || part === "end" ? "ew-resize" : "grabbing",
      move: (x) => {
        const scene = host.scene();
        const now = scene.overview.toTime(x - scene.layout.plot.x);
        if (part === "start") host.navigation.showTimes(Math.min(now, t1), Math.max(now, t1));
        else if (part === "end") host.navigation.showTimes(Math.min(t0, now), Math.max(t0, now));
        else host.navigation.panTime(t0 + now - pressed - scene.visible[0]);
      },
      end: () => {},
      cancel: () => {},
    };
  }

  /** The middle button takes hold of the picture itself. */
  private hand(x: number, y: number): Drag {
    const { host } = this;
    return stepping("grabbing", x, y, (dx, dy) => {
      const scene = host.scene();
      const pane = scene.layout.panes.find(({ kind }) => kind === "spec");
      host.navigation.panTime((-dx * (scene.visible[1] - scene.visible[0])) / this.plotWidth());
      if (pane) host.navigation.panFreq(dy / pane.rect.height);
    });
  }
}

/** A drag that acts at once, by the distance since the last move. */
function stepping(
  cursor: string,
  x: number,
  y: number,
  step: (dx: number, dy: number) => void,
): Drag {
  let [lastX, lastY] = [x, y];
  return {
    cursor,
    move: (toX, toY) => {
      step(toX - lastX, toY - lastY);
      [lastX, lastY] = [toX, toY];
    },
    end: () => {},
    cancel: () => {},
  };
}
