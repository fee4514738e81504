/**
 * Annotation rows and operations as the kernel sends them, checked.
 *
 * Invariant: a row that passes has every known column with the type that `Row` gives it, its numbers
 * finite; the user's own columns ride along as any JSON. Sense (end before start) is the kernel's to judge.
 */

import {
  type Cells,
  type DoneOp,
  isCount,
  ProtocolError,
  type Row,
  type Scalar,
  STATUSES,
} from "./protocol";

const MAX_ROW_ID = 256;

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === "string";
const textOrNull: Check = (value) => value === null || typeof value === "string";
const numberOrNull: Check = (value) => value === null || Number.isFinite(value);
const channel: Check = (value) => value === null || isCount(value);
const id: Check = (value) =>
  typeof value === "string" && value !== "" && value.length <= MAX_ROW_ID;
const scalar: Check = (value) =>
  value === null ||
  typeof value === "string" ||
  typeof value === "boolean" ||
  Number.isFinite(value);
export const isScalar = (value: unknown): value is Scalar => scalar(value);
const status: Check = (value) => (STATUSES as readonly unknown[]).includes(value);

const COLUMNS: { readonly [C in keyof Row]: Check } = {
  id,
  recording: text,
  channel,
  tier: text,
  start: numberOrNull,
  end: numberOrNull,
  low_freq: numberOrNull,
  high_freq: numberOrNull,
  label: text,
  score: numberOrNull,
  source: text,
  status,
  annotator: text,
  note: text,
  created_at: textOrNull,
  updated_at: textOrNull,
};
const CHECKS = new Map<string, Check>(Object.entries(COLUMNS));

/** The columns of every row, in the order of the DataFrame. */
export const COLUMN_NAMES: readonly string[] = [...CHECKS.keys()];

/** Of the user's own columns; no object can hold one of the name that stands for its prototype. */
export const isExtra = (column: string): boolean => !CHECKS.has(column) && column !== "__proto__";

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function refuse(column: string, value: unknown): never {
  const shown = JSON.stringify(value)?.slice(0, 60) ?? "nothing";
  throw new ProtocolError(`an annotation's ${column} cannot be ${shown}`);
}

/** Throws ProtocolError if a column cannot hold a value. */
export function checkCell(column: string, value: unknown): void {
  if (!(CHECKS.get(column) ?? scalar)(value)) refuse(column, value);
}

function checkCells(cells: Readonly<Record<string, unknown>>): void {
  for (const column of Object.keys(cells)) checkCell(column, cells[column]);
}

function parseRow(value: unknown): Row {
  if (!isRecord(value)) return refuse("row", value);
  for (const column of COLUMN_NAMES) {
    if (!Object.hasOwn(value, column)) refuse(column, undefined);
  }
  checkCells(value);
  return value as unknown as Row;
}

function parseCells(value: unknown): Cells {
  if (!isRecord(value) || Object.hasOwn(value, "id")) return refuse("change", value);
  checkCells(value);
  return value as Cells;
}

function parseOp(value: unknown): DoneOp {
  if (!isRecord(value)) return refuse("operation", value);
  if (value.op === "add") {
    const row = parseRow(value.row);
    const { at } = value;
    if (at === undefined || at === null) return { op: "add", row };
    return isCount(at) ? { op: "add", row, at } : refuse("place", at);
  }
  const row = value.id;
  if (!id(row)) return refuse("id", row);
  if (value.op === "update") {
    return { op: "update", id: row as string, set: parseCells(value.set) };
  }
  if (value.op === "remove") return { op: "remove", id: row as string };
  return refuse("operation", value.op);
}

export const parseOps = (values: readonly unknown[]): readonly DoneOp[] => values.map(parseOp);
