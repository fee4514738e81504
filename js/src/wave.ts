import type { ChannelId, TileKey, WaveformInfo, WaveTile } from "./types";

const todo = (): never => {
  throw new Error("not yet");
};

export interface WaveInput {
  readonly info: WaveformInfo;
  readonly channel: ChannelId;
  readonly t0: number;
  readonly t1: number;
  readonly width: number;
  readonly lookup: (key: TileKey) => WaveTile | undefined;
}
/** One entry a pixel; NaN where nothing is known. */
export interface WaveColumns {
  readonly min: Float32Array;
  readonly max: Float32Array;
  readonly rms: Float32Array;
  readonly level: number;
  readonly missing: number;
  readonly estimated: boolean;
}
export function waveColumns(_input: WaveInput): WaveColumns {
  return todo();
}
/** Values of the samples first, first + 1, ...: those in sight and one more on each side; sample i is at i / sr. */
export interface SamplePoints {
  readonly first: number;
  /** NaN where a tile is not there. */
  readonly values: Float32Array;
  readonly missing: number;
}
/** For views close enough to draw samples as points (fewer than one sample in four pixels). */
export function samplePoints(_input: WaveInput): SamplePoints {
  return todo();
}
