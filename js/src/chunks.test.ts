import { beforeEach, describe, expect, it, vi } from "vitest";
import { modelChannel } from "./channel";
import { AudioChunks } from "./chunks";
import { Scope } from "./scope";
import { FakeModel, infoOf, type Sent } from "./testing";

const SIZE = 500;
const BYTES = 2 * SIZE;

let scope: Scope;
let model: FakeModel;
let chunks: AudioChunks;

function make(maxBytes?: number, channels = 1): void {
  scope = new Scope();
  model = new FakeModel(infoOf({ sr: 1000, nSamples: 2300, nChannels: channels }));
  chunks = new AudioChunks(modelChannel(model, scope), model.get("_info"), maxBytes);
}

beforeEach(() => make());

const settle = () => new Promise((resolve) => setTimeout(resolve));

function answer({ id, start, stop, channel }: Sent, options: { shift?: number } = {}): void {
  const n_channels = channel === "all" && model.get("_info").n_channels === 2 ? 2 : 1;
  const n = stop - start;
  const data = Int16Array.from({ length: n * n_channels }, (_, i) =>
    i < n ? start + i : -(start + i - n),
  );
  const shift = options.shift ?? 0;
  const fields = { channel, start: start + shift, stop: stop + shift, n_channels };
  model.tell({ v: 1, type: "audio.data", id, ...fields }, [new DataView(data.buffer)]);
}

async function fetchChunks(...indices: number[]): Promise<void> {
  const before = model.sent.length;
  chunks.want(indices);
  for (const message of model.sent.slice(before)) answer(message);
  await settle();
}

describe("chunks", () => {
  it("are asked for once, the last one as short as it is, and none beyond", async () => {
    chunks.want([0, 1, 1, 4, 5]);
    chunks.want([0, 4]);
    expect(model.sent.map(({ start, stop }) => [start, stop])).toEqual([
      [0, 500],
      [500, 1000],
      [2000, 2300],
    ]);
    for (const message of model.sent) answer(message);
    await settle();
    chunks.want([0, 1, 4]);
    expect(model.sent).toHaveLength(3);
    expect([0, 1, 2, 4].map((index) => chunks.has(index))).toEqual([true, true, false, true]);
  });

  it("give their samples across borders, by channel, between -1 and 1", async () => {
    make(undefined, 2);
    await fetchChunks(0, 1, 4);
    expect(chunks.channels).toBe(2);
    const spans = [
      { start: 498, stop: 502 },
      { start: 2299, stop: 2300 },
    ];
    const level = (sample: number) => Math.fround(sample / 32_768);
    expect([...chunks.samples(spans, 0)]).toEqual([498, 499, 500, 501, 2299].map(level));
    expect([...chunks.samples(spans, 1)]).toEqual([-498, -499, -500, -501, -2299].map(level));
    expect(() => chunks.samples([{ start: 1100, stop: 1101 }], 0)).toThrow(RangeError);
  });

  it("of more channels than two are of one: their mix", async () => {
    make(undefined, 3);
    await fetchChunks(0);
    expect([chunks.channels, chunks.has(0), chunks.problem(0)]).toEqual([1, true, null]);
  });

  it("are taken from sound that nobody asked for, as far as they lie in it", async () => {
    make(undefined, 2);
    const arrived = vi.fn();
    chunks.onArrive(arrived, scope);
    chunks.want([4]);
    const offer = (start: number, stop: number, channel: "all" | number, n_channels: number) => {
      const samples = Int16Array.from({ length: n_channels * (stop - start) }, (_, i) => {
        const c = Math.floor(i / (stop - start));
        return (c === 0 ? 1 : -1) * (start + (i % (stop - start)));
      });
      chunks.offer({ type: "audio.data", id: null, channel, start, stop, n_channels, samples });
    };
    offer(300, 1700, "all", 2);
    const held = () => [0, 1, 2, 3, 4].map((index) => chunks.has(index));
    expect(held()).toEqual([false, true, true, false, false]);
    expect(arrived).toHaveBeenCalledTimes(1);
    offer(0, 2300, "all", 2);
    expect(held()).toEqual([true, true, true, true, true]);
    const spans = [
      { start: 499, stop: 501 },
      { start: 2299, stop: 2300 },
    ];
    expect([...chunks.samples(spans, 0)]).toEqual([499, 500, 2299].map((i) => i / 32_768));
    expect([...chunks.samples(spans, 1)]).toEqual([-499, -500, -2299].map((i) => i / 32_768));
    chunks.want([0, 1, 2, 3, 4]);
    expect(model.sent).toHaveLength(1);
    chunks.hear(1);
    expect(chunks.has(0)).toBe(false);
    offer(0, 2300, 1, 2);
    expect(chunks.has(0)).toBe(false);
    offer(0, 2300, 1, 1);
    expect(chunks.has(0)).toBe(true);
  });

  it("that come again take no more room than once", async () => {
    make(2 * BYTES);
    await fetchChunks(0, 1);
    for (let i = 0; i < 5; i++) answer(model.sent[0]!);
    const samples = new Int16Array(SIZE);
    for (let i = 0; i < 5; i++) {
      const fields = { id: null, channel: "all", start: 0, stop: SIZE, n_channels: 1 } as const;
      chunks.offer({ type: "audio.data", ...fields, samples });
    }
    expect([chunks.has(0), chunks.has(1)]).toEqual([true, true]);
  });

  it("of another channel are others", async () => {
    make(undefined, 2);
    await fetchChunks(0);
    chunks.hear(1);
    expect([chunks.has(0), chunks.channels]).toEqual([false, 1]);
    chunks.want([0]);
    expect(model.sent.at(-1)!.channel).toBe(1);
    chunks.hear("all");
    expect(chunks.has(0)).toBe(true);
  });

  it("stay within the bytes, the least recently heard leaving first", async () => {
    make(2 * BYTES);
    await fetchChunks(0, 1);
    chunks.samples([{ start: 0, stop: 1 }], 0);
    await fetchChunks(2);
    expect([0, 1, 2].map((index) => chunks.has(index))).toEqual([true, false, true]);
  });

  it("that fail are not asked for again before they are forgiven, and say why", async () => {
    const arrived = vi.fn();
    chunks.onArrive(arrived, scope);
    chunks.want([0]);
    model.tell({
      v: 1,
      type: "error",
      id: model.sent[0]!.id,
      code: "audio",
      message: "unreadable",
    });
    await settle();
    chunks.want([0]);
    expect(model.sent).toHaveLength(1);
    expect([chunks.problem(0), chunks.problem(1)]).toEqual(["unreadable", null]);
    expect(arrived).toHaveBeenCalledTimes(1);
    chunks.forgive();
    await fetchChunks(0);
    expect([chunks.problem(0), chunks.has(0)]).toEqual([null, true]);
  });

  it("that are not what was asked for are refused", async () => {
    chunks.want([0]);
    answer(model.sent[0]!, { shift: 1 });
    await settle();
    expect(chunks.problem(0)).toContain("other samples than 0 to 500");
  });

  it("of a recording that has gone are forgotten, on their way too", async () => {
    await fetchChunks(0);
    chunks.want([1]);
    chunks.setInfo({ ...model.get("_info"), name: "other" });
    answer(model.sent.at(-1)!);
    await settle();
    expect([chunks.has(0), chunks.has(1)]).toEqual([false, false]);
    chunks.want([1]);
    expect(model.sent).toHaveLength(3);
  });
});
