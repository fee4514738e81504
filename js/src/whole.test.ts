import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Channel, modelChannel } from "./channel";
import { FakeContext } from "./fakeaudio";
import { Player } from "./player";
import { keyString } from "./pyramid";
import { Scope } from "./scope";
import { bytesOf, FakeModel, infoOf, type Sent } from "./testing";
import { TileStore } from "./tiles";
import type { Info, TileKey } from "./types";
import { Whole, wholeKeys } from "./whole";

const N_BINS = 5;
const QUIET = 500;

function info(options: { channels?: number; whole?: Info["whole"] } = {}): Info {
  const { channels = 1, whole = ["picture", "samples", "sound"] } = options;
  const plain = infoOf({ nBins: N_BINS, nChannels: channels, sr: 8000, nSamples: 40_000 });
  return {
    ...plain,
    whole,
    spectrogram: { ...plain.spectrogram, n_frames: 400, levels: 2 },
  };
}

describe("the keys of a short recording", () => {
  const names = (...args: Parameters<typeof wholeKeys>) => wholeKeys(...args).map(keyString);
  const coarse = ["wave/0:6:0", "spec/0:1:0", "spec/0:0:0", "spec/0:0:1"];

  it("are all its tiles, coarse ones first", () => {
    expect(names(info(), "all")).toEqual([...coarse, "wave/0:0:0", "wave/0:0:1", "wave/0:0:2"]);
    expect(names(info({ whole: ["picture"] }), "mix")).toEqual(coarse);
    expect(names(info({ whole: [] }), "all")).toEqual([]);
  });

  it("are of what is shown, and of the strip above it", () => {
    const two = info({ channels: 2, whole: ["picture"] });
    const layers = (shown: "all" | "mix" | number) => [
      ...new Set(wholeKeys(two, shown).map(({ layer }) => layer)),
    ];
    expect(layers("all")).toEqual(["wave/0", "wave/1", "wave/mix", "spec/0", "spec/1"]);
    expect(layers(1)).toEqual(["wave/1", "spec/1"]);
    expect(layers("mix")).toEqual(["wave/mix", "spec/mix"]);
  });
});

describe("a short recording", () => {
  let scope: Scope;
  let model: FakeModel;
  let channel: Channel;
  let tiles: TileStore;
  let shown: "all" | "mix" | number;
  let changed: () => void;

  const sentOf = (type: string): Sent[] => model.sent.filter((message) => message.type === type);
  const asked = () => sentOf("tiles.get").flatMap(({ keys }) => keys.map(String));
  const give = (id: string | null, keys: readonly TileKey[]) =>
    model.tell(
      {
        v: 1,
        type: "tile.data",
        id,
        epoch: 0,
        tiles: keys.map((key) => ({ ...key, columns: 1, exact: true })),
        last: true,
      },
      keys.map(({ layer, level }) => {
        return bytesOf(layer.startsWith("spec") ? N_BINS : level === 0 ? 4 : 12);
      }),
    );
  const answerAll = () => {
    for (const { id, keys } of sentOf("tiles.get")) {
      give(
        id,
        keys.map(([layer, level, index]: [string, number, number]) => ({ layer, level, index })),
      );
    }
  };

  function make(known: Info): void {
    scope = new Scope();
    model = new FakeModel(known);
    channel = modelChannel(model, scope);
    tiles = new TileStore(channel, scope, { soon: (callback) => scope.timeout(callback, 1) });
    const player = new Player(channel, model.get("_info"), scope, {
      createContext: () => new FakeContext(8000).asContext(),
    });
    shown = "all";
    const traits = {
      get: (name: string) => (name === "channel" ? shown : model.get("_info")),
      on: (_names: readonly string[], callback: () => void) => {
        changed = callback;
      },
    };
    tiles.setEpoch(0, N_BINS);
    new Whole({ channel, tiles, player, traits: traits as never }, scope);
  }

  beforeEach(() => {
    vi.useFakeTimers();
    make(info());
  });
  afterEach(() => {
    scope.dispose();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  const giveSound = (n_channels: number) =>
    model.tell(
      {
        ...{ v: 1, type: "audio.data", id: null, channel: "all" },
        ...{ start: 0, stop: 40_000, n_channels },
      },
      [bytesOf(n_channels * 80_000)],
    );
  const all = () => wholeKeys(model.get("_info"), shown);
  const quiet = () => vi.advanceTimersByTime(QUIET + 10);

  it("is left alone as long as nothing is shown", () => {
    vi.advanceTimersByTime(60_000);
    expect(model.sent).toEqual([]);
  });

  it("is fetched when a first tile has come and nothing more comes, then its sound", () => {
    give(null, all().slice(0, 1));
    vi.advanceTimersByTime(QUIET - 10);
    give(null, all().slice(1, 2));
    vi.advanceTimersByTime(QUIET - 10);
    expect(model.sent).toEqual([]);
    quiet();
    expect(asked()).toEqual(
      all()
        .slice(2)
        .map(({ layer, level, index }) => String([layer, level, index])),
    );
    expect(sentOf("audio.get")).toEqual([]);
    answerAll();
    quiet();
    expect(sentOf("audio.get").map(({ start }) => start)).toEqual(
      Array.from({ length: 10 }, (_, i) => 4000 * i),
    );
    quiet();
    expect(sentOf("audio.get")).toHaveLength(10);
  });

  it("that the kernel has sent is not asked for", () => {
    give(null, all());
    giveSound(1);
    vi.advanceTimersByTime(60_000);
    expect(model.sent).toEqual([]);
  });

  it("waits while the kernel is busy", () => {
    tiles.want({}, { needed: all().slice(1, 2), ahead: [] });
    vi.advanceTimersByTime(2000);
    expect(channel.busy).toBe(true);
    give(null, all().slice(0, 1));
    vi.advanceTimersByTime(60_000);
    expect(sentOf("tiles.get")).toHaveLength(1);
    answerAll();
    quiet();
    expect(asked()).toHaveLength(all().length - 1);
  });

  it("is fetched anew when something else of it is shown", () => {
    scope.dispose();
    make(info({ channels: 2 }));
    give(null, all());
    giveSound(2);
    quiet();
    expect(model.sent).toEqual([]);
    shown = "mix";
    changed();
    quiet();
    const missing = all().filter(({ layer, level }) => layer === "spec/mix" || level === 0);
    expect(asked()).toEqual(missing.map((key) => String(Object.values(key))));
    answerAll();
    quiet();
    expect(sentOf("audio.get").at(-1)).toMatchObject({ channel: "mix" });
  });
});
