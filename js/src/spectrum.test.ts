import { afterEach, describe, expect, it } from "vitest";
import { modelChannel } from "./channel";
import { Scope } from "./scope";
import { type Aim, Spectra, targetOf } from "./spectrum";
import { levelRange, nearest } from "./spectrumpaint";
import { peaksText, titleOf } from "./spectrumpanel";
import { FakeModel, infoOf } from "./testing";

const info = infoOf({ nBins: 65, sr: 1000, nSamples: 10_000, epoch: 3 });
const aim = (more: Partial<Aim> = {}): Aim => ({
  info,
  pointer: null,
  selection: null,
  position: 5,
  channel: "mix",
  ...more,
});

describe("targetOf", () => {
  it("takes the pointer before the selection before the playhead", () => {
    const pointer = { time: 2, channel: 0 } as const;
    const selection = [3, 4] as const;
    expect(targetOf(aim({ pointer, selection }))).toMatchObject({ of: "pointer", channel: 0 });
    expect(targetOf(aim({ selection }))).toMatchObject({ of: "selection", start: 3, end: 4 });
    const at = targetOf(aim());
    expect(at).toMatchObject({ of: "playhead", epoch: 3, channel: "mix" });
    expect(((at?.start ?? 0) + (at?.end ?? 0)) / 2).toBeCloseTo(5);
    expect((at?.end ?? 0) - (at?.start ?? 0)).toBeCloseTo(0.128);
  });
  it("stays within the recording, and has a length", () => {
    for (const time of [-1, 0, 0.01, 9.999, 10, 12]) {
      const target = targetOf(aim({ position: time }));
      expect(target?.start).toBeGreaterThanOrEqual(0);
      expect(target?.end).toBeLessThanOrEqual(10);
      expect((target?.end ?? 0) - (target?.start ?? 0)).toBeCloseTo(0.128);
    }
    const point = targetOf(aim({ selection: [10, 10] }));
    expect((point?.end ?? 0) - (point?.start ?? 0)).toBeCloseTo(0.016);
  });
});

describe("Spectra", () => {
  const scope = new Scope();
  afterEach(() => scope.dispose());

  it("has one request out, and asks for the last wish when it ends", async () => {
    const model = new FakeModel(info);
    const spectra = new Spectra(modelChannel(model, scope), scope, () => {});
    const asked = () => model.sent.filter(({ type }) => type === "spectrum.get");
    const at = (position: number) => targetOf(aim({ position }));
    for (const position of [1, 2, 3]) spectra.want(at(position));
    expect(asked()).toHaveLength(1);
    const answer = async () => {
      const { id, start, end } = asked().at(-1)!;
      model.tell(
        {
          v: 1,
          type: "spectrum.data",
          id,
          start,
          end,
          channel: "mix",
          n: 2,
          n_fft: 128,
          n_frames: 1,
          peaks: [[100, -3]],
        },
        [new DataView(Float32Array.of(0, 500, -90, -80).buffer)],
      );
      await Promise.resolve();
      await Promise.resolve();
    };
    await answer();
    expect(spectra.shown?.data.peaks).toEqual([{ freq: 100, db: -3 }]);
    expect(asked()).toHaveLength(2);
    expect(asked()[1]?.["start"]).toBeCloseTo(3 - 0.064);
    await answer();
    spectra.want(at(3));
    expect(asked()).toHaveLength(2);
  });
});

describe("the picture of a spectrum", () => {
  it("has an axis that holds it, and does not shrink", () => {
    const quiet = levelRange(Float32Array.of(-100, -120, Number.NaN), null);
    expect(quiet[0]).toBeLessThanOrEqual(-130);
    const loud = levelRange(Float32Array.of(-1, -60), quiet);
    expect(loud).toEqual([quiet[0], 20]);
    expect(levelRange(Float32Array.of(Number.NaN), null)).toEqual([-80, -20]);
  });
  it("finds the nearest number", () => {
    const numbers = Float32Array.of(0, 10, 20);
    expect([-5, 4, 6, 14, 16, 99].map((value) => nearest(numbers, value))).toEqual([
      0, 0, 1, 1, 2, 2,
    ]);
  });
  it("is told in words", () => {
    const target = { epoch: 0, start: 1.2, end: 1.45, channel: 0, of: "selection" } as const;
    expect(titleOf(target, 2048, 12)).toBe("Selection: 1.200 s – 1.450 s, mean of 12 FFTs of 2048");
    expect(titleOf(target, 2048, 1)).toContain("FFT of 2048");
    expect(peaksText([{ freq: 1000.04, db: -6.02 }])).toBe(
      "Spectrum; highest peaks: 1 kHz at −6.0 dB",
    );
    expect(peaksText([])).toContain("without");
  });
});
