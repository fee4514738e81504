/**
 * How the window has been moving, and what is therefore worth asking for. Pure, but for what it has been told.
 *
 * Invariant: a window at rest asks for itself, then for its neighbours. One that moves fast asks for one
 * stretch at a time, where it is about to be, and for the next when that one has come or is of no more use:
 * so however fast it moves, few tiles are computed that nobody sees, and none is cancelled for the next frame's.
 */

export interface Stretch {
  readonly t0: number;
  readonly t1: number;
}

export interface Drift {
  /** Octaves a second, above 0 when the window narrows. */
  readonly zoom: number;
  /** What stays in its place while zooming, as a share of the window. */
  readonly anchor: number;
  /** Windows a second, to the right. */
  readonly pan: number;
}

export interface Aim {
  /** What is needed now. */
  readonly sight: Stretch;
  /** What may be needed soon; null: that is not known. */
  readonly ahead: Stretch | null;
}

/** Milliseconds: without a change for so long, a window rests; and how far back its drift is measured. */
export const REST = 100;
const MEMORY = 150;
const LEAST_MEMORY = 8;
/** Octaves and windows a second, from which on what is asked for now is gone when it comes. */
const FAST_ZOOM = 4;
const FAST_PAN = 1.5;
/** Seconds from a wish to its tiles: before any have come, and at most. */
const USUAL = 0.15;
const LATEST = 0.5;
const MOST_OCTAVES = 3;
const MOST_WINDOWS = 4;
/** A stretch that is so many times wider than the window, or narrower, is of no use in it. */
const USEFUL = 32;
/** Shares of the window that are fetched beside it: at rest, and in the direction of a slow pan. */
const BESIDE = 0.5;
const BEFORE = 1;

const STILL: Drift = { zoom: 0, anchor: 0.5, pan: 0 };

interface Place extends Stretch {
  readonly at: number;
}

const span = ({ t0, t1 }: Stretch): number => t1 - t0;

export class Motion {
  /** Where the window was, since it last began to move. */
  #track: Place[] = [];
  #moved = false;
  #target: (Stretch & { readonly since: number }) | null = null;
  /** Seconds from a wish to its tiles, as they were of late. */
  #delay = USUAL;

  /** The window is here at a time in milliseconds. */
  note({ t0, t1 }: Stretch, at: number): void {
    const last = this.#track.at(-1);
    if (last?.t0 === t0 && last.t1 === t1) return;
    if (last === undefined || at - last.at >= REST) this.#track = [];
    this.#moved = last !== undefined;
    this.#track.push({ t0, t1, at });
    while (this.#track.length > 2 && this.#track[1]!.at <= at - MEMORY) this.#track.shift();
  }

  moving(at: number): boolean {
    return this.#moved && at - this.#track.at(-1)!.at < REST;
  }

  /** A first step after a rest has no speed yet. */
  drift(at: number): Drift {
    const first = this.#track[0];
    const last = this.#track.at(-1);
    if (!this.moving(at) || !first || !last || last.at - first.at < LEAST_MEMORY) return STILL;
    const seconds = (last.at - first.at) / 1000;
    const [before, now] = [span(first), span(last)];
    const narrowed = before - now;
    if (Math.abs(narrowed) < 1e-6 * now) {
      return { ...STILL, pan: (last.t0 - first.t0) / now / seconds };
    }
    const fixed = (last.t0 * before - first.t0 * now) / narrowed;
    const anchor = Math.min(1, Math.max(0, (fixed - last.t0) / now));
    return { zoom: Math.log2(before / now) / seconds, anchor, pan: 0 };
  }

  /** `complete`: whether all is there that a stretch shows. */
  aim(window: Stretch, at: number, complete: (stretch: Stretch) => boolean): Aim {
    const drift = this.drift(at);
    const width = span(window);
    if (Math.abs(drift.zoom) <= FAST_ZOOM && Math.abs(drift.pan) <= FAST_PAN) {
      this.#target = null;
      return { sight: window, ahead: ahead(window, drift, this.moving(at)) };
    }
    const target = this.#target;
    const least = drift.zoom > 0 ? width / USEFUL : width / 4;
    const useful =
      target !== null &&
      target.t0 < window.t1 &&
      target.t1 > window.t0 &&
      span(target) >= least &&
      span(target) <= width * USEFUL;
    if (useful && !complete(target)) return { sight: target, ahead: null };
    if (target !== null) {
      // What was of no more use when it came, or before, should have been aimed further.
      const took = ((at - target.since) / 1000) * (useful ? 1 : 2);
      this.#delay = Math.min(LATEST, (this.#delay + took) / 2);
    }
    this.#target = { ...expected(window, drift, this.#delay), since: at };
    return { sight: this.#target, ahead: null };
  }
}

function ahead(window: Stretch, { pan }: Drift, moving: boolean): Stretch | null {
  const { t0, t1 } = window;
  const width = span(window);
  if (!moving) return { t0: t0 - BESIDE * width, t1: t1 + BESIDE * width };
  if (pan === 0) return null;
  return pan > 0 ? { t0, t1: t1 + BEFORE * width } : { t0: t0 - BEFORE * width, t1 };
}

/** Where the window will be after some seconds; what it passes over on the way belongs to it. */
export function expected(
  { t0, t1 }: Stretch,
  { zoom, anchor, pan }: Drift,
  seconds: number,
): Stretch {
  const width = t1 - t0;
  if (zoom !== 0) {
    const octaves = Math.min(MOST_OCTAVES, Math.max(-MOST_OCTAVES, zoom * seconds));
    const then = width * 2 ** -octaves;
    const fixed = t0 + anchor * width;
    return { t0: fixed - anchor * then, t1: fixed + (1 - anchor) * then };
  }
  const shift = Math.min(MOST_WINDOWS, Math.max(-MOST_WINDOWS, pan * seconds)) * width;
  return { t0: t0 + Math.min(0, shift), t1: t1 + Math.max(0, shift) };
}
