import { describe, expect, it } from "vitest";
import {
  cellCount,
  cellsBetween,
  cellsPerSecond,
  children,
  columnsAt,
  columnsIn,
  keyString,
  type LayerInfo,
  parent,
  parseKey,
  specKeys,
  specLevel,
  tileCells,
  tilesOver,
  waveKeys,
  waveLevel,
} from "./pyramid";
import { type Random, seeded } from "./seeded";
import type { SpectrogramInfo, TileKey, WaveformInfo } from "./types";

function specInfo(r: Random): SpectrogramInfo {
  const nFrames = Math.ceil(r.magnitude(1, 2e7));
  const columns = r.pick([1, 3, 64, 256]);
  return {
    kind: "spectrogram",
    n_frames: nFrames,
    hop_length: r.pick([1, 100, 512]),
    n_fft: 1024,
    sr: r.pick([8000, 44_100, 22_050.5]),
    n_bins: 513,
    bins: { kind: "linear", step: 10 },
    range_db: [-100, 60],
    full_scale_db: 50,
    tile_columns: columns,
    levels: 1 + Math.max(0, Math.ceil(Math.log2(nFrames / columns))),
  };
}

function waveInfo(nSamples: number): WaveformInfo {
  const levels = [0];
  for (let k = 6; levels.at(-1) === 0 || nSamples / 2 ** levels.at(-1)! > 2048; k++) levels.push(k);
  const sizes = { sample_columns: 16_384, columns: 2048 };
  return { kind: "waveform", n_samples: nSamples, sr: 44_100, levels, ...sizes };
}

const someInfo = (r: Random): LayerInfo =>
  r.unit() < 0.5 ? specInfo(r) : waveInfo(Math.ceil(r.magnitude(1, 4e10)));

const levelsOf = (info: LayerInfo): readonly number[] =>
  info.kind === "waveform" ? info.levels : Array.from({ length: info.levels }, (_, k) => k);

const keysOf = (info: LayerInfo, level: number, t0: number, t1: number): TileKey[] =>
  info.kind === "waveform"
    ? waveKeys(info, "mix", level, t0, t1)
    : specKeys(info, "mix", level, t0, t1);

/** Times at which a tile's cells begin and end. */
function extent(info: LayerInfo, key: TileKey): [number, number] {
  const cells = tileCells(info, key.level);
  const end = Math.min((key.index + 1) * cells, cellCount(info));
  return [(key.index * cells - 0.5) / cellsPerSecond(info), (end - 0.5) / cellsPerSecond(info)];
}

describe("keys", () => {
  it("are written and read", () => {
    const key = { layer: "spec/0", level: 3, index: 17 };
    expect(keyString(key)).toBe("spec/0:3:17");
    expect(parseKey("spec/0:3:17")).toEqual(key);
    expect(parseKey("wave/mix:0:0")).toEqual({ layer: "wave/mix", level: 0, index: 0 });
    for (const bad of [
      "",
      "spec/0:3",
      "spec/0:-1:2",
      "other/0:1:2",
      "spec/0:1:2:3",
      "spec/0:1.5:2",
    ]) {
      expect(parseKey(bad)).toBeUndefined();
    }
  });

  it("of a window cover it exactly, without gap or overlap, and touch it every one", () => {
    const r = seeded(1);
    for (let i = 0; i < 1000; i++) {
      const info = someInfo(r);
      const level = r.pick(levelsOf(info));
      const duration = cellCount(info) / cellsPerSecond(info);
      const [from, to] = cellsBetween(info, 0, duration);
      expect([from, to]).toEqual([0, cellCount(info)]);
      const span = Math.min(
        duration,
        (r.between(0.1, 20) * tileCells(info, level)) / cellsPerSecond(info),
      );
      const t0 = r.between(0, duration - span);
      const t1 = t0 + span;
      const keys = keysOf(info, level, t0, t1).sort((a, b) => a.index - b.index);
      const extents = keys.map((key) => extent(info, key));
      const last = (cellCount(info) - 0.5) / cellsPerSecond(info);
      if (t0 >= last) continue;
      expect(extents[0]![0]).toBeLessThanOrEqual(t0);
      expect(extents.at(-1)![1]).toBeGreaterThanOrEqual(Math.min(t1, last) - 1e-9 * duration);
      extents.forEach(([start, end], n) => {
        expect(start).toBeLessThan(t1);
        expect(end).toBeGreaterThan(t0);
        if (n > 0) expect(start).toBe(extents[n - 1]![1]);
      });
    }
  });

  it("come with the middle one first", () => {
    const info = { ...specInfo(seeded(1)), n_frames: 100_000, tile_columns: 256, levels: 10 };
    const hop = info.hop_length / info.sr;
    const keys = specKeys(info, "0", 0, 1000 * hop, 3560 * hop);
    const distance = keys.map(({ index }) => Math.abs((index + 0.5) * 256 - 2280));
    expect(distance).toEqual([...distance].sort((a, b) => a - b));
    expect(keys.length).toBe(11);
  });

  it("are none for an empty or distant window", () => {
    const info = waveInfo(44_100);
    expect(waveKeys(info, "0", 0, 2, 3)).toEqual([]);
    expect(waveKeys(info, "0", 0, 0.5, 0.2)).toEqual([]);
    expect(waveKeys(info, "0", 0, -5, -3)).toEqual([]);
  });
});

describe("levels", () => {
  it("of a spectrogram have columns as wide as a pixel may hold, and no wider", () => {
    const r = seeded(2);
    for (let i = 0; i < 1000; i++) {
      const info = specInfo(r);
      const framesPerPixel = r.magnitude(1e-3, 1e6);
      const level = specLevel(info, (framesPerPixel * info.hop_length) / info.sr);
      expect(level).toBeGreaterThanOrEqual(0);
      expect(level).toBeLessThan(info.levels);
      if (level > 0) expect(2 ** level).toBeLessThanOrEqual(framesPerPixel * (1 + 1e-5));
      if (level + 1 < info.levels) expect(2 ** (level + 1)).toBeGreaterThan(framesPerPixel);
    }
  });

  it("of a waveform are among those that there are", () => {
    const info = waveInfo(44_100 * 3600);
    expect([0.1, 1, 63, 64, 127, 128, 300, 1e9].map((n) => waveLevel(info, n))).toEqual([
      0,
      0,
      0,
      6,
      6,
      7,
      8,
      info.levels.at(-1),
    ]);
  });

  it("do not change with the last bit of a span", () => {
    const info = { ...specInfo(seeded(5)), n_frames: 1e6, hop_length: 512, sr: 44_100, levels: 12 };
    const exact = (4 * 512) / 44_100;
    for (const noise of [-1e-12, -1e-15, 0, 1e-15, 1e-12]) {
      expect(specLevel(info, exact * (1 + noise))).toBe(2);
    }
  });
});

describe("parents and children", () => {
  it("hold each other", () => {
    const r = seeded(3);
    for (let i = 0; i < 1000; i++) {
      const info = someInfo(r);
      const level = r.pick(levelsOf(info));
      const tiles = Math.ceil(columnsAt(info, level) / (tileCells(info, level) / 2 ** level));
      const key = { layer: "spec/0", level, index: r.integer(0, tiles - 1) };
      expect(columnsIn(info, key)).toBeGreaterThan(0);
      const above = parent(info, key);
      if (level === levelsOf(info).at(-1)) expect(above).toBeUndefined();
      else {
        expect(children(info, above!)).toContainEqual(key);
        expect(extent(info, above!)[0]).toBeLessThanOrEqual(extent(info, key)[0]);
        expect(extent(info, above!)[1]).toBeGreaterThanOrEqual(extent(info, key)[1]);
      }
      const below = children(info, key);
      if (level === 0) expect(below).toEqual([]);
      else {
        expect(below.map((child) => parent(info, child))).toEqual(below.map(() => key));
        expect(extent(info, below[0]!)[0]).toBe(extent(info, key)[0]);
        expect(extent(info, below.at(-1)!)[1]).toBe(extent(info, key)[1]);
      }
    }
  });

  it("of sample tiles are eight to one", () => {
    const info = waveInfo(1e7);
    expect(parent(info, { layer: "wave/0", level: 0, index: 17 })).toMatchObject({
      level: 6,
      index: 2,
    });
    expect(children(info, { layer: "wave/0", level: 6, index: 2 })).toHaveLength(8);
    expect(tilesOver(info, "wave/0", 0, 16_383, 16_385).map(({ index }) => index)).toEqual([0, 1]);
  });
});
