import { describe, expect, it } from "vitest";
import { expected, Motion, REST, type Stretch } from "./motion";
import { seeded } from "./seeded";

const width = ({ t0, t1 }: Stretch) => t1 - t0;

/** A window that is moved once in a frame of 16 ms; what each frame aims at. */
function play(
  frames: number,
  at: (seconds: number) => Stretch,
  complete: (stretch: Stretch, frame: number) => boolean = () => false,
) {
  const motion = new Motion();
  return Array.from({ length: frames }, (_, i) => {
    const window = at(i * 0.016);
    motion.note(window, i * 16);
    return { window, motion, ...motion.aim(window, i * 16, (s) => complete(s, i)) };
  });
}

const zoom =
  (octaves: number, anchor = 40) =>
  (seconds: number) => {
    const k = 2 ** (-octaves * seconds);
    return { t0: anchor - anchor * k, t1: anchor + (100 - anchor) * k };
  };
const pan = (windows: number) => (seconds: number) => {
  const t0 = 1000 + windows * 10 * seconds;
  return { t0, t1: t0 + 10 };
};

describe("drift", () => {
  it("is what the window does, whatever that is", () => {
    const r = seeded(1);
    for (let i = 0; i < 200; i++) {
      const octaves = r.between(0.5, 40) * r.pick([-1, 1]);
      const anchor = r.between(1, 99);
      const drift = play(20, zoom(octaves, anchor))
        .at(-1)!
        .motion.drift(19 * 16);
      expect(drift.zoom).toBeCloseTo(octaves, 3);
      expect(drift.anchor).toBeCloseTo(anchor / 100, 3);
      expect(drift.pan).toBe(0);
      const windows = r.between(-9, 9);
      const moved = play(20, pan(windows))
        .at(-1)!
        .motion.drift(19 * 16);
      expect(moved.pan).toBeCloseTo(windows, 6);
      expect(moved.zoom).toBe(0);
    }
  });

  it("ends when the window rests, and forgets what was before", () => {
    const { motion, window } = play(20, zoom(10)).at(-1)!;
    const still = 19 * 16 + REST;
    expect(motion.moving(still - 1)).toBe(true);
    expect(motion.moving(still)).toBe(false);
    expect(motion.drift(still).zoom).toBe(0);
    motion.note(window, still + 500);
    expect(motion.moving(still + 500)).toBe(false);
    // A single step after a rest is no speed.
    const step = { t0: window.t0, t1: window.t0 + width(window) / 2 };
    motion.note(step, still + 600);
    expect(motion.moving(still + 600)).toBe(true);
    expect(Math.abs(motion.drift(still + 600).zoom)).toBeLessThan(4);
  });
});

describe("what is aimed at", () => {
  it("is the window at rest, and its neighbours", () => {
    const [first] = play(1, pan(0));
    expect(first).toMatchObject({
      sight: { t0: 1000, t1: 1010 },
      ahead: { t0: 995, t1: 1015 },
    });
  });

  it("is the window while it moves slowly, and what lies before it", () => {
    const right = play(30, pan(0.5)).at(-1)!;
    expect(right.sight).toEqual(right.window);
    expect(right.ahead!.t0).toBe(right.window.t0);
    expect(right.ahead!.t1).toBe(right.window.t1 + 10);
    const left = play(30, pan(-0.5)).at(-1)!;
    expect(left.ahead!.t0).toBe(left.window.t0 - 10);
    const slow = play(30, zoom(2)).at(-1)!;
    expect(slow.sight).toEqual(slow.window);
    expect(slow.ahead).toBeNull();
  });

  it("stays as it is while it is under way, and is where the window is about to be", () => {
    const frames = play(30, zoom(20));
    const sights = new Set(frames.slice(4).map(({ sight }) => width(sight)));
    expect(sights.size).toBeLessThanOrEqual(4);
    const last = frames.at(-1)!;
    expect(last.ahead).toBeNull();
    for (const { sight, window } of frames.slice(4)) {
      expect(width(sight)).toBeLessThan(32 * width(window));
    }
    // Once it has come, the next one is aimed at.
    const quick = play(30, zoom(20), (_, i) => i % 6 === 0);
    expect(new Set(quick.slice(4).map(({ sight }) => width(sight))).size).toBeGreaterThanOrEqual(4);
    for (const { sight, window } of quick.slice(10)) {
      expect(sight.t0).toBeGreaterThanOrEqual(window.t0 - 8 * width(window));
    }
  });

  it("is wider than the window when that widens or hurries away", () => {
    const out = play(20, zoom(-20)).at(-1)!;
    expect(width(out.sight)).toBeGreaterThan(width(out.window));
    expect(out.sight.t0).toBeLessThan(out.window.t0);
    const away = play(20, pan(8));
    for (const { sight, window } of away.slice(4)) {
      expect(width(sight)).toBeGreaterThan(width(window));
      expect(sight.t1).toBeGreaterThan(window.t0);
    }
  });

  it("lies the further ahead the longer tiles take", () => {
    const octaves = (every: number) => {
      const { window, sight } = play(60, zoom(6), (_, i) => i % every === 0).at(-1)!;
      return Math.log2(width(window) / width(sight));
    };
    expect(octaves(3)).toBeLessThan(octaves(9));
    expect(octaves(9)).toBeLessThan(3.01);
  });

  it("follows when the hand turns round", () => {
    const there = zoom(20);
    const frames = play(60, (s) => (s < 0.4 ? there(s) : there(Math.max(0, 0.8 - s))));
    const last = frames.at(-10)!;
    expect(4 * width(last.sight)).toBeGreaterThan(width(last.window));
  });
});

describe("expected", () => {
  it("keeps the anchor where it is, and is never absurd", () => {
    const r = seeded(2);
    for (let i = 0; i < 300; i++) {
      const t0 = r.between(-1e5, 1e5);
      const window = { t0, t1: t0 + r.magnitude(1e-4, 1e5) };
      const anchor = r.unit();
      const drift = { zoom: r.between(-500, 500), anchor, pan: 0 };
      const then = expected(window, drift, r.between(0.01, 1));
      const place = (w: Stretch) => w.t0 + anchor * width(w);
      expect(Math.abs(place(then) - place(window))).toBeLessThan(
        1e-9 * (Math.abs(t0) + width(window)) + 1e-9 * width(then) + 1e-9,
      );
      expect(width(then) / width(window)).toBeGreaterThan(1 / 8.01);
      expect(width(then) / width(window)).toBeLessThan(8.01);
      const moved = expected(window, { zoom: 0, anchor, pan: r.between(-500, 500) }, 0.2);
      expect(moved.t0).toBeLessThanOrEqual(window.t0);
      expect(moved.t1).toBeGreaterThanOrEqual(window.t1);
      expect(width(moved) / width(window)).toBeLessThan(5.01);
    }
  });
});
