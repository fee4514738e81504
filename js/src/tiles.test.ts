import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { modelChannel } from "./channel";
import { Scope } from "./scope";
import { bytesOf, FakeModel, infoOf, type Sent } from "./testing";
import { TileStore } from "./tiles";
import type { TileKey } from "./types";

const BINS = 5;
const COLUMNS = 4;
const key = (index: number, level = 0): TileKey => ({ layer: "spec/0", level, index });
const keys = (...indices: number[]) => indices.map((index) => key(index));
const need = (needed: TileKey[], ahead: TileKey[] = []) => ({ needed, ahead });

let model: FakeModel;
let scope: Scope;
let store: TileStore;
let frames: Set<() => void>;

function make(maxBytes?: number): void {
  store = new TileStore(modelChannel(model, scope), scope, {
    ...(maxBytes === undefined ? {} : { maxBytes }),
    soon: (callback) => {
      const entry = () => callback();
      frames.add(entry);
      return () => frames.delete(entry);
    },
  });
  store.setEpoch(0, BINS);
}

beforeEach(() => {
  vi.useFakeTimers();
  frames = new Set();
  model = new FakeModel(infoOf({ nBins: BINS }));
  scope = new Scope();
  make();
});
afterEach(() => {
  scope.dispose();
  vi.useRealTimers();
});

function frame(): void {
  const due = [...frames];
  frames.clear();
  for (const callback of due) callback();
}

function tell(
  id: string | null,
  tiles: readonly TileKey[],
  options: { epoch?: number; last?: boolean; exact?: boolean; fill?: number; bins?: number } = {},
): void {
  const { epoch = 0, last = true, exact = true, fill = 0, bins = BINS } = options;
  const buffers = tiles.map(() => {
    const view = bytesOf(bins * COLUMNS);
    new Uint8Array(view.buffer).fill(fill);
    return view;
  });
  model.tell(
    {
      v: 1,
      type: "tile.data",
      id,
      epoch,
      tiles: tiles.map((k) => ({ ...k, columns: COLUMNS, exact })),
      last,
    },
    buffers,
  );
}

const sent = (type: string): Sent[] => model.sent.filter((message) => message.type === type);
const indices = (message: Sent | undefined): number[] =>
  (message?.keys ?? []).map(([, , index]: [string, number, number]) => index);
/** Lets promises settle. */
const settle = () => vi.advanceTimersByTimeAsync(0);

describe("asking", () => {
  it("is done once in a frame, for all owners, first wishes first", () => {
    const [a, b] = [{}, {}];
    store.want(a, need(keys(9)));
    store.want(a, need(keys(1, 2, 3)));
    store.want(b, need(keys(11, 2, 13)));
    expect(model.sent).toHaveLength(0);
    expect(frames.size).toBe(1);
    frame();
    expect(model.sent).toHaveLength(1);
    expect(model.sent[0]).toMatchObject({ type: "tiles.get", epoch: 0 });
    expect(indices(model.sent[0])).toEqual([1, 11, 2, 3, 13]);
    expect(store.pending).toBe(5);
  });

  it("leaves out what is there and what is out", () => {
    const owner = {};
    store.want(owner, need(keys(1, 2)));
    frame();
    tell(model.sent[0]!.id, keys(1), { last: false });
    store.want(owner, need(keys(1, 2, 3)));
    frame();
    expect(sent("tiles.get").map(indices)).toEqual([[1, 2], [3]]);
    expect(store.pending).toBe(2);
  });

  it("sends nothing when nothing is new", () => {
    const owner = {};
    store.want(owner, need(keys(1)));
    frame();
    for (let i = 0; i < 100; i++) {
      store.want(owner, need(keys(1)));
      frame();
    }
    expect(model.sent).toHaveLength(1);
  });

  it("splits what is too much for one message", () => {
    store.want({}, need(keys(...Array(1100).keys())));
    frame();
    expect(sent("tiles.get").map((m) => m.keys.length)).toEqual([512, 512, 76]);
  });

  it("waits for the first epoch", () => {
    const early = new TileStore(modelChannel(model, scope), scope, {
      soon: (callback) => {
        frames.add(callback);
        return () => frames.delete(callback);
      },
    });
    early.want({}, need(keys(1)));
    frame();
    expect(model.sent).toHaveLength(0);
    early.setEpoch(0);
    frame();
    expect(model.sent).toHaveLength(1);
  });
});

describe("what may be needed next", () => {
  it("is asked for when nothing that is needed is out", () => {
    const owner = {};
    store.want(owner, need(keys(1, 2), keys(3, 2, 4)));
    frame();
    expect(sent("tiles.get").map(indices)).toEqual([[1, 2]]);
    tell(model.sent[0]!.id, keys(1), { last: false });
    frame();
    expect(sent("tiles.get")).toHaveLength(1);
    tell(model.sent[0]!.id, keys(2));
    frame();
    expect(sent("tiles.get").map(indices)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    // It is no tile that is missed.
    expect(store.pending).toBe(0);
  });

  it("waits for what every view needs, and not for what failed", async () => {
    store.want({}, need(keys(1), keys(7)));
    store.want({}, need(keys(2)));
    frame();
    expect(sent("tiles.get").map(indices)).toEqual([[1, 2]]);
    tell(model.sent[0]!.id, keys(1), { last: false });
    model.tell({ v: 1, type: "error", id: model.sent[0]!.id, code: "audio", message: "bad" });
    await settle();
    frame();
    expect(sent("tiles.get").map(indices)).toEqual([[1, 2], [7]]);
  });

  it("is not asked for where there is no room to keep it", () => {
    make(2 * BINS * COLUMNS);
    store.want({}, need(keys(1, 2), keys(3)));
    frame();
    tell(model.sent[0]!.id, keys(1, 2));
    frame();
    expect(sent("tiles.get").map(indices)).toEqual([[1, 2]]);
  });

  it("is cancelled as any other", () => {
    const owner = {};
    store.want(owner, need([], keys(3, 4)));
    frame();
    store.want(owner, need(keys(3)));
    frame();
    expect(sent("tiles.cancel").map(indices)).toEqual([[4]]);
    expect(sent("tiles.get").map(indices)).toEqual([[3, 4]]);
  });
});

describe("cancelling", () => {
  it("happens to what nobody wants any more", () => {
    const [a, b] = [{}, {}];
    store.want(a, need(keys(1, 2, 3)));
    store.want(b, need(keys(3)));
    frame();
    store.want(a, need(keys(2)));
    frame();
    expect(indices(sent("tiles.cancel")[0])).toEqual([1]);
    store.release(b);
    frame();
    expect(indices(sent("tiles.cancel")[1])).toEqual([3]);
    expect(store.stats).toMatchObject({ asked: 3, cancelled: 2 });
  });

  it("does not happen to what has come, or left and came back within a frame", () => {
    const owner = {};
    store.want(owner, need(keys(1, 2)));
    frame();
    tell(model.sent[0]!.id, keys(1), { last: false });
    store.want(owner, need([]));
    store.want(owner, need(keys(2)));
    frame();
    expect(sent("tiles.cancel")).toHaveLength(0);
  });

  it("is no failure: what is wanted again is asked again at once", async () => {
    const owner = {};
    store.want(owner, need(keys(1)));
    frame();
    store.want(owner, need([]));
    frame();
    tell(model.sent[0]!.id, []);
    await settle();
    store.want(owner, need(keys(1)));
    frame();
    expect(sent("tiles.get").map(indices)).toEqual([[1], [1]]);
    expect(store.stats.failed).toBe(0);
  });

  it("forgets no tile that comes all the same", () => {
    const owner = {};
    store.want(owner, need(keys(1)));
    frame();
    store.want(owner, need([]));
    frame();
    tell(model.sent[0]!.id, keys(1));
    store.want(owner, need(keys(1)));
    frame();
    expect(store.get(key(1))).toBeDefined();
    expect(sent("tiles.get")).toHaveLength(1);
  });
});

describe("tiles", () => {
  it("are taken whoever asked, and told once a message", () => {
    const changed = vi.fn();
    store.onChange(changed, scope);
    tell(null, keys(1, 2));
    tell("otherpage-7", keys(3));
    expect(changed).toHaveBeenCalledTimes(2);
    expect([1, 2, 3].every((index) => store.spec(key(index)) !== undefined)).toBe(true);
    expect(store.wave(key(1))).toBeUndefined();
    store.want({}, need(keys(1, 2, 3)));
    frame();
    expect(model.sent).toHaveLength(0);
  });

  it("that are estimates give way to exact ones, and never the other way round", () => {
    store.want({}, need(keys(1)));
    frame();
    tell(model.sent[0]!.id, keys(1), { exact: false, fill: 1 });
    expect(store.get(key(1))).toMatchObject({ exact: false });
    tell(null, keys(1), { exact: false, fill: 2 });
    expect(store.get(key(1))!.data[0]).toBe(2);
    tell(null, keys(1), { exact: true, fill: 3 });
    tell(null, keys(1), { exact: false, fill: 4 });
    expect(store.get(key(1))).toMatchObject({ exact: true });
    expect(store.get(key(1))!.data[0]).toBe(3);
    expect(store.stats.bytes).toBe(BINS * COLUMNS);
    frame();
    expect(sent("tiles.get")).toHaveLength(1);
  });

  it("that are estimates are made exact for who wants them, and for nobody else", () => {
    const owner = {};
    store.want(owner, need(keys(1, 2)));
    frame();
    tell(model.sent[0]!.id, keys(1), { exact: false, last: false });
    tell(model.sent[0]!.id, keys(2));
    frame();
    store.want(owner, need(keys(2)));
    frame();
    expect(sent("tiles.cancel").map(indices)).toEqual([[1]]);
    expect(store.stats.cancelled).toBe(0);
    // It is shown at once when it is in sight again, and asked for, so that it becomes exact.
    store.want(owner, need(keys(1)));
    frame();
    expect(store.get(key(1))).toMatchObject({ exact: false });
    expect(sent("tiles.get").map(indices)).toEqual([[1, 2], [1]]);
    tell(model.sent.at(-1)!.id, keys(1), { exact: false });
    frame();
    tell(null, keys(1), { exact: true });
    frame();
    store.want(owner, need([]));
    frame();
    expect(sent("tiles.get")).toHaveLength(2);
    expect(sent("tiles.cancel")).toHaveLength(1);
  });

  it("that are another page's estimates are asked for when they are wanted, and not cancelled before", () => {
    const owner = {};
    tell("otherpage-7", keys(3), { exact: false });
    store.want(owner, need([]));
    frame();
    expect(model.sent).toHaveLength(0);
    store.want(owner, need(keys(3)));
    frame();
    expect(sent("tiles.get").map(indices)).toEqual([[3]]);
  });

  it("stay within the bytes, the least recently used leaving first", () => {
    make(3 * BINS * COLUMNS);
    tell(null, keys(1, 2, 3));
    store.get(key(1));
    tell(null, keys(4));
    expect([1, 2, 3, 4].filter((index) => store.get(key(index)))).toEqual([1, 3, 4]);
    expect(store.stats).toMatchObject({ tiles: 3, bytes: 3 * BINS * COLUMNS, evicted: 1 });
  });

  it("stay while they are wanted, so that none is asked for twice", () => {
    make(2 * BINS * COLUMNS);
    const owner = {};
    store.want(owner, need(keys(1, 2, 3)));
    frame();
    tell(model.sent[0]!.id, keys(1, 2, 3));
    tell(null, keys(4));
    expect([1, 2, 3, 4].filter((index) => store.get(key(index)))).toEqual([1, 2, 3]);
    frame();
    store.want(owner, need(keys(1)));
    frame();
    expect(sent("tiles.get")).toHaveLength(1);
    expect(store.stats.tiles).toBe(2);
    expect(store.get(key(1))).toBeDefined();
  });
});

describe("an epoch", () => {
  it("begins empty and deaf to what is late", () => {
    const owner = {};
    const changed = vi.fn();
    store.onChange(changed, scope);
    store.want(owner, need(keys(1, 2)));
    frame();
    tell(model.sent[0]!.id, keys(1), { last: false });
    store.setEpoch(1, BINS);
    expect(store.get(key(1))).toBeUndefined();
    expect(changed).toHaveBeenCalledTimes(2);
    frame();
    expect(model.sent).toHaveLength(2);
    expect(model.sent[1]).toMatchObject({ type: "tiles.get", epoch: 1 });
    tell(model.sent[0]!.id, keys(2), { epoch: 0 });
    expect(store.get(key(2))).toBeUndefined();
    expect(store.stats.bytes).toBe(0);
    tell(model.sent[1]!.id, keys(1, 2), { epoch: 1 });
    expect(store.get(key(2))).toBeDefined();
  });

  it("that is the same as before changes nothing", () => {
    tell(null, keys(1));
    store.setEpoch(0, BINS);
    expect(store.get(key(1))).toBeDefined();
  });

  it("has its tiles even when they overtook the news of it", () => {
    tell(null, keys(1), { epoch: 2, bins: 7 });
    tell(null, keys(2), { epoch: 2, bins: 7 });
    tell(null, keys(3), { epoch: 1, bins: 6 });
    expect(store.stats.tiles).toBe(0);
    store.setEpoch(2, 7);
    expect([1, 2, 3].filter((index) => store.get(key(index)))).toEqual([1, 2]);
    store.setEpoch(3, 7);
    expect(store.stats.tiles).toBe(0);
  });

  it("takes no early tile of another height", () => {
    tell(null, keys(1), { epoch: 1, bins: 7 });
    store.setEpoch(1, 6);
    expect(store.get(key(1))).toBeUndefined();
  });
});

describe("failures", () => {
  const fail = (message: Sent, text = "unreadable") =>
    model.tell({ v: 1, type: "error", id: message.id, code: "audio", message: text });

  it("are asked again alone, after pauses that grow, and given up when the kernel insists", async () => {
    const owner = {};
    const changed = vi.fn();
    store.onChange(changed, scope);
    model.onSend = (message) => {
      if (message.type !== "tiles.get") return;
      if (indices(message).includes(2)) fail(message);
      else tell(message.id, keys(...indices(message)));
    };
    store.want(owner, need(keys(1, 2)));
    frame();
    await settle();
    expect(store.problem).toBe("unreadable");
    expect(changed).toHaveBeenCalled();
    for (let ms = 0; ms < 60_000; ms += 50) {
      store.want(owner, need(keys(1, 2)));
      frame();
      await vi.advanceTimersByTimeAsync(50);
    }
    expect(store.get(key(1))).toBeDefined();
    expect(store.pending).toBe(1);
    const asked = sent("tiles.get").map(indices);
    expect(asked.filter((list) => list.includes(1))).toEqual([[1, 2], [1]]);
    expect(asked).toHaveLength(5);
    expect(store.refusal(key(2))).toBe("unreadable");
    expect(store.refusal(key(1))).toBeNull();
    // News of the recording are a reason to try again; so is a new connection.
    store.setEpoch(0, BINS);
    frame();
    expect(sent("tiles.get")).toHaveLength(6);
  });

  it("that nobody explains are tried for ever, ever more seldom", async () => {
    const owner = {};
    model.onSend = (message) => {
      if (message.type === "tiles.get") tell(message.id, []);
    };
    store.want(owner, need(keys(1)));
    for (let ms = 0; ms < 60_000; ms += 50) {
      frame();
      await vi.advanceTimersByTimeAsync(50);
    }
    expect(sent("tiles.get").length).toBeGreaterThan(8);
    expect(sent("tiles.get").length).toBeLessThan(16);
    expect(store.refusal(key(1))).toBeNull();
  });

  it("are tried by a timer when the view stands still", async () => {
    store.want({}, need(keys(1)));
    frame();
    fail(model.sent[0]!);
    await settle();
    frame();
    expect(sent("tiles.get")).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(250);
    frame();
    expect(sent("tiles.get")).toHaveLength(2);
    tell(model.sent[1]!.id, keys(1));
    expect(store.problem).toBe(null);
    await settle();
    frame();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(frames.size).toBe(0);
    expect(sent("tiles.get")).toHaveLength(2);
  });

  it("are no reason to ask in a hot loop when wishes flicker", async () => {
    const owner = {};
    model.onSend = (message) => {
      if (message.type === "tiles.get") fail(message);
    };
    for (let i = 0; i < 120; i++) {
      store.want(owner, need(i % 2 === 0 ? keys(1) : []));
      frame();
      await vi.advanceTimersByTimeAsync(16);
    }
    expect(sent("tiles.get").length).toBeLessThan(8);
  });

  it("are those too that a request leaves out", async () => {
    store.want({}, need(keys(1, 2)));
    frame();
    tell(model.sent[0]!.id, keys(1));
    await settle();
    frame();
    await vi.advanceTimersByTimeAsync(300);
    frame();
    expect(indices(sent("tiles.get")[1])).toEqual([2]);
    expect(store.problem).toBe(null);
  });

  it("of the connection end when it is there again", async () => {
    model.broken = true;
    store.want({}, need(keys(1)));
    frame();
    await settle();
    frame();
    expect(store.problem).toBe(null);
    model.broken = false;
    model.tell({ v: 1, type: "progress", done: 0, total: 1, text: "" });
    frame();
    expect(sent("tiles.get")).toHaveLength(1);
  });
});

it("leaves nothing behind", async () => {
  store.want({}, need(keys(1)));
  frame();
  model.tell({ v: 1, type: "error", id: model.sent[0]!.id, code: "audio", message: "" });
  await settle();
  frame();
  store.want({}, need(keys(2)));
  scope.dispose();
  store.want({}, need(keys(3)));
  await settle();
  expect(frames.size).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
  expect(model.count()).toBe(0);
  expect(store.stats).toMatchObject({ tiles: 0, bytes: 0 });
});
