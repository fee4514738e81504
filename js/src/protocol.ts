/**
 * Protocol v1 as the front end speaks it: the messages, what answers them, and their builders.
 * Field names are those of the wire. parse.ts turns what comes in into these types.
 *
 * Invariant: every request has exactly one kind of successful answer (`Answers`), and what a builder
 * returns is valid for the kernel or was refused here with a ProtocolError.
 */

import type { Columns } from "./columns";
import type { Tile, TileKey } from "./types";

export const PROTOCOL_VERSION = 1;
export const MAX_KEYS = 512;
export const MAX_OPS = 10_000;
export const MAX_AUDIO_SAMPLES = 2 ** 20;
/** The most points of a spectrum, and columns of a series, that can be asked for. */
export const MAX_DRAWN = 16_384;

export type ErrorCode =
  | "bad-message"
  | "bad-version"
  | "unknown-type"
  | "bad-key"
  | "stale-epoch"
  | "audio"
  | "bad-value"
  | "internal";

/** A message is not of the protocol. `id` names the request it would have answered, if it tells. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  readonly code: ErrorCode;
  readonly id: string | null;
  constructor(message: string, code: ErrorCode = "bad-message", id: string | null = null) {
    super(message);
    this.code = code;
    this.id = id;
  }
}

// Annotations ------------------------------------------------------------------------------------

/** What a cell of a row may hold. */
export type Scalar = null | boolean | number | string;

export type Status = "draft" | "accepted" | "rejected";
export const STATUSES: readonly Status[] = ["draft", "accepted", "rejected"];

/** The columns of DESIGN.md; null where the DataFrame has NA or NaN. */
export interface Row {
  readonly id: string;
  readonly recording: string;
  /** null: all channels. */
  readonly channel: number | null;
  readonly tier: string;
  /** Seconds; both null: the whole recording. */
  readonly start: number | null;
  readonly end: number | null;
  /** Hertz; null: the full band. */
  readonly low_freq: number | null;
  readonly high_freq: number | null;
  readonly label: string;
  readonly score: number | null;
  readonly source: string;
  readonly status: Status;
  readonly annotator: string;
  readonly note: string;
  /** ISO 8601 in UTC. */
  readonly created_at: string | null;
  readonly updated_at: string | null;
}

/** What a column of the user's holds: what it is edited with. */
export type ExtraKind =
  | { readonly kind: "number"; readonly integer: boolean }
  | { readonly kind: "text" }
  | { readonly kind: "bool" }
  | { readonly kind: "choice"; readonly choices: readonly Scalar[] };

/** A row also carries the user's own columns, beside its known ones. */
export function cell(row: Row, column: string): Scalar | undefined {
  return (row as unknown as Readonly<Record<string, Scalar>>)[column];
}

/** Changed cells of a row: known columns by their types, the user's own as they are. */
export type Cells = Partial<Omit<Row, "id">> & { readonly [column: string]: Scalar };

/** A row to be: the kernel fills in what is left out. */
export type NewRow = Cells & { readonly id: string };

export interface Update {
  readonly op: "update";
  readonly id: string;
  readonly set: Cells;
}

export interface Remove {
  readonly op: "remove";
  readonly id: string;
}

/** An operation as the front end asks for it. */
export type Op = { readonly op: "add"; readonly row: NewRow } | Update | Remove;

/** An operation as the kernel has done it: rows are complete, and `at` is their place, or the end. */
export type DoneOp =
  | { readonly op: "add"; readonly row: Row; readonly at?: number }
  | Update
  | Remove;

export const opId = (op: Op | DoneOp): string => (op.op === "add" ? op.row.id : op.id);

// From the front end to the kernel ---------------------------------------------------------------

export type WireKey = readonly [layer: string, level: number, index: number];
/** A single channel, or the mean of all. */
export type OneChannel = number | "mix";
/** "all" is both channels of a stereo recording, side by side, and the mix of any other. */
export type HeardChannel = OneChannel | "all";
export type HistoryAction = "undo" | "redo";

export interface Outgoing {
  hello: { readonly type: "hello" };
  ping: { readonly type: "ping" };
  "tiles.get": {
    readonly type: "tiles.get";
    readonly epoch: number;
    readonly keys: readonly WireKey[];
  };
  "tiles.cancel": {
    readonly type: "tiles.cancel";
    readonly epoch: number;
    readonly keys: readonly WireKey[];
  };
  "audio.get": {
    readonly type: "audio.get";
    readonly start: number;
    readonly stop: number;
    readonly channel: HeardChannel;
  };
  "value.get": {
    readonly type: "value.get";
    readonly epoch: number;
    readonly channel: OneChannel;
    readonly time: number;
    readonly freq: number;
  };
  edit: { readonly type: "edit"; readonly base_rev: number; readonly ops: readonly Op[] };
  history: {
    readonly type: "history";
    readonly action: HistoryAction | "goto";
    /** The request whose change is meant, where that is known; if it was refused, this is too. */
    readonly of: string | null;
    /** Where to go to. */
    readonly step?: number;
  };
  "history.get": { readonly type: "history.get" };
  "transform.set": {
    readonly type: "transform.set";
    readonly transform: { readonly type: string; readonly [parameter: string]: unknown };
  };
  "spectrum.get": {
    readonly type: "spectrum.get";
    readonly epoch: number;
    readonly start: number;
    readonly end: number;
    readonly channel: OneChannel;
    /** The most points that are of use; null: all. */
    readonly columns: number | null;
  };
  "series.get": {
    readonly type: "series.get";
    /** The id of a line of the `_overlays` trait. */
    readonly series: string;
    readonly start: number;
    readonly end: number;
    readonly columns: number;
  };
  "assist.run": {
    readonly type: "assist.run";
    readonly name: string;
    /** Seconds; both null: the whole recording. */
    readonly start: number | null;
    readonly end: number | null;
    readonly channel: OneChannel;
    /** The selected annotations; some assistants take the first as their example. */
    readonly ids: readonly string[];
  };
  "assist.cancel": { readonly type: "assist.cancel"; readonly name: string };
}
export type RequestType = keyof Outgoing;
export type Request = Outgoing[RequestType];

/** What ends a request of each type; an error rejects its promise instead. */
export interface Answers {
  hello: Snapshot;
  ping: Ok;
  "tiles.get": TileData;
  "tiles.cancel": Ok;
  "audio.get": AudioData;
  "value.get": Value;
  edit: Patch | Snapshot | Reject;
  history: Patch | Snapshot | Reject;
  "history.get": HistoryData;
  "transform.set": Ok;
  "spectrum.get": SpectrumData;
  "series.get": SeriesData;
  "assist.run": Ok;
  "assist.cancel": Ok;
}

export const ANSWER_TYPES: { readonly [T in RequestType]: readonly Incoming["type"][] } = {
  hello: ["annotations.snapshot"],
  ping: ["ok"],
  "tiles.get": ["tile.data"],
  "tiles.cancel": ["ok"],
  "audio.get": ["audio.data"],
  "value.get": ["value"],
  edit: ["annotations.patch", "annotations.snapshot", "edit.reject"],
  history: ["annotations.patch", "annotations.snapshot", "edit.reject"],
  "history.get": ["history.data"],
  "transform.set": ["ok"],
  "spectrum.get": ["spectrum.data"],
  "series.get": ["series.data"],
  "assist.run": ["ok"],
  "assist.cancel": ["ok"],
};

// From the kernel to the front end ---------------------------------------------------------------

export interface Snapshot {
  readonly type: "annotations.snapshot";
  /** The request that this answers: hello, or one that changed many rows; null: it comes unasked. */
  readonly id: string | null;
  readonly rev: number;
  readonly columns: Columns;
  /** The user's own columns, in order. */
  readonly extras: ReadonlyMap<string, ExtraKind>;
  /** What undo and redo would do, in words; null: nothing. */
  readonly undo: string | null;
  readonly redo: string | null;
}

export interface Patch {
  readonly type: "annotations.patch";
  /** The request that this patch answers; null: someone else's change. */
  readonly edit_id: string | null;
  /** After the change; the one before it is rev - 1, unless there is nothing in it: then nothing changed. */
  readonly rev: number;
  readonly ops: readonly DoneOp[];
  readonly undo: string | null;
  readonly redo: string | null;
  /** The user's own columns, if they are others now. */
  readonly extras: ReadonlyMap<string, ExtraKind> | null;
}

export interface HistoryEntry {
  /** From 1; 0 is the beginning. */
  readonly step: number;
  readonly text: string;
  readonly source: string;
  /** ISO 8601 in UTC. */
  readonly time: string;
  /** Number of rows it touched. */
  readonly rows: number;
}

/** The steps near `at`, the one that was done last; those after it are undone. */
export interface HistoryData {
  readonly type: "history.data";
  readonly id: string;
  readonly entries: readonly HistoryEntry[];
  readonly at: number;
}

export interface Reject {
  readonly type: "edit.reject";
  readonly id: string;
  readonly reason: string;
}

export interface TileData {
  readonly type: "tile.data";
  readonly id: string | null;
  readonly epoch: number;
  readonly tiles: readonly { readonly key: TileKey; readonly tile: Tile }[];
  readonly last: boolean;
}

export interface AudioData {
  readonly type: "audio.data";
  /** null: it comes unasked. */
  readonly id: string | null;
  readonly channel: HeardChannel;
  readonly start: number;
  readonly stop: number;
  readonly n_channels: number;
  /** Planar: channel c is samples[c * (stop - start) ...]. */
  readonly samples: Int16Array;
}

export interface Value {
  readonly type: "value";
  readonly id: string;
  readonly frame: number;
  readonly bin: number;
  readonly time: number;
  readonly freq: number;
  /** With ref=1.0; null where the sound is no number. */
  readonly db: number | null;
  readonly sample: number;
  readonly amplitude: number | null;
}

export interface SpectrumData {
  readonly type: "spectrum.data";
  readonly id: string;
  readonly start: number;
  readonly end: number;
  readonly channel: OneChannel;
  readonly n_fft: number;
  /** Of how many frames it is the mean. */
  readonly n_frames: number;
  /** The highest peaks, found between the points, the highest first. */
  readonly peaks: readonly { readonly freq: number; readonly db: number }[];
  /** Hz, ascending. */
  readonly frequencies: Float32Array;
  /** dBFS, one for each frequency; NaN where the sound is no number. */
  readonly db: Float32Array;
}

/** Columns of equal width between `start` and `end`; NaN where there is nothing. */
export interface SeriesData {
  readonly type: "series.data";
  readonly id: string;
  readonly series: string;
  readonly start: number;
  readonly end: number;
  readonly columns: number;
  /** Whether all of it is known; who asks again gets more. */
  readonly complete: boolean;
  readonly min: Float32Array;
  readonly max: Float32Array;
  readonly mean: Float32Array;
}

export type RunState = "running" | "done" | "cancelled" | "failed";
export const RUN_STATES: readonly RunState[] = ["running", "done", "cancelled", "failed"];

/** How the run of an assistant stands; comes unasked. */
export interface AssistState {
  readonly type: "assist.state";
  readonly name: string;
  readonly state: RunState;
  /** Seconds of sound that it has looked through, of `total`. */
  readonly done: number;
  readonly total: number;
  readonly text: string;
  /** How many annotations were added. */
  readonly n: number;
}

export interface Ok {
  readonly type: "ok";
  readonly id: string;
}

export interface Progress {
  readonly type: "progress";
  readonly done: number;
  readonly total: number;
  readonly text: string;
}

export interface ErrorMessage {
  readonly type: "error";
  readonly id: string | null;
  readonly code: string;
  readonly message: string;
}

export type Incoming =
  | Snapshot
  | Patch
  | HistoryData
  | Reject
  | TileData
  | AudioData
  | Value
  | SpectrumData
  | SeriesData
  | AssistState
  | Ok
  | Progress
  | ErrorMessage;

export type IncomingOf<T extends Incoming["type"]> = Extract<Incoming, { type: T }>;

/** The request that a message answers, wholly or in part. */
export function answers(message: Incoming): string | null {
  if (message.type === "annotations.patch") return message.edit_id;
  return message.type === "progress" || message.type === "assist.state" ? null : message.id;
}

/** Whether no more will come for the request that this message answers. */
export const isLast = (message: Incoming): boolean => message.type !== "tile.data" || message.last;

// Builders ---------------------------------------------------------------------------------------

const MAX_LEVEL = 64;
const MAX_CHANNEL = 9_999;
const MAX_NUMBER = 1e9;
const ID = /^[A-Za-z0-9._-]{1,64}$/;
const LAYER = /^(?:spec|wave|layer(?:0|[1-9][0-9]{0,5}))\/(?:mix|0|[1-9][0-9]{0,3})$/;
const SERIES = /^o(?:0|[1-9][0-9]{0,8})\.(?:0|[1-9][0-9]{0,3})$/;

/** Whether it can be the id of a message. */
export const isId = (value: unknown): value is string =>
  typeof value === "string" && ID.test(value);

export const isCount = (value: unknown, high = Number.MAX_SAFE_INTEGER): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= high;

/** Whether it can be the id of a line of an overlay. */
export const isSeries = (value: unknown): value is string =>
  typeof value === "string" && SERIES.test(value);

/** Whether it can be the address of a tile; whether there is such a tile is for the kernel to say. */
export const isKey = (layer: unknown, level: unknown, index: unknown): boolean =>
  typeof layer === "string" && LAYER.test(layer) && isCount(level, MAX_LEVEL) && isCount(index);

function ensure(good: boolean, name: string, value: unknown, code?: ErrorCode): void {
  if (!good) throw new ProtocolError(`${name} cannot be ${JSON.stringify(value)}`, code);
}

export const isHeardChannel = (value: unknown): value is HeardChannel =>
  value === "all" || value === "mix" || isCount(value, MAX_CHANNEL);

const ensureChannel = (channel: HeardChannel): void =>
  ensure(isHeardChannel(channel), "channel", channel);

function wireKeys(epoch: number, keys: readonly TileKey[]): WireKey[] {
  ensure(isCount(epoch), "epoch", epoch);
  ensure(keys.length >= 1 && keys.length <= MAX_KEYS, "the number of keys", keys.length);
  return keys.map(({ layer, level, index }) => {
    ensure(isKey(layer, level, index), "a tile key", [layer, level, index], "bad-key");
    return [layer, level, index];
  });
}

export const hello = (): Outgoing["hello"] => ({ type: "hello" });

export const ping = (): Outgoing["ping"] => ({ type: "ping" });

/** The most urgent key first. */
export const tilesGet = (epoch: number, keys: readonly TileKey[]): Outgoing["tiles.get"] => ({
  type: "tiles.get",
  epoch,
  keys: wireKeys(epoch, keys),
});

export const tilesCancel = (epoch: number, keys: readonly TileKey[]): Outgoing["tiles.cancel"] => ({
  type: "tiles.cancel",
  epoch,
  keys: wireKeys(epoch, keys),
});

/** Samples [start, stop). */
export function audioGet(
  start: number,
  stop: number,
  channel: HeardChannel,
): Outgoing["audio.get"] {
  ensure(isCount(start), "start", start);
  ensure(isCount(stop) && stop > start && stop - start <= MAX_AUDIO_SAMPLES, "stop", stop);
  ensureChannel(channel);
  return { type: "audio.get", start, stop, channel };
}

export function valueGet(
  epoch: number,
  channel: OneChannel,
  time: number,
  freq: number,
): Outgoing["value.get"] {
  ensure(isCount(epoch), "epoch", epoch);
  ensureChannel(channel);
  ensure(time >= 0 && time <= MAX_NUMBER, "time", time);
  ensure(freq >= 0 && freq <= MAX_NUMBER, "freq", freq);
  return { type: "value.get", epoch, channel, time, freq };
}

export function edit(baseRev: number, ops: readonly Op[]): Outgoing["edit"] {
  ensure(isCount(baseRev), "base_rev", baseRev);
  ensure(ops.length >= 1 && ops.length <= MAX_OPS, "the number of operations", ops.length);
  return { type: "edit", base_rev: baseRev, ops };
}

export function history(action: HistoryAction, of: string | null = null): Outgoing["history"] {
  ensure(of === null || isId(of), "of", of);
  return { type: "history", action, of };
}

/** To what there was after a step. */
export function historyGoto(step: number): Outgoing["history"] {
  ensure(isCount(step), "step", step);
  return { type: "history", action: "goto", of: null, step };
}

export const historyGet = (): Outgoing["history.get"] => ({ type: "history.get" });

export const transformSet = (
  transform: Outgoing["transform.set"]["transform"],
): Outgoing["transform.set"] => ({ type: "transform.set", transform });

function ensureBetween(start: number, end: number): void {
  ensure(start >= 0 && start <= MAX_NUMBER, "start", start);
  ensure(end > start && end <= MAX_NUMBER, "end", end);
}

const ensureDrawn = (columns: number): void =>
  ensure(isCount(columns, MAX_DRAWN) && columns >= 1, "columns", columns);

/** The spectrum between two times, in at most so many points. */
export function spectrumGet(
  epoch: number,
  start: number,
  end: number,
  channel: OneChannel,
  columns: number | null = null,
): Outgoing["spectrum.get"] {
  ensure(isCount(epoch), "epoch", epoch);
  ensureBetween(start, end);
  ensureChannel(channel);
  if (columns !== null) ensureDrawn(columns);
  return { type: "spectrum.get", epoch, start, end, channel, columns };
}

/** A line of an overlay between two times, in so many columns. */
export function seriesGet(
  series: string,
  start: number,
  end: number,
  columns: number,
): Outgoing["series.get"] {
  ensure(isSeries(series), "series", series);
  ensureBetween(start, end);
  ensureDrawn(columns);
  return { type: "series.get", series, start, end, columns };
}

/** Have an assistant look through a span, or the whole recording (null). */
export function assistRun(
  name: string,
  span: readonly [number, number] | null,
  channel: OneChannel,
  ids: readonly string[],
): Outgoing["assist.run"] {
  ensure(name !== "", "name", name);
  if (span !== null) ensureBetween(...span);
  ensureChannel(channel);
  const [start, end] = span ?? [null, null];
  return { type: "assist.run", name, start, end, channel, ids };
}

export const assistCancel = (name: string): Outgoing["assist.cancel"] => ({
  type: "assist.cancel",
  name,
});

/** The message as it travels. */
export const envelope = (request: Request, id: string) => ({ v: PROTOCOL_VERSION, id, ...request });
