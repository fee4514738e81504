/**
 * Protocol v1 as the front end speaks it: the messages, what answers them, and their builders.
 * Field names are those of the wire. parse.ts turns what comes in into these types.
 *
 * Invariant: every request has exactly one kind of successful answer (`Answers`), and what a builder
 * returns is valid for the kernel or was refused here with a ProtocolError.
 */

import type { Tile, TileKey } from "./types";

export const PROTOCOL_VERSION = 1;
export const MAX_KEYS = 512;
export const MAX_OPS = 10_000;
export const MAX_AUDIO_SAMPLES = 2 ** 20;

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

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [k: string]: Json };

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

/** A row also carries the user's own columns, beside its known ones. */
export function cell(row: Row, column: string): Json | undefined {
  return (row as unknown as Readonly<Record<string, Json>>)[column];
}

/** Changed cells of a row: known columns by their types, the user's own as they are. */
export type Cells = Partial<Omit<Row, "id">> & { readonly [column: string]: Json };

export type Op =
  | { readonly op: "add"; readonly row: Row }
  | { readonly op: "update"; readonly id: string; readonly set: Cells }
  | { readonly op: "remove"; readonly id: string };

export const opId = (op: Op): string => (op.op === "add" ? op.row.id : op.id);

// From the front end to the kernel ---------------------------------------------------------------

export type WireKey = readonly [layer: string, level: number, index: number];
/** A single channel, or the mean of all. */
export type OneChannel = number | "mix";
/** "all" is at most the first two channels, side by side. */
export type HeardChannel = OneChannel | "all";
export type HistoryAction = "undo" | "redo";

export interface Outgoing {
  hello: { readonly type: "hello" };
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
  history: { readonly type: "history"; readonly action: HistoryAction };
  "transform.set": {
    readonly type: "transform.set";
    readonly transform: { readonly type: string; readonly [parameter: string]: Json };
  };
}
export type RequestType = keyof Outgoing;
export type Request = Outgoing[RequestType];

/** What ends a request of each type; an error rejects its promise instead. */
export interface Answers {
  hello: Snapshot;
  "tiles.get": TileData;
  "tiles.cancel": Ok;
  "audio.get": AudioData;
  "value.get": Value;
  edit: Patch | Reject;
  history: Patch | Reject;
  "transform.set": Ok;
}

export const ANSWER_TYPES: { readonly [T in RequestType]: readonly Incoming["type"][] } = {
  hello: ["annotations.snapshot"],
  "tiles.get": ["tile.data"],
  "tiles.cancel": ["ok"],
  "audio.get": ["audio.data"],
  "value.get": ["value"],
  edit: ["annotations.patch", "edit.reject"],
  history: ["annotations.patch", "edit.reject"],
  "transform.set": ["ok"],
};

// From the kernel to the front end ---------------------------------------------------------------

export interface Snapshot {
  readonly type: "annotations.snapshot";
  readonly id: string | null;
  readonly rev: number;
  readonly rows: readonly Row[];
  /** What undo and redo would do, in words; null: nothing. */
  readonly undo: string | null;
  readonly redo: string | null;
}

export interface Patch {
  readonly type: "annotations.patch";
  /** The request that this patch answers; null: someone else's change. */
  readonly edit_id: string | null;
  readonly rev: number;
  readonly ops: readonly Op[];
  readonly undo: string | null;
  readonly redo: string | null;
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
  readonly id: string;
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

export interface Ok {
  readonly type: "ok";
  readonly id: string;
}

export interface Progress {
  readonly type: "progress";
  readonly id: string | null;
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
  | Reject
  | TileData
  | AudioData
  | Value
  | Ok
  | Progress
  | ErrorMessage;

export type IncomingOf<T extends Incoming["type"]> = Extract<Incoming, { type: T }>;

/** The request that a message answers, wholly or in part. */
export const answers = (message: Incoming): string | null =>
  message.type === "annotations.patch" ? message.edit_id : message.id;

/** Whether no more will come for the request that this message answers. */
export const isLast = (message: Incoming): boolean =>
  message.type === "tile.data" ? message.last : message.type !== "progress";

// Builders ---------------------------------------------------------------------------------------

const LAYER = /^(spec|wave)\/(0|[1-9]\d{0,3}|mix)$/;

const refuse = (message: string): never => {
  throw new ProtocolError(message);
};
const count = (name: string, value: number): number =>
  Number.isSafeInteger(value) && value >= 0
    ? value
    : refuse(`${name} must be a whole number from 0, not ${value}`);
const finite = (name: string, value: number): number =>
  Number.isFinite(value) ? value : refuse(`${name} must be a finite number, not ${value}`);
const channelOf = <C extends HeardChannel>(channel: C): C => {
  if (typeof channel === "number") count("channel", channel);
  return channel;
};

export const isLayer = (layer: string): boolean => LAYER.test(layer);

const wireKeys = (keys: readonly TileKey[]): WireKey[] => {
  if (keys.length < 1 || keys.length > MAX_KEYS) refuse(`1..${MAX_KEYS} keys, not ${keys.length}`);
  return keys.map(({ layer, level, index }) => [
    isLayer(layer) ? layer : refuse(`no layer is called ${JSON.stringify(layer)}`),
    count("level", level),
    count("index", index),
  ]);
};

export const hello = (): Outgoing["hello"] => ({ type: "hello" });

export const tilesGet = (epoch: number, keys: readonly TileKey[]): Outgoing["tiles.get"] => ({
  type: "tiles.get",
  epoch: count("epoch", epoch),
  keys: wireKeys(keys),
});

export const tilesCancel = (epoch: number, keys: readonly TileKey[]): Outgoing["tiles.cancel"] => ({
  type: "tiles.cancel",
  epoch: count("epoch", epoch),
  keys: wireKeys(keys),
});

/** Samples [start, stop). */
export function audioGet(
  start: number,
  stop: number,
  channel: HeardChannel,
): Outgoing["audio.get"] {
  count("start", start);
  count("stop", stop);
  if (stop <= start || stop - start > MAX_AUDIO_SAMPLES) {
    refuse(`audio from ${start} to ${stop}: 1..${MAX_AUDIO_SAMPLES} samples can be asked for`);
  }
  return { type: "audio.get", start, stop, channel: channelOf(channel) };
}

export const valueGet = (
  epoch: number,
  channel: OneChannel,
  time: number,
  freq: number,
): Outgoing["value.get"] => ({
  type: "value.get",
  epoch: count("epoch", epoch),
  channel: channelOf(channel),
  time: finite("time", time),
  freq: finite("freq", freq),
});

export function edit(baseRev: number, ops: readonly Op[]): Outgoing["edit"] {
  if (ops.length < 1 || ops.length > MAX_OPS) refuse(`1..${MAX_OPS} operations, not ${ops.length}`);
  return { type: "edit", base_rev: count("base_rev", baseRev), ops };
}

export const history = (action: HistoryAction): Outgoing["history"] => ({
  type: "history",
  action,
});

export const transformSet = (
  transform: Outgoing["transform.set"]["transform"],
): Outgoing["transform.set"] => ({ type: "transform.set", transform });

/** The message as it travels. */
export const envelope = (request: Request, id: string) => ({ v: PROTOCOL_VERSION, id, ...request });
