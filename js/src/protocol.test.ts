import { describe, expect, it } from "vitest";
import toKernel from "../../tests/protocol/to_kernel.json?raw";
import {
  assistCancel,
  assistRun,
  audioGet,
  edit,
  envelope,
  hello,
  history,
  historyGet,
  historyGoto,
  type Outgoing,
  ProtocolError,
  ping,
  type Request,
  seriesGet,
  spectrumGet,
  tilesCancel,
  tilesGet,
  transformSet,
  valueGet,
  type WireKey,
} from "./protocol";

interface Fixture {
  readonly name: string;
  readonly message: Request & { readonly v: number; readonly id: string };
}

const tileKeys = (keys: readonly WireKey[]) =>
  keys.map(([layer, level, index]) => ({ layer, level, index }));

/** The same request, made by its builder. */
function rebuild(message: Request): Request {
  switch (message.type) {
    case "hello":
      return hello();
    case "ping":
      return ping();
    case "tiles.get":
      return tilesGet(message.epoch, tileKeys(message.keys));
    case "tiles.cancel":
      return tilesCancel(message.epoch, tileKeys(message.keys));
    case "audio.get":
      return audioGet(message.start, message.stop, message.channel);
    case "value.get":
      return valueGet(message.epoch, message.channel, message.time, message.freq);
    case "edit":
      return edit(message.base_rev, message.ops);
    case "history":
      return message.action === "goto"
        ? historyGoto(message.step!)
        : history(message.action, message.of);
    case "history.get":
      return historyGet();
    case "transform.set":
      return transformSet(message.transform);
    case "spectrum.get":
      return spectrumGet(
        message.epoch,
        message.start,
        message.end,
        message.channel,
        message.columns,
      );
    case "series.get":
      return seriesGet(message.series, message.start, message.end, message.columns);
    case "assist.run":
      return assistRun(
        message.name,
        message.start === null ? null : [message.start, message.end!],
        message.channel,
        message.ids,
      );
    case "assist.cancel":
      return assistCancel(message.name);
  }
}

const valid = (JSON.parse(toKernel).valid as Fixture[]).filter(
  ({ name }) => !name.includes("unknown members"),
);

describe("fixtures that pytest runs too", () => {
  it.each(valid)("builds $name", ({ message }) => {
    expect(envelope(rebuild(message), message.id)).toEqual(message);
  });
});

describe("builders", () => {
  it.each([
    ["time", () => valueGet(0, 0, Number.NaN, 1)],
    ["time", () => valueGet(0, 0, -0.001, 1)],
    ["freq", () => valueGet(0, 0, 1, Number.POSITIVE_INFINITY)],
    ["channel", () => valueGet(0, -1, 1, 1)],
    ["start", () => spectrumGet(0, -1, 1, 0)],
    ["end", () => spectrumGet(0, 1, 1, 0)],
    ["columns", () => spectrumGet(0, 0, 1, 0, 0)],
    ["series", () => seriesGet("o00.1", 0, 1, 10)],
    ["end", () => seriesGet("o0.1", 0, Number.NaN, 10)],
    ["columns", () => seriesGet("o0.1", 0, 1, 16_385)],
    ["name", () => assistRun("", null, "mix", [])],
    ["end", () => assistRun("f", [2, 1], "mix", [])],
    ["channel", () => audioGet(0, 1, 10_000)],
    ["start", () => audioGet(-1, 1, 0)],
    ["start", () => audioGet(0.5, 1, 0)],
    ["stop", () => audioGet(5, 5, "all")],
    ["stop", () => audioGet(0, 2 ** 20 + 1, "all")],
    ["epoch", () => tilesGet(-1, [{ layer: "spec/0", level: 0, index: 0 }])],
    ["number of keys", () => tilesGet(0, [])],
    [
      "number of keys",
      () => tilesCancel(0, Array(513).fill({ layer: "spec/0", level: 0, index: 0 })),
    ],
    ["tile key", () => tilesGet(0, [{ layer: "spec/00", level: 0, index: 0 }])],
    ["tile key", () => tilesGet(0, [{ layer: "spec/10000", level: 0, index: 0 }])],
    ["tile key", () => tilesGet(0, [{ layer: "spec/0", level: 65, index: 0 }])],
    ["tile key", () => tilesGet(0, [{ layer: "spec/0", level: 0, index: 0.5 }])],
    ["of", () => history("undo", "a b")],
    ["step", () => historyGoto(-1)],
    ["number of operations", () => edit(0, [])],
    ["base_rev", () => edit(-1, [{ op: "remove", id: "a" }])],
  ] as [string, () => Outgoing[keyof Outgoing]][])("refuses a bad %s", (name, build) => {
    expect(build).toThrow(ProtocolError);
    expect(build).toThrow(name);
  });
});
