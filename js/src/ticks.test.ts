import { describe, expect, it } from "vitest";
import { axisBottom, freqScale, timeScale } from "./scales";
import { seeded } from "./seeded";
import { amplitudeTicks, freqTicks, rowTicks, timeTicks, valueTicks } from "./ticks";
import type { FreqAxis, Tick } from "./types";

const AXES: readonly FreqAxis[] = ["linear", "log", "mel"];
const labelled = (ticks: readonly Tick[]) => ticks.filter(({ major }) => major);
const texts = (ticks: readonly Tick[]) => labelled(ticks).map(({ label }) => label);

function expectSound(ticks: readonly Tick[], lo: number, hi: number): void {
  const tiny = (hi - lo) * 1e-6;
  const unsound = ticks.filter(
    ({ value, label, major }, i) =>
      !(value >= lo - tiny && value <= hi + tiny && value > (ticks[i - 1]?.value ?? -Infinity)) ||
      major !== (label !== "") ||
      Object.is(value, -0),
  );
  expect(unsound).toEqual([]);
}

/** Least distance between neighbours that `place` puts in pixels. */
function leastGap(ticks: readonly Tick[], place: (value: number) => number): number {
  const at = ticks.map(({ value }) => place(value));
  return Math.min(...at.slice(1).map((y, i) => y - at[i]!));
}

describe("timeTicks", () => {
  it("are in sight, in order, and their labels never touch", () => {
    const r = seeded(1);
    for (let i = 0; i < 2000; i++) {
      const span = r.magnitude(1e-4, 1e6);
      const t0 = r.pick([0, r.magnitude(1e-3, 1e5)]);
      const width = r.integer(300, 3000);
      const ticks = timeTicks(t0, t0 + span, width);
      expectSound(ticks, t0, t0 + span);
      const { toX } = timeScale(t0, t0 + span, width);
      const widest = Math.max(0, ...texts(ticks).map((text) => text.length * 6.6));
      expect(leastGap(labelled(ticks), toX)).toBeGreaterThan(widest + 8);
      expect(leastGap(ticks, toX)).toBeGreaterThan(4);
      expect(labelled(ticks).length).toBeGreaterThan(0);
      expect(new Set(texts(ticks)).size).toBe(texts(ticks).length);
    }
  });

  it("do not depend on where the window begins", () => {
    const here = timeTicks(10.02, 12.02, 800).map(({ value }) => value);
    const there = timeTicks(10.31, 12.31, 800).map(({ value }) => value);
    const shared = (values: number[]) => values.filter((value) => value > 10.32 && value < 12.01);
    expect(shared(here)).toEqual(shared(there));
    expect(shared(here).length).toBeGreaterThan(10);
  });

  it.each([
    [0, 10, 1000, "0 s", "1 s"],
    [0, 10, 1400, "0.0 s", "0.5 s"],
    [0, 100, 1000, "0:00", "0:10"],
    [0, 3000, 1000, "0:00", "5:00"],
    [0, 86_400, 1000, "0:00:00", "3:00:00"],
    [0, 86_400 * 7, 600, "0:00:00", "24:00:00"],
    [5, 5.01, 1000, "5.000 s", "5.001 s"],
  ])("from %d to %d s on %d pixels begin %s, %s", (t0, t1, width, first, second) => {
    expect(texts(timeTicks(t0, t1, width)).slice(0, 2)).toEqual([first, second]);
  });

  it("have steps that people count in", () => {
    const steps = new Set<number>();
    for (let span = 20; span < 1e6; span *= 1.1) {
      const [a, b] = labelled(timeTicks(0, span, 900)).map(({ value }) => value);
      steps.add(b! - a!);
    }
    const good = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 10_800, 21_600, 43_200];
    for (const step of steps) expect(good.includes(step) || step % 86_400 === 0).toBe(true);
  });

  it("are exact decimals", () => {
    expect(labelled(timeTicks(0, 1, 1000)).map(({ value }) => value)).toEqual([
      0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1,
    ]);
  });

  it("are none for what is no window", () => {
    expect(timeTicks(1, 1, 100)).toEqual([]);
    expect(timeTicks(0, Number.NaN, 100)).toEqual([]);
    expect(timeTicks(0, 1, 0)).toEqual([]);
    expect(freqTicks("log", 5, 2, 100)).toEqual([]);
    expect(valueTicks(0, Number.POSITIVE_INFINITY, 100)).toEqual([]);
  });
});

describe("freqTicks", () => {
  it("are in sight, in order, and their labels never touch, on every axis", () => {
    const r = seeded(2);
    for (let i = 0; i < 2000; i++) {
      const axis = r.pick(AXES);
      const f0 = r.pick([0, r.between(0, 20_000)]);
      const f1 = f0 + r.magnitude(0.05, 2e5);
      const height = r.integer(60, 1200);
      const ticks = freqTicks(axis, f0, f1, height);
      expectSound(ticks, axisBottom(axis, f0, f1), f1);
      const place = (hz: number) => freqScale(axis, f0, f1).toUnit(hz) * height;
      expect(leastGap(labelled(ticks), place)).toBeGreaterThan(19.9);
      expect(leastGap(ticks, place)).toBeGreaterThan(4);
      if (height > 130) expect(labelled(ticks).length).toBeGreaterThan(1);
      expect(new Set(texts(ticks)).size).toBe(texts(ticks).length);
    }
  });

  it("on a log axis are 1, 2, 5, 10", () => {
    expect(texts(freqTicks("log", 0, 22_050, 400))).toEqual([
      "20 Hz",
      "50 Hz",
      "100 Hz",
      "200 Hz",
      "500 Hz",
      "1 kHz",
      "2 kHz",
      "5 kHz",
      "10 kHz",
      "20 kHz",
    ]);
  });

  it("on a mel axis are round Hz", () => {
    expect(texts(freqTicks("mel", 0, 11_025, 300))).toEqual([
      "0 Hz",
      "500 Hz",
      "1 kHz",
      "2 kHz",
      "3 kHz",
      "5 kHz",
      "10 kHz",
    ]);
  });

  it("close in are even steps on every axis", () => {
    for (const axis of AXES) {
      const texted = texts(freqTicks(axis, 1000, 1010, 200));
      expect(texted).toEqual([
        "1 kHz",
        "1.002 kHz",
        "1.004 kHz",
        "1.006 kHz",
        "1.008 kHz",
        "1.01 kHz",
      ]);
    }
  });
});

describe("level ticks", () => {
  it("are round numbers with a true minus sign", () => {
    expect(texts(valueTicks(-80, 0, 200))).toEqual(["−80", "−60", "−40", "−20", "0"]);
    expect(texts(amplitudeTicks(-1, 1, 100))).toEqual(["−1.0", "−0.5", "0.0", "0.5", "1.0"]);
  });

  it("stay in sight and apart", () => {
    const r = seeded(3);
    for (let i = 0; i < 500; i++) {
      const lo = r.between(-200, 100);
      const hi = lo + r.magnitude(1e-3, 300);
      const height = r.integer(30, 800);
      for (const ticks of [valueTicks(lo, hi, height), amplitudeTicks(lo, hi, height)]) {
        expectSound(ticks, lo, hi);
        const place = (value: number) => ((value - lo) / (hi - lo)) * height;
        expect(leastGap(labelled(ticks), place)).toBeGreaterThan(19.9);
      }
    }
  });
});

describe("rowTicks", () => {
  it("name every row at its middle where there is room, and fewer where there is not", () => {
    const names = ["C", "C♯", "D"];
    const some = rowTicks(names, 0, 3, 200);
    expect(some.map(({ value, label }) => [value, label])).toEqual([
      [0.5, "C"],
      [1.5, "C♯"],
      [2.5, "D"],
    ]);
    const many = rowTicks(null, 0, 128, 200).filter(({ major }) => major);
    expect(texts(many).slice(0, 3)).toEqual(["0", "10", "20"]);
    expect(texts(rowTicks(null, 3.2, 5.9, 300))).toEqual(["3", "4", "5"]);
    expect(rowTicks(null, 5, 5, 100)).toEqual([]);
  });

  it("lie within the window, and far enough apart to be read", () => {
    const r = seeded(9);
    for (let i = 0; i < 300; i++) {
      const lo = r.between(0, 200);
      const hi = lo + r.magnitude(0.5, 500);
      const height = r.between(50, 600);
      const places = rowTicks(null, lo, hi, height)
        .filter(({ major }) => major)
        .map(({ value }) => (value / (hi - lo)) * height);
      for (const tick of rowTicks(null, lo, hi, height)) {
        expect(tick.value).toBeGreaterThanOrEqual(lo);
        expect(tick.value).toBeLessThanOrEqual(hi);
        expect(tick.value % 1).toBe(0.5);
      }
      for (const [k, at] of places.slice(1).entries()) expect(at - places[k]!).toBeGreaterThan(12);
    }
  });
});
