/**
 * Annotations that may not lie over one another, and how one is cut back to where there is room. Pure.
 *
 * Two rows collide if they are of one tier, share a channel (null is all of them), both have a length,
 * and share more than a nanosecond and, where they have a band, a part of it. Points, labels of the whole
 * recording and rejected rows collide with nothing. annotations/overlap.py is the same rule, and decides;
 * tests/protocol/overlap.json holds both to it.
 *
 * Invariant: rows are judged one after the other. What is not judged stands; a judged row stands from its
 * turn on, as it was cut. Cutting changes the times of the judged row alone, and only shortens it.
 */

import type { Row } from "./protocol";

export type Policy = "allow" | "forbid" | "trim";

/** What of a row decides over what it may lie. */
export type Placed = Pick<
  Row,
  "id" | "tier" | "channel" | "start" | "end" | "low_freq" | "high_freq" | "status"
>;

export interface Span {
  readonly start: number;
  readonly end: number;
}

type Lasting<P> = P & Span;

export interface Judged<P extends Placed> {
  /** As it would stand. */
  readonly row: P;
  /** Where it was before the change; null: it is new, or had no time. */
  readonly was: Span | null;
}

export type Verdict<P extends Placed> =
  | { readonly rows: readonly P[] }
  | { readonly refused: P; readonly over: Placed };

/** What two rows may share, in seconds and in hertz. */
const LEAST = 1e-9;

const isLasting = <P extends Placed>(row: P): row is Lasting<P> =>
  row.start !== null && row.end !== null && row.start < row.end && row.status !== "rejected";

export function collides(a: Placed, b: Placed): boolean {
  if (!isLasting(a) || !isLasting(b) || a.tier !== b.tier) return false;
  if (a.channel !== null && b.channel !== null && a.channel !== b.channel) return false;
  const low = Math.max(a.low_freq ?? -Infinity, b.low_freq ?? -Infinity);
  const high = Math.min(a.high_freq ?? Infinity, b.high_freq ?? Infinity);
  return Math.min(a.end, b.end) - Math.max(a.start, b.start) > LEAST && high - low > LEAST;
}

/**
 * Judges rows that come or change: those that stay first, then those that are new, as the kernel does.
 * `near` gives rows that touch a stretch of time, judged ones and others too.
 */
export function part<P extends Placed>(
  judged: readonly Judged<P>[],
  near: (start: number, end: number) => Iterable<Placed>,
  policy: Policy,
): Verdict<P> {
  const settled: P[] = [];
  const ids = new Set(judged.map(({ row }) => row.id));
  for (const { row, was } of judged) {
    const over: Lasting<Placed>[] = [];
    if (policy !== "allow" && isLasting(row)) {
      for (const other of near(row.start, row.end)) {
        if (!ids.has(other.id) && collides(row, other) && isLasting(other)) over.push(other);
      }
      for (const other of settled) {
        if (collides(row, other) && isLasting(other)) over.push(other);
      }
    }
    if (over.length === 0 || !isLasting(row)) {
      settled.push(row);
      continue;
    }
    const free = policy === "trim" ? freeStretches(row, over) : [];
    if (free.length === 0) return { refused: row, over: over[0]! };
    settled.push({ ...row, ...chosen(free, row, was) });
  }
  return { rows: settled };
}

/** What is left of a stretch of time where others are taken, in order. */
function freeStretches(span: Span, taken: readonly Span[]): Span[] {
  const free: Span[] = [];
  let at = span.start;
  for (const { start, end } of [...taken].sort((a, b) => a.start - b.start || a.end - b.end)) {
    const stop = Math.min(start, span.end);
    if (stop - at > LEAST) free.push({ start: at, end: stop });
    at = Math.max(at, end);
  }
  if (span.end - at > LEAST) free.push({ start: at, end: span.end });
  return free;
}

/** Where a row stays: at the end that was not moved, or else where most of it is. */
function chosen(free: readonly Span[], span: Span, was: Span | null): Span {
  const [first, last] = [free[0]!, free.at(-1)!];
  const sameStart = was?.start === span.start;
  const sameEnd = was?.end === span.end;
  if (sameStart && !sameEnd && first.start === span.start) return first;
  if (sameEnd && !sameStart && last.end === span.end) return last;
  return free.reduce((best, next) => (next.end - next.start > best.end - best.start ? next : best));
}
