import type { ChannelId, SpectrogramInfo, TileKey, WaveformInfo } from "./types";

const todo = (): never => {
  throw new Error("not yet");
};

/** "spec/0:3:17" */
export function keyString(_key: TileKey): string {
  return todo();
}
export function parseKey(_text: string): TileKey | undefined {
  return todo();
}
/** The coarsest level whose columns are no wider than a pixel; 0 when none is. */
export function specLevel(_info: SpectrogramInfo, _secondsPerPixel: number): number {
  return todo();
}
/** As specLevel; one of info.levels. */
export function waveLevel(_info: WaveformInfo, _samplesPerPixel: number): number {
  return todo();
}
/** Number of columns at a level, over the whole recording. */
export function columnsAt(_info: SpectrogramInfo | WaveformInfo, _level: number): number {
  return todo();
}
/** Number of columns in a tile, the last one of a level excepted. */
export function tileColumns(_info: SpectrogramInfo | WaveformInfo, _level: number): number {
  return todo();
}
/** The tiles that touch t0..t1, the one at the centre first. */
export function specKeys(
  _info: SpectrogramInfo,
  _channel: ChannelId,
  _level: number,
  _t0: number,
  _t1: number,
): TileKey[] {
  return todo();
}
export function waveKeys(
  _info: WaveformInfo,
  _channel: ChannelId,
  _level: number,
  _t0: number,
  _t1: number,
): TileKey[] {
  return todo();
}
/** The tile of the next coarser level that holds this one; undefined at the top. */
export function parent(
  _info: SpectrogramInfo | WaveformInfo,
  _key: TileKey,
): TileKey | undefined {
  return todo();
}
/** The tiles of the next finer level under this one; empty at level 0. */
export function children(_info: SpectrogramInfo | WaveformInfo, _key: TileKey): TileKey[] {
  return todo();
}
