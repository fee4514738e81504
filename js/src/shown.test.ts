import { describe, expect, it } from "vitest";
import type { Row } from "./protocol";
import { shownBy } from "./shown";
import { completeRow } from "./table";

const row = (cells: Partial<Row>) => completeRow({ id: "a", ...cells });

describe("what is shown", () => {
  it("is everything where nothing is hidden", () => {
    expect(shownBy({ labels: [], tiers: [], below: null })).toBeNull();
  });
  it("is no hidden label and no hidden tier", () => {
    const shown = shownBy({ labels: ["song"], tiers: ["words"], below: null })!;
    expect(shown(row({ label: "song" }))).toBe(false);
    expect(shown(row({ label: "call", tier: "words" }))).toBe(false);
    expect(shown(row({ label: "call" }))).toBe(true);
  });
  it("is no prediction below the threshold, and every annotation of a person", () => {
    const shown = shownBy({ labels: [], tiers: [], below: 0.5 })!;
    expect(shown(row({ score: 0.4 }))).toBe(false);
    expect(shown(row({ score: 0.5 }))).toBe(true);
    expect(shown(row({ score: null }))).toBe(true);
  });
});
