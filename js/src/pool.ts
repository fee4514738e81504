// Maxima of bytes, for the rasteriser.
// Invariant: plain maxima; the tricks below change the time they take and nothing else. No branch depends on the data,
// noise being what no processor can predict (four times as slow), and bytes are compared four at a time in 32-bit words
// where a tile is aligned to them. Typed arrays are read with non-null assertions: indices are in range by construction.

import type { PixelSpans } from "./cover";

/** One row of columns, as bytes and as the words that hold them; a word more than it needs. */
export interface Row {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  /** The bytes from the first column on. */
  readonly columns: Uint8Array;
}

/** A row of `length` bytes, of which the first `lead` come before the first column. */
export function makeRow(length: number, lead: number): Row {
  const words = new Int32Array(Math.ceil(length / 4) + 1);
  const bytes = new Uint8Array(words.buffer);
  return { words, bytes, columns: bytes.subarray(lead) };
}

/** What one tile gives to a row: columns [first, first + count) of its own go to byte `at` and on. */
export interface Strip {
  readonly data: Uint8Array;
  /** The same bytes, when columns, first, count and at are whole words. */
  readonly words: Int32Array | undefined;
  readonly columns: number;
  readonly first: number;
  readonly count: number;
  readonly at: number;
}

/** Gives a row, for each of the strip's columns, the maximum over bins [lo, hi). */
export function poolBins(strip: Strip, lo: number, hi: number, row: Row): void {
  if (strip.words) poolWords(strip, strip.words, lo, hi, row.words);
  else poolBytes(strip, lo, hi, row.bytes);
}

function poolBytes(strip: Strip, lo: number, hi: number, row: Uint8Array): void {
  const { data, columns, first, count, at } = strip;
  for (let c = 0; c < count; c++) {
    let most = 0;
    for (let b = lo, i = lo * columns + first + c; b < hi; b++, i += columns) {
      most = larger(most, data[i]!);
    }
    row[at + c] = most;
  }
}

/** Sixteen columns at a time, then four. */
function poolWords(strip: Strip, words: Int32Array, lo: number, hi: number, row: Int32Array): void {
  const columns = strip.columns >> 2;
  const count = strip.count >> 2;
  const at = strip.at >> 2;
  const start = lo * columns + (strip.first >> 2);
  let c = 0;
  for (; c + 4 <= count; c += 4) {
    let i = start + c;
    let p = words[i]!;
    let q = words[i + 1]!;
    let r = words[i + 2]!;
    let s = words[i + 3]!;
    for (let b = lo + 1; b < hi; b++) {
      i += columns;
      p = largerBytes(words[i]!, p);
      q = largerBytes(words[i + 1]!, q);
      r = largerBytes(words[i + 2]!, r);
      s = largerBytes(words[i + 3]!, s);
    }
    row[at + c] = p;
    row[at + c + 1] = q;
    row[at + c + 2] = r;
    row[at + c + 3] = s;
  }
  for (; c < count; c++) {
    let i = start + c;
    let p = words[i]!;
    for (let b = lo + 1; b < hi; b++) {
      i += columns;
      p = largerBytes(words[i]!, p);
    }
    row[at + c] = p;
  }
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
    poolPairs(row.columns, spans, reach, out);
    // What no strip writes has to be 0 again for the next row.
    if (reach > 1) row.words.fill(0);
    return;
  }
  for (let x = begin; x < end; x++) {
    let value = 0;
    for (let c = spans.lo[x]!; c < spans.hi[x]!; c++) value = larger(value, row.columns[c]!);
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
