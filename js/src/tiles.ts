/**
 * The tiles of one model, shared by its views.
 *
 * Invariant: all tiles are of the present epoch; what nobody wants any more is dropped, least recently
 * used first, as soon as there are more than `maxBytes`; an estimate never replaces an exact tile;
 * a key is asked for once until it comes, fails or is cancelled.
 */

import type { Channel } from "./channel";
import type { Scope } from "./scope";
import type { SpecTile, Tile, TileKey, WaveTile } from "./types";

export interface TileStoreOptions {
  readonly maxBytes?: number;
  /** Calls back once, with the next animation frame; the result takes it back. */
  readonly frame?: (callback: () => void) => () => void;
}

export interface TileStats {
  /** Keys, since the store was made. */
  readonly asked: number;
  readonly cancelled: number;
  readonly received: number;
  readonly failed: number;
  readonly evicted: number;
  /** At present. */
  readonly tiles: number;
  readonly bytes: number;
}

export declare class TileStore {
  constructor(channel: Channel, scope: Scope, options?: TileStoreOptions);
  readonly epoch: number;
  /** Number of wanted tiles that are not there. */
  readonly pending: number;
  readonly stats: TileStats;
  /** Clears everything, when the number is a new one. `nBins` is what spectrogram tiles must have. */
  setEpoch(epoch: number, nBins?: number): void;
  /** Replaces all wishes of `owner`; the most important key first. */
  want(owner: object, keys: readonly TileKey[]): void;
  release(owner: object): void;
  get(key: TileKey): Tile | undefined;
  spec(key: TileKey): SpecTile | undefined;
  wave(key: TileKey): WaveTile | undefined;
  /** Told once for each message that brought tiles, and when an epoch began or a tile failed. */
  onChange(listener: () => void, scope: Scope): void;
  /** The last error that a request of tiles ended in, in words; null once tiles come again. */
  readonly problem: string | null;
}
