import { describe, expect, it } from "vitest";
import fixtures from "../../tests/protocol/overlap.json";
import { collides, type Judged, type Placed, type Policy, part } from "./overlap";
import type { NewRow } from "./protocol";
import { seeded } from "./seeded";
import { completeRow } from "./table";

interface Case {
  readonly name: string;
  readonly policy: Policy;
  readonly resting: readonly NewRow[];
  readonly judged: readonly (NewRow & { was?: [number, number] })[];
  readonly spans?: readonly [number | null, number | null][];
  readonly refused?: string;
  readonly over?: string;
}

const cases = fixtures.cases as unknown as Case[];

describe("cases that the kernel runs too", () => {
  it.each(cases)("$name", ({ policy, resting, judged, spans, refused, over }) => {
    const rows = judged.map(
      ({ was, was_status: _, ...row }): Judged<Placed> => ({
        row: completeRow(row),
        was: was === undefined ? null : { start: was[0], end: was[1] },
      }),
    );
    const there = [...resting.map(completeRow), ...rows.map(({ row }) => row)];
    const verdict = part(rows, () => there, policy);
    if ("refused" in verdict) {
      expect([verdict.refused.id, verdict.over.id]).toEqual([refused, over]);
    } else {
      expect(verdict.rows.map(({ start, end }) => [start, end])).toEqual(spans);
    }
  });
});

describe("whatever the rows", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])("what is cut collides with nothing (seed %i)", (seed) => {
    const random = seeded(seed);
    const resting: Placed[] = [];
    let cut = 0;
    for (let n = 0; n < 300; n++) {
      const start = random.between(0, 100);
      const low = random.pick([null, 100]);
      const row = completeRow({
        id: `r${n}`,
        start,
        end: start + random.magnitude(0.01, 10),
        tier: random.pick(["", "x"]),
        channel: random.pick([null, 0, 1]),
        low_freq: low,
        high_freq: low === null ? null : 200,
      });
      const verdict = part([{ row, was: null }], () => resting, "trim");
      if ("refused" in verdict) {
        expect(collides(row, verdict.over)).toBe(true);
        continue;
      }
      const [placed] = verdict.rows;
      expect(resting.filter((other) => collides(other, placed!))).toEqual([]);
      expect(placed!.start! >= row.start! && placed!.end! <= row.end!).toBe(true);
      if (placed!.start !== row.start || placed!.end !== row.end) cut += 1;
      resting.push(placed!);
    }
    expect(cut).toBeGreaterThan(10);
  });
});
