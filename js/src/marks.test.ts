import { describe, expect, it } from "vitest";
import { marksOf, UNLABELLED } from "./marks";
import type { Row } from "./protocol";

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
