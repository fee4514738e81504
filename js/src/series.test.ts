import { afterEach, describe, expect, it } from "vitest";
import { type Channel, modelChannel } from "./channel";
import { Scope } from "./scope";
import { columnsFor, SeriesLines, type Sight, suffices } from "./series";
import { columnsBetween, roundEnds, seriesAxes } from "./seriesaxes";
import { FakeModel, infoOf } from "./testing";
import type { OverlayLine } from "./types";

const line = (id: string, more: Partial<OverlayLine> = {}): OverlayLine => ({
  id,
  overlay: "a",
  name: id,
  unit: "",
  color: null,
  limits: null,
  axis: "own",
  ...more,
});
const sight = (t0: number, t1: number): Sight => ({ t0, t1, width: 1000, duration: 600 });

describe("columnsFor", () => {
  it("has columns that stay where they are while the window moves", () => {
    for (let i = 0; i < 50; i++) {
      const { start, end, columns } = columnsFor(sight(10 + i * 0.0137, 12 + i * 0.0137));
      const step = (end - start) / columns;
      expect(step).toBe(2 ** -9);
      expect(start / step).toBe(Math.round(start / step));
    }
  });
  it("gives what is seen, a little more, and nothing before the start", () => {
    const asked = columnsFor(sight(0, 10));
    expect(asked.start).toBe(0);
    expect(asked.end).toBeGreaterThanOrEqual(15);
    expect(suffices(asked, sight(0, 10))).toBe(true);
    expect(suffices(asked, sight(2, 12))).toBe(true);
    expect(suffices(asked, sight(8, 18))).toBe(false);
    expect(suffices(asked, sight(0, 2))).toBe(false);
    expect(suffices(columnsFor(sight(599, 600)), sight(599, 600))).toBe(true);
  });
});

describe("SeriesLines", () => {
  const scope = new Scope();
  afterEach(() => scope.dispose());

  it("has one request of a line out, asks on until it is complete, and forgets lines that go", async () => {
    const model = new FakeModel(infoOf({}));
    const channel: Channel = modelChannel(model, scope);
    const lines = new SeriesLines(channel, scope);
    let told = 0;
    lines.onChange(() => {
      told += 1;
    }, scope);
    const asked = () => model.sent.filter(({ type }) => type === "series.get");
    const answer = async (complete: boolean) => {
      const last = asked().at(-1)!;
      const { id, series, start, end, columns } = last;
      const data = new Float32Array(3 * columns).fill(0.5);
      model.tell({ v: 1, type: "series.data", id, series, start, end, columns, complete }, [
        new DataView(data.buffer),
      ]);
      await Promise.resolve();
      await Promise.resolve();
    };
    lines.setLines([line("o0.0")]);
    expect(asked()).toHaveLength(0);
    lines.want(sight(0, 10));
    for (let t = 0; t < 5; t++) lines.want(sight(t, 10 + t));
    expect(asked()).toHaveLength(1);
    await answer(false);
    expect(told).toBe(1);
    expect(lines.shown[0]?.drawn?.mean[0]).toBe(0.5);
    expect(asked()).toHaveLength(2);
    await answer(true);
    expect(asked()).toHaveLength(2);
    // The old columns are shown until the new ones are there.
    lines.want(sight(300, 310));
    expect(asked()).toHaveLength(3);
    expect(lines.shown[0]?.drawn?.start).toBe(0);
    lines.setLines([line("o1.0")]);
    expect(lines.shown[0]?.drawn).toBeNull();
    expect(asked().at(-1)?.["series"]).toBe("o1.0");
  });
});

describe("seriesAxes", () => {
  const drawn = (values: number[]) => {
    const data = Float32Array.from(values);
    return {
      start: 0,
      end: values.length,
      columns: values.length,
      min: data,
      max: data,
      mean: data,
    };
  };
  const shown = (one: OverlayLine, values: number[]) => ({
    line: one,
    drawn: drawn(values),
    problem: null,
  });

  it("fits an axis to what its lines have in view, and takes given ends", () => {
    const lines = [
      shown(line("o0.0"), [0.1, 0.2, 99, Number.NaN]),
      shown(line("o0.1"), [0.1, 0.93, 0.4, Number.NaN]),
      shown(line("o1.0", { overlay: "b", limits: [-5, 5] }), [1, 2, 3, 4]),
    ];
    const [a, b] = seriesAxes(lines, 0, 1);
    expect([a?.lo, a?.hi]).toEqual([0, 1]);
    expect(a?.lines).toHaveLength(2);
    expect([b?.lo, b?.hi]).toEqual([-5, 5]);
    const looks = [a, b].flatMap((axis) => axis!.lines.map(({ color, dash }) => `${color}${dash}`));
    expect(new Set(looks).size).toBe(3);
  });
  it("has round ends that hold the values", () => {
    for (const [lo, hi] of [
      [0.013, 0.48],
      [-3, 8],
      [1e-9, 3e-9],
      [5, 5],
      [0, 0],
      [-2, -2],
    ] as const) {
      const [a, b] = roundEnds(lo, hi);
      expect(a).toBeLessThanOrEqual(lo);
      expect(b).toBeGreaterThanOrEqual(hi);
      expect(b).toBeGreaterThan(a);
    }
    expect(roundEnds(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY)).toEqual([0, 1]);
  });
  it("finds the columns in view, and none where there are none", () => {
    const ten = drawn([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(columnsBetween(ten, 4, 6)).toEqual([3, 7]);
    expect(columnsBetween(ten, 50, 60)).toEqual([10, 10]);
    expect(columnsBetween(ten, -9, -5)).toEqual([0, 0]);
  });
});
