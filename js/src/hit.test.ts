import { describe, expect, it } from "vitest";
import { cursorFor, type Hit, hitTest, type Scene } from "./hit";
import { layout } from "./layout";
import { freqScale, timeScale } from "./scales";
import type { Shape } from "./shapes";

const places = layout({ width: 1000, height: 400, channels: ["0"], waveShare: 0.25 });

function scene(rows: (Shape & { id: string })[], selected: string[] = []): Scene {
  return {
    layout: places,
    time: timeScale(0, 10, places.plot.width),
    freq: freqScale("linear", 0, 8000),
    inHz: true,
    overview: timeScale(0, 100, places.plot.width),
    visible: [0, 10],
    rows,
    selected: new Set(selected),
  };
}

const [wave, spec] = places.panes;
if (!wave || !spec) throw new Error("two panes were laid out");
const x = (seconds: number) => places.plot.x + (seconds / 10) * places.plot.width;
const y = (hz: number) => spec.rect.y + (1 - hz / 8000) * spec.rect.height;
const middle = wave.rect.y + wave.rect.height / 2;

const box = { id: "box", start: 2, end: 4, low_freq: 2000, high_freq: 6000 };
const interval = { id: "interval", start: 1, end: 8, low_freq: null, high_freq: null };
const target = (hit: Hit) => (hit.zone === "pane" ? hit.target : undefined);

describe("hitTest", () => {
  it("tells the zones apart", () => {
    const at = (px: number, py: number) => hitTest(scene([]), px, py).zone;
    expect(at(x(5), middle)).toBe("pane");
    expect(at(10, middle)).toBe("amplitude-axis");
    expect(at(10, y(4000))).toBe("freq-axis");
    expect(at(x(5), places.timeAxis.y + 5)).toBe("time-axis");
    expect(at(x(5), 5)).toBe("overview");
    expect(at((places.colorbar?.x ?? 0) + 3, y(4000))).toBe("colorbar");
    expect(at(-5, -5)).toBe("none");
  });

  it("reads time and frequency where they are drawn", () => {
    const hit = hitTest(scene([]), x(3), y(1500));
    expect(hit.zone === "pane" && hit.time).toBeCloseTo(3);
    expect(hit.zone === "pane" && hit.freq).toBeCloseTo(1500);
    const above = hitTest(scene([]), x(3), middle);
    expect(above.zone === "pane" && above.freq).toBeNull();
  });

  it("finds the smallest annotation that holds the point", () => {
    const both = scene([box, interval]);
    expect(target(hitTest(both, x(3), y(4000)))?.id).toBe("box");
    expect(target(hitTest(both, x(6), y(4000)))?.id).toBe("interval");
    expect(target(hitTest(both, x(9), y(4000)))).toBeNull();
  });

  it("knows a box by its band on the spectrogram, and by its time on the waveform", () => {
    expect(target(hitTest(scene([box]), x(3), y(500)))).toBeNull();
    expect(target(hitTest(scene([box]), x(3), middle))?.id).toBe("box");
  });

  it("gives edges and corners of what is selected only", () => {
    const corner: [number, number] = [x(4) + 2, y(6000) - 2];
    expect(target(hitTest(scene([box]), ...corner))).toBeNull();
    expect(target(hitTest(scene([box], ["box"]), ...corner))).toEqual({
      id: "box",
      grip: { edge: "end", side: "high" },
    });
    const grip = (px: number, py: number) => target(hitTest(scene([box], ["box"]), px, py))?.grip;
    expect(grip(x(2) - 2, y(4000))).toEqual({ edge: "start", side: null });
    expect(grip(x(3), y(2000) + 2)).toEqual({ edge: null, side: "low" });
    expect(grip(x(3), y(4000))).toEqual({ edge: null, side: null });
  });

  it("prefers a grip of the selected over an annotation beneath", () => {
    const under = { id: "under", start: 3.9, end: 4.1, low_freq: null, high_freq: null };
    const hit = hitTest(scene([box, under], ["box"]), x(4), y(4000));
    expect(target(hit)).toEqual({ id: "box", grip: { edge: "end", side: null } });
  });

  it("lets a point be had and moved, not pulled apart", () => {
    const point = { id: "point", start: 5, end: 5, low_freq: null, high_freq: null };
    expect(target(hitTest(scene([point]), x(5) + 2, middle))?.id).toBe("point");
    expect(target(hitTest(scene([point], ["point"]), x(5), middle))?.grip).toEqual({
      edge: null,
      side: null,
    });
  });

  it("holds the window on the overview at its ends and its body", () => {
    const at = (seconds: number) => {
      const wide = { ...scene([]), visible: [20, 60] as const };
      const hit = hitTest(wide, places.plot.x + (seconds / 100) * places.plot.width, 5);
      return hit.zone === "overview" && hit.part;
    };
    expect([at(20), at(60), at(40), at(90)]).toEqual(["start", "end", "body", null]);
  });
});

describe("cursorFor", () => {
  it("tells what a press would do", () => {
    const at = (selected: string[], px: number, py: number) => {
      const seen = scene([box], selected);
      return cursorFor(hitTest(seen, px, py), seen.selected);
    };
    expect(at([], x(9), y(4000))).toBe("crosshair");
    expect(at([], x(3), y(4000))).toBe("pointer");
    expect(at(["box"], x(3), y(4000))).toBe("move");
    expect(at(["box"], x(4), y(4000))).toBe("ew-resize");
    expect(at(["box"], x(3), y(6000))).toBe("ns-resize");
    expect(at(["box"], x(4), y(6000))).toBe("nesw-resize");
    expect(at(["box"], x(2), y(6000))).toBe("nwse-resize");
  });
});
