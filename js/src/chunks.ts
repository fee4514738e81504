/**
 * Stretches of sound fetched from the kernel, kept while they are likely to be heard again.
 *
 * Invariant: chunk i holds samples [i * size, (i + 1) * size) of the recording, less at its end. A chunk
 * is out in at most one request; one that failed is not asked for again until `forgive`.
 */

import { type Channel, DisconnectedError } from "./channel";
import type { Span } from "./playback";
import { type AudioData, audioGet, type HeardChannel, MAX_AUDIO_SAMPLES } from "./protocol";
import { Listeners, type Scope } from "./scope";
import type { Info } from "./types";

const CHUNK_SECONDS = 0.5;
const MAX_BYTES = 32 * 2 ** 20;
const FULL_SCALE = 32_768;

export class AudioChunks {
  readonly #channel: Channel;
  readonly #maxBytes: number;
  readonly #listeners = new Listeners<[]>();
  /** In the order of last use. */
  readonly #held = new Map<string, AudioData>();
  readonly #out = new Set<string>();
  readonly #problems = new Map<string, string>();
  #info: Info;
  #heard: HeardChannel = "all";
  #bytes = 0;

  constructor(channel: Channel, info: Info, maxBytes = MAX_BYTES) {
    this.#channel = channel;
    this.#info = info;
    this.#maxBytes = maxBytes;
  }

  /** Samples in a chunk. */
  get size(): number {
    return Math.max(1, Math.min(MAX_AUDIO_SAMPLES, Math.round(this.#info.sr * CHUNK_SECONDS)));
  }

  /** Number of channels that are heard at once. */
  get channels(): number {
    return this.#channelsOf(this.#heard);
  }

  /** Told when a chunk has come or failed. */
  onArrive(listener: () => void, scope: Scope): void {
    this.#listeners.add(listener, scope);
  }

  setInfo(info: Info): void {
    this.#info = info;
    this.#held.clear();
    this.#out.clear();
    this.#problems.clear();
    this.#bytes = 0;
  }

  hear(channel: HeardChannel): void {
    this.#heard = channel;
  }

  has(index: number): boolean {
    return this.#held.has(this.#name(index));
  }

  /** Why a chunk does not come; null: it may. */
  problem(index: number): string | null {
    return this.#problems.get(this.#name(index)) ?? null;
  }

  forgive(): void {
    this.#problems.clear();
  }

  want(indices: readonly number[]): void {
    for (const index of indices) {
      const name = this.#name(index);
      if (!this.#held.has(name) && !this.#out.has(name) && !this.#problems.has(name)) {
        this.#ask(index, name);
      }
    }
  }

  /** Takes up the chunks that lie in a stretch of sound that nobody asked for. */
  offer(data: AudioData): void {
    const { size } = this;
    const n = data.stop - data.start;
    if (data.n_channels !== this.#channelsOf(data.channel)) return;
    for (let index = Math.ceil(data.start / size); index * size < data.stop; index++) {
      const start = index * size;
      const stop = Math.min(this.#info.n_samples, start + size);
      if (stop > data.stop) break;
      const samples = new Int16Array(data.n_channels * (stop - start));
      for (let c = 0; c < data.n_channels; c++) {
        const at = c * n - data.start;
        samples.set(data.samples.subarray(at + start, at + stop), c * (stop - start));
      }
      this.#take(`${data.channel}:${index}`, { ...data, start, stop, samples });
    }
    this.#listeners.tell();
  }

  #channelsOf(heard: HeardChannel): number {
    return heard === "all" && this.#info.n_channels === 2 ? 2 : 1;
  }

  #ask(index: number, name: string): void {
    const start = index * this.size;
    const stop = Math.min(this.#info.n_samples, start + this.size);
    if (start >= stop) return;
    const info = this.#info;
    const { channels } = this;
    this.#out.add(name);
    this.#channel.request(audioGet(start, stop, this.#heard)).then(
      (data) => {
        if (info !== this.#info) return;
        const right = data.start === start && data.stop === stop && data.n_channels === channels;
        if (!right) {
          this.#fail(name, `the kernel sent other samples than ${start} to ${stop}`);
          return;
        }
        this.#take(name, data);
        this.#listeners.tell();
      },
      (error: Error) => {
        if (info !== this.#info) return;
        const gone = error instanceof DisconnectedError;
        this.#fail(name, gone ? "there is no connection to the kernel" : error.message);
      },
    );
  }

  #fail(name: string, problem: string): void {
    this.#out.delete(name);
    this.#problems.set(name, problem);
    this.#listeners.tell();
  }

  #take(name: string, data: AudioData): void {
    this.#out.delete(name);
    this.#bytes += data.samples.byteLength - (this.#held.get(name)?.samples.byteLength ?? 0);
    this.#held.delete(name);
    this.#held.set(name, data);
    for (const [oldest, { samples }] of this.#held) {
      if (this.#bytes <= this.#maxBytes || oldest === name) break;
      this.#held.delete(oldest);
      this.#bytes -= samples.byteLength;
    }
  }

  /** The samples of a channel, in [-1, 1), one span after the other; all their chunks must be there. */
  samples(spans: readonly Span[], channel: number): Float32Array<ArrayBuffer> {
    const length = spans.reduce((sum, { start, stop }) => sum + stop - start, 0);
    const out = new Float32Array(length);
    let at = 0;
    for (const { start, stop } of spans) {
      for (let from = start; from < stop; ) {
        const data = this.#use(Math.floor(from / this.size));
        const to = Math.min(stop, data.stop);
        const offset = channel * (data.stop - data.start) - data.start;
        for (let i = from; i < to; i++) out[at++] = data.samples[offset + i]! / FULL_SCALE;
        from = to;
      }
    }
    return out;
  }

  #use(index: number): AudioData {
    const name = this.#name(index);
    const data = this.#held.get(name);
    if (data === undefined) throw new RangeError(`chunk ${name} is not there`);
    this.#held.delete(name);
    this.#held.set(name, data);
    return data;
  }

  #name(index: number): string {
    return `${this.#heard}:${index}`;
  }
}
