import { describe, expect, it } from "vitest";
import type { PixelSpans } from "./cover";
import { makeRow, poolBins, poolColumns } from "./pool";
import { type Random, seeded } from "./seeded";

const bytes = (r: Random, n: number) => Uint8Array.from({ length: n }, () => r.integer(0, 255));

describe("poolBins", () => {
  it("takes maxima by words as by bytes, wherever the tile lies in memory", () => {
    const r = seeded(1);
    for (let i = 0; i < 500; i++) {
      const columns = r.pick([4 * r.integer(1, 20), r.integer(1, 50)]);
      const bins = r.integer(1, 9);
      const ahead = r.pick([0, 0, 1, 4]);
      const data = new Uint8Array(new ArrayBuffer(ahead + columns * bins), ahead);
      data.set(bytes(r, columns * bins));
      const rows = r.integer(1, 6);
      const lo = Int32Array.from({ length: rows }, () => r.integer(0, bins - 1));
      const hi = lo.map((low) => r.integer(low + 1, bins));
      const expected = Uint8Array.from({ length: rows * columns }, (_, at) => {
        const row = Math.floor(at / columns);
        const column = Array.from(
          { length: hi[row]! - lo[row]! },
          (_, b) => data[(lo[row]! + b) * columns + (at % columns)]!,
        );
        return Math.max(...column);
      });
      expect(poolBins({ data, columns }, { lo, hi })).toEqual(expected);
    }
  });

  it("compares any two bytes rightly", () => {
    const data = new Uint8Array(2 * 65_536);
    for (let i = 0; i < 65_536; i++) {
      data[i] = i >> 8;
      data[65_536 + i] = i & 255;
    }
    const spans = { lo: Int32Array.of(0), hi: Int32Array.of(2) };
    const most = poolBins({ data, columns: 65_536 }, spans);
    expect([...most].filter((v, i) => v !== Math.max(i >> 8, i & 255))).toEqual([]);
  });
});

describe("poolColumns", () => {
  it("takes the maximum over each pixel's columns, however many they are", () => {
    const r = seeded(2);
    for (let i = 0; i < 1000; i++) {
      const width = r.integer(1, 40);
      const least = r.integer(1, 12);
      const most = least + r.pick([0, 1, 1, 2, 9]);
      const counts = Array.from({ length: width }, () => r.integer(least, most));
      const lo = new Int32Array(width);
      const hi = new Int32Array(width);
      const begin = r.pick([0, 0, r.integer(0, width)]);
      const end = r.pick([width, width, r.integer(begin, width)]);
      let columns = 0;
      for (let x = begin; x < end; x++) {
        lo[x] = columns;
        columns += counts[x]!;
        hi[x] = columns;
      }
      const inside = counts.slice(begin, end);
      const spans: PixelSpans = {
        lo,
        hi,
        begin,
        end,
        least: Math.min(...inside, 99),
        most: Math.max(...inside, 0),
      };
      const row = makeRow(columns);
      const values = bytes(r, columns);
      row.bytes.set(values);
      const out = new Uint8Array(width).fill(77);
      poolColumns(row, spans, out);
      const expected = Uint8Array.from({ length: width }, (_, x) =>
        Math.max(0, ...values.subarray(lo[x], hi[x])),
      );
      expect(out).toEqual(expected);
    }
  });
});
