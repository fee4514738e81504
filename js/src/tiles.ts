/**
 * The tiles of one model, shared by its views.
 *
 * Invariant: all tiles are of the present epoch. What no owner wants is dropped, least recently used
 * first, as soon as there are more than `maxBytes`; what is wanted stays. An estimate never replaces
 * an exact tile. A key is out in at most one request; one that failed is asked for again, alone, after
 * a pause that grows.
 */

import { type Channel, DisconnectedError } from "./channel";
import { MAX_KEYS, type TileData, tilesCancel, tilesGet } from "./protocol";
import { keyString } from "./pyramid";
import { type Cleanup, Listeners, type Scope } from "./scope";
import type { SpecTile, Tile, TileKey, WaveTile } from "./types";

export interface TileStoreOptions {
  readonly maxBytes?: number;
  /** Calls back once, with the next animation frame; the result takes it back. */
  readonly frame?: (callback: () => void) => Cleanup;
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

interface Held {
  readonly tile: Tile;
  used: number;
}

interface Failure {
  readonly times: number;
  readonly retryAt: number;
}

const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 10_000;
const MAX_EARLY = 64;

export class TileStore {
  readonly #channel: Channel;
  readonly #scope: Scope;
  readonly #maxBytes: number;
  readonly #requestFrame: (callback: () => void) => Cleanup;
  readonly #listeners = new Listeners<[]>();
  readonly #wishes = new Map<object, readonly TileKey[]>();
  readonly #held = new Map<string, Held>();
  readonly #failures = new Map<string, Failure>();
  /** Keys that are out, with the id of their request. */
  readonly #out = new Map<string, { readonly key: TileKey; readonly request: string }>();
  /** Tiles of an epoch that was not yet announced: messages overtake traits. */
  #early: { readonly epoch: number; readonly messages: TileData[] } | null = null;
  #wanted: ReadonlyMap<string, TileKey> = new Map();
  #epoch = -1;
  #nBins: number | undefined;
  #bytes = 0;
  #clock = 0;
  #problem: string | null = null;
  #frame: Cleanup | null = null;
  #retry: Cleanup = () => {};
  #counts = { asked: 0, cancelled: 0, received: 0, failed: 0, evicted: 0 };

  constructor(channel: Channel, scope: Scope, options: TileStoreOptions = {}) {
    this.#channel = channel;
    this.#scope = scope;
    this.#maxBytes = options.maxBytes ?? 128 * 2 ** 20;
    this.#requestFrame = options.frame ?? ((callback) => scope.frame(callback));
    channel.on("tile.data", (message) => this.#receive(message), scope);
    channel.onState((state) => {
      if (state !== "connected") return;
      this.#failures.clear();
      this.#schedule();
    }, scope);
    scope.add(() => {
      this.#frame?.();
      this.#wishes.clear();
      this.#clear();
    });
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Number of wanted tiles that are not there. */
  get pending(): number {
    let missing = 0;
    for (const name of this.#union().keys()) if (!this.#held.has(name)) missing += 1;
    return missing;
  }

  get stats(): TileStats {
    return { ...this.#counts, tiles: this.#held.size, bytes: this.#bytes };
  }

  /** What the last request of tiles failed of; null once tiles come again. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Told once for each message that brought tiles, and when an epoch began or tiles failed. */
  onChange(listener: () => void, scope: Scope): void {
    this.#listeners.add(listener, scope);
  }

  /** Clears everything, when the number is a new one. `nBins` is what spectrogram tiles must have. */
  setEpoch(epoch: number, nBins?: number): void {
    this.#nBins = nBins;
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    this.#clear();
    const early = this.#early;
    if (early !== null && early.epoch <= epoch) this.#early = null;
    if (early?.epoch === epoch) for (const message of early.messages) this.#take(message);
    this.#schedule();
    this.#listeners.tell();
  }

  /** Replaces all wishes of `owner`; the most important key first. */
  want(owner: object, keys: readonly TileKey[]): void {
    if (this.#scope.disposed) return;
    this.#wishes.set(owner, keys);
    this.#schedule();
  }

  release(owner: object): void {
    if (this.#wishes.delete(owner)) this.#schedule();
  }

  get(key: TileKey): Tile | undefined {
    const held = this.#held.get(keyString(key));
    if (held === undefined) return undefined;
    this.#clock += 1;
    held.used = this.#clock;
    return held.tile;
  }

  spec(key: TileKey): SpecTile | undefined {
    const tile = this.get(key);
    return tile?.kind === "spectrogram" ? tile : undefined;
  }

  wave(key: TileKey): WaveTile | undefined {
    const tile = this.get(key);
    return tile?.kind === "waveform" ? tile : undefined;
  }

  // Asking ----------------------------------------------------------------------------------------

  /** All wishes, each key once: every owner's first, then every owner's second, and so on. */
  #union(): Map<string, TileKey> {
    const union = new Map<string, TileKey>();
    const lists = [...this.#wishes.values()];
    const longest = Math.max(0, ...lists.map((keys) => keys.length));
    for (let rank = 0; rank < longest; rank++) {
      for (const keys of lists) {
        const key = keys[rank];
        if (key !== undefined) union.set(keyString(key), key);
      }
    }
    return union;
  }

  #schedule(): void {
    if (this.#frame !== null || this.#scope.disposed) return;
    this.#frame = this.#requestFrame(() => {
      this.#frame = null;
      this.#flush();
    });
  }

  #flush(): void {
    this.#wanted = this.#union();
    this.#cancel();
    if (this.#epoch >= 0) this.#ask();
    this.#evict();
  }

  #cancel(): void {
    const unwanted: TileKey[] = [];
    for (const [name, { key }] of this.#out) {
      if (this.#wanted.has(name)) continue;
      this.#out.delete(name);
      unwanted.push(key);
    }
    this.#counts.cancelled += unwanted.length;
    for (let i = 0; i < unwanted.length; i += MAX_KEYS) {
      this.#channel.notify(tilesCancel(this.#epoch, unwanted.slice(i, i + MAX_KEYS)));
    }
  }

  #ask(): void {
    const now = Date.now();
    const fresh: TileKey[] = [];
    const again: TileKey[] = [];
    let next = Number.POSITIVE_INFINITY;
    for (const [name, key] of this.#wanted) {
      if (this.#held.has(name) || this.#out.has(name)) continue;
      const failure = this.#failures.get(name);
      if (failure === undefined) fresh.push(key);
      else if (failure.retryAt <= now) again.push(key);
      else next = Math.min(next, failure.retryAt);
    }
    for (let i = 0; i < fresh.length; i += MAX_KEYS) this.#request(fresh.slice(i, i + MAX_KEYS));
    for (const key of again) this.#request([key]);
    for (const [name, { retryAt }] of this.#failures) {
      if (retryAt <= now && !this.#wanted.has(name)) this.#failures.delete(name);
    }
    this.#retry();
    if (next < Number.POSITIVE_INFINITY) {
      this.#retry = this.#scope.timeout(() => this.#schedule(), next - now);
    }
  }

  #request(keys: readonly TileKey[]): void {
    const id = this.#channel.newId();
    for (const key of keys) this.#out.set(keyString(key), { key, request: id });
    this.#counts.asked += keys.length;
    this.#channel.request(tilesGet(this.#epoch, keys), { id }).then(
      () => this.#ended(id, null),
      (error: Error) => this.#ended(id, error),
    );
  }

  /** What a request leaves unanswered has failed, or was cancelled by another page. */
  #ended(id: string, error: Error | null): void {
    let failed = 0;
    for (const [name, { request }] of this.#out) {
      if (request !== id) continue;
      this.#out.delete(name);
      const times = (this.#failures.get(name)?.times ?? 0) + 1;
      const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (times - 1));
      this.#failures.set(name, { times, retryAt: Date.now() + pause });
      failed += 1;
    }
    if (failed === 0) return;
    this.#counts.failed += failed;
    if (error !== null && !(error instanceof DisconnectedError)) this.#problem = error.message;
    this.#schedule();
    this.#listeners.tell();
  }

  // Keeping ---------------------------------------------------------------------------------------

  #receive(message: TileData): void {
    if (message.tiles.length === 0) return;
    if (message.epoch > this.#epoch) this.#keepForLater(message);
    if (message.epoch !== this.#epoch) return;
    this.#take(message);
    this.#evict();
    this.#listeners.tell();
  }

  #keepForLater(message: TileData): void {
    if (this.#early === null || this.#early.epoch < message.epoch) {
      this.#early = { epoch: message.epoch, messages: [] };
    }
    const { epoch, messages } = this.#early;
    if (epoch === message.epoch && messages.length < MAX_EARLY) messages.push(message);
  }

  #take(message: TileData): void {
    for (const { key, tile } of message.tiles) {
      const bins = tile.data.length / tile.columns;
      if (tile.kind === "spectrogram" && bins !== (this.#nBins ?? bins)) continue;
      const name = keyString(key);
      this.#out.delete(name);
      this.#failures.delete(name);
      this.#counts.received += 1;
      const before = this.#held.get(name);
      if (before?.tile.exact && !tile.exact) continue;
      this.#clock += 1;
      this.#held.set(name, { tile, used: this.#clock });
      this.#bytes += tile.data.byteLength - (before?.tile.data.byteLength ?? 0);
    }
    this.#problem = null;
  }

  #evict(): void {
    if (this.#bytes <= this.#maxBytes) return;
    const unwanted = [...this.#held].filter(([name]) => !this.#wanted.has(name));
    unwanted.sort(([, a], [, b]) => a.used - b.used);
    for (const [name, { tile }] of unwanted) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#held.delete(name);
      this.#bytes -= tile.data.byteLength;
      this.#counts.evicted += 1;
    }
  }

  #clear(): void {
    this.#held.clear();
    this.#out.clear();
    this.#failures.clear();
    this.#bytes = 0;
    this.#problem = null;
  }
}
