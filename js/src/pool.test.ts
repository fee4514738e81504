import { describe, expect, it } from "vitest";
import type { PixelSpans } from "./cover";
import { makeRow, poolBins, poolColumns, type Strip } from "./pool";
import { type Random, seeded } from "./seeded";

const bytes = (r: Random, n: number) => Uint8Array.from({ length: n }, () => r.integer(0, 255));

describe("poolBins", () => {
  it("takes maxima by words as by bytes, for all pairs of bytes", () => {
    const r = seeded(1);
    for (let i = 0; i < 500; i++) {
      const columns = 4 * r.integer(1, 20);
      const bins = r.integer(1, 6);
      const data = bytes(r, columns * bins);
      const first = 4 * r.integer(0, columns / 4 - 1);
      const count = 4 * r.integer(1, (columns - first) / 4);
      const at = 4 * r.integer(0, 3);
      const lo = r.integer(0, bins - 1);
      const hi = r.integer(lo + 1, bins);
      const strip: Strip = { data, words: undefined, columns, first, count, at };
      const [byBytes, byWords] = [makeRow(at + count, 0), makeRow(at + count, 0)];
      poolBins(strip, lo, hi, byBytes);
      poolBins({ ...strip, words: new Int32Array(data.buffer) }, lo, hi, byWords);
      const expected = Uint8Array.from({ length: count }, (_, c) => {
        const values = Array.from(
          { length: hi - lo },
          (_, b) => data[(lo + b) * columns + first + c]!,
        );
        return Math.max(...values);
      });
      expect(byBytes.bytes.subarray(at, at + count)).toEqual(expected);
      expect(byWords.bytes).toEqual(byBytes.bytes);
    }
  });

  it("compares any two bytes rightly", () => {
    const data = new Uint8Array(2 * 65_536);
    for (let i = 0; i < 65_536; i++) {
      data[i] = i >> 8;
      data[65_536 + i] = i & 255;
    }
    const row = makeRow(65_536, 0);
    const words = new Int32Array(data.buffer);
    poolBins({ data, words, columns: 65_536, first: 0, count: 65_536, at: 0 }, 0, 2, row);
    const wrong = [...row.bytes.subarray(0, 65_536)].filter(
      (v, i) => v !== Math.max(i >> 8, i & 255),
    );
    expect(wrong).toEqual([]);
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
      const lead = r.integer(0, 3);
      const row = makeRow(lead + columns, lead);
      const values = bytes(r, columns);
      row.columns.set(values);
      const out = new Uint8Array(width).fill(77);
      poolColumns(row, spans, out);
      const expected = Uint8Array.from({ length: width }, (_, x) =>
        Math.max(0, ...values.subarray(lo[x], hi[x])),
      );
      expect(out).toEqual(expected);
    }
  });
});
