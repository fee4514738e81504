import { describe, expect, it } from "vitest";
import { IntervalIndex } from "./intervals";
import type { Row } from "./protocol";
import { seeded } from "./seeded";
import { completeRow } from "./table";

const row = (id: string, start: number | null, end: number | null): Row =>
  completeRow({ id, start, end });

const slowly = (rows: Iterable<Row>, t0: number, t1: number): string[] =>
  [...rows]
    .filter(
      ({ start, end }) =>
        start !== null && end !== null && start <= end && start <= t1 && end >= t0,
    )
    .map(({ id }) => id)
    .sort();

const ids = (rows: readonly Row[]): string[] => rows.map(({ id }) => id).sort();

describe("IntervalIndex", () => {
  it("finds what touches, ends and points included, and what has a place only", () => {
    const index = new IntervalIndex();
    index.reset([
      row("before", 0, 1),
      row("touches", 1, 2),
      row("point", 2, 2),
      row("over all", 0, 100),
      row("touches too", 4, 9),
      row("after", 4.001, 9),
      row("whole", null, null),
      row("half", 3, null),
      row("backwards", 5, 1),
    ]);
    expect(ids(index.touching(2, 4))).toEqual(["over all", "point", "touches", "touches too"]);
    expect(ids(index.touching(2, 2))).toEqual(["over all", "point", "touches"]);
  });

  it("gives the long before the short", () => {
    const index = new IntervalIndex();
    index.reset([
      row("short", 0, 0.1),
      row("long", 3, 90),
      row("point", 0, 0),
      row("middle", 1, 4),
    ]);
    expect(index.touching(0, 100).map(({ id }) => id)).toEqual([
      "long",
      "middle",
      "short",
      "point",
    ]);
  });

  it.each([1, 2, 3, 4, 5])("finds what a look at every row finds (seed %i)", (seed) => {
    const next = seeded(seed).unit;
    const rows = new Map<string, Row>();
    const index = new IntervalIndex();
    const make = (id: string): Row => {
      const start = Math.round(next() * 1000) / 10;
      const duration = next() < 0.2 ? 0 : 2 ** Math.round(next() * 30 - 22) * (0.5 + next());
      return row(id, start, start + duration);
    };
    for (let step = 0; step < 300; step++) {
      const many = next() < 0.1 ? 200 : 3;
      const gone: Row[] = [];
      const come: Row[] = [];
      for (const id of new Set(
        Array.from({ length: many }, () => `r${Math.floor(next() * 500)}`),
      )) {
        const old = rows.get(id);
        if (old !== undefined) gone.push(old);
        rows.delete(id);
        if (next() < 0.7) {
          const fresh = make(id);
          come.push(fresh);
          rows.set(id, fresh);
        }
      }
      index.change(gone, come);
      const t0 = next() * 120 - 10;
      const t1 = t0 + next() ** 4 * 100;
      expect(ids(index.touching(t0, t1))).toEqual(slowly(rows.values(), t0, t1));
    }
    const same = new IntervalIndex();
    same.reset([...rows.values()]);
    expect(same.touching(-1e9, 1e9)).toEqual(index.touching(-1e9, 1e9));
  });

  describe("of many rows", () => {
    const r = seeded(6);
    const many = Array.from({ length: 30_000 }, (_, i) => {
      const start = r.between(0, 86_400);
      return row(`r${i}`, start, start + r.magnitude(0.05, 100));
    });
    const index = new IntervalIndex();
    index.reset(many);

    it("leaves few as they are", () => {
      expect(index.some(100, 1000, 1)).toEqual(index.touching(100, 1000));
    });

    it("gives no more than can be drawn, spread over the whole window", () => {
      for (const pixel of [1e-3, 0.1, 80, 500]) {
        const some = index.some(0, 86_400, pixel);
        expect(some.length).toBeLessThanOrEqual(2000);
        expect(some.length).toBeGreaterThan(200);
        expect(new Set(some.map(({ start }) => Math.floor(start! / 3600))).size).toBe(24);
        expect(new Set(some.map(({ id }) => id)).size).toBe(some.length);
      }
      expect(index.some(0, 86_400, 0)).toEqual([]);
    });

    it("gives the same ones wherever the window lies", () => {
      const inside = (t0: number, t1: number) =>
        index.some(t0, t1, 20).filter(({ start, end }) => start! > 30_000 && end! < 60_000);
      expect(inside(20_000, 70_000)).toEqual(inside(20_500, 70_500));
      // Nor does it depend on what was looked at between.
      index.some(0, 86_400, 20);
      index.some(100, 5000, 20);
      expect(inside(20_000, 70_000)).toEqual(inside(20_500, 70_500));
      expect(inside(20_000, 70_000).length).toBeGreaterThan(200);
    });

    it("gives one of each length even where all start together", () => {
      const together = new IntervalIndex();
      together.reset(Array.from({ length: 5000 }, (_, i) => row(`t${i}`, 5, 5 + (i % 2) * 60)));
      expect(together.some(0, 100, 0.1).map(({ end }) => end)).toEqual([
        65, 65, 65, 65, 5, 5, 5, 5,
      ]);
    });
  });
});
