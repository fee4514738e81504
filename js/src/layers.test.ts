import { describe, expect, it } from "vitest";
import { limitsOf } from "./layerpanes";
import { colorRange, layerKeys, namesOf, rowsOf } from "./layers";
import { infoOf } from "./testing";
import type { Bins, Layer } from "./types";

const layerOf = (bins: Bins, more: Partial<Layer> = {}): Layer => ({
  id: "layer3",
  name: "matrix",
  info: { ...infoOf({ nBins: 3 }).spectrogram, n_frames: 5000, levels: 5, bins },
  limits: [0, 1],
  colormap: null,
  ...more,
});

describe("rows of a layer", () => {
  it("are even, and frequencies are their names", () => {
    const layer = layerOf({ kind: "list", hz: [100, 1000, 12_500] });
    expect(rowsOf(layer).bins.kind).toBe("index");
    expect(rowsOf(layer)).toBe(rowsOf(layer));
    expect(namesOf(layer)).toEqual(["100 Hz", "1 kHz", "13 kHz"]);
    expect(namesOf(layerOf({ kind: "linear", step: 250 }))).toEqual(["0 Hz", "250 Hz", "500 Hz"]);
  });
  it("keep the names they have", () => {
    const names = ["C", "D", "E"];
    expect(namesOf(layerOf({ kind: "index", label: "pitch", names }))).toEqual(names);
    expect(namesOf(layerOf({ kind: "index", label: "coefficient" }))).toBeNull();
  });
});

describe("layerKeys", () => {
  const layer = layerOf({ kind: "index", label: "row" });

  it("asks for the coarsest of all and the right level of what is seen, under the layer's own name", () => {
    const keys = layerKeys([layer], "mix", { t0: 100, t1: 200, duration: 500 }, 1000);
    expect(new Set(keys.map((key) => key.layer))).toEqual(new Set(["layer3/mix"]));
    expect(keys[0]?.level).toBe(4);
    // 100 s of 10 frames a second in 1000 pixels: each frame is a pixel.
    const fine = keys.filter(({ level }) => level === 0);
    expect(fine.map(({ index }) => index).sort()).toEqual([3, 4, 5, 6, 7]);
  });
  it("asks for nothing twice", () => {
    const keys = layerKeys([layer], "0", { t0: 0, t1: 500, duration: 500 }, 100);
    const names = keys.map((key) => `${key.level}:${key.index}`);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("limitsOf", () => {
  it("says values and their unit", () => {
    const bins: Bins = { kind: "index", label: "row" };
    expect(limitsOf(layerOf(bins, { limits: [-80, 0] }))).toBe("−80 – 0 dBFS");
    const { info } = layerOf(bins);
    // Tiles have dB with ref = 1.0, people read those below full scale.
    expect(colorRange(layerOf(bins, { limits: [-80, 0] }))).toEqual([-70, 10]);
    expect(colorRange(layerOf(bins, { info: { ...info, unit: "" } }))).toEqual([0, 1]);
    expect(limitsOf(layerOf(bins, { info: { ...info, unit: "" } }))).toBe("0.00 – 1.00");
  });
});
