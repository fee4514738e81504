// What one picture costs: 1200 x 400 from 1025 bins, by axis and by what has been loaded. Run: npx vitest bench --run

import { bench, describe } from "vitest";
import { colormap } from "./colormaps";
import { columnsIn, keyString, specKeys, specLevel } from "./pyramid";
import { buildLut, colorize, RowCache, rasterizeSpectrogram } from "./raster";
import type { FreqAxis, SpecTile, SpectrogramInfo, TileKey } from "./types";

const WIDTH = 1200;
const HEIGHT = 400;
const sr = 44_100;
const info: SpectrogramInfo = {
  kind: "spectrogram",
  n_frames: 200_000,
  hop_length: 512,
  n_fft: 2048,
  sr,
  n_bins: 1025,
  bins: { kind: "linear", step: sr / 2048 },
  range_db: [-100, 60],
  full_scale_db: 54,
  tile_columns: 256,
  levels: 11,
};

const lut = buildLut(colormap("viridis"), -60, 40, info.range_db);
const indices = new Uint8Array(WIDTH * HEIGHT);
const rgba = new Uint32Array(WIDTH * HEIGHT);

function tileOf(key: TileKey): SpecTile {
  const columns = columnsIn(info, key);
  const data = new Uint8Array(columns * info.n_bins);
  for (let i = 0; i < data.length; i++) data[i] = Math.imul(i + key.index, 2_654_435_761) >>> 24;
  return { kind: "spectrogram", data, columns, exact: true };
}

/** `cache`: tiles stay pooled from one picture to the next, as while a window moves in time. */
function picture(
  axis: FreqAxis,
  framesPerPixel: number,
  loaded: number,
  cache?: RowCache,
): () => void {
  const seconds = (framesPerPixel * WIDTH * info.hop_length) / sr;
  const viewport = { t0: 33.3, t1: 33.3 + seconds, f0: 0, f1: sr / 2 };
  const tiles = new Map<string, SpecTile>();
  const level = Math.max(0, specLevel(info, seconds / WIDTH) + loaded);
  for (const key of specKeys(info, "0", level, viewport.t0, viewport.t1)) {
    tiles.set(keyString(key), tileOf(key));
  }
  const lookup = (key: TileKey) => tiles.get(keyString(key));
  const input = { info, channel: "0", viewport, axis, width: WIDTH, height: HEIGHT, lookup };
  return () => {
    rasterizeSpectrogram(input, indices, cache);
    colorize(indices, lut, rgba);
  };
}

describe("1200 x 400 pixels, with colours", () => {
  bench("linear, 1.99 columns a pixel", picture("linear", 1.99, 0));
  bench("log, 1.99 columns a pixel", picture("log", 1.99, 0));
  bench("mel, 1.99 columns a pixel", picture("mel", 1.99, 0));
  bench("linear, 1.5 columns a pixel", picture("linear", 6, 0));
  bench("linear, magnified, 5 pixels a frame", picture("linear", 0.2, 0));
  bench("linear, only the coarser level loaded", picture("linear", 3.9, 1));
  bench("linear, only the finer level loaded", picture("linear", 3.9, -1));
  const moving = () => new RowCache();
  bench("moving, linear, 1.99 columns a pixel", picture("linear", 1.99, 0, moving()));
  bench("moving, linear, 1.5 columns a pixel", picture("linear", 6, 0, moving()));
  bench("moving, magnified, 5 pixels a frame", picture("linear", 0.2, 0, moving()));
  bench("moving, only the finer level loaded", picture("linear", 3.9, -1, moving()));
  bench("colours alone", () => colorize(indices, lut, rgba));
});
