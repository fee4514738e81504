import { describe, expect, it } from "vitest";
import { decimalsFor, fixed, formatDb, formatFreq, formatTime, nearestNote } from "./format";

describe("formatTime", () => {
  it.each([
    [0, 1, "0 s"],
    [3.2512, 0.01, "3.25 s"],
    [3.2512, 0.02, "3.25 s"],
    [3.2512, 0.1, "3.3 s"],
    [12.345678, 1 / 44_100, "12.34568 s"],
    [63.25, 0.01, "1:03.25"],
    [7263.4, 1, "2:01:03"],
    [90_000, 60, "25:00:00"],
    [59.9996, 0.001, "1:00.000"],
    [59.9996, 0.0001, "59.9996 s"],
    [3599.99, 0.1, "1:00:00.0"],
    [-1.5, 0.1, "−1.5 s"],
    [-0.001, 0.1, "0.0 s"],
    [Number.NaN, 0.1, "–"],
    [Number.POSITIVE_INFINITY, 0.1, "–"],
  ])("%d s at %d is %s", (seconds, resolution, text) => {
    expect(formatTime(seconds, resolution)).toBe(text);
  });

  it("writes short times in the form of the longest", () => {
    expect(formatTime(5, 1, 100)).toBe("0:05");
    expect(formatTime(65, 1, 4000)).toBe("0:01:05");
  });
});

describe("formatFreq", () => {
  it.each([
    [440, "440 Hz"],
    [261.63, "261.6 Hz"],
    [1250, "1.25 kHz"],
    [22_050, "22.05 kHz"],
    [100, "100 Hz"],
    [10_000, "10 kHz"],
    [0, "0 Hz"],
    [0.0131, "0.013 Hz"],
    [999.96, "1 kHz"],
    [-1500, "−1.5 kHz"],
    [Number.NaN, "–"],
  ])("%d is %s", (hz, text) => {
    expect(formatFreq(hz)).toBe(text);
  });

  it.each([
    [1250, 20, "1.25 kHz"],
    [1250, 1, "1.250 kHz"],
    [1250, 500, "1.3 kHz"],
    [440.04, 0.1, "440.0 Hz"],
    [440.04, 20, "440 Hz"],
  ])("%d to %d Hz is %s", (hz, resolution, text) => {
    expect(formatFreq(hz, resolution)).toBe(text);
  });
});

describe("nearestNote", () => {
  it.each([
    [440, "A4", 0],
    [440.8, "A4", 3],
    [27.5, "A0", 0],
    [466.16, "A♯4", 0],
    [261.63, "C4", 0],
    [8.1758, "C-1", 0],
    [10_000, "D♯9", 8],
  ])("%d Hz is %s %d", (hz, name, cents) => {
    expect(nearestNote(hz)).toEqual({ name, cents });
  });

  it("is none where nobody hears a note", () => {
    for (const hz of [0, -440, 7, 30_000, Number.NaN]) expect(nearestNote(hz)).toBeNull();
  });

  it("is never further than half a semitone away", () => {
    for (let hz = 8; hz < 26_000; hz *= 1.0037) {
      expect(Math.abs(nearestNote(hz)!.cents)).toBeLessThanOrEqual(50);
    }
  });
});

describe("numbers", () => {
  it("have the decimals that tell two values apart", () => {
    expect([10, 1, 0.5, 0.1, 0.05, 0.001, 1e-12, 0].map(decimalsFor)).toEqual([
      0, 0, 1, 1, 2, 3, 9, 9,
    ]);
  });

  it("have a true minus sign, and none before zero", () => {
    expect(fixed(-1.25, 1)).toBe("−1.3");
    expect(fixed(-0.01, 1)).toBe("0.0");
    expect(formatDb(-12.34)).toBe("−12.3 dB");
    expect(formatDb(Number.NEGATIVE_INFINITY)).toBe("−∞ dB");
    expect(formatDb(Number.NaN)).toBe("–");
  });
});
