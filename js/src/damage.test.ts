import { describe, expect, it } from "vitest";
import { damageAt, damagedPixels, damageOf, refusedStretches } from "./damage";
import { timeScale } from "./scales";
import { seeded } from "./seeded";
import { infoOf } from "./testing";

const of = (damage: unknown) => damageOf({ damage, duration: 100 });

describe("damageOf", () => {
  it("takes what can be understood, in order, within the recording", () => {
    expect(
      of([
        [50, 60.5, "cannot be decoded"],
        [-5, 3, "not a number"],
        [99, 1e9, ""],
      ]),
    ).toEqual([
      { start: 0, end: 3, reason: "not a number" },
      { start: 50, end: 60.5, reason: "cannot be decoded" },
      { start: 99, end: 100, reason: "cannot be read" },
    ]);
  });

  it("passes over everything else, and is never too much", () => {
    for (const wrong of [
      undefined,
      null,
      7,
      "x",
      {},
      [1, 2],
      [[]],
      [["1", 2, "x"]],
      [[5, 4, "x"]],
    ]) {
      expect(of(wrong)).toEqual([]);
    }
    expect(
      of([
        [Number.NaN, 2, "x"],
        [1, Number.NaN, "x"],
        [1, 2, 3],
      ]),
    ).toEqual([{ start: 1, end: 2, reason: "cannot be read" }]);
    const many = Array.from({ length: 50_000 }, (_, i) => [i / 1000, i / 1000, "x".repeat(1e4)]);
    expect(of(many)).toHaveLength(2000);
    expect(of(many)[0]!.reason).toHaveLength(300);
  });
});

describe("refusedStretches", () => {
  const info = infoOf({ sr: 1000, nSamples: 100_000 });
  const keys = [
    { layer: "wave/0", level: 0, index: 1 },
    { layer: "spec/0", level: 0, index: 0 },
    { layer: "wave/mix", level: 6, index: 0 },
  ];
  it("are those of the tiles that were refused, in seconds", () => {
    const none = refusedStretches(info, keys, () => null);
    expect(none).toEqual([]);
    expect(refusedStretches(info, keys, () => null)).toBe(none);
    const reason = ({ level }: { level: number }) => (level === 0 ? "unreadable" : null);
    expect(refusedStretches(info, keys, reason)).toEqual([
      { start: 16.384, end: 32.768, reason: "unreadable" },
      { start: 0, end: 25.6, reason: "unreadable" },
    ]);
    expect(refusedStretches(info, keys, () => "x")[2]).toMatchObject({ start: 0, end: 100 });
  });
});

describe("damageAt", () => {
  const damage = of([
    [10, 20, "a"],
    [20.5, 20.5, "b"],
  ]);
  it("says what is wrong under the pointer, or next to it", () => {
    expect(damageAt(damage, 15, 0)?.reason).toBe("a");
    expect(damageAt(damage, 20.4, 0.2)?.reason).toBe("b");
    expect(damageAt(damage, 20.2, 0.3)?.reason).toBe("a");
    expect(damageAt(damage, 30, 1)).toBeNull();
    expect(damageAt([], 30, 1)).toBeNull();
  });
});

describe("damagedPixels", () => {
  it("shows every stretch in sight, however short, and none twice", () => {
    const r = seeded(1);
    for (let i = 0; i < 300; i++) {
      const damage = of(
        Array.from({ length: r.integer(1, 30) }, () => {
          const start = r.between(0, 100);
          return [start, start + r.magnitude(1e-6, 50), "x"];
        }),
      );
      const t0 = r.between(0, 90);
      const scale = timeScale(t0, t0 + r.between(0.1, 10), 500);
      const spans = damagedPixels(damage, scale, 500);
      spans.forEach(([from, to], k) => {
        expect(from).toBeGreaterThanOrEqual(0);
        expect(to).toBeLessThanOrEqual(500);
        if (k > 0) expect(from).toBeGreaterThan(spans[k - 1]![1]);
      });
      for (const { start, end } of damage) {
        for (const time of [start, (start + end) / 2, end]) {
          const x = scale.toX(time);
          if (x < 0 || x > 500) continue;
          expect(spans.some(([from, to]) => from - 1e-6 <= x && x <= to + 1e-6)).toBe(true);
        }
      }
    }
  });

  it("draws at least two pixels", () => {
    const scale = timeScale(0, 100, 1000);
    expect(damagedPixels(of([[50, 50, "x"]]), scale, 1000)).toEqual([[499, 501]]);
  });
});
