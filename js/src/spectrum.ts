/**
 * The spectrum that a panel shows: of the window under the pointer, of the selection, or at the playhead.
 *
 * Invariant: one request is out at a time, and when it ends, what is to be seen by then is asked for. What
 * has come is kept until something else has.
 */

import { type Channel, DisconnectedError, KernelError } from "./channel";
import { type OneChannel, type SpectrumData, spectrumGet } from "./protocol";
import type { Scope } from "./scope";
import type { Info } from "./types";

export interface Target {
  readonly epoch: number;
  /** Seconds. */
  readonly start: number;
  readonly end: number;
  readonly channel: OneChannel;
  readonly of: "pointer" | "selection" | "playhead";
}

export interface Aim {
  readonly info: Info;
  /** Under the pointer, where it is over the picture. */
  readonly pointer: { readonly time: number; readonly channel: OneChannel } | null;
  readonly selection: readonly [number, number] | null;
  readonly position: number;
  readonly channel: OneChannel;
}

/** Points to ask for: more than there are pixels, so that no peak is lost. */
const COLUMNS = 2048;
const LEAST_SAMPLES = 16;

/** What is to be seen; null: there is no sound to see. */
export function targetOf({ info, pointer, selection, position, channel }: Aim): Target | null {
  const { epoch, sr, duration, spectrogram } = info;
  if (!(duration > 0)) return null;
  const least = Math.min(duration, LEAST_SAMPLES / sr);
  if (!pointer && selection) {
    const [start, end] = within(
      selection[0],
      Math.max(selection[1], selection[0] + least),
      duration,
    );
    return { epoch, start, end, channel, of: "selection" };
  }
  // As long as a frame of the picture, and around the same sample as the frame there.
  const size = Math.max(least, spectrogram.n_fft / spectrogram.sr);
  const middle = pointer?.time ?? position;
  const [start, end] = within(middle - size / 2, middle + size / 2, duration);
  const of = pointer ? "pointer" : "playhead";
  return { epoch, start, end, channel: pointer?.channel ?? channel, of };
}

/** A stretch moved into the recording, and cut to it. */
function within(start: number, end: number, duration: number): [number, number] {
  const shift = Math.max(0, -start) - Math.max(0, end - duration);
  return [Math.max(0, start + shift), Math.min(duration, end + shift)];
}

const same = (a: Target | null, b: Target | null): boolean =>
  a?.epoch === b?.epoch &&
  a?.start === b?.start &&
  a?.end === b?.end &&
  a?.channel === b?.channel &&
  a?.of === b?.of;

export class Spectra {
  /** What came last, and of what it is. */
  shown: { readonly target: Target; readonly data: SpectrumData } | null = null;
  problem: string | null = null;
  private wanted: Target | null = null;
  private asked: Target | null = null;
  private out = false;

  constructor(
    private readonly channel: Channel,
    private readonly scope: Scope,
    private readonly changed: () => void,
  ) {}

  want(target: Target | null): void {
    this.wanted = target;
    this.ask();
  }

  private ask(): void {
    const { wanted, scope, channel } = this;
    if (this.out || !wanted || scope.disposed || same(wanted, this.asked)) return;
    if (channel.state !== "connected") return;
    this.out = true;
    this.asked = wanted;
    const { epoch, start, end } = wanted;
    channel.request(spectrumGet(epoch, start, end, wanted.channel, COLUMNS)).then(
      (data) => this.ended(() => this.take(wanted, data)),
      (error: Error) => this.ended(() => this.fail(error)),
    );
  }

  private ended(take: () => void): void {
    this.out = false;
    if (this.scope.disposed) return;
    take();
    this.changed();
    this.ask();
  }

  private take(target: Target, data: SpectrumData): void {
    this.shown = { target, data };
    this.problem = null;
  }

  private fail(error: Error): void {
    if (error instanceof DisconnectedError) {
      this.asked = null;
      return;
    }
    if (!(error instanceof KernelError)) throw error;
    this.problem = error.message;
  }
}
