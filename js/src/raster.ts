// From tiles to pixels: one pure function of tiles, window and axis, then one of a colour table.
// Invariant: a pixel is the maximum over the columns and bins that belong to it, at least one of each (cover.ts has the
// rule for columns; rows follow the same one, by the centres of bins). So narrow tones and short clicks never vanish,
// and the picture does not depend on how the columns are cut into tiles. 0 where nothing is known.
// Inner loops (pool.ts has the others): typed arrays read with non-null assertions, indices in range by construction.

import { type Cover, columnBorders, cover, pixelSpans } from "./cover";
import { type BinSpans, makeRow, poolBins, poolColumns } from "./pool";
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

/** Tiles that are kept in rows although they are not in this picture: those of the next levels, mostly. */
const SPARE_TILES = 48;

interface Pooled {
  readonly rows: Uint8Array;
  pass: number;
}

/**
 * What moving in time leaves as it is: which bins belong to a row, and tiles pooled to rows.
 *
 * Invariant: everything here is of one band, axis and height; another one empties it.
 */
export class RowCache {
  readonly #pooled = new Map<SpecTile, Pooled>();
  #of: (Pick<RasterInput, "info" | "axis" | "height"> & { f0: number; f1: number }) | null = null;
  #spans: BinSpans = { lo: new Int32Array(0), hi: new Int32Array(0) };
  #rowOf = new Int32Array(0);
  #pass = 0;

  /** The row of pooled tiles that line y takes; -1 where no bin lies. */
  prepare({ info, axis, viewport: { f0, f1 }, height }: RasterInput): Int32Array {
    this.#pass += 1;
    const of = this.#of;
    const same =
      of?.info === info && of.axis === axis && of.f0 === f0 && of.f1 === f1 && of.height === height;
    if (same) return this.#rowOf;
    this.#of = { info, axis, f0, f1, height };
    this.#pooled.clear();
    const { lo, hi } = binSpans(info, axis, f0, f1, height);
    const rowOf = new Int32Array(height);
    let rows = 0;
    for (let y = 0; y < height; y++) {
      const again = y > 0 && lo[y] === lo[y - 1] && hi[y] === hi[y - 1];
      if (again) rowOf[y] = rowOf[y - 1]!;
      else if (lo[y] === hi[y]) rowOf[y] = -1;
      else {
        lo[rows] = lo[y]!;
        hi[rows] = hi[y]!;
        rowOf[y] = rows++;
      }
    }
    this.#spans = { lo: lo.slice(0, rows), hi: hi.slice(0, rows) };
    this.#rowOf = rowOf;
    return rowOf;
  }

  /** Bytes [row * columns + column]. */
  rows(tile: SpecTile): Uint8Array {
    const pooled = this.#pooled.get(tile) ?? { rows: poolBins(tile, this.#spans), pass: 0 };
    pooled.pass = this.#pass;
    this.#pooled.delete(tile);
    this.#pooled.set(tile, pooled);
    return pooled.rows;
  }

  /** Lets go of what was not used for longest. */
  trim(): void {
    for (const [tile, { pass }] of this.#pooled) {
      if (this.#pooled.size <= SPARE_TILES || pass === this.#pass) return;
      this.#pooled.delete(tile);
    }
  }
}

/** Fills out[y * width + x], y = 0 at the top, with quantised values. */
export function rasterizeSpectrogram(
  input: RasterInput,
  out: Uint8Array,
  cache: RowCache = new RowCache(),
): RasterResult {
  const { info, channel, viewport, width, height } = input;
  const { t0, t1 } = viewport;
  const level = specLevel(info, (t1 - t0) / width);
  const lookup = (key: TileKey) => {
    const tile = input.lookup(key);
    return tile && tile.data.length === tile.columns * info.n_bins ? tile : undefined;
  };
  const covered = cover(info, channel, level, t0, t1, lookup);
  const spans = pixelSpans(info, columnBorders(covered), t0, t1, width);
  const rowOf = cache.prepare(input);
  const strips = stripsOf(covered, cache);
  const row = makeRow(covered.columns);
  for (let y = 0; y < height; y++) {
    const r = rowOf[y]!;
    const at = y * width;
    if (r < 0) {
      out.fill(0, at, at + width);
    } else if (y > 0 && r === rowOf[y - 1]) {
      out.copyWithin(at, at - width, at);
    } else {
      for (const { rows, columns, first, count, to } of strips) {
        const from = r * columns + first;
        row.bytes.set(rows.subarray(from, from + count), to);
      }
      poolColumns(row, spans, out.subarray(at, at + width));
    }
  }
  cache.trim();
  return { level, missing: covered.missing, estimated: covered.estimated };
}

/** Row y takes bins [lo[y], hi[y]); none outside all cells. */
export function binSpans(
  info: SpectrogramInfo,
  axis: FreqAxis,
  f0: number,
  f1: number,
  height: number,
): BinSpans {
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

/** Columns [first, first + count) of a pooled tile go to `to` and on. */
interface Strip {
  readonly rows: Uint8Array;
  readonly columns: number;
  readonly first: number;
  readonly count: number;
  readonly to: number;
}

/** The pieces that have a tile, side by side in one row of bytes. */
function stripsOf({ pieces }: Cover<SpecTile>, cache: RowCache): Strip[] {
  const strips: Strip[] = [];
  let to = 0;
  for (const { tile, first, count } of pieces) {
    if (tile) strips.push({ rows: cache.rows(tile), columns: tile.columns, first, count, to });
    to += count;
  }
  return strips;
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
