/**
 * The border: what the kernel sent, as JSON and buffers, becomes an `Incoming` or a ProtocolError.
 *
 * Invariant: whatever passes holds finite numbers within bounds, one buffer for each thing that has
 * one, with exactly the bytes it declares. Typed arrays respect the DataView's own range, are aligned,
 * and keep no more memory alive than their own.
 */

import { ownBytes } from "./bytes";
import { parseColumns } from "./columns";
import {
  type ExtraKind,
  type HistoryEntry,
  type Incoming,
  type IncomingOf,
  isCount,
  isHeardChannel,
  isId,
  isKey,
  isSeries,
  MAX_AUDIO_SAMPLES,
  MAX_DRAWN,
  PROTOCOL_VERSION,
  ProtocolError,
  RUN_STATES,
} from "./protocol";
import { isExtra, isRecord, isScalar, parseOps } from "./rows";
import type { Info, Tile, TileKey } from "./types";

/** What is known of the recording, to check lengths against; null or undefined before it is known. */
export type InfoGetter = () => Info | null | undefined;

type Fields = Readonly<Record<string, unknown>>;

const MAX_COLUMNS = 2 ** 24;
const MAX_SPECTRUM = 2 ** 15 + 1;
const MAX_HEARD_CHANNELS = 2;

const shown = (value: unknown): string => JSON.stringify(value)?.slice(0, 60) ?? "undefined";

/** The fields of one message, read with their types; what is not as it should be throws. */
class Reader {
  readonly #fields: Fields;
  readonly #what: string;

  constructor(fields: Fields, what: string) {
    this.#fields = fields;
    this.#what = what;
  }

  refuse(name: string, wanted: string): never {
    throw new ProtocolError(
      `${this.#what}: ${name} must be ${wanted}, not ${shown(this.#fields[name])}`,
    );
  }

  raw(name: string): unknown {
    return this.#fields[name];
  }

  int(name: string, low = 0, high = Number.MAX_SAFE_INTEGER): number {
    const value = this.#fields[name];
    return isCount(value, high) && value >= low
      ? value
      : this.refuse(name, `a whole number in ${low}..${high}`);
  }

  number(name: string): number {
    const value = this.#fields[name];
    return Number.isFinite(value) ? (value as number) : this.refuse(name, "a finite number");
  }

  numberOrNull(name: string): number | null {
    return this.#fields[name] === null ? null : this.number(name);
  }

  string(name: string): string {
    const value = this.#fields[name];
    return typeof value === "string" ? value : this.refuse(name, "a string");
  }

  stringOrNull(name: string): string | null {
    return this.#fields[name] === null ? null : this.string(name);
  }

  boolean(name: string): boolean {
    const value = this.#fields[name];
    return typeof value === "boolean" ? value : this.refuse(name, "true or false");
  }

  list(name: string): readonly unknown[] {
    const value = this.#fields[name];
    return Array.isArray(value) ? value : this.refuse(name, "a list");
  }

  id(name: string): string {
    const value = this.#fields[name];
    return isId(value) ? value : this.refuse(name, "an id");
  }

  idOrNull(name: string): string | null {
    return this.#fields[name] === null ? null : this.id(name);
  }
}

/** What the user's own columns hold. */
function parseExtras(m: Reader): ReadonlyMap<string, ExtraKind> {
  const extras = m.raw("extras");
  if (!isRecord(extras)) return m.refuse("extras", "an object");
  return new Map(
    Object.keys(extras)
      .filter(isExtra)
      .map((name) => [name, parseKind(extras[name]) ?? m.refuse("extras", "kinds of columns")]),
  );
}

function parseKind(value: unknown): ExtraKind | null {
  if (!isRecord(value)) return null;
  const { kind, choices, integer } = value;
  if (kind === "text" || kind === "bool") return { kind };
  if (kind === "number") return { kind, integer: integer === true };
  return kind === "choice" && Array.isArray(choices) && choices.every(isScalar)
    ? { kind, choices }
    : null;
}

function parseEntry(value: unknown): HistoryEntry {
  if (!isRecord(value)) throw new ProtocolError(`history.data: this is no step: ${shown(value)}`);
  const m = new Reader(value, "a step of the history");
  return {
    step: m.int("step", 1),
    text: m.string("text"),
    source: m.string("source"),
    time: m.string("time"),
    rows: m.int("rows"),
  };
}

/** `info` is null where it is not known, or is not the info of the message's epoch. */
function parseTile(value: unknown, view: DataView, info: Info | null) {
  if (!isRecord(value) || !isKey(value.layer, value.level, value.index)) {
    throw new ProtocolError(`tile.data: this is no tile: ${shown(value)}`);
  }
  const { layer, level, index } = value as unknown as TileKey;
  const key = { layer, level, index };
  const message = new Reader(value, `tile ${layer}:${level}:${index}`);
  const columns = message.int("columns", 1, MAX_COLUMNS);
  const exact = message.boolean("exact");
  const bytes = view.byteLength;
  const expect = (wanted: number) => {
    if (bytes !== wanted) {
      throw new ProtocolError(
        `tile ${layer}:${level}:${index} of ${columns} columns has ${bytes} bytes, not ${wanted}`,
      );
    }
  };
  let tile: Tile;
  if (layer.startsWith("spec/")) {
    expect(columns * (info?.spectrogram.n_bins ?? Math.max(1, Math.floor(bytes / columns))));
    tile = { kind: "spectrogram", data: new Uint8Array(ownBytes(view)), columns, exact };
  } else if (layer.startsWith("layer")) {
    // How many rows it has is in the trait that tells of layers.
    expect(columns * Math.max(1, Math.floor(bytes / columns)));
    tile = { kind: "spectrogram", data: new Uint8Array(ownBytes(view)), columns, exact };
  } else {
    expect(columns * (level === 0 ? 4 : 12));
    tile = { kind: "waveform", data: new Float32Array(ownBytes(view)), columns, exact };
  }
  return { key, tile };
}

/** Rows of as many numbers each, from one buffer. */
function floatRows(view: DataView, rows: number, n: number, what: string): Float32Array[] {
  if (view.byteLength !== 4 * rows * n) {
    throw new ProtocolError(`${what} has ${view.byteLength} bytes, not ${4 * rows * n}`);
  }
  const all = new Float32Array(ownBytes(view));
  return Array.from({ length: rows }, (_, row) => all.subarray(row * n, (row + 1) * n));
}

type Parsers = {
  [T in Incoming["type"]]: {
    /** Number of buffers; undefined: the parser looks itself. */
    readonly buffers: number | undefined;
    parse(message: Reader, buffers: readonly DataView[], info: Info | null): IncomingOf<T>;
  };
};

const PARSERS: Parsers = {
  "annotations.snapshot": {
    buffers: undefined,
    parse: (m, buffers) => ({
      type: "annotations.snapshot",
      id: m.idOrNull("id"),
      rev: m.int("rev"),
      columns: parseColumns(m.int("n"), m.list("columns"), buffers),
      extras: parseExtras(m),
      undo: m.stringOrNull("undo"),
      redo: m.stringOrNull("redo"),
    }),
  },
  "annotations.patch": {
    buffers: 0,
    parse: (m) => ({
      type: "annotations.patch",
      edit_id: m.idOrNull("edit_id"),
      rev: m.int("rev"),
      ops: parseOps(m.list("ops")),
      undo: m.stringOrNull("undo"),
      redo: m.stringOrNull("redo"),
      extras: m.raw("extras") === undefined ? null : parseExtras(m),
    }),
  },
  "history.data": {
    buffers: 0,
    parse: (m) => ({
      type: "history.data",
      id: m.id("id"),
      entries: m.list("entries").map(parseEntry),
      at: m.int("at"),
    }),
  },
  "edit.reject": {
    buffers: 0,
    parse: (m) => ({ type: "edit.reject", id: m.id("id"), reason: m.string("reason") }),
  },
  "tile.data": {
    buffers: undefined,
    parse: (m, buffers, info) => {
      const epoch = m.int("epoch");
      const tiles = m.list("tiles");
      if (tiles.length !== buffers.length) {
        throw new ProtocolError(`tile.data: ${tiles.length} tiles and ${buffers.length} buffers`);
      }
      return {
        type: "tile.data",
        id: m.idOrNull("id"),
        epoch,
        tiles: tiles.map((tile, i) =>
          parseTile(tile, buffers[i]!, info?.epoch === epoch ? info : null),
        ),
        last: m.boolean("last"),
      };
    },
  },
  "audio.data": {
    buffers: 1,
    parse: (m, [view], info) => {
      const start = m.int("start");
      const stop = m.int("stop", start + 1, start + MAX_AUDIO_SAMPLES);
      const channels = Math.min(MAX_HEARD_CHANNELS, info?.n_channels ?? MAX_HEARD_CHANNELS);
      const n_channels = m.int("n_channels", 1, channels);
      const wanted = 2 * n_channels * (stop - start);
      if (view!.byteLength !== wanted) {
        throw new ProtocolError(`audio.data has ${view!.byteLength} bytes, not ${wanted}`);
      }
      const samples = new Int16Array(ownBytes(view!));
      const channel = m.raw("channel");
      if (!isHeardChannel(channel)) return m.refuse("channel", '"all", "mix" or a number');
      return {
        type: "audio.data",
        id: m.idOrNull("id"),
        channel,
        start,
        stop,
        n_channels,
        samples,
      };
    },
  },
  value: {
    buffers: 0,
    parse: (m) => ({
      type: "value",
      id: m.id("id"),
      frame: m.int("frame"),
      bin: m.int("bin"),
      time: m.number("time"),
      freq: m.number("freq"),
      db: m.numberOrNull("db"),
      sample: m.int("sample"),
      amplitude: m.numberOrNull("amplitude"),
    }),
  },
  "spectrum.data": {
    buffers: 1,
    parse: (m, [view]) => {
      const n = m.int("n", 1, MAX_SPECTRUM);
      const rows = floatRows(view!, 2, n, "spectrum.data");
      const channel = m.raw("channel");
      if (!isHeardChannel(channel) || channel === "all") {
        return m.refuse("channel", '"mix" or a number');
      }
      return {
        type: "spectrum.data",
        id: m.id("id"),
        start: m.number("start"),
        end: m.number("end"),
        channel,
        n_fft: m.int("n_fft", 2),
        n_frames: m.int("n_frames", 1),
        peaks: m.list("peaks").map((peak) => {
          const [freq, db] = Array.isArray(peak) ? peak : [];
          if (!Number.isFinite(freq) || !Number.isFinite(db)) m.refuse("peaks", "pairs of numbers");
          return { freq, db };
        }),
        frequencies: rows[0]!,
        db: rows[1]!,
      };
    },
  },
  "series.data": {
    buffers: 1,
    parse: (m, [view]) => {
      const columns = m.int("columns", 1, MAX_DRAWN);
      const series = m.raw("series");
      if (!isSeries(series)) return m.refuse("series", "the id of a line");
      const rows = floatRows(view!, 3, columns, "series.data");
      return {
        type: "series.data",
        id: m.id("id"),
        series,
        start: m.number("start"),
        end: m.number("end"),
        columns,
        complete: m.boolean("complete"),
        min: rows[0]!,
        max: rows[1]!,
        mean: rows[2]!,
      };
    },
  },
  "assist.state": {
    buffers: 0,
    parse: (m) => {
      const total = m.number("total");
      const done = m.number("done");
      if (done < 0 || done > total) m.refuse("done", `in 0..${total}`);
      const state = RUN_STATES.find((known) => known === m.raw("state"));
      return {
        type: "assist.state",
        name: m.string("name") || m.refuse("name", "a name"),
        state: state ?? m.refuse("state", `one of ${RUN_STATES.join(", ")}`),
        done,
        total,
        text: m.string("text"),
        n: m.int("n"),
      };
    },
  },
  ok: { buffers: 0, parse: (m) => ({ type: "ok", id: m.id("id") }) },
  progress: {
    buffers: 0,
    parse: (m) => {
      const total = m.number("total");
      const done = m.number("done");
      if (done < 0 || done > total) m.refuse("done", `in 0..${total}`);
      return { type: "progress", done, total, text: m.string("text") };
    },
  },
  error: {
    buffers: 0,
    parse: (m) => ({
      type: "error",
      id: m.idOrNull("id"),
      code: m.string("code") || m.refuse("code", "a code"),
      message: m.string("message"),
    }),
  },
};

/** Throws ProtocolError, with the id of the request that the message would have answered. */
export function parseIncoming(
  message: unknown,
  buffers: readonly DataView[],
  info: InfoGetter = () => null,
): Incoming {
  if (!isRecord(message)) throw new ProtocolError(`a message must be an object: ${shown(message)}`);
  const { v, type } = message;
  const id = message.type === "annotations.patch" ? message.edit_id : message.id;
  try {
    if (v !== PROTOCOL_VERSION) {
      const text = `the kernel speaks version ${shown(v)} of the protocol, this page ${PROTOCOL_VERSION}`;
      throw new ProtocolError(text, "bad-version");
    }
    if (typeof type !== "string" || !Object.hasOwn(PARSERS, type)) {
      throw new ProtocolError(`no message is of type ${shown(type)}`, "unknown-type");
    }
    const { buffers: wanted, parse } = PARSERS[type as Incoming["type"]];
    if (wanted !== undefined && buffers.length !== wanted) {
      throw new ProtocolError(`${type}: ${buffers.length} buffers, not ${wanted}`);
    }
    return parse(new Reader(message, type), buffers, info() ?? null);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new ProtocolError(error.message, error.code, isId(id) ? id : null);
  }
}
