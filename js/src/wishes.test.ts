import { describe, expect, it } from "vitest";
import { columnsIn, keyString } from "./pyramid";
import { rasterizeSpectrogram } from "./raster";
import { seeded } from "./seeded";
import type { Info, SpecTile, TileKey, WaveTile } from "./types";
import { samplePoints, waveColumns } from "./wave";
import { coarsest, shownChannels, topLevel, wishes } from "./wishes";

function infoOf(n: number, sr: number): Info {
  const levels = [0];
  for (let k = 6; k < 60; k += 1) {
    levels.push(k);
    if (Math.ceil(n / 2 ** k) <= 2048) break;
  }
  const frames = 1 + Math.floor(n / 512);
  let specLevels = 1;
  while (Math.ceil(frames / 2 ** (specLevels - 1)) > 256) specLevels += 1;
  return {
    protocol: 1,
    epoch: 0,
    name: "test",
    sr,
    n_samples: n,
    n_channels: 1,
    duration: n / sr,
    spectrogram: {
      kind: "spectrogram",
      n_frames: frames,
      hop_length: 512,
      n_fft: 2048,
      sr,
      n_bins: 5,
      bins: { kind: "linear", step: sr / 8 },
      range_db: [-100, 60],
      full_scale_db: 54,
      tile_columns: 256,
      levels: specLevels,
    },
    waveform: {
      kind: "waveform",
      n_samples: n,
      sr,
      levels,
      sample_columns: 16384,
      columns: 2048,
    },
    whole: [],
    freq_min: 0,
    freq_max: sr / 2,
    db_range: [-80, 0],
  };
}

describe("wishes", () => {
  it("hold whatever the picture asks for, at any zoom, size and ratio", () => {
    const random = seeded(3);
    for (let round = 0; round < 300; round += 1) {
      const info = infoOf(Math.floor(random.magnitude(1, 1e8)), 22050);
      const { duration } = info;
      const span = Math.max(duration * random.magnitude(1e-6, 1), Math.min(duration, 1e-3));
      const t0 = random.between(0, Math.max(0, duration - span));
      const viewport = { t0, t1: Math.min(duration, t0 + span), f0: 0, f1: info.sr / 2 };
      const width = random.integer(40, 1500);
      const ratio = random.between(1, 2);
      const pixels = Math.max(1, Math.round(width * ratio));
      const state = { info, channels: ["0"], strip: "0", width: pixels, sight: viewport };
      const aheadOf = { t0: viewport.t0 - span / 2, t1: viewport.t1 + span };
      const { needed, ahead } = wishes({ ...state, ahead: aheadOf });
      expect(wishes({ ...state, ahead: null })).toEqual({ needed, ahead: [] });
      const have = new Set(needed.map(keyString));
      expect(have.size).toBe(needed.length);
      const both = new Set([...needed, ...ahead].map(keyString));
      expect(both.size).toBe(needed.length + ahead.length);

      const { n_bins } = info.spectrogram;
      const specTile = (key: TileKey): SpecTile | undefined => {
        const columns = columnsIn(info.spectrogram, key);
        const data = new Uint8Array(columns * n_bins);
        return have.has(keyString(key))
          ? { kind: "spectrogram", data, columns, exact: true }
          : undefined;
      };
      const waveTile = (key: TileKey): WaveTile | undefined => {
        const columns = columnsIn(info.waveform, key);
        const data = new Float32Array(columns * (key.level === 0 ? 1 : 3));
        return have.has(keyString(key))
          ? { kind: "waveform", data, columns, exact: true }
          : undefined;
      };
      const size = { width: pixels, height: 2 };
      const spec = rasterizeSpectrogram(
        {
          info: info.spectrogram,
          channel: "0",
          viewport,
          axis: "linear",
          ...size,
          lookup: specTile,
        },
        new Uint8Array(pixels * 2),
      );
      expect(spec.missing).toBe(0);
      const wave = { info: info.waveform, channel: "0", width: pixels, lookup: waveTile };
      expect(waveColumns({ ...wave, t0: viewport.t0, t1: viewport.t1 }).missing).toBe(0);
      expect(waveColumns({ ...wave, t0: 0, t1: duration }).missing).toBe(0);
      const close = ((viewport.t1 - viewport.t0) * info.sr) / width < 0.25;
      if (close) {
        expect(samplePoints({ ...wave, t0: viewport.t0, t1: viewport.t1 }).missing).toBe(0);
      }
    }
  });

  it("begin with the coarsest, of every channel that is shown", () => {
    const info = { ...infoOf(22050 * 3600, 22050), n_channels: 2 };
    expect(shownChannels(info, "all")).toEqual(["0", "1"]);
    expect(shownChannels(info, "mix")).toEqual(["mix"]);
    expect(shownChannels(info, 1)).toEqual(["1"]);
    expect(shownChannels({ ...info, n_channels: 1 }, "mix")).toEqual(["0"]);
    const channels = shownChannels(info, "all");
    const sight = { t0: 10, t1: 11 };
    const { needed } = wishes({ info, channels, strip: "mix", width: 800, sight, ahead: null });
    const first = coarsest(info, channels);
    expect(first.map(({ layer }) => layer)).toEqual(["wave/0", "spec/0", "wave/1", "spec/1"]);
    expect(needed.slice(0, first.length)).toEqual(first);
  });

  it("keep what is in sight before its neighbours, and its coarsest first", () => {
    const info = infoOf(22050 * 3600, 22050);
    const sight = { t0: 1000, t1: 1010 };
    const state = { info, channels: ["0"], strip: "0", width: 800, sight };
    const { needed: keys, ahead } = wishes({ ...state, ahead: { t0: 995, t1: 1015 } });
    expect(keys[0]).toEqual({ layer: "wave/0", level: topLevel(info), index: 0 });
    expect(keys[1]).toEqual({ layer: "spec/0", level: info.spectrogram.levels - 1, index: 0 });
    const second = ({ level, index }: TileKey) => (index * 256 * 512 * 2 ** level) / 22050;
    const fine = ({ layer, level }: TileKey) => layer === "spec/0" && level < 3;
    const inSight = keys.filter(fine).map(second);
    expect(inSight).toHaveLength(2);
    expect(Math.min(...inSight)).toBeGreaterThan(990);
    expect(Math.max(...inSight)).toBeLessThan(1010);
    expect(ahead.filter(fine).map(second)).toHaveLength(2);
  });
});
