// Maxima of bytes, for the rasteriser.
// Invariant: plain maxima; the tricks below change the time they take and nothing else. No branch depends on the data,
// noise being what no processor can predict (four times as slow), and bytes are compared four at a time in 32-bit words
// where a tile is aligned to them. Typed arrays are read with non-null assertions: indices are in range by construction.

import type { PixelSpans } from "./cover";

/** Row r takes bins [lo[r], hi[r]), at least one. */
export interface BinSpans {
  readonly lo: Int32Array;
  readonly hi: Int32Array;
}

/** A tile as bytes [bin * columns + column]. */
interface Bins {
  readonly data: Uint8Array;
  readonly columns: number;
}

/** The maxima of a tile over the bins of each row: bytes [row * columns + column]. */
export function poolBins(tile: Bins, spans: BinSpans): Uint8Array {
  const { data, columns } = tile;
  const out = new Uint8Array(spans.lo.length * columns);
  if (columns % 4 === 0 && data.byteOffset % 4 === 0) {
    const words = new Int32Array(data.buffer, data.byteOffset, data.length >> 2);
    poolWords(words, columns >> 2, spans, new Int32Array(out.buffer));
  } else {
    poolBytes(data, columns, spans, out);
  }
  return out;
}

function poolBytes(data: Uint8Array, columns: number, { lo, hi }: BinSpans, out: Uint8Array): void {
  for (let r = 0, at = 0; r < lo.length; r++) {
    for (let c = 0; c < columns; c++, at++) {
      let most = 0;
      for (let b = lo[r]!, i = b * columns + c; b < hi[r]!; b++, i += columns) {
        most = larger(most, data[i]!);
      }
      out[at] = most;
    }
  }
}

/** Four words side by side, then one. */
function poolWords(
  words: Int32Array,
  columns: number,
  { lo, hi }: BinSpans,
  out: Int32Array,
): void {
  for (let r = 0, at = 0; r < lo.length; r++) {
    const first = lo[r]! * columns;
    const end = hi[r]! * columns;
    let c = 0;
    for (; c + 4 <= columns; c += 4, at += 4) {
      let i = first + c;
      let p = words[i]!;
      let q = words[i + 1]!;
      let s = words[i + 2]!;
      let t = words[i + 3]!;
      for (i += columns; i < end; i += columns) {
        p = largerBytes(words[i]!, p);
        q = largerBytes(words[i + 1]!, q);
        s = largerBytes(words[i + 2]!, s);
        t = largerBytes(words[i + 3]!, t);
      }
      out[at] = p;
      out[at + 1] = q;
      out[at + 2] = s;
      out[at + 3] = t;
    }
    for (; c < columns; c++, at++) {
      let i = first + c;
      let p = words[i]!;
      for (i += columns; i < end; i += columns) p = largerBytes(words[i]!, p);
      out[at] = p;
    }
  }
}

/** One row of columns, as bytes and as the words that hold them; a word more than it needs. */
export interface Row {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
}

export function makeRow(length: number): Row {
  const words = new Int32Array(Math.ceil(length / 4) + 1);
  return { words, bytes: new Uint8Array(words.buffer) };
}

/** out[x] = the maximum over the columns of pixel x; 0 for a pixel that has none. The row is used up. */
export function poolColumns(row: Row, spans: PixelSpans, out: Uint8Array): void {
  const { begin, end, least, most } = spans;
  out.fill(0, 0, begin);
  out.fill(0, end);
  // When byte i holds the maximum of `reach` columns from i on, two of them make up any span of reach to 2 * reach.
  const reach = 2 ** Math.floor(Math.log2(Math.max(least, 1)));
  if (most <= 2 * reach) {
    for (let by = 1; by < reach; by *= 2) widen(row.words, by);
    if (most === 1) takeOne(row.bytes, spans, out);
    else poolPairs(row.bytes, spans, reach, out);
    // What nobody writes has to be 0 again for the next row.
    if (reach > 1) row.words.fill(0);
    return;
  }
  for (let x = begin; x < end; x++) {
    let value = 0;
    for (let c = spans.lo[x]!; c < spans.hi[x]!; c++) value = larger(value, row.bytes[c]!);
    out[x] = value;
  }
}

/** Each byte becomes the larger of itself and the one `by` places further on. */
function widen(words: Int32Array, by: number): void {
  const skip = by >> 2;
  const shift = 8 * (by & 3);
  const end = words.length - skip - 1;
  for (let i = 0; i < end; i++) {
    const here = words[i + skip]!;
    const other = shift ? (here >>> shift) | (words[i + 1]! << (32 - shift)) : here;
    words[i] = largerBytes(words[i]!, other);
  }
}

function takeOne(row: Uint8Array, { lo, begin, end }: PixelSpans, out: Uint8Array): void {
  for (let x = begin; x < end; x++) out[x] = row[lo[x]!]!;
}

function poolPairs(row: Uint8Array, spans: PixelSpans, reach: number, out: Uint8Array): void {
  const { lo, hi, begin, end } = spans;
  let x = begin;
  for (; x + 4 <= end; x += 4) {
    out[x] = larger(row[lo[x]!]!, row[hi[x]! - reach]!);
    out[x + 1] = larger(row[lo[x + 1]!]!, row[hi[x + 1]! - reach]!);
    out[x + 2] = larger(row[lo[x + 2]!]!, row[hi[x + 2]! - reach]!);
    out[x + 3] = larger(row[lo[x + 3]!]!, row[hi[x + 3]! - reach]!);
  }
  for (; x < end; x++) out[x] = larger(row[lo[x]!]!, row[hi[x]! - reach]!);
}

/** The larger of two small integers. */
function larger(a: number, b: number): number {
  const less = a - b;
  return a - (less & (less >> 31));
}

/** The larger of each of four bytes. */
function largerBytes(a: number, b: number): number {
  const differ = a ^ b;
  // Bit 7 of each byte: a >= b in the low seven bits; then in all eight; then that bit spread to a mask.
  const low = ((a | 0x80808080) - (b & 0x7f7f7f7f)) | 0;
  const notLess = ((a & differ) | (~differ & low)) & 0x80808080;
  return b ^ (differ & ((notLess << 1) - (notLess >>> 7)));
}
