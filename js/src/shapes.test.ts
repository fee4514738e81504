import { describe, expect, it } from "vitest";
import {
  BODY,
  changes,
  dragged,
  drawn,
  type Extent,
  type Grip,
  isBox,
  isInterval,
  movedTogether,
  type Point,
  type Shape,
} from "./shapes";

const extent: Extent = { duration: 10, nyquist: 8000 };
const box: Shape = { start: 2, end: 4, low_freq: 1000, high_freq: 3000 };
const interval: Shape = { start: 2, end: 4, low_freq: null, high_freq: null };
const at = (time: number, freq: number | null = null): Point => ({ time, freq });

/** Seeded, so that a failure can be had again. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

describe("drawn", () => {
  it("is the same whichever corner it began at", () => {
    const shape = { start: 1, end: 3, low_freq: 500, high_freq: 900 };
    expect(drawn(at(1, 500), at(3, 900), true, extent)).toEqual(shape);
    expect(drawn(at(3, 500), at(1, 900), true, extent)).toEqual(shape);
    expect(drawn(at(3, 900), at(1, 500), true, extent)).toEqual(shape);
  });
  it("stops at the borders of the recording", () => {
    expect(drawn(at(-5, -1), at(50, 1e6), true, extent)).toEqual({
      start: 0,
      end: 10,
      low_freq: 0,
      high_freq: 8000,
    });
  });
  it("has a band only where it was drawn with one", () => {
    expect(isBox(drawn(at(1), at(2), true, extent))).toBe(false);
    expect(isBox(drawn(at(1, 10), at(2, 20), false, extent))).toBe(false);
  });
});

describe("dragged", () => {
  it("moves the body and keeps its size", () => {
    expect(dragged(box, BODY, at(3, 2000), at(4, 2500), extent)).toEqual({
      start: 3,
      end: 5,
      low_freq: 1500,
      high_freq: 3500,
    });
  });
  it("stops a body at the border without squeezing it", () => {
    const moved = dragged(box, BODY, at(3, 2000), at(30, 20000), extent);
    expect(moved).toEqual({ start: 8, end: 10, low_freq: 6000, high_freq: 8000 });
  });
  it("lets an edge pass its opposite", () => {
    const grip: Grip = { edge: "start", side: null };
    expect(dragged(interval, grip, at(2), at(6), extent)).toMatchObject({ start: 4, end: 6 });
  });
  it("resizes a corner in time and frequency", () => {
    const grip: Grip = { edge: "end", side: "high" };
    const to = dragged(box, grip, at(4, 3000), at(4.5, 3500), extent);
    expect(to).toEqual({ start: 2, end: 4.5, low_freq: 1000, high_freq: 3500 });
  });
  it("leaves frequency alone on a pane without any, and on an interval", () => {
    expect(dragged(box, BODY, at(3), at(4), extent)).toMatchObject({
      low_freq: 1000,
      high_freq: 3000,
    });
    expect(dragged(interval, BODY, at(3, 10), at(4, 900), extent)).toMatchObject({
      low_freq: null,
      high_freq: null,
    });
  });
  it("leaves a label of the whole recording where it is", () => {
    const whole: Shape = { start: null, end: null, low_freq: null, high_freq: null };
    expect(dragged(whole, BODY, at(0), at(1), extent)).toEqual(whole);
  });
  it("stays valid whatever the pointer does", () => {
    const next = random(7);
    for (let round = 0; round < 2000; round += 1) {
      const [a, b] = [next() * 10, next() * 10].sort((x, y) => x - y) as [number, number];
      const [f, g] = [next() * 8000, next() * 8000].sort((x, y) => x - y) as [number, number];
      const grip: Grip = {
        edge: ([null, "start", "end"] as const)[Math.floor(next() * 3)] ?? null,
        side: ([null, "low", "high"] as const)[Math.floor(next() * 3)] ?? null,
      };
      const point = () => at(next() * 30 - 10, next() * 20000 - 6000);
      const shape = { start: a, end: b, low_freq: f, high_freq: g };
      const to = dragged(shape, grip, point(), point(), extent);
      expect(isInterval(to) && to.start >= 0 && to.start <= to.end && to.end <= 10).toBe(true);
      expect(isBox(to) && to.low_freq >= 0 && to.low_freq <= to.high_freq).toBe(true);
      expect(isBox(to) && to.high_freq <= 8000).toBe(true);
    }
  });
});

describe("movedTogether", () => {
  it("stops all of them where the first one meets the border", () => {
    const late: Shape = { start: 8, end: 9, low_freq: null, high_freq: null };
    const moved = movedTogether([box, late], at(0, 0), at(5, 0), extent);
    expect(moved[0]).toMatchObject({ start: 3, end: 5 });
    expect(moved[1]).toMatchObject({ start: 9, end: 10 });
  });
});

describe("changes", () => {
  it("names only what differs", () => {
    expect(changes(box, { ...box, end: 5 })).toEqual({ end: 5 });
    expect(changes(box, box)).toEqual({});
  });
});
