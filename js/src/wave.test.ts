import { describe, expect, it } from "vitest";
import { columnsIn, waveKeys } from "./pyramid";
import { rasterizeSpectrogram } from "./raster";
import { timeScale } from "./scales";
import { type Random, seeded } from "./seeded";
import type { SpecTile, SpectrogramInfo, TileKey, WaveformInfo, WaveTile } from "./types";
import { joined, samplePoints, type WaveInput, waveColumns } from "./wave";

const SR = 8000;

interface Recording {
  readonly info: WaveformInfo;
  readonly samples: Float32Array;
}

/** Small tiles, and levels from 2 on, so that short recordings have many of both. */
function recording(r: Random, n = r.integer(1, 5000)): Recording {
  const levels = [0, 2];
  while (n / 2 ** levels.at(-1)! > 16) levels.push(levels.at(-1)! + 1);
  const samples = Float32Array.from({ length: n }, () => r.between(-1, 1));
  const sizes = { sample_columns: 32, columns: 16 };
  return { info: { kind: "waveform", n_samples: n, sr: SR, levels, ...sizes }, samples };
}

function tileOf({ info, samples }: Recording, key: TileKey, exact = true): WaveTile {
  const columns = columnsIn(info, key);
  const first = key.index * (key.level === 0 ? info.sample_columns : info.columns);
  if (key.level === 0) {
    return { kind: "waveform", data: samples.slice(first, first + columns), columns, exact };
  }
  const data = new Float32Array(3 * columns);
  for (let c = 0; c < columns; c++) {
    const part = samples.subarray((first + c) * 2 ** key.level, (first + c + 1) * 2 ** key.level);
    data[c] = Math.min(...part);
    data[columns + c] = Math.max(...part);
    data[2 * columns + c] = rmsOf(part);
  }
  return { kind: "waveform", data, columns, exact };
}

const rmsOf = (part: Float32Array) =>
  Math.sqrt(part.reduce((sum, v) => sum + v * v, 0) / part.length);

function someInput(r: Random, rec: Recording): WaveInput {
  const seconds = rec.info.n_samples / SR;
  const span = Math.min(seconds, r.magnitude(Math.min(2 / SR, seconds), seconds * 2));
  const t0 = r.between(0, seconds - span);
  const lookup = (key: TileKey) => tileOf(rec, key);
  return { info: rec.info, channel: "0", t0, t1: t0 + span, width: r.integer(1, 90), lookup };
}

describe("waveColumns", () => {
  it("holds every visible sample in its pixel, or the next one when columns straddle", () => {
    const r = seeded(1);
    for (let i = 0; i < 250; i++) {
      const rec = recording(r);
      const input = someInput(r, rec);
      const { min, max, level, missing } = waveColumns(input);
      expect(missing).toBe(0);
      const { toX } = timeScale(input.t0, input.t1, input.width);
      const slack = level === 0 ? 0 : 1;
      const lost = [...rec.samples].filter((value, s) => {
        const x = toX(s / SR);
        // Where rounding may choose either pixel, and the ends, are left out.
        if (x < slack || x > input.width - slack || Math.abs(x - Math.round(x)) < 1e-6)
          return false;
        const near = [-slack, 0, slack].map((by) => Math.floor(x) + by);
        return !near.some((at) => min[at]! <= value) || !near.some((at) => max[at]! >= value);
      });
      expect(lost).toEqual([]);
    }
  });

  it("shows the whole recording's extremes and level, whatever the level", () => {
    const r = seeded(2);
    for (let i = 0; i < 200; i++) {
      const rec = recording(r);
      const t1 = rec.info.n_samples / SR;
      const width = r.integer(1, 60);
      const lookup = (key: TileKey) => tileOf(rec, key);
      const wave = waveColumns({ info: rec.info, channel: "0", t0: 0, t1, width, lookup });
      const known = (values: Float32Array) => values.filter((value) => !Number.isNaN(value));
      expect(Math.min(...known(wave.min))).toBe(Math.min(...rec.samples));
      expect(Math.max(...known(wave.max))).toBe(Math.max(...rec.samples));
      if (width === 1) expect(wave.rms[0]).toBeCloseTo(rmsOf(rec.samples), 5);
      const loudest = wave.max.map((most, x) => Math.max(-wave.min[x]!, most) + 1e-6);
      expect([...wave.rms].filter((rms, x) => rms > loudest[x]!)).toEqual([]);
    }
  });

  it("is of one kind wherever it comes from: finer tiles, coarser tiles, none", () => {
    const rec = recording(seeded(3), 4096);
    const input = { info: rec.info, channel: "0", t0: 0, t1: 4096 / SR, width: 64 };
    const at = (...levels: number[]) =>
      waveColumns({
        ...input,
        lookup: (key) => (levels.includes(key.level) ? tileOf(rec, key) : undefined),
      });
    const wanted = at(6);
    expect(wanted).toMatchObject({ level: 6, missing: 0 });
    for (const level of [5, 4]) {
      const finer = at(level);
      expect(finer).toMatchObject({ level: 6, missing: 4 });
      expect(finer.min).toEqual(wanted.min);
      expect(finer.max).toEqual(wanted.max);
      finer.rms.forEach((value, x) => {
        expect(value).toBeCloseTo(wanted.rms[x]!, 5);
      });
    }
    const coarser = at(8);
    expect(coarser.missing).toBe(4);
    coarser.min.forEach((value, x) => {
      expect(value).toBeLessThanOrEqual(wanted.min[x]!);
    });
    expect(at(0).min.every(Number.isNaN)).toBe(true);
  });

  it("leaves out samples that are no numbers, and what lies outside", () => {
    const rec = recording(seeded(4), 64);
    rec.samples.fill(Number.NaN, 8, 12);
    const lookup = (key: TileKey) => tileOf(rec, key);
    const input = { info: rec.info, channel: "0", t0: 0, t1: 128 / SR, width: 64, lookup };
    const { min, max, rms } = waveColumns(input);
    expect([min[4], max[5], rms[4]]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect(min[3]).toBe(Math.min(rec.samples[6]!, rec.samples[7]!));
    expect(min.subarray(33).every(Number.isNaN)).toBe(true);
  });

  it("says when it is an estimate", () => {
    const rec = recording(seeded(5), 4096);
    const input = { info: rec.info, channel: "0", t0: 0, t1: 4096 / SR, width: 64 };
    expect(waveColumns({ ...input, lookup: (key) => tileOf(rec, key) }).estimated).toBe(false);
    expect(waveColumns({ ...input, lookup: (key) => tileOf(rec, key, false) }).estimated).toBe(
      true,
    );
  });
});

describe("joined", () => {
  it("reaches to the pixel on the left, and no further", () => {
    const columns = {
      min: Float32Array.of(0, 5, -3, Number.NaN, 1),
      max: Float32Array.of(1, 6, -2, Number.NaN, 2),
      rms: new Float32Array(5),
      level: 0,
      missing: 0,
      estimated: false,
    };
    const { min, max } = joined(columns);
    expect([...min]).toEqual([0, 1, -3, Number.NaN, 1]);
    expect([...max]).toEqual([1, 6, 5, Number.NaN, 2]);
  });
});

describe("samplePoints", () => {
  it("are the samples in sight and one more on each side", () => {
    const r = seeded(6);
    for (let i = 0; i < 200; i++) {
      const rec = recording(r);
      const input = someInput(r, rec);
      const { first, values, missing } = samplePoints(input);
      expect(missing).toBe(0);
      expect(values).toEqual(rec.samples.subarray(first, first + values.length));
      const end = first + values.length - 1;
      if (first > 0) expect(first / SR).toBeLessThanOrEqual(input.t0);
      if (end < rec.samples.length - 1) expect(end / SR).toBeGreaterThanOrEqual(input.t1);
      expect((first + 1) / SR).toBeGreaterThanOrEqual(input.t0 - 1e-9);
      expect((end - 1) / SR).toBeLessThanOrEqual(input.t1 + 1e-9);
    }
  });

  it("are no numbers where a tile is missing", () => {
    const rec = recording(seeded(7), 100);
    const lookup = (key: TileKey) => (key.index === 1 ? undefined : tileOf(rec, key));
    const input = { info: rec.info, channel: "0", t0: 20 / SR, t1: 70 / SR, width: 500, lookup };
    const { first, values, missing } = samplePoints(input);
    expect([first, missing]).toEqual([19, 1]);
    values.forEach((value, i) => {
      const inside = first + i >= 32 && first + i < 64;
      expect(Number.isNaN(value)).toBe(inside);
    });
  });

  it("need no tile but those of the window, or its neighbour by one sample", () => {
    const rec = recording(seeded(8), 1000);
    const asked: number[] = [];
    const lookup = (key: TileKey) => {
      asked.push(key.index);
      return tileOf(rec, key);
    };
    const [t0, t1] = [200.5 / SR, 300.5 / SR];
    samplePoints({ info: rec.info, channel: "0", t0, t1, width: 800, lookup });
    const keys = waveKeys(rec.info, "0", 0, t0, t1).map(({ index }) => index);
    expect(new Set(asked)).toEqual(new Set(keys));
  });
});

describe("waveform and spectrogram", () => {
  it("show a click in the same place at every zoom", () => {
    const r = seeded(9);
    const hop = 16;
    const n = 4096;
    const rec = recording(r, n);
    const frames = n / hop + 1;
    const spec: SpectrogramInfo = {
      kind: "spectrogram",
      n_frames: frames,
      hop_length: hop,
      n_fft: 2,
      sr: SR,
      n_bins: 1,
      bins: { kind: "linear", step: SR },
      range_db: [0, 1],
      full_scale_db: 0,
      tile_columns: frames,
      levels: 1,
    };
    for (let i = 0; i < 300; i++) {
      const frame = r.integer(1, frames - 2);
      rec.samples.fill(0);
      rec.samples[frame * hop] = 1;
      const span = r.magnitude(hop / SR, n / SR / 2);
      const t0 = (frame * hop) / SR - span * r.between(0.15, 0.85);
      if (t0 < 0 || t0 + span > n / SR) continue;
      const width = Math.min(r.integer(10, 500), Math.floor((span * SR) / hop) * 8 + 1);
      const viewport = { t0, t1: t0 + span, f0: 0, f1: SR / 2 };
      const data = new Uint8Array(frames);
      data[frame] = 255;
      const pixels = new Uint8Array(width);
      const lookup = (): SpecTile => ({ kind: "spectrogram", data, columns: frames, exact: true });
      const axis = "linear" as const;
      rasterizeSpectrogram(
        { info: spec, channel: "0", viewport, axis, width, height: 1, lookup },
        pixels,
      );
      const wave = waveColumns({
        info: rec.info,
        channel: "0",
        t0,
        t1: t0 + span,
        width,
        lookup: (key) => tileOf(rec, key),
      });
      const lit = [...pixels.keys()].filter((x) => pixels[x] === 255);
      const high = [...wave.max.keys()].filter((x) => wave.max[x] === 1);
      // The frame's cell has the click in its middle; at the window's edges it is cut.
      const left = lit[0]! === 0 ? Number.NEGATIVE_INFINITY : lit[0]!;
      const right = lit.at(-1)! === width - 1 ? Number.POSITIVE_INFINITY : lit.at(-1)!;
      expect(high.length).toBeGreaterThan(0);
      expect(high[0]).toBeGreaterThanOrEqual(left - 1);
      expect(high.at(-1)).toBeLessThanOrEqual(right + 1);
      if (Number.isFinite(left) && Number.isFinite(right)) {
        const offset = (left + right) / 2 - (high[0]! + high.at(-1)!) / 2;
        expect(Math.abs(offset)).toBeLessThanOrEqual(1);
      }
    }
  });
});
