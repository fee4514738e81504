/**
 * Finds the rows that touch a stretch of time, among many, without looking at all of them.
 *
 * Invariant: rows lie in classes by duration (class k: up to 2^k seconds, more than half of that), each
 * sorted by start. So what touches [t0, t1] starts, in class k, between t0 - 2^k and t1: two binary
 * searches, and few candidates that do not touch. Changing one row moves one entry of one class.
 */

import type { Row } from "./protocol";

type Placed = Row & { readonly start: number; readonly end: number };

const SHORTEST = -20;
/** From so many changes of a class on, one pass over it is cheaper than moving entries one by one. */
const MANY = 16;

/** Whether a row has a place in time that can be drawn. */
export const isPlaced = (row: Row): row is Placed =>
  row.start !== null && row.end !== null && row.start <= row.end;

function classOf({ start, end }: Placed): number {
  const duration = end - start;
  const k = duration > 0 ? Math.max(SHORTEST, Math.ceil(Math.log2(duration))) : SHORTEST;
  return 2 ** k < duration ? k + 1 : k;
}

const before = (a: Placed, b: Placed): number =>
  a.start - b.start || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/** Rows that `some` gives at the most, and of those of a class that start together. */
const MOST_ROWS = 2000;
const MOST_TOGETHER = 4;

/** Index of the first entry for which `isBelow` is false. */
function lowerBound(rows: readonly Placed[], isBelow: (row: Placed) => boolean, from = 0): number {
  let low = from;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBelow(rows[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Two sorted lists as one. */
function merge(a: readonly Placed[], b: readonly Placed[]): Placed[] {
  const merged: Placed[] = [];
  let i = 0;
  for (const row of b) {
    while (i < a.length && before(a[i]!, row) < 0) merged.push(a[i++]!);
    merged.push(row);
  }
  while (i < a.length) merged.push(a[i++]!);
  return merged;
}

function byClass(rows: readonly Row[]): Map<number, Placed[]> {
  const classes = new Map<number, Placed[]>();
  for (const row of rows) {
    if (!isPlaced(row)) continue;
    const k = classOf(row);
    const list = classes.get(k);
    if (list === undefined) classes.set(k, [row]);
    else list.push(row);
  }
  return classes;
}

export class IntervalIndex {
  #classes = new Map<number, Placed[]>();
  /** By the width of a pixel, as a power of two: how long a stretch is, and how many rows of it are given. */
  readonly #thinning = new Map<number, { readonly stretch: number; readonly most: number }>();

  /** Holds these rows and no others. */
  reset(rows: readonly Row[]): void {
    this.#classes = byClass(rows);
    for (const list of this.#classes.values()) list.sort(before);
  }

  /** Takes out `gone`, which must be as they were put in, and puts in `come`. */
  change(gone: readonly Row[], come: readonly Row[]): void {
    const out = byClass(gone);
    const into = byClass(come);
    for (const k of new Set([...out.keys(), ...into.keys()])) {
      this.#changeClass(k, out.get(k) ?? [], into.get(k) ?? []);
    }
  }

  #changeClass(k: number, gone: readonly Placed[], come: Placed[]): void {
    let rows = this.#classes.get(k) ?? [];
    if (gone.length + come.length < MANY) {
      for (const row of gone) {
        const i = lowerBound(rows, (other) => before(other, row) < 0);
        if (rows[i]?.id === row.id) rows.splice(i, 1);
      }
      for (const row of come)
        rows.splice(
          lowerBound(rows, (other) => before(other, row) < 0),
          0,
          row,
        );
    } else {
      const ids = new Set(gone.map(({ id }) => id));
      rows = merge(
        rows.filter(({ id }) => !ids.has(id)),
        come.sort(before),
      );
    }
    if (rows.length > 0) this.#classes.set(k, rows);
    else this.#classes.delete(k);
  }

  /** Rows that touch [t0, t1]: from the longest class to the shortest, each in order of start. */
  touching(t0: number, t1: number): Row[] {
    return this.#find(t0, t1, 0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)!;
  }

  /**
   * As many of these rows as can be told apart where a pixel is so many seconds, and no more than can be drawn: of those
   * that are about as long and start in the same stretch of time, the first ones. Stretches are fixed in time, so that
   * what is left out does not change while a window moves over it.
   */
  some(t0: number, t1: number, pixel: number): Row[] {
    const few = this.#find(t0, t1, 0, Number.POSITIVE_INFINITY, MOST_ROWS);
    if (few !== null || !(pixel > 0)) return few ?? [];
    // What was enough for this width of a pixel last time is so again, unless it was far too much.
    const finest = Math.ceil(Math.log2(pixel));
    const known = this.#thinning.get(finest);
    let { stretch, most } = known ?? { stretch: 2 ** finest, most: MOST_TOGETHER };
    for (;;) {
      const found = this.#find(t0, t1, stretch, most, MOST_ROWS);
      if (found !== null) {
        if (found.length < MOST_ROWS / 4) this.#thinning.delete(finest);
        else this.#thinning.set(finest, { stretch, most });
        return found;
      }
      if (most === 1) stretch *= 2;
      most = 1;
    }
  }

  /** Of each class at most `most` rows that start in a stretch; null where that is more than `limit` rows. */
  #find(t0: number, t1: number, stretch: number, most: number, limit: number): Row[] | null {
    const found: Row[] = [];
    for (const k of [...this.#classes.keys()].sort((a, b) => b - a)) {
      const rows = this.#classes.get(k)!;
      const earliest = t0 - 2 ** k;
      let next = Number.NEGATIVE_INFINITY;
      let together = 0;
      for (let i = lowerBound(rows, ({ start }) => start < earliest); i < rows.length; i++) {
        const row = rows[i]!;
        if (row.start > t1) break;
        if (row.end < t0) continue;
        if (row.start >= next) {
          next = (Math.floor(row.start / stretch) + 1) * stretch;
          together = 0;
        }
        together += 1;
        if (together <= most) found.push(row);
        else i = lowerBound(rows, ({ start }) => start < next, i) - 1;
        if (found.length > limit) return null;
      }
    }
    return found;
  }
}
