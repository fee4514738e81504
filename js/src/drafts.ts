/** Drafts among annotations, and which of them a score tells apart. Pure. */

import type { Op, Row, Status } from "./protocol";

export interface Drafts {
  readonly all: readonly Row[];
  /** Those that reach the score; all of them where there is none. */
  readonly accepted: readonly Row[];
  /** Those below it; all of them where there is none. */
  readonly rejected: readonly Row[];
}

/** What has no score is on neither side of one. */
export function draftsOf(rows: readonly Row[], score: number | null): Drafts {
  const all = rows.filter(({ status }) => status === "draft");
  if (score === null) return { all, accepted: all, rejected: all };
  const scored = all.flatMap((row) => (row.score === null ? [] : [{ row, score: row.score }]));
  return {
    all,
    accepted: scored.filter((one) => one.score >= score).map(({ row }) => row),
    rejected: scored.filter((one) => one.score < score).map(({ row }) => row),
  };
}

export const judged = (rows: readonly Row[], status: Status): Op[] =>
  rows.map(({ id }) => ({ op: "update", id, set: { status } }));
