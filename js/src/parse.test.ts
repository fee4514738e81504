import { describe, expect, it } from "vitest";
import toFront from "../../tests/protocol/to_front.json";
import { parseIncoming } from "./parse";
import { ProtocolError } from "./protocol";
import { bytesOf, infoOf } from "./testing";

interface Fixture {
  readonly name: string;
  readonly message: unknown;
  readonly buffers: number;
  readonly code?: string;
  /** What is in the buffers, in base64, where that matters. */
  readonly data?: readonly string[];
  readonly rows?: readonly Record<string, unknown>[];
}

const fromBase64 = (text: string): DataView =>
  new DataView(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);

/** Buffers of the lengths that the message declares, so that only its JSON can be wrong. */
function buffersFor({ message, buffers, data }: Fixture): DataView[] {
  if (data !== undefined) return data.map(fromBase64);
  const fields = (message ?? {}) as Record<string, unknown>;
  return Array.from({ length: buffers }, (_, i) => {
    if (fields.type === "audio.data") {
      const { start, stop, n_channels } = fields as Record<string, number>;
      return bytesOf(Math.max(0, 2 * (n_channels ?? 1) * ((stop ?? 0) - (start ?? 0)) || 0));
    }
    if (fields.type === "spectrum.data") return bytesOf(8 * (Number(fields.n) || 1));
    if (fields.type === "series.data") return bytesOf(12 * (Number(fields.columns) || 1));
    const tile = (fields.tiles as Record<string, unknown>[] | undefined)?.[i];
    const columns = Number(tile?.columns) || 1;
    if (columns > 1e6) return bytesOf(8);
    const spec = /^(?:spec|layer)/.test(String(tile?.layer));
    return bytesOf(columns * (spec ? 5 : tile?.level === 0 ? 4 : 12));
  });
}

function codeOf(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
  return "accepted";
}

describe("fixtures that pytest runs too", () => {
  it.each(toFront.valid as Fixture[])("takes $name", (fixture) => {
    const message = parseIncoming(fixture.message, buffersFor(fixture));
    expect(message.type).toBe((fixture.message as { type: string }).type);
  });
  it.each(toFront.invalid as Fixture[])("refuses $name", (fixture) => {
    expect(codeOf(() => parseIncoming(fixture.message, buffersFor(fixture)))).toBe(fixture.code);
  });
});

describe("what JSON cannot tell", () => {
  const tile = (layer: string, level: number, columns: number, epoch = 3) => ({
    v: 1,
    type: "tile.data",
    id: null,
    epoch,
    tiles: [{ layer, level, index: 0, columns, exact: true }],
    last: true,
  });
  const info = infoOf({ epoch: 3, nBins: 5, nChannels: 1 });
  const take = (message: unknown, view: DataView) => () =>
    parseIncoming(message, [view], () => info);

  it.each([
    ["spec/0", 0, 4, 20, "accepted"],
    ["spec/0", 0, 4, 16, "bad-message"],
    ["spec/mix", 2, 4, 0, "bad-message"],
    ["wave/0", 0, 4, 16, "accepted"],
    ["wave/0", 0, 4, 48, "bad-message"],
    ["wave/0", 6, 4, 48, "accepted"],
    ["wave/0", 6, 4, 16, "bad-message"],
  ])("a tile %s of level %i with %i columns and %i bytes: %s", (layer, level, columns, n, code) => {
    expect(codeOf(take(tile(layer, level, columns), bytesOf(n)))).toBe(code);
  });

  it("does not hold a tile of another epoch against this one's number of bins", () => {
    expect(codeOf(take(tile("spec/0", 0, 4, 4), bytesOf(28)))).toBe("accepted");
    expect(codeOf(take(tile("spec/0", 0, 4, 4), bytesOf(27)))).toBe("bad-message");
    expect(codeOf(take(tile("spec/0", 0, 4, 4), bytesOf(0)))).toBe("bad-message");
  });

  it("wants as many bytes of audio as samples, and no more channels than the recording has", () => {
    const audio = (n_channels: number) => ({
      v: 1,
      type: "audio.data",
      id: "a",
      channel: "all",
      start: 10,
      stop: 14,
      n_channels,
    });
    expect(codeOf(take(audio(1), bytesOf(8)))).toBe("accepted");
    expect(codeOf(take(audio(1), bytesOf(7)))).toBe("bad-message");
    expect(codeOf(take(audio(2), bytesOf(16)))).toBe("bad-message");
  });

  it.each([
    ["spectrum.data", 2, { n: 3, channel: "mix", n_fft: 4, n_frames: 1, peaks: [[1, 2]] }],
    ["series.data", 3, { series: "o1.0", columns: 3, complete: false }],
  ])("wants as many bytes of %s as numbers, and gives them by row", (type, rows, more) => {
    const message = { v: 1, type, id: "a", start: 0, end: 1, ...more };
    const view = bytesOf(12 * rows);
    for (let i = 0; i < 3 * rows; i++) view.setFloat32(4 * i, i, true);
    const parsed = parseIncoming(message, [view]);
    const first = parsed.type === "spectrum.data" ? parsed.frequencies : parsed;
    expect(parsed.type === "series.data" ? [...parsed.min] : [...(first as Float32Array)]).toEqual([
      0, 1, 2,
    ]);
    if (parsed.type === "series.data") expect([...parsed.mean]).toEqual([6, 7, 8]);
    expect(codeOf(take(message, bytesOf(12 * rows - 4)))).toBe("bad-message");
    expect(codeOf(take(message, bytesOf(12 * rows + 1)))).toBe("bad-message");
  });

  it.each([0, 1, 2, 3, 4, 8])("reads a view that begins at byte %i of its buffer", (offset) => {
    const whole = new Uint8Array(offset + 16 + 5).fill(255);
    const view = new DataView(whole.buffer, offset, 16);
    [1, -2, 0.5, 4].forEach((value, i) => {
      view.setFloat32(4 * i, value, true);
    });
    const message = parseIncoming(tile("wave/0", 0, 4), [view]);
    if (message.type !== "tile.data") throw new Error("not tiles");
    const { data } = message.tiles[0]!.tile;
    expect([...data]).toEqual([1, -2, 0.5, 4]);
    expect(data.buffer.byteLength).toBe(16);
  });

  it("copies nothing when the view has its buffer to itself", () => {
    const view = bytesOf(16);
    const message = parseIncoming(tile("wave/0", 0, 4), [view]);
    expect(message.type === "tile.data" && message.tiles[0]!.tile.data.buffer).toBe(view.buffer);
  });

  it("tells which request a bad answer would have ended", () => {
    const problem = (message: unknown) => {
      try {
        parseIncoming(message, []);
      } catch (error) {
        return (error as ProtocolError).id;
      }
      return "none";
    };
    expect(problem({ v: 1, type: "value", id: "p-1" })).toBe("p-1");
    expect(problem({ v: 2, type: "ok", id: "p-2" })).toBe("p-2");
    expect(problem({ v: 1, type: "annotations.patch", edit_id: "p-3" })).toBe("p-3");
    expect(problem({ v: 1, type: "ok", id: "no id" })).toBe(null);
    expect(problem(undefined)).toBe(null);
  });
});

describe("all rows at once", () => {
  const snapshotOf = (fixture: Fixture) => {
    const snapshot = parseIncoming(fixture.message, buffersFor(fixture));
    if (snapshot.type !== "annotations.snapshot") throw new Error("no snapshot");
    return snapshot;
  };
  const named = (part: string) =>
    structuredClone(toFront.valid.find(({ name }) => name.includes(part))!) as Fixture;

  it("are the rows that were packed", () => {
    const fixture = named("packed");
    const { columns, extras } = snapshotOf(fixture);
    expect(columns.rows()).toEqual(fixture.rows);
    expect(columns.row(3)).toEqual(fixture.rows![3]);
    expect(columns.numbers("start")![1]).toBe(fixture.rows![1]!.start);
    expect(columns.numbers("label")).toBeNull();
    expect(extras.get("quality")).toEqual({ kind: "choice", choices: ["good", "bad"] });
    expect(extras.get("count")).toEqual({ kind: "number", integer: true });
  });

  it("bring the user's own columns along, and no prototype of any", () => {
    const fixture = named("columns of the user");
    const { columns } = fixture.message as { columns: unknown[] };
    columns.push({ name: "__proto__", values: [null] });
    const rows = snapshotOf(fixture).columns.rows();
    expect(rows[0]).toMatchObject({ id: "k3f9a1c07be2", start: 1.25, loud: true });
    expect(rows[1]).toMatchObject({ id: "m_7", start: null, status: "draft" });
    expect(Object.getPrototypeOf(rows[0])).toBe(Object.prototype);
  });

  it.each([Uint8Array, Uint16Array, Uint32Array])("have codes in a %o", (ArrayOf) => {
    const fixture = named("packed");
    const { n, columns } = fixture.message as { n: number; columns: Record<string, unknown>[] };
    const label = columns.find(({ name }) => name === "label")!;
    const buffers = buffersFor(fixture);
    const codes = new ArrayOf(Array.from({ length: n }, (_, i) => i % 2));
    buffers[label.buffer as number] = new DataView(codes.buffer);
    const snapshot = parseIncoming(fixture.message, buffers);
    if (snapshot.type !== "annotations.snapshot") throw new Error("no snapshot");
    expect(snapshot.columns.row(1).label).toBe("call");
    expect(snapshot.columns.row(2).label).toBe("song");
  });
});
