// The waveform of a window: extremes and level of each pixel, or the samples themselves.
// Invariant: columns and pixels meet by the same rule as in the spectrogram (cover.ts, a sample being a cell), so the
// two never drift apart; every visible sample lies within its pixel's extremes. What is not known, or no number, is NaN.
// Inner loops: typed arrays read with non-null assertions, indices in range by construction.

import { columnBorders, cover, type Piece, pixelSpans } from "./cover";
import { cellCount, cellPosition, layerOf, tilesOver, waveLevel } from "./pyramid";
import type { ChannelId, TileKey, WaveformInfo, WaveTile } from "./types";

export interface WaveInput {
  readonly info: WaveformInfo;
  readonly channel: ChannelId;
  readonly t0: number;
  readonly t1: number;
  readonly width: number;
  readonly lookup: (key: TileKey) => WaveTile | undefined;
}

/** One entry a pixel. */
export interface WaveColumns {
  readonly min: Float32Array;
  readonly max: Float32Array;
  readonly rms: Float32Array;
  /** The level that this window wants, as waveLevel gives it. */
  readonly level: number;
  /** How many of the window's tiles at that level are not there. */
  readonly missing: number;
  readonly estimated: boolean;
}

export function waveColumns(input: WaveInput): WaveColumns {
  const { info, channel, t0, t1, width } = input;
  const level = waveLevel(info, ((t1 - t0) * info.sr) / width);
  const covered = cover(info, channel, level, t0, t1, complete(input));
  const borders = columnBorders(covered);
  const spans = pixelSpans(info, borders, t0, t1, width);
  const columns = columnValues(covered.pieces, covered.columns);
  const min = new Float32Array(width).fill(Number.NaN);
  const max = new Float32Array(width).fill(Number.NaN);
  const rms = new Float32Array(width).fill(Number.NaN);
  for (let x = spans.begin; x < spans.end; x++) {
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    let energy = 0;
    let samples = 0;
    for (let c = spans.lo[x]!; c < spans.hi[x]!; c++) {
      const low = columns.min[c]!;
      const high = columns.max[c]!;
      if (low < least) least = low;
      if (high > most) most = high;
      const level = columns.rms[c]!;
      if (level >= 0) {
        const weight = borders[c + 1]! - borders[c]!;
        energy += level * level * weight;
        samples += weight;
      }
    }
    if (least <= most) {
      min[x] = least;
      max[x] = most;
    }
    if (samples > 0) rms[x] = Math.sqrt(energy / samples);
  }
  return { min, max, rms, level, missing: covered.missing, estimated: covered.estimated };
}

/** Extremes that reach at least to the pixel on the left, so that the drawn line has no gaps. */
export function joined(columns: WaveColumns): WaveColumns {
  const min = columns.min.slice();
  const max = columns.max.slice();
  for (let x = 1; x < min.length; x++) {
    if (columns.max[x - 1]! < min[x]!) min[x] = columns.max[x - 1]!;
    if (columns.min[x - 1]! > max[x]!) max[x] = columns.min[x - 1]!;
  }
  return { ...columns, min, max };
}

/** Values of samples first, first + 1, ...: those in sight and one more on each side; sample i is at i / sr. */
export interface SamplePoints {
  readonly first: number;
  readonly values: Float32Array;
  readonly missing: number;
}

/** For windows close enough to show samples as points, say a sample in four pixels. */
export function samplePoints(input: WaveInput): SamplePoints {
  const { info, channel, t0, t1 } = input;
  // Sample i has its place in the middle of its cell, at i + 0.5.
  const first = Math.max(Math.ceil(cellPosition(info, t0) - 0.5) - 1, 0);
  const end = Math.min(Math.floor(cellPosition(info, t1) - 0.5) + 2, cellCount(info));
  const values = new Float32Array(Math.max(end - first, 0)).fill(Number.NaN);
  const lookup = complete(input);
  let missing = 0;
  for (const key of tilesOver(info, layerOf(info, channel), 0, first, end)) {
    const tile = lookup(key);
    if (tile) {
      const start = key.index * info.sample_columns;
      const from = Math.max(first, start);
      values.set(tile.data.subarray(from - start, end - start), from - first);
    } else missing++;
  }
  return { first, values, missing };
}

/** A lookup that passes over tiles whose length is not that of their level. */
function complete({ lookup }: WaveInput): (key: TileKey) => WaveTile | undefined {
  return (key) => {
    const tile = lookup(key);
    const rows = key.level === 0 ? 1 : 3;
    return tile && tile.data.length === tile.columns * rows ? tile : undefined;
  };
}

interface ColumnValues {
  readonly min: Float32Array;
  readonly max: Float32Array;
  readonly rms: Float32Array;
}

/** The columns of all pieces, one after the other. */
function columnValues(pieces: readonly Piece<WaveTile>[], length: number): ColumnValues {
  const min = new Float32Array(length).fill(Number.NaN);
  const max = new Float32Array(length).fill(Number.NaN);
  const rms = new Float32Array(length).fill(Number.NaN);
  let at = 0;
  for (const { tile, level, first, count } of pieces) {
    if (tile && level === 0) {
      const samples = tile.data.subarray(first, first + count);
      min.set(samples, at);
      max.set(samples, at);
      for (let i = 0; i < count; i++) rms[at + i] = Math.abs(samples[i]!);
    } else if (tile) {
      const row = (n: number) =>
        tile.data.subarray(n * tile.columns + first, n * tile.columns + first + count);
      min.set(row(0), at);
      max.set(row(1), at);
      rms.set(row(2), at);
    }
    at += count;
  }
  return { min, max, rms };
}
