// From tiles to pixels: one pure function of tiles, window and axis, then one of a colour table.
// Invariant: a pixel is the maximum over the columns and bins that belong to it, at least one of each (cover.ts has the
// rule for columns; rows follow the same one, by the centres of bins). So narrow tones and short clicks never vanish,
// and the picture does not depend on how the columns are cut into tiles. 0 where nothing is known.
// Inner loops: bytes are compared four at a time in 32-bit words where a tile is aligned to them; typed arrays
// are read with non-null assertions, indices being in range by construction.

import { type Cover, columnBorders, cover, type PixelSpans, pixelSpans } from "./cover";
import { specLevel } from "./pyramid";
import { binAt, firstBinFrom, freqScale } from "./scales";
import type { ChannelId, FreqAxis, SpecTile, SpectrogramInfo, TileKey, Viewport } from "./types";

export interface RasterInput {
  readonly info: SpectrogramInfo;
  readonly channel: ChannelId;
  readonly viewport: Viewport;
  readonly axis: FreqAxis;
  readonly width: number;
  readonly height: number;
  readonly lookup: (key: TileKey) => SpecTile | undefined;
}

export interface RasterResult {
  /** The level that this window wants, as specLevel gives it. */
  readonly level: number;
  /** How many of the window's tiles at that level are not there. */
  readonly missing: number;
  /** True when a tile that was drawn is an estimate. */
  readonly estimated: boolean;
}

/** Fills out[y * width + x], y = 0 at the top, with quantised values. */
export function rasterizeSpectrogram(input: RasterInput, out: Uint8Array): RasterResult {
  const { info, channel, viewport, axis, width, height } = input;
  const { t0, t1 } = viewport;
  const level = specLevel(info, (t1 - t0) / width);
  const lookup = (key: TileKey) => {
    const tile = input.lookup(key);
    return tile && tile.data.length === tile.columns * info.n_bins ? tile : undefined;
  };
  const covered = cover(info, channel, level, t0, t1, lookup);
  const spans = pixelSpans(info, columnBorders(covered), t0, t1, width);
  const bins = binSpans(info, axis, viewport.f0, viewport.f1, height);
  const { strips, lead, row } = stripsOf(covered);
  const words = new Int32Array(row.buffer);
  const columns = row.subarray(lead);
  for (let y = 0; y < height; y++) {
    const first = bins.lo[y]!;
    const end = bins.hi[y]!;
    const at = y * width;
    if (y > 0 && first === bins.lo[y - 1] && end === bins.hi[y - 1]) {
      out.copyWithin(at, at - width, at);
    } else if (first === end) {
      out.fill(0, at, at + width);
    } else {
      for (const strip of strips) {
        if (strip.words) poolBinsByWords(strip, strip.words, first, end, words);
        else poolBins(strip, first, end, row);
      }
      poolColumns(columns, spans, out.subarray(at, at + width));
    }
  }
  return { level, missing: covered.missing, estimated: covered.estimated };
}

/** Row y takes bins [lo[y], hi[y]); none outside all cells. */
export function binSpans(
  info: SpectrogramInfo,
  axis: FreqAxis,
  f0: number,
  f1: number,
  height: number,
): { readonly lo: Int32Array; readonly hi: Int32Array } {
  const scale = freqScale(axis, f0, f1);
  const lo = new Int32Array(height);
  const hi = new Int32Array(height);
  // A bin centred on the very top of the window belongs to it.
  let above = firstBinFrom(info, f1 * (1 + 1e-9));
  for (let y = 0; y < height; y++) {
    const first = firstBinFrom(info, scale.fromUnit((height - y - 1) / height));
    if (first < above) {
      lo[y] = first;
      hi[y] = above;
    } else {
      const bin = binAt(info, scale.fromUnit((height - y - 0.5) / height));
      if (bin >= 0) {
        lo[y] = bin;
        hi[y] = bin + 1;
      }
    }
    above = first;
  }
  return { lo, hi };
}

/** What one tile gives to a row: columns [first, first + count) of its own go to row[at] and on. */
interface Strip {
  readonly data: Uint8Array;
  /** The same bytes, when columns, first and at are whole words. */
  readonly words: Int32Array | undefined;
  readonly columns: number;
  readonly first: number;
  readonly count: number;
  readonly at: number;
}

/**
 * Lays the pieces out side by side in one row of bytes. The first one begins at the place in its word that it has
 * in its tile, `lead`; the strips before and after whole words write more than their piece, where nobody reads.
 */
function stripsOf(covered: Cover<SpecTile>): { strips: Strip[]; lead: number; row: Uint8Array } {
  const { pieces } = covered;
  const lead = (pieces[0]?.first ?? 0) % 4;
  const strips: Strip[] = [];
  let at = lead;
  pieces.forEach(({ tile, first, count }, i) => {
    if (tile) {
      const { data, columns } = tile;
      const ahead = i === 0 ? lead : 0;
      const words =
        columns % 4 === 0 &&
        data.byteOffset % 4 === 0 &&
        (first - ahead) % 4 === 0 &&
        (at - ahead) % 4 === 0 &&
        ((first + count) % 4 === 0 || i === pieces.length - 1);
      strips.push(
        words
          ? {
              data,
              words: new Int32Array(data.buffer, data.byteOffset, data.length / 4),
              columns,
              first: first - ahead,
              count: Math.ceil((count + ahead) / 4) * 4,
              at: at - ahead,
            }
          : { data, words: undefined, columns, first, count, at },
      );
    }
    at += count;
  });
  return { strips, lead, row: new Uint8Array(Math.ceil(at / 4) * 4) };
}

/** row[at + c] = the maximum over bins [lo, hi) of the strip's column c. */
function poolBins(
  { data, columns, first, count, at }: Strip,
  lo: number,
  hi: number,
  row: Uint8Array,
) {
  for (let c = 0; c < count; c++) {
    let most = 0;
    for (let b = lo, i = lo * columns + first + c; b < hi; b++, i += columns) {
      const value = data[i]!;
      if (value > most) most = value;
    }
    row[at + c] = most;
  }
}

/** The same, four columns at a time. */
function poolBinsByWords(strip: Strip, words: Int32Array, lo: number, hi: number, row: Int32Array) {
  const columns = strip.columns >> 2;
  const first = strip.first >> 2;
  const count = strip.count >> 2;
  const at = strip.at >> 2;
  for (let c = 0; c < count; c++) {
    let i = lo * columns + first + c;
    let most = words[i]!;
    for (let b = lo + 1; b < hi; b++) {
      i += columns;
      const value = words[i]!;
      const differ = value ^ most;
      // Bit 7 of each byte: value >= most in the low seven bits; then in all eight; then that bit spread to a mask.
      const low = ((value | 0x80808080) - (most & 0x7f7f7f7f)) | 0;
      const notLess = ((value & differ) | (~differ & low)) & 0x80808080;
      most ^= differ & ((notLess << 1) - (notLess >>> 7));
    }
    row[at + c] = most;
  }
}

/** out[x] = the maximum over the columns of pixel x. */
function poolColumns(row: Uint8Array, spans: PixelSpans, out: Uint8Array) {
  const { lo, hi, begin, end, most } = spans;
  out.fill(0, 0, begin);
  out.fill(0, end);
  if (most <= 2) {
    for (let x = begin; x < end; x++) {
      const a = row[lo[x]!]!;
      const b = row[hi[x]! - 1]!;
      out[x] = a > b ? a : b;
    }
  } else {
    for (let x = begin; x < end; x++) {
      let value = 0;
      for (let c = lo[x]!; c < hi[x]!; c++) {
        const v = row[c]!;
        if (v > value) value = v;
      }
      out[x] = value;
    }
  }
}

/** Colour of each quantised value. colors: 256 RGB triples; lo, hi in the dB of range_db (ref = 1.0). */
export function buildLut(
  colors: Uint8Array,
  lo: number,
  hi: number,
  rangeDb: readonly [number, number],
): Uint32Array {
  const [bottom, top] = rangeDb;
  const lut = new Uint32Array(256);
  for (let q = 0; q < 256; q++) {
    const db = bottom + (q * (top - bottom)) / 255;
    const share = hi > lo ? (db - lo) / (hi - lo) : db >= hi ? 1 : 0;
    const i = 3 * Math.min(Math.max(Math.floor(share * 256), 0), 255);
    lut[q] = 0xff000000 | (colors[i + 2]! << 16) | (colors[i + 1]! << 8) | colors[i]!;
  }
  return lut;
}

/** RGBA as an ImageData's bytes have it on a little-endian machine. */
export function colorize(indices: Uint8Array, lut: Uint32Array, out: Uint32Array): void {
  const n = Math.min(indices.length, out.length);
  for (let i = 0; i < n; i++) out[i] = lut[indices[i]!]!;
}
