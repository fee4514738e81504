import { describe, expect, it } from "vitest";
import { axisBottom, freqScale } from "./scales";
import { type Random, seeded } from "./seeded";
import type { Bounds, FreqAxis, Viewport } from "./types";
import {
  clamp,
  panFreq,
  panTime,
  showInterval,
  fit as whole,
  zoomFreq,
  zoomTime,
} from "./viewport";

const AXES: readonly FreqAxis[] = ["linear", "log", "mel"];
const WEIRD = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0,
  -1,
  1e300,
  -1e300,
];
const tenSeconds: Bounds = { duration: 10, sr: 44_100, fmin: 0, fmax: 22_050 };

function someBounds(r: Random): Bounds {
  const sr = r.pick([10, 8000, 44_100, 384_000]);
  const fmax = (sr / 2) * r.pick([1, 0.9]);
  return { duration: r.magnitude(1 / sr, 2e5), sr, fmin: r.pick([0, 0, fmax / 50]), fmax };
}

function someWindow(r: Random, b: Bounds): Viewport {
  const t = [r.between(0, b.duration), r.between(0, b.duration)].sort((x, y) => x - y);
  const f = [r.between(b.fmin, b.fmax), r.between(b.fmin, b.fmax)].sort((x, y) => x - y);
  return clamp({ t0: t[0]!, t1: t[1]!, f0: f[0]!, f1: f[1]! }, b);
}

/** What is wrong with a window, as a list that should be empty. */
function faults(vp: Viewport, b: Bounds): string[] {
  const leastTime = Math.min(16 / b.sr, b.duration) * (1 - 1e-5);
  const leastFreq = Math.min(20, (b.fmax - b.fmin) / 200) * (1 - 1e-5);
  const { t0, t1, f0, f1 } = clamp(vp, b);
  const sound: Readonly<Record<string, boolean>> = {
    finite: Object.values(vp).every(Number.isFinite),
    "within the recording": vp.t0 >= 0 && vp.t1 <= b.duration,
    "within the band": vp.f0 >= b.fmin && vp.f1 <= b.fmax,
    "long enough": vp.t1 - vp.t0 >= leastTime,
    "high enough": vp.f1 - vp.f0 >= leastFreq,
    settled: t0 === vp.t0 && t1 === vp.t1 && f0 === vp.f0 && f1 === vp.f1,
  };
  return Object.keys(sound).filter((name) => !sound[name]);
}

describe("whatever is done to it", () => {
  it("a window stays finite, within the bounds and wide enough", () => {
    const r = seeded(1);
    for (let i = 0; i < 1000; i++) {
      const b = someBounds(r);
      const number = (usual: number) => (r.unit() < 0.1 ? r.pick(WEIRD) : usual);
      let vp: Viewport = {
        t0: number(r.between(-1, 2) * b.duration),
        t1: number(r.between(-1, 2) * b.duration),
        f0: number(r.between(-1, 2) * b.fmax),
        f1: number(r.between(-1, 2) * b.fmax),
      };
      for (let step = 0; step < 6; step++) {
        const axis = r.pick(AXES);
        const factor = number(r.magnitude(1e-4, 1e4));
        vp = r.pick([
          () => zoomTime(vp, b, factor, number(r.between(-1, 2) * b.duration)),
          () => panTime(vp, b, number(r.between(-2, 2) * b.duration)),
          () => zoomFreq(vp, b, axis, factor, number(r.between(-1, 2) * b.fmax)),
          () => panFreq(vp, b, axis, number(r.between(-3, 3))),
          () => showInterval(vp, b, number(r.between(-1, 2)), number(r.between(-1, 2))),
        ])();
        expect(faults(vp, b)).toEqual([]);
      }
    }
  });

  it("has a window even where the bounds make no sense", () => {
    for (const duration of WEIRD.filter((d) => d !== 1e300)) {
      const vp = whole({ duration, sr: Number.NaN, fmin: Number.NaN, fmax: Number.NaN });
      expect(vp.t1).toBeGreaterThan(vp.t0);
      expect(vp.f1).toBeGreaterThan(vp.f0);
    }
  });
});

describe("zooming", () => {
  it("keeps the anchor in time under its pixel unless a bound forbids it", () => {
    const r = seeded(2);
    let checked = 0;
    for (let i = 0; i < 1000; i++) {
      const b = someBounds(r);
      const vp = someWindow(r, b);
      const share = r.unit();
      const anchor = vp.t0 + share * (vp.t1 - vp.t0);
      const to = zoomTime(vp, b, r.magnitude(0.1, 10), anchor);
      if (to.t0 === 0 || to.t1 === b.duration) continue;
      checked++;
      // What a double can tell apart at the end of the recording, seen through the new window.
      const exact = 1e-9 + (b.duration * 1e-14) / (to.t1 - to.t0);
      expect(Math.abs((anchor - to.t0) / (to.t1 - to.t0) - share)).toBeLessThan(exact);
    }
    expect(checked).toBeGreaterThan(500);
  });

  it("keeps the anchor in frequency under its pixel on every axis", () => {
    const r = seeded(3);
    let checked = 0;
    for (let i = 0; i < 3000; i++) {
      const b = someBounds(r);
      const axis = r.pick(AXES);
      const vp = someWindow(r, b);
      const share = r.unit();
      const anchor = freqScale(axis, vp.f0, vp.f1).fromUnit(share);
      const to = zoomFreq(vp, b, axis, r.magnitude(0.2, 5), anchor);
      if (to.f0 <= axisBottom(axis, b.fmin, b.fmax) || to.f1 === b.fmax) continue;
      checked++;
      expect(freqScale(axis, to.f0, to.f1).toUnit(anchor)).toBeCloseTo(share, 6);
    }
    expect(checked).toBeGreaterThan(500);
  });

  it("multiplies the span, and back", () => {
    const vp = clamp({ t0: 4, t1: 6, f0: 1000, f1: 4000 }, tenSeconds);
    const near = zoomTime(vp, tenSeconds, 0.5, 4.5);
    expect(near).toMatchObject({ t0: 4.25, t1: 5.25 });
    expect(zoomTime(near, tenSeconds, 2, 4.5)).toEqual(vp);
  });

  it("stops at the least span and stays there", () => {
    let vp = whole(tenSeconds);
    for (let i = 0; i < 100; i++) vp = zoomTime(vp, tenSeconds, 0.5, 3);
    expect((vp.t1 - vp.t0) * 44_100).toBeCloseTo(16, 6);
    expect((3 - vp.t0) / (vp.t1 - vp.t0)).toBeCloseTo(0.3, 6);
    for (const axis of AXES) {
      let narrow = whole(tenSeconds);
      for (let i = 0; i < 60; i++) narrow = zoomFreq(narrow, tenSeconds, axis, 0.5, 700);
      expect(narrow.f1 - narrow.f0).toBeCloseTo(20, 3);
      expect(narrow.f0).toBeLessThan(700);
      expect(narrow.f1).toBeGreaterThan(700);
    }
  });

  it("out of a log axis' bottom gives back the whole band", () => {
    let vp = zoomFreq(whole(tenSeconds), tenSeconds, "log", 0.3, 300);
    expect(vp.f0).toBeGreaterThan(20);
    for (let i = 0; i < 10; i++) vp = zoomFreq(vp, tenSeconds, "log", 2, 300);
    expect(vp).toMatchObject({ f0: 0, f1: 22_050 });
  });

  it("by 1 changes nothing", () => {
    const vp = clamp({ t0: 1.1, t1: 2.3, f0: 123.4, f1: 2345.6 }, tenSeconds);
    expect(zoomTime(vp, tenSeconds, 1, 1.7)).toEqual(vp);
    for (const axis of AXES) expect(zoomFreq(vp, tenSeconds, axis, 1, 500)).toEqual(vp);
  });
});

describe("panning", () => {
  it("stops at the ends with its span", () => {
    const vp = clamp({ t0: 4, t1: 6, f0: 1000, f1: 4000 }, tenSeconds);
    expect(panTime(vp, tenSeconds, 100)).toMatchObject({ t0: 8, t1: 10 });
    expect(panTime(vp, tenSeconds, -100)).toMatchObject({ t0: 0, t1: 2 });
    expect(panFreq(vp, tenSeconds, "linear", 100)).toMatchObject({ f0: 19_050, f1: 22_050 });
  });

  it("in frequency keeps the height on the axis, and goes up for more", () => {
    const vp = clamp({ t0: 4, t1: 6, f0: 1000, f1: 2000 }, tenSeconds);
    const up = panFreq(vp, tenSeconds, "log", 1);
    expect(up.f0).toBeCloseTo(2000, 6);
    expect(up.f1).toBeCloseTo(4000, 6);
    const back = panFreq(up, tenSeconds, "log", -1);
    expect(back.f0).toBeCloseTo(1000, 6);
  });

  it("there and back again ends where it began", () => {
    const r = seeded(4);
    for (let i = 0; i < 300; i++) {
      const vp = clamp({ t0: 4, t1: 6, f0: 3000, f1: 4000 }, tenSeconds);
      const by = r.between(-3, 3);
      const back = panTime(panTime(vp, tenSeconds, by), tenSeconds, -by);
      expect(back.t0).toBeCloseTo(4, 9);
      expect(back.t1).toBeCloseTo(6, 9);
    }
  });
});

describe("showInterval", () => {
  const vp = clamp({ t0: 4, t1: 6, f0: 0, f1: 4000 }, tenSeconds);

  it("leaves alone what is in sight", () => {
    expect(showInterval(vp, tenSeconds, 4.5, 5.5)).toEqual(vp);
    expect(showInterval(vp, tenSeconds, 4, 6)).toEqual(vp);
  });

  it("centres what is not, with the same span", () => {
    expect(showInterval(vp, tenSeconds, 7, 8)).toMatchObject({ t0: 6.5, t1: 8.5 });
    expect(showInterval(vp, tenSeconds, 9.9, 9.9)).toMatchObject({ t0: 8, t1: 10 });
  });

  it("widens for what is longer", () => {
    const wide = showInterval(vp, tenSeconds, 1, 5);
    expect(wide).toMatchObject({ t0: 0.5, t1: 5.5 });
  });
});
