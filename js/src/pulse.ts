/**
 * Whether the kernel takes up what it is sent. It works on some requests for long, and answers others
 * though it is busy: so after a silence it is asked, by a ping; and by some more, ever more seldom, as
 * there may be another way to it by then.
 *
 * Invariant: the kernel counts as busy from when a ping was left unanswered until something sent no
 * earlier than that is answered, or nothing waits any more.
 */

import type { Cleanup, Scope } from "./scope";

export interface PulseOptions {
  /** Milliseconds of silence before the first ping, and again before the kernel counts as busy. */
  readonly after: number;
  /** Sends a ping; the result is its place in the order of all that is sent, null if it cannot be. */
  readonly ping: () => number | null;
  readonly changed: (busy: boolean) => void;
}

const MOST_PINGS = 6;

export class Pulse {
  readonly #scope: Scope;
  readonly #options: PulseOptions;
  #busy = false;
  /** The place of the first ping that is out; null: none is. */
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
    this.#knock(this.#options.after, MOST_PINGS);
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

  #knock(after: number, left: number): void {
    this.#later(after, () => {
      const place = this.#options.ping();
      if (place === null) return;
      this.#ping ??= place;
      this.#later(after, () => {
        this.#setBusy(true);
        if (left > 1) this.#knock(2 * after, left - 1);
      });
    });
  }

  #later(milliseconds: number, callback: () => void): void {
    this.#stop();
    this.#stop = this.#scope.timeout(callback, milliseconds);
  }

  #setBusy(busy: boolean): void {
    if (busy === this.#busy) return;
    this.#busy = busy;
    this.#options.changed(busy);
  }
}
