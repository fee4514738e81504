/**
 * All rows as the kernel sends them: numbers in typed arrays, texts once each. annotations/packing.py packs.
 *
 * Invariant: what passes has every known column with the type that `Row` gives it, as many cells as
 * rows, and ids that are all different. A row becomes an object only when it is asked for.
 */

import { ownBytes } from "./bytes";
import { ProtocolError, type Row, type Scalar } from "./protocol";
import { COLUMN_NAMES, checkCell, isExtra, isRecord } from "./rows";

const MAX_ROWS = 2 ** 24;
const MAX_COLUMNS = 256;

/** The cells of one column. */
interface Cells {
  at(row: number): Scalar;
}

class Same implements Cells {
  constructor(private readonly value: Scalar) {}
  at(): Scalar {
    return this.value;
  }
}

class Listed implements Cells {
  constructor(readonly values: readonly Scalar[]) {}
  at(row: number): Scalar {
    return this.values[row]!;
  }
}

class Coded implements Cells {
  constructor(
    private readonly values: readonly Scalar[],
    private readonly codes: Uint8Array | Uint16Array | Uint32Array,
  ) {}
  at(row: number): Scalar {
    return this.values[this.codes[row]!]!;
  }
}

class Numbers implements Cells {
  constructor(readonly numbers: Float64Array) {}
  at(row: number): Scalar {
    const number = this.numbers[row]!;
    return Number.isNaN(number) ? null : number;
  }
}

/** Milliseconds since 1970, read as ISO 8601 in UTC. */
class Times implements Cells {
  constructor(private readonly ms: Float64Array) {}
  at(row: number): Scalar {
    return new Date(this.ms[row]!).toISOString();
  }
}

export class Columns {
  readonly #cells: ReadonlyMap<string, Cells>;
  readonly #extras: readonly string[];

  constructor(
    readonly length: number,
    cells: ReadonlyMap<string, Cells>,
  ) {
    this.#cells = cells;
    this.#extras = [...cells.keys()].filter(isExtra);
  }

  cell(column: string, row: number): Scalar {
    return this.#cells.get(column)!.at(row);
  }

  /** A column of numbers as it came, NaN where there is nothing; null if it holds none. */
  numbers(column: string): Float64Array | null {
    const cells = this.#cells.get(column);
    return cells instanceof Numbers ? cells.numbers : null;
  }

  row(at: number): Row {
    const known = (column: keyof Row) => this.#cells.get(column)!.at(at) as never;
    const row: Row = {
      id: known("id"),
      recording: known("recording"),
      channel: known("channel"),
      tier: known("tier"),
      start: known("start"),
      end: known("end"),
      low_freq: known("low_freq"),
      high_freq: known("high_freq"),
      label: known("label"),
      score: known("score"),
      source: known("source"),
      status: known("status"),
      annotator: known("annotator"),
      note: known("note"),
      created_at: known("created_at"),
      updated_at: known("updated_at"),
    };
    const extras = row as unknown as Record<string, Scalar>;
    for (const column of this.#extras) extras[column] = this.cell(column, at);
    return row;
  }

  rows(): Row[] {
    return Array.from({ length: this.length }, (_, at) => this.row(at));
  }
}

/** Columns of `n` rows as a snapshot has them, each buffer used by one. */
export function parseColumns(
  n: number,
  columns: readonly unknown[],
  buffers: readonly DataView[],
): Columns {
  if (n > MAX_ROWS || columns.length > MAX_COLUMNS) {
    throw new ProtocolError(`${n} rows of ${columns.length} columns are too many`);
  }
  const cells = new Map<string, Cells>();
  let used = 0;
  for (const column of columns) {
    if (!isPacked(column) || cells.has(column.name)) {
      throw new ProtocolError("a column has no name of its own");
    }
    const { name, buffer } = column;
    if (buffer !== undefined && buffer !== used) refuse(name, "a buffer of its own");
    const bytes = buffer === undefined ? null : (buffers[used++] ?? refuse(name, "a buffer"));
    cells.set(name, bytes === null ? parseValues(column, n) : parseBuffer(column, n, bytes));
  }
  if (used !== buffers.length) {
    throw new ProtocolError(`${buffers.length} buffers for ${used} columns`);
  }
  for (const name of COLUMN_NAMES) if (!cells.has(name)) refuse(name, "to be there");
  const result = new Columns(n, cells);
  const ids = new Set(Array.from({ length: n }, (_, row) => result.cell("id", row)));
  if (ids.size !== n) throw new ProtocolError("two annotations have the same id");
  return result;
}

type Packed = Readonly<Record<string, unknown>> & { readonly name: string };

const isPacked = (value: unknown): value is Packed =>
  isRecord(value) && typeof value.name === "string";

function refuse(name: string, wanted: string): never {
  throw new ProtocolError(`the column ${name} needs ${wanted}`);
}

function parseValues({ name, values }: Packed, n: number): Cells {
  if (!Array.isArray(values)) return refuse(name, "a list of values");
  for (const value of values) checkCell(name, value);
  if (values.length === 1 && n > 0) return new Same(values[0]);
  return values.length === n ? new Listed(values) : refuse(name, `${n} values`);
}

function parseBuffer(column: Packed, n: number, view: DataView): Cells {
  const { name, values, unit } = column;
  if (values !== undefined) return parseCodes(column, n, view);
  if (view.byteLength !== 8 * n) return refuse(name, `${n} numbers`);
  const numbers = new Float64Array(ownBytes(view));
  let isSound = true;
  let hole = -1;
  for (let row = 0; row < n; row++) {
    const number = numbers[row]!;
    if (Number.isNaN(number)) hole = row;
    else if (!Number.isFinite(number)) isSound = false;
  }
  if (!isSound) return refuse(name, "finite numbers");
  if (unit === undefined) {
    if (n > 0) checkCell(name, numbers.find(Number.isFinite) ?? null);
    if (hole >= 0) checkCell(name, null);
    return new Numbers(numbers);
  }
  const isTime = numbers.every((ms) => Math.abs(ms) <= 8.64e15);
  if (unit !== "ms" || !isTime) return refuse(name, "milliseconds since 1970");
  checkCell(name, "");
  return new Times(numbers);
}

function parseCodes({ name, values }: Packed, n: number, view: DataView): Cells {
  if (!Array.isArray(values)) return refuse(name, "a list of values");
  for (const value of values) checkCell(name, value);
  const { byteLength } = view;
  const ArrayOf = [Uint8Array, Uint16Array, Uint32Array].find(
    (kind) => kind.BYTES_PER_ELEMENT * n === byteLength,
  );
  if (ArrayOf === undefined) return refuse(name, `${n} codes`);
  const codes = new ArrayOf(ownBytes(view));
  for (let row = 0; row < n; row++) {
    if (codes[row]! >= values.length) return refuse(name, `codes below ${values.length}`);
  }
  return new Coded(values, codes);
}
