import type { ChannelId, FreqAxis, SpecTile, SpectrogramInfo, TileKey, Viewport } from "./types";

const todo = (): never => {
  throw new Error("not yet");
};

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
  /** The level that this view wants, as specLevel gives it. */
  readonly level: number;
  /** How many of the view's tiles at that level are not there. */
  readonly missing: number;
  /** True when a tile that was drawn is an estimate. */
  readonly estimated: boolean;
}
/** Fills out[y * width + x], y = 0 at the top, with quantised values; 0 where nothing is known. */
export function rasterizeSpectrogram(_input: RasterInput, _out: Uint8Array): RasterResult {
  return todo();
}
/** Colour of each quantised value. colors: 256 RGB triples; lo, hi in the dB of range_db (ref = 1.0). */
export function buildLut(
  _colors: Uint8Array,
  _lo: number,
  _hi: number,
  _rangeDb: readonly [number, number],
): Uint32Array {
  return todo();
}
/** RGBA as an ImageData's bytes have it on a little-endian machine. */
export function colorize(_indices: Uint8Array, _lut: Uint32Array, _out: Uint32Array): void {
  todo();
}
