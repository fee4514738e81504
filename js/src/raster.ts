// From tiles to pixels: one pure function of tiles, window and axis, then one of a colour table.
// Invariant: a pixel is the maximum over the columns and bins that belong to it, at least one of each (cover.ts has the
// rule for columns; rows follow the same one, by the centres of bins). So narrow tones and short clicks never vanish,
// and the picture does not depend on how the columns are cut into tiles. 0 where nothing is known.
// Inner loops (pool.ts has the others): typed arrays read with non-null assertions, indices in range by construction.

import { type Cover, columnBorders, cover, pixelSpans } from "./cover";
import { makeRow, poolBins, poolColumns, type Row, type Strip } from "./pool";
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
  const { strips, row } = stripsOf(covered);
  for (let y = 0; y < height; y++) {
    const first = bins.lo[y]!;
    const end = bins.hi[y]!;
    const at = y * width;
    if (y > 0 && first === bins.lo[y - 1] && end === bins.hi[y - 1]) {
      out.copyWithin(at, at - width, at);
    } else if (first === end) {
      out.fill(0, at, at + width);
    } else {
      for (const strip of strips) poolBins(strip, first, end, row);
      poolColumns(row, spans, out.subarray(at, at + width));
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
  // A bin centred on the very top of the window belongs to it, whatever rounding has made of either.
  let above = firstBinFrom(info, f1 * (1 + 1e-7));
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

/**
 * Lays the pieces out side by side in one row of bytes. The first one begins at the place in its word that it has
 * in its tile, `lead`; the strips before and after whole words write more than their piece, where nobody reads.
 */
function stripsOf(covered: Cover<SpecTile>): { strips: Strip[]; row: Row } {
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
  return { strips, row: makeRow(at, lead) };
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
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    out[i] = lut[indices[i]!]!;
    out[i + 1] = lut[indices[i + 1]!]!;
    out[i + 2] = lut[indices[i + 2]!]!;
    out[i + 3] = lut[indices[i + 3]!]!;
  }
  for (; i < n; i++) out[i] = lut[indices[i]!]!;
}
