import { describe, expect, it } from "vitest";
import { columnsAt, columnsIn, keyString, parent, specKeys } from "./pyramid";
import { buildLut, colorize, type RasterInput, rasterizeSpectrogram } from "./raster";
import { binAt, binHz, freqScale, hzToMel, melToHz } from "./scales";
import { type Random, seeded } from "./seeded";
import type { FreqAxis, SpecTile, SpectrogramInfo, TileKey, Viewport } from "./types";

const AXES: readonly FreqAxis[] = ["linear", "log", "mel"];
const SR = 8000;

/** A recording with all its cells; cells[frame][bin]. */
interface Recording {
  readonly info: SpectrogramInfo;
  readonly cells: readonly Uint8Array[];
}

function recording(r: Random, changes: Partial<SpectrogramInfo> = {}): Recording {
  const nFrames = changes.n_frames ?? r.integer(1, 400);
  const columns = changes.tile_columns ?? r.pick([4, 7, 16, 64]);
  const nBins = r.pick([1, 2, 9, 33, 80]);
  const list = Array.from({ length: nBins }, (_, b) =>
    melToHz(((b + 1) * hzToMel(SR / 2)) / (nBins + 1)),
  );
  const info: SpectrogramInfo = {
    kind: "spectrogram",
    n_frames: nFrames,
    hop_length: r.pick([10, 64, 100]),
    n_fft: 2 * Math.max(nBins - 1, 1),
    sr: SR,
    n_bins: nBins,
    bins: r.pick([
      { kind: "linear", step: SR / 2 / Math.max(nBins - 1, 1) } as const,
      { kind: "list", hz: list } as const,
    ]),
    range_db: [-100, 60],
    full_scale_db: 50,
    tile_columns: columns,
    levels: 1 + Math.max(0, Math.ceil(Math.log2(nFrames / columns))),
    ...changes,
  };
  const cells = Array.from({ length: nFrames }, () =>
    Uint8Array.from({ length: nBins }, () => r.integer(0, 255)),
  );
  return { info, cells };
}

/** Column c of a level: the maximum over its frames. */
function column({ info, cells }: Recording, level: number, c: number): Uint8Array {
  const most = new Uint8Array(info.n_bins);
  for (let f = c * 2 ** level; f < Math.min((c + 1) * 2 ** level, info.n_frames); f++) {
    cells[f]!.forEach((value, b) => {
      most[b] = Math.max(most[b]!, value);
    });
  }
  return most;
}

/** One tile for each key. */
function tilesOf(rec: Recording, ahead = 0): (key: TileKey) => SpecTile {
  const made = new Map<string, SpecTile>();
  return (key) => {
    const tile = made.get(keyString(key)) ?? tileOf(rec, key, ahead);
    made.set(keyString(key), tile);
    return tile;
  };
}

/** `ahead`: bytes before the data in its buffer, which decide whether it lies on machine words. */
function tileOf(rec: Recording, key: TileKey, ahead = 0, exact = true): SpecTile {
  const columns = columnsIn(rec.info, key);
  const data = new Uint8Array(new ArrayBuffer(ahead + columns * rec.info.n_bins), ahead);
  for (let c = 0; c < columns; c++) {
    const values = column(rec, key.level, key.index * rec.info.tile_columns + c);
    values.forEach((value, b) => {
      data[b * columns + c] = value;
    });
  }
  return { kind: "spectrogram", data, columns, exact };
}

const duration = ({ n_frames, hop_length }: SpectrogramInfo) => (n_frames * hop_length) / SR;

function someView(r: Random, info: SpectrogramInfo): Viewport {
  const seconds = duration(info);
  // Not quite the whole, lest a column lies exactly between two pixels, where rounding may choose.
  const span = Math.min(seconds * (1 - 1e-7), r.magnitude(seconds / 100, seconds * 2));
  const t0 = r.pick([0, r.between(0, seconds - span), seconds - span]);
  const f = [r.between(0, SR / 2), r.between(0, SR / 2)].sort((a, b) => a - b);
  return r.unit() < 0.3
    ? { t0, t1: t0 + span, f0: 0, f1: SR / 2 }
    : { t0, t1: t0 + span, f0: f[0]!, f1: f[1]! + 1 };
}

type Options = Omit<RasterInput, "channel">;

function draw(options: Options): { pixels: Uint8Array } & ReturnType<typeof rasterizeSpectrogram> {
  const pixels = new Uint8Array(options.width * options.height).fill(77);
  return { pixels, ...rasterizeSpectrogram({ ...options, channel: "0" }, pixels) };
}

/** The rule of the header, pixel by pixel, from the recording itself. */
function naive(
  rec: Recording,
  { viewport, axis, width, height }: Options,
  level: number,
): Uint8Array {
  const { info } = rec;
  const { t0, t1, f0, f1 } = viewport;
  const total = columnsAt(info, level);
  const time = (x: number) => t0 + (x / width) * (t1 - t0);
  // In time, where column c begins, ends and has its middle.
  const border = (c: number) =>
    ((Math.min(c * 2 ** level, info.n_frames) - 0.5) * info.hop_length) / SR;
  const columnsOf = (x: number) => {
    const all = Array.from({ length: total }, (_, c) => c);
    const right = x === width - 1 ? t1 : time(x + 1);
    const isLast = (c: number) => c === total - 1 && x === width - 1;
    const inside = all.filter((c) => {
      const middle = (border(c) + border(c + 1)) / 2;
      return middle >= time(x) && (middle < right || (isLast(c) && middle <= right + 1e-9));
    });
    if (inside.length > 0) return inside;
    const middle = time(x + 0.5);
    return all.filter((c) => border(c) <= middle && middle < border(c + 1));
  };
  const scale = freqScale(axis, f0, f1);
  const hz = (y: number) => scale.fromUnit((height - y) / height);
  const binsOf = (y: number) => {
    const all = Array.from({ length: info.n_bins }, (_, b) => b);
    const inside = all.filter((b) => {
      const middle = binHz(info, b);
      const tiny = 1e-9 * SR;
      return middle >= hz(y + 1) - tiny && (y === 0 ? middle <= f1 + tiny : middle < hz(y) - tiny);
    });
    if (inside.length > 0) return inside;
    return all.filter((b) => b === binAt(info, hz(y + 0.5)));
  };
  const pooled = Array.from({ length: total }, (_, c) => column(rec, level, c));
  const rows = Array.from({ length: height }, (_, y) => binsOf(y));
  const out = new Uint8Array(width * height);
  for (let x = 0; x < width; x++) {
    for (const c of columnsOf(x)) {
      rows.forEach((bins, y) => {
        for (const b of bins) out[y * width + x] = Math.max(out[y * width + x]!, pooled[c]![b]!);
      });
    }
  }
  return out;
}

describe("rasterizeSpectrogram", () => {
  it("is the naive rasteriser, whatever the tiles, their level and their place in memory", () => {
    const r = seeded(1);
    for (let i = 0; i < 150; i++) {
      const rec = recording(r);
      const ahead = r.pick([0, 0, 1, 4]);
      const options = {
        info: rec.info,
        viewport: someView(r, rec.info),
        axis: r.pick(AXES),
        width: r.integer(1, 90),
        height: r.integer(1, 60),
        lookup: tilesOf(rec, ahead),
      };
      const { pixels, missing, level, estimated } = draw(options);
      expect(missing).toBe(0);
      expect(estimated).toBe(false);
      expect(pixels).toEqual(naive(rec, options, level));
    }
  });

  it("draws the same from the tiles of the finer level, and says what is missing", () => {
    const r = seeded(2);
    let checked = 0;
    for (let i = 0; i < 150; i++) {
      const rec = recording(r, { tile_columns: 16 });
      const options = {
        info: rec.info,
        viewport: someView(r, rec.info),
        axis: r.pick(AXES),
        width: r.integer(1, 40),
        height: r.integer(1, 30),
      };
      const wanted = draw({ ...options, lookup: (key) => tileOf(rec, key) });
      for (const finer of [1, 2]) {
        const level = wanted.level - finer;
        if (level < 0) continue;
        const lookup = (key: TileKey) => (key.level === level ? tileOf(rec, key) : undefined);
        const { t0, t1 } = options.viewport;
        const keys = specKeys(rec.info, "0", wanted.level, t0, t1);
        const { pixels, missing } = draw({ ...options, lookup });
        expect(missing).toBe(keys.length);
        expect(pixels).toEqual(naive(rec, { ...options, lookup }, level));
        checked++;
      }
    }
    expect(checked).toBeGreaterThan(50);
  });

  it("draws whatever is loaded, and counts what is not", () => {
    const r = seeded(3);
    for (let i = 0; i < 150; i++) {
      const rec = recording(r, { tile_columns: r.pick([8, 16, 5]), n_frames: r.integer(100, 900) });
      const loaded = new Map<string, SpecTile | undefined>();
      const share = r.unit();
      const options = {
        info: rec.info,
        viewport: someView(r, rec.info),
        axis: "linear" as const,
        width: r.integer(1, 60),
        height: 4,
        lookup: (key: TileKey) => {
          const text = keyString(key);
          if (!loaded.has(text)) {
            loaded.set(text, r.unit() < share ? tileOf(rec, key) : undefined);
          }
          return loaded.get(text);
        },
      };
      const { pixels, missing, level } = draw(options);
      const { t0, t1 } = options.viewport;
      const keys = specKeys(rec.info, "0", level, t0, t1);
      expect(missing).toBe(keys.filter((key) => !options.lookup(key)).length);
      const whole = draw({ ...options, lookup: (key) => tileOf(rec, key) });
      if (missing === 0) expect(pixels).toEqual(whole.pixels);
      if (loaded.size > 0 && [...loaded.values()].every((tile) => !tile)) {
        expect(pixels.every((value) => value === 0)).toBe(true);
      }
    }
  });

  it("draws from a coarser tile where nothing finer is loaded, each cell in its place", () => {
    const rec = recording(seeded(4), { n_frames: 256, tile_columns: 16, levels: 5 });
    const t1 = ((256 - 0.5) * rec.info.hop_length) / SR;
    const options = {
      info: rec.info,
      viewport: { t0: 0, t1, f0: 0, f1: SR / 2 },
      axis: "linear" as const,
      width: 511,
      height: 20,
    };
    for (const level of [1, 2, 3, 4]) {
      const lookup = (key: TileKey) => (key.level === level ? tileOf(rec, key) : undefined);
      const { pixels, missing } = draw({ ...options, lookup });
      expect(missing).toBe(16);
      expect(pixels).toEqual(naive(rec, { ...options, lookup }, level));
    }
  });

  it("takes each part of a window from what is best there", () => {
    const rec = recording(seeded(5), { n_frames: 128, tile_columns: 16, levels: 4 });
    const seconds = rec.info.hop_length / SR;
    const options = {
      info: rec.info,
      viewport: { t0: 0.5 * seconds, t1: 95.5 * seconds, f0: 0, f1: SR / 2 },
      axis: "linear" as const,
      width: 95,
      height: 10,
    };
    const fine = (key: TileKey) => (key.level === 0 ? tileOf(rec, key) : undefined);
    const mixed = (key: TileKey) =>
      (key.level === 0 && key.index !== 2) || (key.level === 2 && key.index === 0)
        ? tileOf(rec, key)
        : undefined;
    const all = draw({ ...options, lookup: fine });
    const some = draw({ ...options, lookup: mixed });
    expect(all.missing).toBe(0);
    expect(some.missing).toBe(1);
    const coarse = naive(rec, { ...options, lookup: fine }, 2);
    for (let y = 0; y < 10; y++) {
      for (let x = 0; x < 95; x++) {
        const frame = x + 1;
        const inGap = frame >= 32 && frame < 48;
        const expected = inGap ? undefined : all.pixels[y * 95 + x];
        if (expected !== undefined) expect(some.pixels[y * 95 + x]).toBe(expected);
        else expect(some.pixels[y * 95 + x]).toBe(coarse[y * 95 + x]);
      }
    }
  });

  it("is the same picture in two halves as in one", () => {
    const r = seeded(6);
    for (let i = 0; i < 200; i++) {
      const rec = recording(r);
      const viewport = someView(r, rec.info);
      const middle = (viewport.t0 + viewport.t1) / 2;
      const half = r.integer(1, 40);
      const lookup = tilesOf(rec);
      const options = { info: rec.info, viewport, axis: "linear" as const, height: 7, lookup };
      const whole = draw({ ...options, width: 2 * half });
      const left = draw({ ...options, width: half, viewport: { ...viewport, t1: middle } });
      const right = draw({ ...options, width: half, viewport: { ...viewport, t0: middle } });
      for (let y = 0; y < 7; y++) {
        const row = whole.pixels.subarray(y * 2 * half, (y + 1) * 2 * half);
        const [l, rt] = [left, right].map((p) => [...p.pixels.subarray(y * half, (y + 1) * half)]);
        expect([...row]).toEqual([...l!, ...rt!]);
      }
    }
  });

  it("loses no click and no tone at any zoom", () => {
    const r = seeded(7);
    for (let i = 0; i < 150; i++) {
      const { info, cells } = recording(r, { n_frames: r.integer(50, 800), tile_columns: 16 });
      for (const frame of cells) frame.fill(0);
      const [frame, bin] = [r.integer(0, info.n_frames - 1), r.integer(0, info.n_bins - 1)];
      cells[frame]![bin] = 200;
      const axis = r.pick(AXES);
      const seconds = duration(info);
      const [width, height] = [r.integer(1, 50), r.integer(1, 40)];
      const viewport = { t0: 0, t1: seconds, f0: 0, f1: SR / 2 };
      const lookup = tilesOf({ info, cells });
      const { pixels } = draw({ info, viewport, axis, width, height, lookup });
      const shown = pixels.indexOf(200);
      if (axis === "log" && binHz(info, bin) < 20) continue;
      expect(shown).toBeGreaterThanOrEqual(0);
      const time = (((shown % width) + 0.5) / width) * seconds;
      const reach = seconds / width + (info.hop_length / SR) * 2;
      expect(Math.abs(time - (frame * info.hop_length) / SR)).toBeLessThan(reach);
    }
  });

  it("draws sharp cells, centred on their time, when enlarged", () => {
    const rec = recording(seeded(8), {
      n_frames: 10,
      hop_length: 100,
      tile_columns: 16,
      levels: 1,
    });
    const second = (frames: number) => (frames * 100) / SR;
    const { pixels } = draw({
      info: rec.info,
      viewport: { t0: second(2), t1: second(5), f0: 0, f1: SR / 2 },
      axis: "linear",
      width: 300,
      height: 1,
      lookup: (key) => tileOf(rec, key),
    });
    const expected = [2, 3, 4, 5].map((f) => Math.max(...rec.cells[f]!));
    expect([...pixels.subarray(0, 50)]).toEqual(Array(50).fill(expected[0]));
    expect([...pixels.subarray(50, 150)]).toEqual(Array(100).fill(expected[1]));
    expect([...pixels.subarray(150, 250)]).toEqual(Array(100).fill(expected[2]));
    expect([...pixels.subarray(250, 300)]).toEqual(Array(50).fill(expected[3]));
  });

  it("is dark after the last frame and passes over tiles of another shape", () => {
    const rec = recording(seeded(9), {
      n_frames: 10,
      hop_length: 100,
      tile_columns: 16,
      levels: 1,
    });
    const viewport = { t0: 9 * (100 / SR), t1: 11 * (100 / SR), f0: 0, f1: SR / 2 };
    const options = { info: rec.info, viewport, axis: "linear" as const, width: 20, height: 1 };
    const { pixels } = draw({ ...options, lookup: (key) => tileOf(rec, key) });
    expect([...pixels.subarray(5)]).toEqual(Array(15).fill(0));
    expect(pixels[4]).toBe(Math.max(...rec.cells[9]!));
    const tile = tileOf(rec, { layer: "spec/0", level: 0, index: 0 });
    for (const wrong of [
      { ...tile, columns: 9 },
      { ...tile, data: tile.data.subarray(1) },
    ]) {
      expect(draw({ ...options, lookup: () => wrong }).missing).toBe(1);
    }
  });

  it("says when it has drawn an estimate", () => {
    const rec = recording(seeded(10), { n_frames: 100, tile_columns: 64, levels: 2 });
    const viewport = { t0: 0, t1: duration(rec.info), f0: 0, f1: SR / 2 };
    const options = { info: rec.info, viewport, axis: "linear" as const, width: 400, height: 3 };
    const guess = (key: TileKey) => tileOf(rec, key, 0, key.index !== 1);
    expect(draw({ ...options, lookup: guess }).estimated).toBe(true);
    const { t1 } = { t1: (50 * rec.info.hop_length) / SR };
    expect(draw({ ...options, viewport: { ...viewport, t1 }, lookup: guess }).estimated).toBe(
      false,
    );
    expect(parent(rec.info, { layer: "spec/0", level: 1, index: 0 })).toBeUndefined();
  });
});

describe("colours", () => {
  const gray = Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3));

  it("run from lo to hi and stay at the ends outside", () => {
    const lut = buildLut(gray, -50, 0, [-100, 27.5]);
    const level = (q: number) => lut[q]! & 255;
    expect(level(0)).toBe(0);
    expect(level(100)).toBe(0);
    expect(level(150)).toBe(128);
    expect(level(200)).toBe(255);
    expect(level(255)).toBe(255);
  });

  it("are a step where lo is hi", () => {
    const lut = buildLut(gray, -40, -40, [-100, 27.5]);
    expect(lut[119]! & 255).toBe(0);
    expect(lut[120]! & 255).toBe(255);
  });

  it("are written red first, opaque", () => {
    const colors = new Uint8Array(768);
    colors.set([1, 2, 3], 0);
    const out = new Uint32Array(5);
    colorize(new Uint8Array(5), buildLut(colors, 0, 1, [0, 1]), out);
    expect([...new Uint8Array(out.buffer).subarray(16)]).toEqual([1, 2, 3, 255]);
  });
});
