import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Channel, DisconnectedError, KernelError, modelChannel } from "./channel";
import {
  audioGet,
  edit,
  hello,
  history,
  type Incoming,
  isId,
  ProtocolError,
  tilesGet,
  valueGet,
} from "./protocol";
import { Scope } from "./scope";
import { bytesOf, FakeModel, infoOf } from "./testing";

const KEY = { layer: "spec/0", level: 0, index: 0 };

let model: FakeModel;
let scope: Scope;
let channel: Channel;

beforeEach(() => {
  vi.useFakeTimers();
  model = new FakeModel(infoOf({ nBins: 5 }));
  scope = new Scope();
  channel = modelChannel(model, scope);
});
afterEach(() => {
  scope.dispose();
  vi.useRealTimers();
});

const value = (id: string) => ({
  v: 1,
  type: "value",
  id,
  frame: 1,
  bin: 2,
  time: 0.1,
  freq: 200,
  db: -3,
  sample: 100,
  amplitude: 0.5,
});
const tiles = (id: string | null, last: boolean, n = 1) => ({
  v: 1,
  type: "tile.data",
  id,
  epoch: 0,
  tiles: Array.from({ length: n }, (_, index) => ({ ...KEY, index, columns: 4, exact: true })),
  last,
});

describe("requests", () => {
  it("have one listener, however many they are", async () => {
    const all = Array.from({ length: 20 }, () => channel.request(valueGet(0, 0, 0.1, 200)));
    expect(model.count("msg:custom")).toBe(1);
    for (const { id } of [...model.sent].reverse()) model.tell(value(id));
    const values = await Promise.all(all);
    expect(values.map(({ id }) => id)).toEqual(model.sent.map(({ id }) => id));
    expect(channel.waiting).toBe(0);
  });

  it("have ids that no other page has, and that the kernel takes", () => {
    const other = modelChannel(model, scope);
    const ids = [channel.newId(), channel.newId(), other.newId(), other.newId()];
    expect(new Set(ids).size).toBe(4);
    expect(ids.every(isId)).toBe(true);
    channel.notify(hello());
    expect(model.sent[0]).toMatchObject({ v: 1, type: "hello" });
    expect(isId(model.sent[0]!.id)).toBe(true);
  });

  it("get parts as they come, and end with the last", async () => {
    const parts: Incoming[] = [];
    let ended = false;
    const request = channel.request(tilesGet(0, [KEY]), { onPart: (part) => parts.push(part) });
    request.then(() => {
      ended = true;
    });
    const { id } = model.sent[0]!;
    model.tell(tiles(id, false), [bytesOf(20)]);
    await Promise.resolve();
    expect([parts.length, ended]).toEqual([1, false]);
    model.tell(tiles(id, true, 0));
    await request;
    expect(parts).toHaveLength(2);
    model.tell(tiles(id, true, 0));
    expect(parts).toHaveLength(2);
  });

  it("end in the kernel's error", async () => {
    const request = channel.request(audioGet(0, 10, "mix"));
    model.tell({
      v: 1,
      type: "error",
      id: model.sent[0]!.id,
      code: "audio",
      message: "unreadable",
    });
    await expect(request).rejects.toEqual(new KernelError("unreadable", "audio"));
    await expect(request).rejects.toMatchObject({ code: "audio" });
  });

  it("end once, when answered twice", async () => {
    const request = channel.request(valueGet(0, 0, 0.1, 200));
    const { id } = model.sent[0]!;
    model.tell(value(id));
    model.tell({ v: 1, type: "error", id, code: "internal", message: "too late" });
    await expect(request).resolves.toMatchObject({ id });
  });

  it.each([
    ["of another type", (id: string) => ({ v: 1, type: "ok", id })],
    ["that cannot be read", (id: string) => ({ ...value(id), time: "soon" })],
    ["of another version", (id: string) => ({ ...value(id), v: 2 })],
  ])("end in an answer %s", async (_name, answer) => {
    const problem = vi.fn();
    channel.onProblem(problem, scope);
    const request = channel.request(valueGet(0, 0, 0.1, 200));
    model.tell(answer(model.sent[0]!.id));
    await expect(request).rejects.toMatchObject({ name: "KernelError", code: "bad-answer" });
    expect(problem).toHaveBeenCalledTimes(1);
    expect(channel.waiting).toBe(0);
  });

  it("do not see what is another page's", async () => {
    const request = channel.request(valueGet(0, 0, 0.1, 200));
    model.tell(value("otherpage-1"));
    model.tell({ v: 1, type: "error", id: "otherpage-2", code: "audio", message: "no" });
    model.tell({ ...value("otherpage-3"), time: null });
    expect(channel.waiting).toBe(1);
    model.tell(value(model.sent[0]!.id));
    await request;
  });
});

describe("listeners", () => {
  it("hear all messages of a type, whoever asked, before the request ends", async () => {
    const order: string[] = [];
    channel.on(
      "tile.data",
      ({ id }) => order.push(`heard ${id === null ? "push" : "answer"}`),
      scope,
    );
    const request = channel.request(tilesGet(0, [KEY])).then(() => order.push("ended"));
    model.tell(tiles(null, true), [bytesOf(20)]);
    model.tell(tiles(model.sent[0]!.id, true, 0));
    await request;
    expect(order).toEqual(["heard push", "heard answer", "ended"]);
  });

  it("end with their scope", () => {
    const child = scope.child();
    const heard = vi.fn();
    channel.on("progress", heard, child);
    const progress = { v: 1, type: "progress", done: 1, total: 2, text: "" };
    model.tell(progress);
    child.dispose();
    model.tell(progress);
    expect(heard).toHaveBeenCalledTimes(1);
  });

  it.each([
    undefined,
    null,
    3,
    {},
    { v: 1, type: "constructor" },
    { v: 1, type: "tile.data", id: null },
  ])("but those for problems do not hear of %j, and the host sees no exception", (content) => {
    const problem = vi.fn();
    const heard = vi.fn();
    channel.onProblem(problem, scope);
    channel.on("tile.data", heard, scope);
    model.tell(content);
    expect(problem).toHaveBeenCalledTimes(1);
    expect(problem.mock.calls[0]![0]).toBeInstanceOf(ProtocolError);
    expect(heard).not.toHaveBeenCalled();
  });

  it("that throw stop neither the others nor the request, and are reported", async () => {
    const later: (() => void)[] = [];
    vi.stubGlobal("queueMicrotask", (callback: () => void) => later.push(callback));
    const heard = vi.fn();
    channel.on(
      "value",
      () => {
        throw new Error("broken");
      },
      scope,
    );
    channel.on("value", heard, scope);
    const request = channel.request(valueGet(0, 0, 0.1, 200));
    model.tell(value(model.sent[0]!.id));
    await request;
    vi.unstubAllGlobals();
    expect(heard).toHaveBeenCalledTimes(1);
    expect(later[0]).toThrow("broken");
  });
});

describe("a kernel that is gone", () => {
  it("ends all that waits, and is shown, until it speaks again", async () => {
    const states: string[] = [];
    channel.onState((state) => states.push(state), scope);
    const first = channel.request(hello());
    model.broken = true;
    const second = channel.request(hello());
    await expect(first).rejects.toBeInstanceOf(DisconnectedError);
    await expect(second).rejects.toBeInstanceOf(DisconnectedError);
    expect(channel.state).toBe("disconnected");
    expect([channel.waiting, channel.busy]).toEqual([0, false]);
    model.broken = false;
    const third = channel.request(valueGet(0, 0, 0.1, 200));
    expect(channel.state).toBe("disconnected");
    model.tell(value(model.sent.at(-1)!.id));
    await third;
    expect(states).toEqual(["disconnected", "connected"]);
  });

  it("is found out as soon as the host says that something is the matter", () => {
    model.broken = true;
    model.trigger("comm_live_update");
    expect(channel.state).toBe("disconnected");
  });

  it("stays gone when the comm is closed: nothing is sent into the void", async () => {
    const request = channel.request(hello());
    model.trigger("comm:close");
    await expect(request).rejects.toBeInstanceOf(DisconnectedError);
    await expect(channel.request(hello())).rejects.toBeInstanceOf(DisconnectedError);
    expect(model.sent).toHaveLength(1);
    expect(channel.state).toBe("disconnected");
  });

  it("is left alone after disposal", async () => {
    const request = channel.request(hello());
    scope.dispose();
    await expect(request).rejects.toBeInstanceOf(DisconnectedError);
    expect(model.count()).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a kernel that is silent", () => {
  const BUSY_AFTER = 500;
  const sentOf = (type: string) => model.sent.filter((message) => message.type === type);
  const pong = () => model.tell({ v: 1, type: "ok", id: sentOf("ping").at(-1)!.id });

  it("is asked whether it listens, and is busy if it does not answer that either", () => {
    const heard: boolean[] = [];
    channel.onBusy((busy) => heard.push(busy), scope);
    channel.notify(hello());
    vi.advanceTimersByTime(BUSY_AFTER - 1);
    expect([sentOf("ping").length, channel.busy]).toEqual([1, false]);
    vi.advanceTimersByTime(1);
    expect(channel.busy).toBe(true);
    channel.notify(hello());
    vi.advanceTimersByTime(3_600_000);
    expect(channel.waiting).toBe(2);
    pong();
    expect(channel.busy).toBe(false);
    vi.advanceTimersByTime(BUSY_AFTER);
    expect(heard).toEqual([true, false, true]);
  });

  it("stays busy while it tells what nobody asked, and sends what it took up before", () => {
    channel.notify(tilesGet(0, [KEY]));
    vi.advanceTimersByTime(BUSY_AFTER);
    model.tell({ v: 1, type: "progress", done: 1, total: 2, text: "" });
    model.tell(tiles(null, true, 0));
    model.tell(tiles(model.sent[0]!.id, false, 0));
    model.tell({ v: 1, type: "ok", id: "otherpage-1" });
    expect([channel.busy, channel.state]).toEqual([true, "connected"]);
  });

  it("is not busy any more when it answers what was sent after the ping", () => {
    channel.notify(tilesGet(0, [KEY]));
    vi.advanceTimersByTime(BUSY_AFTER);
    const later = channel.request(valueGet(0, 0, 0.1, 200));
    model.tell(value(model.sent.at(-1)!.id));
    expect([channel.busy, channel.waiting]).toEqual([false, 1]);
    return later;
  });

  it("is not busy when nothing waits any more", () => {
    channel.notify(tilesGet(0, [KEY]));
    vi.advanceTimersByTime(BUSY_AFTER);
    model.tell(tiles(model.sent[0]!.id, true, 0));
    expect([channel.busy, vi.getTimerCount()]).toEqual([false, 0]);
  });

  it("is not busy while it is at work on what it was asked, however long that takes", () => {
    channel.notify(tilesGet(0, [KEY]));
    for (let i = 0; i < 20; i++) {
      vi.advanceTimersByTime(400);
      pong();
      expect(channel.busy).toBe(false);
    }
    model.tell(tiles(model.sent[0]!.id, true, 0));
    vi.advanceTimersByTime(5000);
    expect(channel.busy).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is asked again, once, for what it has not heard: it may listen elsewhere by now", () => {
    const asked = channel.newId();
    channel.notify(hello());
    channel.request(tilesGet(0, [KEY]), { id: asked }).catch(() => {});
    channel.notify(edit(0, [{ op: "remove", id: "a" }]));
    channel.notify(history("undo"));
    vi.advanceTimersByTime(BUSY_AFTER);
    channel.notify(valueGet(0, 0, 0.1, 200));
    const before = model.sent.length;
    pong();
    const again = model.sent.slice(before);
    expect(again.map(({ type }) => type)).toEqual(["hello", "tiles.get"]);
    expect(again).toEqual(model.sent.slice(0, 2));
    vi.advanceTimersByTime(BUSY_AFTER);
    pong();
    expect(model.sent.slice(before + 2).map(({ type }) => type)).toEqual(["ping"]);
  });

  it("is asked some more times, and any of the answers will do", () => {
    channel.notify(hello());
    vi.advanceTimersByTime(3_600_000);
    expect(sentOf("ping")).toHaveLength(6);
    expect(channel.busy).toBe(true);
    model.tell({ v: 1, type: "ok", id: sentOf("ping")[2]!.id });
    expect(channel.busy).toBe(false);
    expect(sentOf("hello")).toHaveLength(2);
    model.tell({ v: 1, type: "ok", id: sentOf("ping")[0]!.id });
    expect(sentOf("hello")).toHaveLength(2);
  });

  it("may be found to have gone by the ping", async () => {
    const request = channel.request(hello());
    model.broken = true;
    vi.advanceTimersByTime(BUSY_AFTER);
    await expect(request).rejects.toBeInstanceOf(DisconnectedError);
    expect([channel.state, channel.busy, vi.getTimerCount()]).toEqual(["disconnected", false, 0]);
  });
});
