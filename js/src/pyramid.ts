// Where tiles lie in time.
// Invariant: one rule places everything. A layer is a row of cells (frames, or samples with a hop of 1), cell i
// centred at i * hop / sr, so that it covers (i - 0.5) .. (i + 0.5) hops; in cell units time t lies at
// t * sr / hop + 0.5. Column c of level k holds cells [c * 2^k, (c + 1) * 2^k); tile i of a level holds columns
// [i * n, (i + 1) * n), n = tileColumns. Cell numbers pass 2^32 in a day of sound: no bit operations on them.

import type { ChannelId, SpectrogramInfo, TileKey, WaveformInfo } from "./types";

export type LayerInfo = SpectrogramInfo | WaveformInfo;

/** "spec/0:3:17" */
export function keyString(key: TileKey): string {
  return `${key.layer}:${key.level}:${key.index}`;
}

export function parseKey(text: string): TileKey | undefined {
  const [, layer, level, index] = /^((?:spec|wave)\/[^:]+):(\d{1,9}):(\d{1,15})$/.exec(text) ?? [];
  if (layer === undefined) return undefined;
  return { layer, level: Number(level), index: Number(index) };
}

export function layerOf(info: LayerInfo, channel: ChannelId): string {
  return `${info.kind === "spectrogram" ? "spec" : "wave"}/${channel}`;
}

/** Frames or samples in the whole recording. */
export function cellCount(info: LayerInfo): number {
  return info.kind === "spectrogram" ? info.n_frames : info.n_samples;
}

export function cellsPerSecond(info: LayerInfo): number {
  return info.kind === "spectrogram" ? info.sr / info.hop_length : info.sr;
}

/** Place of a time in cell units: cell i covers i .. i + 1. */
export function cellPosition(info: LayerInfo, seconds: number): number {
  return seconds * cellsPerSecond(info) + 0.5;
}

/** Number of columns in a tile, the last one of a level excepted. */
export function tileColumns(info: LayerInfo, level: number): number {
  if (info.kind === "spectrogram") return info.tile_columns;
  return level === 0 ? info.sample_columns : info.columns;
}

/** Number of cells under a tile, the last one of a level excepted. */
export function tileCells(info: LayerInfo, level: number): number {
  return tileColumns(info, level) * 2 ** level;
}

/** Number of columns at a level, over the whole recording. */
export function columnsAt(info: LayerInfo, level: number): number {
  return Math.ceil(cellCount(info) / 2 ** level);
}

/** Number of columns in this very tile. */
export function columnsIn(info: LayerInfo, key: TileKey): number {
  const full = tileColumns(info, key.level);
  return Math.min(full, columnsAt(info, key.level) - key.index * full);
}

// A hair's breadth, so that a span that is computed anew while panning does not flit between two levels.
function levelFor(cellsPerPixel: number): number {
  return cellsPerPixel > 1 ? Math.floor(Math.log2(cellsPerPixel) + 1e-6) : 0;
}

/** The coarsest level whose columns are no wider than a pixel; 0 when none is. */
export function specLevel(info: SpectrogramInfo, secondsPerPixel: number): number {
  return Math.min(levelFor(secondsPerPixel * cellsPerSecond(info)), info.levels - 1);
}

/** As specLevel; one of info.levels. */
export function waveLevel(info: WaveformInfo, samplesPerPixel: number): number {
  const most = levelFor(samplesPerPixel);
  return info.levels.reduce((best, level) => (level <= most && level > best ? level : best), 0);
}

function coarser(info: LayerInfo, level: number): number | undefined {
  if (info.kind === "waveform") return info.levels[info.levels.indexOf(level) + 1];
  return level + 1 < info.levels ? level + 1 : undefined;
}

function finer(info: LayerInfo, level: number): number | undefined {
  if (info.kind === "waveform") return info.levels[info.levels.indexOf(level) - 1];
  return level > 0 ? level - 1 : undefined;
}

/** The tile of the next coarser level that holds this one; undefined at the top. */
export function parent(info: LayerInfo, key: TileKey): TileKey | undefined {
  const level = coarser(info, key.level);
  if (level === undefined) return undefined;
  const index = Math.floor((key.index * tileCells(info, key.level)) / tileCells(info, level));
  return { layer: key.layer, level, index };
}

/** The tiles of the next finer level under this one, in order; empty at level 0. */
export function children(info: LayerInfo, key: TileKey): TileKey[] {
  const level = finer(info, key.level);
  if (level === undefined) return [];
  const cells = tileCells(info, key.level);
  return tilesOver(info, key.layer, level, key.index * cells, (key.index + 1) * cells);
}

/** The tiles of a level that hold cells [from, to), in order. */
export function tilesOver(
  info: LayerInfo,
  layer: string,
  level: number,
  from: number,
  to: number,
): TileKey[] {
  if (to <= from) return [];
  const cells = tileCells(info, level);
  const first = Math.floor(Math.max(from, 0) / cells);
  const end = Math.ceil(Math.min(to, cellCount(info)) / cells);
  const keys: TileKey[] = [];
  for (let index = first; index < end; index++) keys.push({ layer, level, index });
  return keys;
}

/** The cells that show, even in part, between two times: [from, to), empty when to <= from. */
export function cellsBetween(info: LayerInfo, t0: number, t1: number): [from: number, to: number] {
  const from = Math.max(Math.floor(cellPosition(info, t0)), 0);
  return [from, Math.min(Math.ceil(cellPosition(info, t1)), cellCount(info))];
}

function keysBetween(
  info: LayerInfo,
  channel: ChannelId,
  level: number,
  t0: number,
  t1: number,
): TileKey[] {
  const [from, to] = cellsBetween(info, t0, t1);
  const keys = tilesOver(info, layerOf(info, channel), level, from, to);
  const centre = (from + to) / 2 / tileCells(info, level) - 0.5;
  return keys.sort((a, b) => Math.abs(a.index - centre) - Math.abs(b.index - centre));
}

/** The tiles of which something shows between t0 and t1, the one in the middle first. */
export function specKeys(
  info: SpectrogramInfo,
  channel: ChannelId,
  level: number,
  t0: number,
  t1: number,
): TileKey[] {
  return keysBetween(info, channel, level, t0, t1);
}

export function waveKeys(
  info: WaveformInfo,
  channel: ChannelId,
  level: number,
  t0: number,
  t1: number,
): TileKey[] {
  return keysBetween(info, channel, level, t0, t1);
}
