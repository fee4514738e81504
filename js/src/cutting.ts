/**
 * Plans by which annotations become more, or fewer: split, merge, duplicate. Pure.
 *
 * Invariant: nothing is lost: what splits can be merged to what there was, and all that rows say in
 * notes is kept. annotations/cutting.py are the same plans in Python; tests/protocol/operations.json
 * holds both to one meaning.
 */

import { copyOf, greatest, least, type Plan, updates } from "./plans";
import type { Op, Row } from "./protocol";
import { type Extent, isInterval } from "./shapes";
import { shiftOf } from "./shaping";

/** Seconds that a part has to last. */
const LEAST = 1e-9;

/** Whether a row can be split at a time. */
export const holds = (row: Row, time: number): boolean =>
  isInterval(row) && time - row.start > LEAST && row.end - time > LEAST;

/** Cuts each row in two; the note stays with the first part. */
export function split(rows: readonly Row[], time: number, newId: () => string): Plan {
  if (!rows.every((row) => holds(row, time))) {
    return { refused: `${time} s does not lie inside all that is to be split` };
  }
  const second = rows.map((row) => copyOf(row, newId(), { start: time, note: "" }));
  return { ops: [...updates(rows, () => ({ end: time })), ...second] };
}

/** Makes one row of several: the first one, as long and as high as all of them together. */
export function merge(rows: readonly Row[]): Plan {
  if (rows.length < 2) return { refused: "there is nothing to merge; select two or more" };
  if (!rows.every(isInterval)) {
    return { refused: "what labels the whole recording cannot be merged; leave it out" };
  }
  if (rows.some(({ tier }) => tier !== rows[0]!.tier)) {
    return { refused: "some lie in another tier; merge within a tier" };
  }
  const inTime = [...rows].sort((a, b) => a.start! - b.start! || a.end! - b.end!);
  const [first, ...others] = inTime as [Row, ...Row[]];
  const channels = new Set(rows.map(({ channel }) => channel));
  const scores = rows.flatMap(({ score }) => score ?? []);
  const lows = rows.flatMap(({ low_freq }) => low_freq ?? []);
  const highs = rows.flatMap(({ high_freq }) => high_freq ?? []);
  const all = rows.length;
  const cells = {
    start: first.start,
    end: greatest(rows.map(({ end }) => end!)),
    low_freq: lows.length < all ? null : least(lows),
    high_freq: highs.length < all ? null : greatest(highs),
    channel: channels.size === 1 ? first.channel : null,
    score: scores.length > 0 ? least(scores) : null,
    note: inTime.flatMap(({ note }) => note || []).join(" "),
  };
  const gone = others.map(({ id }): Op => ({ op: "remove", id }));
  return { ops: [...updates([first], () => cells), ...gone] };
}

/** Copies rows, later by as much as all of them can be. */
export function duplicate(
  rows: readonly Row[],
  by: number,
  extent: Extent,
  newId: () => string,
): Plan {
  const dt = shiftOf(rows, by, null, extent);
  const ops = rows.map((row) =>
    copyOf(row, newId(), isInterval(row) ? { start: row.start + dt, end: row.end + dt } : {}),
  );
  return { ops };
}
