import { describe, expect, it } from "vitest";
import { columnBorders, cover, type Loaded, pixelSpans } from "./cover";
import { cellPosition, cellsBetween, columnsIn, keyString, specKeys, tileCells } from "./pyramid";
import { type Random, seeded } from "./seeded";
import type { SpectrogramInfo, TileKey } from "./types";

function infoOf(nFrames: number, columns: number): SpectrogramInfo {
  return {
    kind: "spectrogram",
    n_frames: nFrames,
    hop_length: 100,
    n_fft: 16,
    sr: 8000,
    n_bins: 9,
    bins: { kind: "linear", step: 500 },
    range_db: [-100, 60],
    full_scale_db: 50,
    tile_columns: columns,
    levels: 1 + Math.max(0, Math.ceil(Math.log2(nFrames / columns))),
  };
}

/** A window on a recording, of which some tiles are loaded. */
function situation(r: Random) {
  const info = infoOf(r.integer(1, 3000), r.pick([3, 8, 16]));
  const share = r.pick([0, 0.3, 0.7, 1]);
  const tiles = new Map<string, Loaded | undefined>();
  const lookup = (key: TileKey) => {
    const text = keyString(key);
    if (!tiles.has(text)) {
      const tile = { columns: columnsIn(info, key), exact: true };
      tiles.set(text, r.unit() < share ? tile : undefined);
    }
    return tiles.get(text);
  };
  const seconds = (info.n_frames * 100) / 8000;
  const span = r.magnitude(seconds / 100, seconds);
  const t0 = r.between(0, seconds - span);
  const level = r.integer(0, info.levels - 1);
  return { info, level, t0, t1: t0 + span, lookup };
}

describe("cover", () => {
  it("is gapless over the visible cells, with columns in order", () => {
    const r = seeded(1);
    for (let i = 0; i < 500; i++) {
      const { info, level, t0, t1, lookup } = situation(r);
      const covered = cover(info, "0", level, t0, t1, lookup);
      const [from, to] = cellsBetween(info, t0, t1);
      if (from >= to) {
        expect(covered.pieces).toEqual([]);
        continue;
      }
      const borders = columnBorders(covered);
      expect(borders).toHaveLength(covered.columns + 1);
      expect(borders[0]).toBeLessThanOrEqual(from);
      expect(borders.at(-1)).toBeGreaterThanOrEqual(to);
      expect([...borders].every((border, n) => n === 0 || border > borders[n - 1]!)).toBe(true);
      covered.pieces.forEach((piece, n) => {
        if (n > 0) expect(piece.from).toBe(covered.pieces[n - 1]!.to);
        if (piece.tile) expect(piece.first + piece.count).toBeLessThanOrEqual(piece.tile.columns);
      });
    }
  });

  it("takes the tile itself where it is loaded, and counts the others", () => {
    const r = seeded(2);
    for (let i = 0; i < 300; i++) {
      const { info, level, t0, t1, lookup } = situation(r);
      const covered = cover(info, "0", level, t0, t1, lookup);
      const keys = specKeys(info, "0", level, t0, t1);
      expect(covered.missing).toBe(keys.filter((key) => !lookup(key)).length);
      for (const key of keys) {
        const tile = lookup(key);
        if (!tile) continue;
        const piece = covered.pieces.find((one) => one.tile === tile);
        expect(piece?.from).toBeGreaterThanOrEqual(key.index * tileCells(info, level));
      }
    }
  });
});

describe("pixelSpans", () => {
  it("give every column within the window to one pixel at least, in order, and every pixel one", () => {
    const r = seeded(3);
    for (let i = 0; i < 500; i++) {
      const { info, level, t0, t1, lookup } = situation(r);
      const borders = columnBorders(cover(info, "0", level, t0, t1, lookup));
      const width = r.integer(1, 300);
      const { lo, hi, begin, end, least, most } = pixelSpans(info, borders, t0, t1, width);
      const counts = [...hi.subarray(begin, end)].map((h, n) => h - lo[begin + n]!);
      expect([Math.min(...counts), Math.max(...counts)]).toEqual(
        end > begin ? [least, most] : [Infinity, -Infinity],
      );
      expect(begin).toBe(0);
      // Only what lies after the last frame's cell has none.
      const perPixel = (cellPosition(info, t1) - cellPosition(info, t0)) / width;
      const known = (info.n_frames - cellPosition(info, t0)) / perPixel;
      expect(end).toBeGreaterThanOrEqual(Math.min(width, Math.floor(known)));
      const taken = new Set<number>();
      for (let x = begin; x < end; x++) for (let c = lo[x]!; c < hi[x]!; c++) taken.add(c);
      const inOrder = lo.subarray(begin, end).every((c, n) => n === 0 || c >= lo[begin + n - 1]!);
      expect(inOrder).toBe(true);
      const [p0, p1] = [cellPosition(info, t0), cellPosition(info, t1)];
      const lost = [...borders.subarray(0, -1)].filter((border, c) => {
        const middle = (border + borders[c + 1]!) / 2;
        return middle >= p0 && middle < p1 && !taken.has(c);
      });
      expect(lost).toEqual([]);
    }
  });
});
