import { describe, expect, it } from "vitest";
import { IntervalIndex } from "./intervals";
import { marksOf, thinned, UNLABELLED } from "./marks";
import type { Row } from "./protocol";
import { seeded } from "./seeded";

const row = (id: string, more: Partial<Row> = {}): Row => ({
  id,
  recording: "a.wav",
  channel: null,
  tier: "",
  start: 1,
  end: 2,
  low_freq: null,
  high_freq: null,
  label: "song",
  score: null,
  source: "manual",
  status: "accepted",
  annotator: "",
  note: "",
  created_at: null,
  updated_at: null,
  ...more,
});
const state = {
  labels: [{ name: "song", color: "#123456", key: "1" }],
  previews: [],
  activeLabel: "song",
  isPending: (id: string) => id === "b",
  banded: true,
};

describe("marksOf", () => {
  it("draws rows in time, in the colours of their labels", () => {
    const marks = marksOf([row("a"), row("b", { label: "?", status: "draft" })], state);
    expect(marks).toMatchObject([
      { id: "a", color: "#123456", draft: false, pending: false },
      { id: "b", color: UNLABELLED, draft: true, pending: true },
    ]);
  });
  it("leaves out labels of the whole recording, and what was rejected", () => {
    const rows = [row("a", { start: null, end: null }), row("b", { status: "rejected" })];
    expect(marksOf(rows, state)).toEqual([]);
  });
  it("draws a box over the full height where rows are no frequencies", () => {
    const box = row("a", { low_freq: 100, high_freq: 200 });
    expect(marksOf([box], state)).toMatchObject([{ low_freq: 100, high_freq: 200 }]);
    const bare = { ...state, banded: false };
    expect(marksOf([box], bare)).toMatchObject([{ low_freq: null, high_freq: null }]);
  });
  it("shows what is dragged where it is, and what is drawn with the chosen label", () => {
    const previews = [
      { id: "a", start: 3, end: 4, low_freq: 5, high_freq: 6 },
      { id: null, start: 7, end: 8, low_freq: null, high_freq: null },
    ];
    expect(marksOf([row("a")], { ...state, previews })).toMatchObject([
      { id: "a", start: 3, end: 4, low_freq: 5, label: "song" },
      { id: null, start: 7, label: "song", color: "#123456" },
    ]);
  });
});

describe("thinned", () => {
  const r = seeded(1);
  const many = Array.from({ length: 30_000 }, (_, i) => {
    const start = r.between(0, 86_400);
    return row(`r${i}`, { start, end: start + r.magnitude(0.05, 100) });
  });
  const index = new IntervalIndex();
  index.reset(many);
  const never = () => false;

  it("leaves few as they are", () => {
    const few = many.slice(0, 2000);
    expect(thinned(few, 0.001, never)).toBe(few);
  });

  it("leaves no more than can be drawn, spread over the whole window", () => {
    for (const pixel of [1e-3, 0.1, 80, 500]) {
      const kept = thinned(index.touching(0, 86_400), pixel, never);
      expect(kept.length).toBeLessThanOrEqual(2000);
      expect(kept.length).toBeGreaterThan(200);
      const hours = new Set(kept.map(({ start }) => Math.floor(start! / 3600)));
      expect(hours.size).toBe(24);
    }
  });

  it("leaves out the same ones wherever the window lies", () => {
    const pick = (t0: number, t1: number) => {
      const kept = thinned(index.touching(t0, t1), 20, never);
      const inside = kept.filter(({ start }) => start! > 30_000 && start! < 60_000);
      return inside.map(({ id }) => id);
    };
    expect(pick(20_000, 70_000)).toEqual(pick(20_500, 70_500));
    expect(pick(20_000, 70_000).length).toBeGreaterThan(500);
  });

  it("keeps those that are asked for, unless they are too many as well", () => {
    const wanted = new Set(many.slice(500, 800).map(({ id }) => id));
    const kept = thinned(index.touching(0, 86_400), 80, ({ id }) => wanted.has(id));
    expect(kept.filter(({ id }) => wanted.has(id))).toHaveLength(300);
    const all = thinned(index.touching(0, 86_400), 80, () => true);
    expect(all.length).toBeLessThanOrEqual(4000);
  });
});
