/**
 * The tiles of one model, shared by its views.
 *
 * Invariant: all tiles are of the present epoch. What no owner wants is dropped, least recently used
 * first, as soon as there are more than `maxBytes`; what is wanted stays. An estimate never replaces
 * an exact tile. A key is out in at most one request; one that failed is asked for again, alone, after
 * a pause that grows, and after some times given up. What may be needed next is asked for when nothing
 * that is needed is out. The kernel makes estimates exact as long as they are wanted here, and no longer.
 */

import { type Channel, DisconnectedError, KernelError } from "./channel";
import { MAX_KEYS, type TileData, tilesCancel, tilesGet } from "./protocol";
import { keyString } from "./pyramid";
import { type Cleanup, Listeners, type Scope } from "./scope";
import type { SpecTile, Tile, TileKey, WaveTile } from "./types";
import type { Wishes } from "./wishes";

export interface TileStoreOptions {
  readonly maxBytes?: number;
  /** Calls back once, when this frame's wishes are known; the result takes it back. */
  readonly soon?: (callback: () => void) => Cleanup;
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
  /** Infinity: it was given up. */
  readonly retryAt: number;
  /** In the kernel's words; null: it did not say. */
  readonly reason: string | null;
}

interface Wanted {
  readonly key: TileKey;
  readonly needed: boolean;
}

const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 10_000;
/** A tile that the kernel has refused so often will not come. */
const MOST_REFUSALS = 4;
const MAX_FAILURES = 1000;
const MAX_EARLY = 64;

function inMicrotask(callback: () => void): Cleanup {
  let wanted = true;
  queueMicrotask(() => wanted && callback());
  return () => {
    wanted = false;
  };
}

export class TileStore {
  readonly #channel: Channel;
  readonly #scope: Scope;
  readonly #maxBytes: number;
  readonly #soon: (callback: () => void) => Cleanup;
  readonly #listeners = new Listeners<[]>();
  readonly #wishes = new Map<object, Wishes>();
  readonly #held = new Map<string, Held>();
  readonly #failures = new Map<string, Failure>();
  /** Estimates that came for this page, and that the kernel is making exact for it. */
  readonly #improving = new Map<string, TileKey>();
  /** Keys that are out, with the id of their request. */
  readonly #out = new Map<string, { readonly key: TileKey; readonly request: string }>();
  /** Tiles of an epoch that was not yet announced: messages overtake traits. */
  #early: { readonly epoch: number; readonly messages: TileData[] } | null = null;
  #wanted: ReadonlyMap<string, Wanted> = new Map();
  #epoch = -1;
  #nBins: number | undefined;
  #bytes = 0;
  #clock = 0;
  #problem: string | null = null;
  #due: Cleanup | null = null;
  #retry: Cleanup = () => {};
  #counts = { asked: 0, cancelled: 0, received: 0, failed: 0, evicted: 0 };

  constructor(channel: Channel, scope: Scope, options: TileStoreOptions = {}) {
    this.#channel = channel;
    this.#scope = scope;
    this.#maxBytes = options.maxBytes ?? 128 * 2 ** 20;
    this.#soon = options.soon ?? inMicrotask;
    channel.on("tile.data", (message) => this.#receive(message), scope);
    channel.onState((state) => {
      if (state !== "connected") return;
      this.#failures.clear();
      this.#schedule();
    }, scope);
    scope.add(() => {
      this.#due?.();
      this.#wishes.clear();
      this.#clear();
    });
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Number of needed tiles that are not there. */
  get pending(): number {
    let missing = 0;
    for (const [name, { needed }] of this.#union()) {
      if (needed && !this.#held.has(name)) missing += 1;
    }
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

  /**
   * Clears everything, when the number is a new one; else only forgets what was given up, as there is news of the
   * recording. `nBins` is what spectrogram tiles must have.
   */
  setEpoch(epoch: number, nBins?: number): void {
    this.#nBins = nBins;
    if (epoch === this.#epoch) {
      if (this.#failures.size > 0) this.#schedule();
      this.#failures.clear();
      return;
    }
    this.#epoch = epoch;
    this.#clear();
    const early = this.#early;
    if (early !== null && early.epoch <= epoch) this.#early = null;
    if (early?.epoch === epoch) for (const message of early.messages) this.#take(message);
    this.#schedule();
    this.#listeners.tell();
  }

  /** Replaces all wishes of `owner`; the most important keys first. */
  want(owner: object, wishes: Wishes): void {
    if (this.#scope.disposed) return;
    this.#wishes.set(owner, wishes);
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

  has(key: TileKey): boolean {
    return this.#held.has(keyString(key));
  }

  /** Why the kernel will not give a tile; null: it may. */
  refusal(key: TileKey): string | null {
    return this.#failures.get(keyString(key))?.reason ?? null;
  }

  // Asking ----------------------------------------------------------------------------------------

  /** All wishes, each key once: what is needed first, and of that every owner's first, then its second. */
  #union(): Map<string, Wanted> {
    const union = new Map<string, Wanted>();
    const add = (lists: readonly (readonly TileKey[])[], needed: boolean) => {
      const longest = Math.max(0, ...lists.map((keys) => keys.length));
      for (let rank = 0; rank < longest; rank++) {
        for (const keys of lists) {
          const key = keys[rank];
          if (key === undefined) continue;
          const name = keyString(key);
          if (!union.has(name)) union.set(name, { key, needed });
        }
      }
    };
    const wishes = [...this.#wishes.values()];
    add(
      wishes.map(({ needed }) => needed),
      true,
    );
    add(
      wishes.map(({ ahead }) => ahead),
      false,
    );
    return union;
  }

  #schedule(): void {
    if (this.#due !== null || this.#scope.disposed) return;
    this.#due = this.#soon(() => {
      this.#due = null;
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
    for (const [name, key] of this.#improving) {
      if (this.#wanted.has(name)) continue;
      this.#improving.delete(name);
      unwanted.push(key);
    }
    for (let i = 0; i < unwanted.length; i += MAX_KEYS) {
      this.#channel.notify(tilesCancel(this.#epoch, unwanted.slice(i, i + MAX_KEYS)));
    }
  }

  #ask(): void {
    const now = Date.now();
    const fresh: TileKey[] = [];
    const again: TileKey[] = [];
    let next = Number.POSITIVE_INFINITY;
    let waiting = false;
    for (const [name, { key, needed }] of this.#wanted) {
      // Needed keys come first, so that `waiting` is final when the first of the others comes.
      if (!needed && (waiting || this.#bytes >= this.#maxBytes)) break;
      if (this.#isGood(name)) continue;
      const failure = this.#failures.get(name);
      if (this.#out.has(name)) waiting ||= needed;
      else if (failure === undefined) {
        waiting ||= needed;
        fresh.push(key);
      } else if (failure.retryAt <= now) again.push(key);
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

  /** Whether a tile is there, exact or about to be. */
  #isGood(name: string): boolean {
    const held = this.#held.get(name);
    return held !== undefined && (held.tile.exact || this.#improving.has(name));
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
      this.#fail(name, error instanceof KernelError ? error.message : null);
      failed += 1;
    }
    this.#schedule();
    if (failed === 0) return;
    this.#counts.failed += failed;
    // What was wished of a picture that has changed since is no fault, and not wished again.
    const isPast = error instanceof KernelError && error.code === "bad-key";
    const isLost = error instanceof DisconnectedError;
    if (error !== null && !isLost && !isPast) this.#problem = error.message;
    this.#listeners.tell();
  }

  #fail(name: string, reason: string | null): void {
    const before = this.#failures.get(name);
    const times = (before?.times ?? 0) + 1;
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (times - 1));
    const hopeless = reason !== null && times >= MOST_REFUSALS;
    const retryAt = hopeless ? Number.POSITIVE_INFINITY : Date.now() + pause;
    this.#failures.delete(name);
    this.#failures.set(name, { times, retryAt, reason });
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > MAX_FAILURES && oldest !== undefined) this.#failures.delete(oldest);
  }

  // Keeping ---------------------------------------------------------------------------------------

  #receive(message: TileData): void {
    if (message.tiles.length === 0) return;
    if (message.epoch > this.#epoch) this.#keepForLater(message);
    if (message.epoch !== this.#epoch) return;
    this.#take(message);
    this.#evict();
    this.#schedule();
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
      if (key.layer.startsWith("spec/") && bins !== (this.#nBins ?? bins)) continue;
      const name = keyString(key);
      if (tile.exact) this.#improving.delete(name);
      else if (this.#out.has(name)) this.#improving.set(name, key);
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
    this.#improving.clear();
    this.#failures.clear();
    this.#bytes = 0;
    this.#problem = null;
  }
}
