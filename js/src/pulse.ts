/**
 * Whether the kernel takes up what it is sent. It works on some requests for long, and answers others
 * though it is busy: so after a silence it is asked, by a ping.
 *
 * Invariant: the kernel counts as busy from when a ping was left unanswered until something sent no
 * earlier than that is answered, or nothing waits any more.
 */

import type { Cleanup, Scope } from "./scope";

export interface PulseOptions {
  /** Milliseconds of silence before the ping, and again before the kernel counts as busy. */
  readonly after: number;
  /** Sends a ping; the result is its place in the order of all that is sent, null if it cannot be. */
  readonly ping: () => number | null;
  readonly changed: (busy: boolean) => void;
}

export class Pulse {
  readonly #scope: Scope;
  readonly #options: PulseOptions;
  #busy = false;
  /** The place of the ping that is out; null: none is. */
  #ping: number | null = null;
  #stop: Cleanup = () => {};

  constructor(scope: Scope, options: PulseOptions) {
    this.#scope = scope;
    this.#options = options;
  }

  get busy(): boolean {
    return this.#busy;
  }

  /** Something waits for an answer: silence counts from now. */
  wait(): void {
    this.#after(() => {
      this.#ping = this.#options.ping();
      if (this.#ping !== null) this.#after(() => this.#setBusy(true));
    });
  }

  /** What was sent at this place has an answer, or part of one. */
  answered(place: number): void {
    if (this.#ping !== null && place < this.#ping) return;
    this.#ping = null;
    this.wait();
    this.#setBusy(false);
  }

  /** Nothing waits any more. */
  rest(): void {
    this.#stop();
    this.#ping = null;
    this.#setBusy(false);
  }

  #after(callback: () => void): void {
    this.#stop();
    this.#stop = this.#scope.timeout(callback, this.#options.after);
  }

  #setBusy(busy: boolean): void {
    if (busy === this.#busy) return;
    this.#busy = busy;
    this.#options.changed(busy);
  }
}
