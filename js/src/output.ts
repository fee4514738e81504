/**
 * Audio contexts, shared by all widgets of a page: each widget evaluates its own copy of this module,
 * and browsers allow only a few contexts.
 *
 * Invariant: one context for each sampling rate. It is woken by each user that enters, and sleeps a
 * while after the last one has left.
 */

import type { Cleanup, Scope } from "./scope";

/** What is used of an AudioContext; an OfflineAudioContext has it too. */
export type PlayerContext = EventTarget &
  Pick<
    BaseAudioContext,
    | "currentTime"
    | "sampleRate"
    | "destination"
    | "state"
    | "createBuffer"
    | "createBufferSource"
    | "createGain"
  > & {
    resume?(): Promise<void>;
    suspend?(): Promise<void>;
    readonly outputLatency?: number;
    readonly baseLatency?: number;
  };

export type ContextFactory = (rate: number) => PlayerContext;

interface Shared {
  readonly context: PlayerContext;
  users: number;
}

const SLEEP_AFTER = 10_000;
const KEY = Symbol.for("specwidget.audio-contexts");

function contexts(): Map<number, Shared> {
  const page = globalThis as { [KEY]?: Map<number, Shared> };
  page[KEY] ??= new Map();
  return page[KEY];
}

/** At the recording's rate, so that nothing is resampled; where there is none, at the browser's own. */
function sharedContext(rate: number): Shared {
  const all = contexts();
  const known = all.get(rate);
  if (known !== undefined) return known;
  let shared: Shared;
  try {
    shared = { context: new AudioContext({ sampleRate: rate }), users: 0 };
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    shared = all.get(0) ?? { context: new AudioContext(), users: 0 };
    all.set(0, shared);
  }
  all.set(rate, shared);
  return shared;
}

export class Output {
  readonly #shared: Shared;
  readonly #scope: Scope;
  #inside = false;
  #sleep: Cleanup = () => {};

  constructor(rate: number, scope: Scope, create?: ContextFactory) {
    this.#shared = create === undefined ? sharedContext(rate) : { context: create(rate), users: 0 };
    this.#scope = scope;
    scope.add(() => {
      this.leave();
      this.#suspend();
    });
  }

  get context(): PlayerContext {
    return this.#shared.context;
  }

  /** Seconds from the audio clock to the ear. */
  get latency(): number {
    const { outputLatency, baseLatency } = this.#shared.context;
    const latency = outputLatency || baseLatency || 0;
    return Number.isFinite(latency) ? latency : 0;
  }

  /** Whether buffers of this rate can be played at all. */
  plays(rate: number): boolean {
    try {
      this.#shared.context.createBuffer(1, 1, rate);
      return true;
    } catch {
      return false;
    }
  }

  enter(): void {
    this.#sleep();
    if (!this.#inside) this.#shared.users += 1;
    this.#inside = true;
    this.wake();
  }

  leave(): void {
    if (!this.#inside) return;
    this.#inside = false;
    this.#shared.users -= 1;
    this.#sleep = this.#scope.timeout(() => this.#suspend(), SLEEP_AFTER);
  }

  /** Without effect until the browser has seen a click or a key. */
  wake(): void {
    if (this.context.state !== "running") this.context.resume?.().catch(() => {});
  }

  #suspend(): void {
    if (this.#shared.users === 0) this.context.suspend?.().catch(() => {});
  }
}
