import { describe, expect, it } from "vitest";
import {
  axisBottom,
  binAt,
  binHz,
  firstBinFrom,
  frameAt,
  freqScale,
  hzToMel,
  inHz,
  melToHz,
  timeScale,
} from "./scales";
import { seeded } from "./seeded";
import type { FreqAxis, SpectrogramInfo } from "./types";

const AXES: readonly FreqAxis[] = ["linear", "log", "mel"];

const stft: SpectrogramInfo = {
  kind: "spectrogram",
  n_frames: 100,
  hop_length: 512,
  n_fft: 2048,
  sr: 44_100,
  n_bins: 1025,
  bins: { kind: "linear", step: 44_100 / 2048 },
  range_db: [-100, 50],
  full_scale_db: 40,
  tile_columns: 256,
  levels: 1,
};

function melInfo(nMels: number, fmax: number): SpectrogramInfo {
  const hz = Array.from({ length: nMels }, (_, i) =>
    melToHz(((i + 1) * hzToMel(fmax)) / (nMels + 1)),
  );
  return { ...stft, n_bins: nMels, bins: { kind: "list", hz } };
}

describe("mel", () => {
  it("is librosa's", () => {
    const pairs = [
      [60, 0.9],
      [440, 6.6],
      [999.5, 14.9925],
      [1000, 15],
      [4000, 35.1637603146166],
      [11_025, 49.91059448015905],
      [22_050, 59.99247463746737],
    ] as const;
    for (const [hz, mel] of pairs) {
      expect(hzToMel(hz)).toBeCloseTo(mel, 9);
      expect(melToHz(mel)).toBeCloseTo(hz, 6);
    }
  });
});

describe("freqScale", () => {
  it("goes there and back, from 0 at the bottom to 1 at the top, and increases", () => {
    const r = seeded(1);
    for (let i = 0; i < 1000; i++) {
      const axis = r.pick(AXES);
      const f0 = r.pick([0, r.between(0, 20_000)]);
      const f1 = f0 + r.magnitude(1, 1e5);
      const scale = freqScale(axis, f0, f1);
      expect(scale.toUnit(axisBottom(axis, f0, f1))).toBeCloseTo(0, 9);
      expect(scale.toUnit(f1)).toBeCloseTo(1, 9);
      const unit = r.between(-0.5, 1.5);
      const more = unit + r.magnitude(1e-3, 1);
      expect(scale.toUnit(scale.fromUnit(unit))).toBeCloseTo(unit, 6);
      expect(scale.fromUnit(more)).toBeGreaterThan(scale.fromUnit(unit));
    }
  });

  it("places 0 Hz below a log axis", () => {
    expect(freqScale("log", 0, 8000).toUnit(0)).toBe(Number.NEGATIVE_INFINITY);
    expect(freqScale("log", 0, 8000).fromUnit(0)).toBeCloseTo(20, 9);
  });
});

describe("timeScale", () => {
  it("goes there and back", () => {
    const scale = timeScale(86_000, 86_000.01, 1200);
    expect(scale.toX(86_000)).toBe(0);
    expect(scale.toX(86_000.01)).toBe(1200);
    for (let x = -100; x < 1300; x += 7.3) expect(scale.toX(scale.toTime(x))).toBeCloseTo(x, 3);
  });
});

describe("cells", () => {
  it("reach half a hop to both sides of a frame", () => {
    const hop = 512 / 44_100;
    expect(frameAt(stft, 0)).toBe(0);
    expect(frameAt(stft, 0.499 * hop)).toBe(0);
    expect(frameAt(stft, 0.501 * hop)).toBe(1);
    expect(frameAt(stft, 99.4 * hop)).toBe(99);
    expect(frameAt(stft, 99.6 * hop)).toBe(-1);
    expect(frameAt(stft, -0.6 * hop)).toBe(-1);
  });

  it("reach half a step to both sides of a linear bin", () => {
    const step = 44_100 / 2048;
    expect(binAt(stft, 0)).toBe(0);
    expect(binAt(stft, 10.49 * step)).toBe(10);
    expect(binAt(stft, 10.51 * step)).toBe(11);
    expect(binAt(stft, 22_050)).toBe(1024);
    expect(binAt(stft, 22_050 + step)).toBe(-1);
    expect(binHz(stft, 1024)).toBe(22_050);
  });

  it("of a list meet midway between the centres", () => {
    const r = seeded(2);
    for (const nMels of [1, 2, 3, 10, 128]) {
      const info = melInfo(nMels, 8000);
      const centres = Array.from({ length: nMels }, (_, b) => binHz(info, b));
      for (let i = 0; i < 300; i++) {
        const hz = r.between(0, 8000);
        const nearest = centres.reduce(
          (best, c, b) => (Math.abs(c - hz) < Math.abs(centres[best]! - hz) ? b : best),
          0,
        );
        const bin = binAt(info, hz);
        expect(bin === -1 || bin === nearest).toBe(true);
        if (hz >= centres[0]! && hz <= centres.at(-1)!) expect(bin).toBe(nearest);
        const from = firstBinFrom(info, hz);
        expect(from).toBe(centres.filter((c) => c < hz).length);
      }
    }
  });

  it("of a mel list leave no gap at either end of the axis", () => {
    for (const nMels of [10, 40, 128]) {
      const info = melInfo(nMels, 11_025);
      expect(binAt(info, 0)).toBe(0);
      expect(binAt(info, 11_024.999)).toBe(nMels - 1);
    }
  });

  it("of octaves and their parts meet at the geometric mean, and are even on a log axis", () => {
    for (const perOctave of [1, 3, 12]) {
      const hz = Array.from({ length: 4 * perOctave }, (_, b) => 55 * 2 ** (b / perOctave));
      const info: SpectrogramInfo = { ...stft, n_bins: hz.length, bins: { kind: "list", hz } };
      const half = 2 ** (0.5 / perOctave);
      hz.forEach((centre, b) => {
        expect(binAt(info, (centre / half) * 1.0001)).toBe(b);
        expect(binAt(info, centre * half * 0.9999)).toBe(b);
      });
      expect(binAt(info, (55 / half) * 0.999)).toBe(-1);
      expect(binAt(info, hz.at(-1)! * half * 1.001)).toBe(-1);
    }
  });

  it("that are no frequencies reach from their number to the next", () => {
    const bins = { kind: "index", label: "coefficient", names: null } as const;
    const info: SpectrogramInfo = { ...stft, n_bins: 13, bins };
    expect([inHz(stft), inHz(info)]).toEqual([true, false]);
    expect([0, 0.99, 1, 12.99].map((at) => binAt(info, at))).toEqual([0, 0, 1, 12]);
    expect([-0.01, 13].map((at) => binAt(info, at))).toEqual([-1, -1]);
    expect(binHz(info, 3)).toBe(3.5);
    expect([0, 0.5, 0.6, 12.6, 99].map((at) => firstBinFrom(info, at))).toEqual([0, 0, 1, 13, 13]);
  });
});
