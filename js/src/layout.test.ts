import { describe, expect, it } from "vitest";
import { contains, layout, overlap } from "./layout";

describe("layout", () => {
  const sizes = [0, 30, 120, 260, 420, 800, 2400].flatMap((width) =>
    [0, 20, 90, 380, 2000].map((height) => ({ width, height })),
  );
  const channelSets = [["0"], ["mix"], ["0", "1"], ["0", "1", "2", "3", "4", "5", "6", "7"]];

  it("has no negative size, no overlap, and one horizontal extent", () => {
    for (const size of sizes) {
      for (const channels of channelSets) {
        const layers = channels.map((channel) => `layer${channel}`);
        const places = layout({ ...size, channels, waveShare: 0.3, layers });
        const panes = [...places.panes, ...places.layers];
        expect(places.layers.map(({ id }) => id)).toEqual(layers);
        const rects = [places.overview, places.timeAxis, ...panes.map(({ rect }) => rect)];
        for (const rect of rects) {
          expect(rect.width).toBeGreaterThanOrEqual(0);
          expect(rect.height).toBeGreaterThanOrEqual(0);
          expect(rect.x).toBe(places.plot.x);
          expect(rect.width).toBe(places.plot.width);
        }
        for (const [i, a] of rects.entries()) {
          for (const b of rects.slice(i + 1)) expect(overlap(a, b)).toBe(false);
        }
      }
    }
  });

  it("gives each channel a waveform and a spectrogram, the waveforms first", () => {
    const { panes } = layout({ width: 800, height: 400, channels: ["0", "1"], waveShare: 0.25 });
    expect(panes.map(({ kind, channel }) => kind + channel)).toEqual([
      "wave0",
      "wave1",
      "spec0",
      "spec1",
    ]);
  });

  it("ends at the time axis and within the height", () => {
    const places = layout({ width: 800, height: 400, channels: ["0"], waveShare: 0.25 });
    const last = places.panes.at(-1);
    expect(places.timeAxis.y).toBe((last?.rect.y ?? 0) + (last?.rect.height ?? 0));
    expect(places.timeAxis.y + places.timeAxis.height).toBe(400);
  });

  it("leaves the colour bar out where it is narrow", () => {
    const at = (width: number) => layout({ width, height: 380, channels: ["0"], waveShare: 0.3 });
    expect(at(300).colorbar).toBeNull();
    const bar = at(600).colorbar;
    expect(bar && bar.x + bar.width).toBeLessThan(600);
  });

  it("counts the left and upper border as inside, the others not", () => {
    const rect = { x: 10, y: 20, width: 5, height: 5 };
    expect(contains(rect, 10, 20)).toBe(true);
    expect(contains(rect, 15, 20)).toBe(false);
    expect(contains(rect, 10, 25)).toBe(false);
  });
});
