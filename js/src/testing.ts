/** Helpers of the tests; no part of the bundle. */

import type { Info } from "./types";

export const bytesOf = (length: number): DataView => new DataView(new ArrayBuffer(length));

export function infoOf(options: {
  epoch?: number;
  nBins?: number;
  nChannels?: number;
  sr?: number;
  nSamples?: number;
}): Info {
  const { epoch = 0, nBins = 5, nChannels = 1, sr = 1000, nSamples = 10_000 } = options;
  return {
    protocol: 1,
    epoch,
    name: "test",
    sr,
    n_samples: nSamples,
    n_channels: nChannels,
    duration: nSamples / sr,
    spectrogram: {
      kind: "spectrogram",
      n_frames: 100,
      hop_length: 100,
      n_fft: 2 * (nBins - 1),
      sr,
      n_bins: nBins,
      bins: { kind: "linear", step: sr / 2 / (nBins - 1) },
      range_db: [-100, 20],
      full_scale_db: 10,
      tile_columns: 256,
      levels: 1,
    },
    waveform: {
      kind: "waveform",
      n_samples: nSamples,
      sr,
      levels: [0, 6],
      sample_columns: 16_384,
      columns: 2048,
    },
    whole: [],
    freq_min: 0,
    freq_max: sr / 2,
    db_range: [-90, 0],
  };
}

export interface Sent {
  readonly v: number;
  readonly id: string;
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into messages of every type
  readonly [field: string]: any;
}

/** A model with no kernel behind it: keeps what is sent, tells what it is told to. */
export class FakeModel {
  readonly sent: Sent[] = [];
  /** Makes `send` throw, as it does when the kernel has gone. */
  broken = false;
  onSend: (message: Sent) => void = () => {};
  readonly #info: Info;
  // biome-ignore lint/suspicious/noExplicitAny: as anywidget types its callbacks
  readonly #callbacks = new Map<string, Set<(...args: any[]) => void>>();

  constructor(info: Info) {
    this.#info = info;
  }

  get(_name: "_info"): Info {
    return this.#info;
  }

  // biome-ignore lint/suspicious/noExplicitAny: as anywidget types its callbacks
  on(event: string, callback: (...args: any[]) => void): void {
    const callbacks = this.#callbacks.get(event) ?? new Set();
    this.#callbacks.set(event, callbacks.add(callback));
  }

  // biome-ignore lint/suspicious/noExplicitAny: as anywidget types its callbacks
  off(event: string, callback: (...args: any[]) => void): void {
    this.#callbacks.get(event)?.delete(callback);
  }

  send(content: unknown): void {
    if (this.broken) throw new Error("Cannot send");
    const message = structuredClone(content) as Sent;
    this.sent.push(message);
    this.onSend(message);
  }

  tell(content: unknown, buffers: readonly DataView[] = []): void {
    this.trigger("msg:custom", content, buffers);
  }

  trigger(event: string, ...args: unknown[]): void {
    for (const callback of [...(this.#callbacks.get(event) ?? [])]) callback(...args);
  }

  /** Number of listeners, of one event or of all. */
  count(event?: string): number {
    let n = 0;
    for (const [name, callbacks] of this.#callbacks) {
      if (event === undefined || event === name) n += callbacks.size;
    }
    return n;
  }
}
