import { describe, expect, it } from "vitest";
import { seeded } from "./seeded";
import type { WaveColumns } from "./wave";
import { paintWave, tintColumns, type WaveInk } from "./wavepaint";

const INK: WaveInk = { pane: 0xff000000, zero: null, rms: null, wave: 0xffffffff };

const columnsOf = (min: number[], max: number[], rms = min.map(() => 0)): WaveColumns => ({
  min: Float32Array.from(min),
  max: Float32Array.from(max),
  rms: Float32Array.from(rms),
  level: 6,
  missing: 0,
  estimated: false,
});

interface Options {
  readonly ink?: Partial<WaveInk>;
  readonly ratio?: number;
  readonly tints?: Uint32Array | null;
}

/** Rows of pixels, top first. */
function paint(
  columns: WaveColumns,
  height: number,
  { ink = {}, ratio = 1, tints = null }: Options = {},
) {
  const width = columns.min.length;
  const out = new Uint32Array(width * height).fill(0x12345678);
  paintWave(columns, { ink: { ...INK, ...ink }, amplitude: 1, ratio, tints }, height, out);
  return Array.from({ length: height }, (_, y) => [...out.subarray(y * width, (y + 1) * width)]);
}

describe("paintWave", () => {
  it("covers as much of each column as lies between its extremes, and half a pixel more", () => {
    const r = seeded(1);
    for (let i = 0; i < 300; i++) {
      const height = r.integer(4, 60);
      const [min, max] = [r.between(-1, 1), r.between(-1, 1)].sort((a, b) => a - b) as [
        number,
        number,
      ];
      const rows = paint(columnsOf([min], [max]), height);
      const y = (value: number) => (height * (1 - value)) / 2;
      const [top, bottom] = [Math.max(0, y(max) - 0.5), Math.min(height, y(min) + 0.5)];
      let light = 0;
      rows.forEach(([pixel], at) => {
        expect(pixel! >>> 24).toBe(255);
        const gray = pixel! & 255;
        expect((pixel! >>> 8) & 255).toBe(gray);
        expect((pixel! >>> 16) & 255).toBe(gray);
        const covered = Math.max(0, Math.min(bottom, at + 1) - Math.max(top, at));
        expect(gray / 255).toBeCloseTo(covered, 1.9);
        light += gray / 255;
      });
      expect(light).toBeGreaterThan(0.45);
    }
  });

  it("shows the pane where nothing is known, whatever was there before", () => {
    const rows = paint(columnsOf([Number.NaN, -1], [Number.NaN, 1]), 5);
    expect(rows.map(([left]) => left)).toEqual(Array(5).fill(INK.pane));
    expect(rows.map((row) => row[1])).toEqual(Array(5).fill(INK.wave));
  });

  it("draws silence as a line, over the line at zero, as thick as a CSS pixel", () => {
    const ink = { zero: 0xff808080 };
    for (const ratio of [1, 2]) {
      const rows = paint(columnsOf([0, Number.NaN], [0, Number.NaN]), 20, { ink, ratio });
      expect(rows.filter(([wave]) => wave !== INK.pane).length).toBeGreaterThanOrEqual(ratio);
      expect(rows.filter((row) => row[1] === ink.zero)).toHaveLength(ratio);
    }
  });

  it("draws the level within the extremes, and a tint in the place of both", () => {
    const ink = { rms: 0xff0000ff };
    const columns = columnsOf([-1, -1], [1, 1], [0.5, 0.5]);
    const rows = paint(columns, 8, { ink, tints: Uint32Array.of(0, 0xff00ff00) });
    const [W, R, G] = [INK.wave, ink.rms, 0xff00ff00];
    expect(rows.map(([left]) => left)).toEqual([W, W, R, R, R, R, W, W]);
    expect(rows.map((row) => row[1])).toEqual(Array(8).fill(G));
  });

  it("stays within its rows when the sound is louder than the axis", () => {
    const rows = paint(columnsOf([-9], [9], [5]), 6);
    expect(rows.flat()).toEqual(Array(6).fill(INK.wave));
  });
});

describe("tintColumns", () => {
  it("colours what an annotation covers, the last one on top, and leaves slivers alone", () => {
    const spans = [
      { from: -5, to: 3.2, color: 1 },
      { from: 2, to: 4, color: 2 },
      { from: 5, to: 5.5, color: 3 },
      { from: 6.4, to: 99, color: 4 },
    ];
    expect([...tintColumns(8, spans)]).toEqual([1, 1, 2, 2, 0, 0, 4, 4]);
    expect([...tintColumns(3, [])]).toEqual([0, 0, 0]);
  });
});
