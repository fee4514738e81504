import { describe, expect, it } from "vitest";
import {
  chunksOf,
  firstOf,
  joined,
  readyLength,
  SmoothClock,
  type Span,
  sameSound,
  spansFrom,
  Timeline,
  type Track,
  trackOf,
} from "./playback";
import { seeded } from "./seeded";

const once = (start: number, stop: number): Track => ({ start, stop, loop: false });
const loop = (start: number, stop: number): Track => ({ start, stop, loop: true });
const samplesOf = (spans: readonly Span[]): number[] =>
  spans.flatMap(({ start, stop }) => Array.from({ length: stop - start }, (_, i) => start + i));

/** The same, one sample after another. */
function slowly(track: Track, at: number, wanted: number): number[] {
  const samples: number[] = [];
  let next = at;
  while (samples.length < wanted) {
    if (next >= track.stop) {
      if (!track.loop || track.start >= track.stop) break;
      next = track.start;
    }
    samples.push(next);
    next += 1;
  }
  return samples;
}

describe("trackOf", () => {
  const recording = { sr: 1000, n_samples: 5000 };
  it.each([
    [1, 2, [1000, 2000]],
    [2, 1, [1000, 2000]],
    [-3, 99, [0, 5000]],
    [1.2344, 1.2346, [1234, 1235]],
    [2, 2, [2000, 2000]],
    [7, 9, [5000, 5000]],
  ] as const)("%d to %d s", (start, end, [a, b]) => {
    expect(trackOf(start, end, false, recording)).toEqual(once(a, b));
  });
  it("makes a loop no shorter than can be heard", () => {
    expect(trackOf(2, 2, true, recording, 5)).toEqual(loop(2000, 2005));
    expect(trackOf(4.999, 5, true, recording, 5)).toEqual(loop(4995, 5000));
    expect(trackOf(0, 1, true, { sr: 1000, n_samples: 3 }, 5)).toEqual(loop(0, 3));
    expect(trackOf(2, 2.1, true, recording, 5)).toEqual(loop(2000, 2100));
  });
});

describe("spansFrom", () => {
  it("goes on to the end and no further", () => {
    expect(spansFrom(once(10, 20), 15, 3)).toEqual({ spans: [{ start: 15, stop: 18 }], next: 18 });
    expect(spansFrom(once(10, 20), 15, 9)).toEqual({ spans: [{ start: 15, stop: 20 }], next: 20 });
    expect(spansFrom(once(10, 20), 20, 9)).toEqual({ spans: [], next: 20 });
    expect(spansFrom(once(10, 20), 25, 9)).toEqual({ spans: [], next: 25 });
    expect(spansFrom(once(10, 20), 4, 9).spans).toEqual([{ start: 4, stop: 13 }]);
  });
  it("gives whole samples, whatever is wanted", () => {
    expect(spansFrom(loop(10, 13), 10, 4.999999).spans).toEqual([
      { start: 10, stop: 13 },
      { start: 10, stop: 11 },
    ]);
    expect(spansFrom(once(0, 9), 3, 1e-12).spans).toEqual([]);
    expect(spansFrom(once(0, 9), 3, -5).spans).toEqual([]);
  });
  it("begins again at the end of a loop, as often as it takes", () => {
    expect(samplesOf(spansFrom(loop(10, 13), 12, 8).spans)).toEqual([
      12, 10, 11, 12, 10, 11, 12, 10,
    ]);
    expect(spansFrom(loop(10, 13), 12, 1).next).toBe(10);
    expect(spansFrom(loop(10, 13), 99, 1)).toEqual({ spans: [{ start: 10, stop: 11 }], next: 11 });
    expect(spansFrom(loop(10, 10), 10, 5)).toEqual({ spans: [], next: 10 });
  });
  it.each([1, 2, 3, 4])(
    "is what one sample after another is, whatever the blocks (seed %i)",
    (seed) => {
      const next = seeded(seed).unit;
      const whole = (n: number) => Math.floor(next() * n);
      for (let i = 0; i < 300; i++) {
        const start = whole(50);
        const track = { start, stop: start + whole(30), loop: next() < 0.6 };
        const at = next() < 0.2 ? whole(90) : start + whole(track.stop - start + 1);
        let cursor = at;
        const heard: number[] = [];
        while (heard.length < 100) {
          const block = spansFrom(track, cursor, 1 + whole(40));
          if (block.spans.length === 0) break;
          heard.push(...samplesOf(block.spans));
          cursor = block.next;
        }
        expect(heard).toEqual(slowly(track, at, heard.length));
        if (!track.loop) expect(slowly(track, at, 1000)).toEqual(heard.slice(0, 1000));
      }
    },
  );
});

describe("chunks", () => {
  it("are named in the order in which they are heard, each once", () => {
    const { spans } = spansFrom(loop(95, 215), 205, 200);
    expect(chunksOf(spans, 100)).toEqual([2, 0, 1]);
    expect(chunksOf([{ start: 100, stop: 200 }], 100)).toEqual([1]);
    expect(chunksOf([], 100)).toEqual([]);
  });
  it("that are there bound what can be heard", () => {
    const spans = [
      { start: 250, stop: 320 },
      { start: 90, stop: 120 },
    ];
    const ready = (...indices: number[]) => readyLength(spans, 100, (i) => indices.includes(i));
    expect(ready(0, 1, 2, 3)).toBe(100);
    expect(ready(2, 3, 0)).toBe(80);
    expect(ready(2, 3)).toBe(70);
    expect(ready(2)).toBe(50);
    expect(ready(0, 1, 3)).toBe(0);
  });
});

describe("spans", () => {
  it("are cut to a length", () => {
    const spans = [
      { start: 5, stop: 8 },
      { start: 0, stop: 9 },
    ];
    expect(firstOf(spans, 0)).toEqual([]);
    expect(firstOf(spans, 3)).toEqual([{ start: 5, stop: 8 }]);
    expect(samplesOf(firstOf(spans, 5))).toEqual([5, 6, 7, 0, 1]);
    expect(firstOf(spans, 99)).toEqual(spans);
  });
  it("sound the same however they are cut up", () => {
    const a = [
      { start: 0, stop: 5 },
      { start: 5, stop: 9 },
      { start: 3, stop: 4 },
    ];
    const b = [
      { start: 0, stop: 2 },
      { start: 2, stop: 9 },
      { start: 3, stop: 4 },
    ];
    expect(joined(a)).toEqual(joined(b));
    expect(sameSound(a, b)).toBe(true);
    expect(sameSound(a, b.slice(0, 2))).toBe(false);
    expect(
      sameSound(a, [
        { start: 0, stop: 9 },
        { start: 4, stop: 5 },
      ]),
    ).toBe(false);
  });
});

describe("Timeline", () => {
  it("knows the sample of every frame", () => {
    const timeline = new Timeline(1000, 12);
    expect(timeline.append(spansFrom(loop(10, 13), 12, 4).spans)).toBe(1000);
    expect(timeline.append(spansFrom(loop(10, 13), 10, 2).spans)).toBe(1004);
    const frames = [990, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 2000];
    expect(frames.map((frame) => timeline.sampleAt(frame))).toEqual([
      12, 12, 10, 11, 12, 10, 11, 12, 12,
    ]);
    expect(timeline.sampleAt(1001.5)).toBe(10.5);
    timeline.forget(1004);
    expect(timeline.sampleAt(1005)).toBe(11);
    expect(timeline.end).toBe(1006);
  });

  it("is nothing before the first piece", () => {
    const timeline = new Timeline(1000, 12);
    expect([timeline.sampleAt(0), timeline.sampleAt(5000), timeline.end]).toEqual([12, 12, 1000]);
    expect(timeline.cut(10)).toBe(12);
  });

  it.each([1, 2, 3])("gives back what is cut off (seed %i)", (seed) => {
    const next = seeded(seed).unit;
    for (let i = 0; i < 200; i++) {
      const start = Math.floor(next() * 20);
      const track = loop(start, start + 1 + Math.floor(next() * 15));
      const timeline = new Timeline(100, start);
      let cursor = start;
      const heard: number[] = [];
      for (let piece = 0; piece < 6; piece++) {
        const block = spansFrom(track, cursor, 1 + Math.floor(next() * 20));
        timeline.append(block.spans);
        heard.push(...samplesOf(block.spans));
        cursor = block.next;
      }
      const frame = 95 + Math.floor(next() * (heard.length + 10));
      const kept = Math.max(0, frame - 100);
      expect(samplesOf(timeline.spansAfter(frame))).toEqual(heard.slice(kept));
      const after = timeline.cut(frame);
      if (kept < heard.length) expect(after).toBe(heard[kept]);
      expect(timeline.end).toBe(100 + Math.min(kept, heard.length));
      expect(samplesOf(timeline.spansAfter(0))).toEqual(heard.slice(0, kept));
      const moved = loop(3, 7);
      timeline.append(spansFrom(moved, after, 9).spans);
      const joint = samplesOf(timeline.spansAfter(0));
      expect(joint.slice(Math.min(kept, heard.length))).toEqual(slowly(moved, after, 9));
    }
  });
});

describe("SmoothClock", () => {
  /** Readings at a steady rate of a clock that moves in steps, 10 ms apart from each other. */
  function readings(step: number, rate = 1): { truth: number; read: number }[] {
    const clock = new SmoothClock();
    return Array.from({ length: 400 }, (_, i) => {
      const now = i * 10;
      const truth = (now / 1000) * rate;
      return { truth, read: clock.read(Math.floor(truth / step) * step, now) };
    });
  }
  it.each([0.003, 0.01, 0.023, 0.04])(
    "moves evenly though the audio clock steps by %d s",
    (step) => {
      const all = readings(step).slice(50);
      for (let i = 1; i < all.length; i++) {
        const moved = all[i]!.read - all[i - 1]!.read;
        expect(moved).toBeGreaterThan(0.005);
        expect(moved).toBeLessThan(0.015);
        expect(Math.abs(all[i]!.read - all[i]!.truth)).toBeLessThan(step + 0.005);
      }
    },
  );
  it("follows an audio clock that runs a little fast or slow", () => {
    for (const rate of [0.999, 1.001]) {
      const { truth, read } = readings(0.01, rate).at(-1)!;
      expect(Math.abs(truth - read)).toBeLessThan(0.02);
    }
  });
  it("stands when the audio clock stands, and never goes back", () => {
    const clock = new SmoothClock();
    const reads = Array.from({ length: 100 }, (_, i) => clock.read(Math.min(0.2, i / 100), i * 10));
    for (let i = 1; i < reads.length; i++) expect(reads[i]).toBeGreaterThanOrEqual(reads[i - 1]!);
    expect(reads.at(-1)! - 0.2).toBeLessThanOrEqual(SmoothClock.TOLERANCE + 0.01);
  });
  it("jumps with the audio clock, and starts anew", () => {
    const clock = new SmoothClock();
    clock.read(1, 0);
    expect(clock.read(5, 10)).toBe(5);
    clock.reset();
    expect(clock.read(2, 20)).toBe(2);
  });
});
