/**
 * The lines of one view: which columns of each are there, and which are asked for.
 *
 * Invariant: of each line at most one request is out, and it is the one for what is seen now. What has
 * come is kept until something better has, so that a line that is moved or zoomed is never blank. Another
 * id is another line: nothing of the old one is shown for it.
 */

import { type Channel, DisconnectedError, KernelError } from "./channel";
import { MAX_DRAWN, type SeriesData, seriesGet } from "./protocol";
import { Listeners, type Scope } from "./scope";
import type { OverlayLine } from "./types";

/** What is seen: seconds, and pixels. */
export interface Sight {
  readonly t0: number;
  readonly t1: number;
  readonly width: number;
  readonly duration: number;
}

/** Columns of equal width. */
export interface Columns {
  readonly start: number;
  readonly end: number;
  readonly columns: number;
}

export type Drawn = Pick<SeriesData, "start" | "end" | "columns" | "min" | "max" | "mean">;

/** A line, and what of it can be drawn. */
export interface ShownLine {
  readonly line: OverlayLine;
  readonly drawn: Drawn | null;
  /** Why there is no more of it; null: there is, or will be. */
  readonly problem: string | null;
}

interface Held {
  drawn: SeriesData | null;
  out: Columns | null;
  problem: string | null;
}

/** What is asked for beyond either edge of what is seen; a share of it. */
const BEYOND = 0.5;

/**
 * The columns to ask for: about one to a pixel. Their borders are multiples of a width that is a power of two, so
 * that columns stay where they are while the window moves.
 */
export function columnsFor({ t0, t1, width, duration }: Sight): Columns {
  const span = t1 - t0;
  const step = 2 ** Math.floor(Math.log2(span / Math.max(1, width)));
  const first = Math.floor(Math.max(0, t0 - BEYOND * span) / step);
  const last = Math.ceil(Math.min(duration, t1 + BEYOND * span) / step);
  const columns = Math.min(MAX_DRAWN, Math.max(1, last - first));
  return { start: first * step, end: (first + columns) * step, columns };
}

/** Whether columns that are there show all that is seen as finely as others would. */
export function suffices(there: Columns, sight: Sight): boolean {
  const wanted = columnsFor(sight);
  const step = ({ start, end, columns }: Columns) => (end - start) / columns;
  const slack = step(wanted) / 2;
  const covers =
    there.start <= Math.max(0, sight.t0) + slack &&
    there.end >= Math.min(sight.duration, sight.t1) - slack;
  return covers && Math.abs(step(there) / step(wanted) - 1) < 1e-6;
}

export class SeriesLines {
  private readonly held = new Map<string, Held>();
  private readonly listeners = new Listeners<[]>();
  private lines: readonly OverlayLine[] = [];
  private sight: Sight | null = null;

  constructor(
    private readonly channel: Channel,
    private readonly scope: Scope,
  ) {
    // What could not be asked for may be had again.
    channel.onState((state) => {
      if (state === "connected") this.askAll();
    }, scope);
  }

  /** Told when there is more to draw. */
  onChange(listener: () => void, scope: Scope): void {
    this.listeners.add(listener, scope);
  }

  setLines(lines: readonly OverlayLine[]): void {
    this.lines = lines;
    const ids = new Set(lines.map(({ id }) => id));
    for (const id of this.held.keys()) if (!ids.has(id)) this.held.delete(id);
    this.askAll();
  }

  /** What is seen from now on. */
  want(sight: Sight): void {
    this.sight = sight;
    this.askAll();
  }

  get shown(): readonly ShownLine[] {
    return this.lines.map((line) => {
      const { drawn = null, problem = null } = this.held.get(line.id) ?? {};
      return { line, drawn, problem };
    });
  }

  private askAll(): void {
    for (const { id } of this.lines) this.ask(id);
  }

  private ask(id: string): void {
    const { sight, scope, channel } = this;
    if (!sight || !(sight.t1 > sight.t0) || scope.disposed) return;
    if (channel.state !== "connected") return;
    const held = this.held.get(id) ?? { drawn: null, out: null, problem: null };
    this.held.set(id, held);
    if (held.out || held.problem !== null) return;
    if (held.drawn?.complete && suffices(held.drawn, sight)) return;
    const same = held.drawn && suffices(held.drawn, sight);
    // An answer that was not complete is asked for as it was, so that it grows.
    const wanted = same && held.drawn ? held.drawn : columnsFor(sight);
    held.out = wanted;
    channel.request(seriesGet(id, wanted.start, wanted.end, wanted.columns)).then(
      (answer) => this.take(id, held, answer),
      (error: Error) => this.fail(id, held, error),
    );
  }

  private take(id: string, held: Held, answer: SeriesData): void {
    if (this.scope.disposed || this.held.get(id) !== held) return;
    held.out = null;
    held.drawn = answer;
    this.listeners.tell();
    this.ask(id);
  }

  private fail(id: string, held: Held, error: Error): void {
    if (this.scope.disposed || this.held.get(id) !== held) return;
    held.out = null;
    if (error instanceof DisconnectedError) return;
    if (!(error instanceof KernelError)) throw error;
    held.problem = error.message;
    this.listeners.tell();
  }
}
