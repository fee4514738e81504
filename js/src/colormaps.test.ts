import { describe, expect, it } from "vitest";
import { colormap, colormapNames } from "./colormaps";

const rgb = (colors: Uint8Array, i: number) => [...colors.subarray(3 * i, 3 * i + 3)];

describe("colormap", () => {
  it("knows five, both ways round", () => {
    expect(colormapNames.slice(0, 5)).toEqual(["viridis", "magma", "inferno", "cividis", "gray"]);
    expect(colormapNames).toHaveLength(10);
  });

  it("has matplotlib's ends", () => {
    expect(rgb(colormap("viridis"), 0)).toEqual([68, 1, 84]);
    expect(rgb(colormap("viridis"), 255)).toEqual([253, 231, 36]);
    expect(rgb(colormap("gray"), 128)).toEqual([128, 128, 128]);
  });

  it("turns round colour by colour", () => {
    for (const name of colormapNames.slice(0, 5)) {
      const [there, back] = [colormap(name), colormap(`${name}_r`)];
      expect(there).toHaveLength(768);
      for (let i = 0; i < 256; i++) expect(rgb(back, i)).toEqual(rgb(there, 255 - i));
    }
  });

  it("is made once, and viridis for a name it does not know", () => {
    expect(colormap("magma_r")).toBe(colormap("magma_r"));
    for (const name of ["jet", "", "_r", "constructor", "jet_r"]) {
      expect(colormap(name)).toBe(colormap("viridis"));
    }
  });
});
