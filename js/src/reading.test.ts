import { describe, expect, it } from "vitest";
import { formatValue, type Reading, rowName, valueScale, words } from "./reading";
import { infoOf } from "./testing";
import type { SpectrogramInfo } from "./types";

const stft = infoOf({}).spectrogram;
const mfcc: SpectrogramInfo = {
  ...stft,
  n_bins: 20,
  bins: { kind: "index", label: "coefficient", names: null },
  range_db: [-80, 25],
  value_name: "MFCC",
  unit: "",
  full_scale_db: 0,
};
const chroma: SpectrogramInfo = {
  ...mfcc,
  n_bins: 3,
  bins: { kind: "index", label: "pitch class", names: ["C", "C♯", "D"] },
  range_db: [0, 1],
  value_name: "chroma",
};

const reading = (more: Partial<Reading> = {}): Reading => ({
  time: 1.25,
  sr: 8000,
  resolution: 0.01,
  freq: 440,
  hzPerPixel: 10,
  row: null,
  value: -12.345,
  scale: valueScale(stft, stft.full_scale_db),
  exact: true,
  amplitude: null,
  damage: null,
  ...more,
});

describe("words", () => {
  it("say the level in dB, of full scale where that reads 0", () => {
    expect(words(reading())).toBe("1.25 s · sample 10000 · 440 Hz (A4 +0¢) · −12.3 dBFS");
    const scale = valueScale(stft, 0);
    expect(words(reading({ scale }))).toMatch(/ −12\.3 dB$/);
    expect(words(reading({ scale, exact: false }))).toMatch(/ ≈ −12 dB$/);
  });

  it("call rows and values by their names where they are neither Hz nor dB", () => {
    const scale = valueScale(mfcc, 0);
    const text = words(reading({ freq: 3.4, row: rowName(mfcc, 3.4), scale }));
    expect(text).toBe("1.25 s · sample 10000 · coefficient 3: −12.3");
    expect(text).not.toMatch(/Hz|dB/);
    const pitch = { row: rowName(chroma, 2.9), value: 0.5234, scale: valueScale(chroma, 0) };
    expect(words(reading({ ...pitch, exact: false }))).toMatch(/ · pitch class D: ≈ 0\.52$/);
    expect(words(reading({ row: rowName(chroma, 2.9), value: null }))).toMatch(/ · pitch class D$/);
    const pcen = { ...valueScale(chroma, 0), name: "PCEN" };
    expect(words(reading({ scale: pcen, value: 0.5234 }))).toMatch(/\(A4 \+0¢\) · PCEN 0\.523$/);
  });

  it("leave out what there is not, and end with what is wrong", () => {
    const wave = reading({
      freq: null,
      value: null,
      amplitude: -0.01,
      damage: "cannot be decoded",
    });
    expect(words(wave)).toBe("1.25 s · sample 10000 · amplitude −0.0100 · cannot be decoded");
  });
});

describe("rowName", () => {
  it("is that of the nearest row there is", () => {
    expect([-1, 0, 19.99, 20].map((at) => rowName(mfcc, at))).toEqual([
      "coefficient 0",
      "coefficient 0",
      "coefficient 19",
      "coefficient 19",
    ]);
  });
});

describe("formatValue", () => {
  it("has the digits that tell two steps apart, and one more when it is exact", () => {
    const scale = (step: number, unit = "") => ({ name: "x", unit, step });
    expect(formatValue(1.23456, scale(0.02), false, null)).toBe("x ≈ 1.2");
    expect(formatValue(1.23456, scale(0.02), true, null)).toBe("x 1.23");
    expect(formatValue(1.23456, scale(0.6, "dB"), true, null)).toBe("1.2 dB");
    expect(formatValue(123.456, scale(7, "mm"), false, "row 7")).toBe("row 7: ≈ 123 mm");
  });
});
