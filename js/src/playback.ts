/**
 * The arithmetic of playing: which samples come next, and where the sound is at a moment. Pure.
 *
 * Invariant: everything is counted in whole samples and whole frames. A frame is a moment of the audio
 * clock, counted at the recording's rate from the clock's zero: frame f is at f / rate seconds. So pieces
 * that follow each other join to the sample, however many there are.
 */

/** Samples [start, stop). */
export interface Span {
  readonly start: number;
  readonly stop: number;
}

/** What is to be heard: samples [start, stop), once or in a loop. */
export interface Track extends Span {
  readonly loop: boolean;
}

const length = (spans: readonly Span[]): number =>
  spans.reduce((sum, { start, stop }) => sum + stop - start, 0);

/** A track of seconds, within the recording; a loop is never shorter than `shortest` samples if it can. */
export function trackOf(
  start: number,
  end: number,
  loop: boolean,
  recording: { readonly sr: number; readonly n_samples: number },
  shortest = 0,
): Track {
  const { sr, n_samples: n } = recording;
  const sample = (time: number) => Math.min(n, Math.max(0, Math.round(time * sr)));
  const [a, b] = [sample(Math.min(start, end)), sample(Math.max(start, end))];
  if (!loop || b - a >= shortest) return { start: a, stop: b, loop };
  const stop = Math.min(n, a + shortest);
  return { start: Math.max(0, stop - shortest), stop, loop };
}

/** Where the sound goes on at `at`: a loop begins again at its end; the start is no border. */
export const wrapped = (track: Track, at: number): number =>
  track.loop && at >= track.stop ? track.start : at;

/** The next samples from `at`, as many as `wanted` or as there are, and where it goes on after them. */
export function spansFrom(
  track: Track,
  at: number,
  wanted: number,
): { readonly spans: readonly Span[]; readonly next: number } {
  const spans: Span[] = [];
  let next = wrapped(track, at);
  let left = Math.floor(wanted);
  while (left > 0 && next < track.stop) {
    const stop = Math.min(track.stop, next + left);
    spans.push({ start: next, stop });
    left -= stop - next;
    next = wrapped(track, stop);
  }
  return { spans, next };
}

/** The leading part of `spans`, `wanted` samples long or as long as they are. */
export function firstOf(spans: readonly Span[], wanted: number): Span[] {
  const first: Span[] = [];
  let left = wanted;
  for (const { start, stop } of spans) {
    if (left <= 0) break;
    first.push({ start, stop: Math.min(stop, start + left) });
    left -= stop - start;
  }
  return first;
}

/** Chunks that hold these samples, in the order in which they are first heard. */
export function chunksOf(spans: readonly Span[], chunk: number): number[] {
  const chunks = new Set<number>();
  for (const { start, stop } of spans) {
    for (let i = Math.floor(start / chunk); i * chunk < stop; i++) chunks.add(i);
  }
  return [...chunks];
}

/** How many of these samples can be heard before the first that is in no chunk we have. */
export function readyLength(
  spans: readonly Span[],
  chunk: number,
  has: (index: number) => boolean,
): number {
  let ready = 0;
  for (const { start, stop } of spans) {
    for (let i = Math.floor(start / chunk); i * chunk < stop; i++) {
      if (!has(i)) return ready;
      ready += Math.min(stop, (i + 1) * chunk) - Math.max(start, i * chunk);
    }
  }
  return ready;
}

/** Spans that follow each other as one, so that lists of spans can be compared. */
export function joined(spans: readonly Span[]): Span[] {
  const result: Span[] = [];
  for (const span of spans) {
    const last = result.at(-1);
    if (last?.stop === span.start) result.splice(-1, 1, { start: last.start, stop: span.stop });
    else result.push(span);
  }
  return result;
}

export function sameSound(a: readonly Span[], b: readonly Span[]): boolean {
  const [x, y] = [joined(a), joined(b)];
  return (
    x.length === y.length &&
    x.every(({ start, stop }, i) => start === y[i]!.start && stop === y[i]!.stop)
  );
}

interface Piece {
  readonly frame: number;
  readonly end: number;
  readonly spans: readonly Span[];
}

/** What is scheduled without a gap, from `start` on. */
export class Timeline {
  readonly start: number;
  #pieces: Piece[] = [];
  #end: number;
  /** The sample that follows the last one. */
  #next: number;

  constructor(frame: number, sample: number) {
    this.start = frame;
    this.#end = frame;
    this.#next = sample;
  }

  /** The frame after the last one. */
  get end(): number {
    return this.#end;
  }

  /** Appends; the result is the frame at which these samples begin. */
  append(spans: readonly Span[]): number {
    const frame = this.#end;
    this.#end += length(spans);
    this.#next = spans.at(-1)?.stop ?? this.#next;
    this.#pieces.push({ frame, end: this.#end, spans });
    return frame;
  }

  /** The sample at a frame; before the start the first one, after the end the one that would follow. */
  sampleAt(frame: number): number {
    if (frame >= this.#end) return this.#next;
    const piece = this.#pieces.find(({ end }) => frame < end);
    if (piece === undefined) return this.#next;
    let left = Math.max(0, frame - piece.frame);
    for (const { start, stop } of piece.spans) {
      if (left < stop - start) return start + left;
      left -= stop - start;
    }
    return this.#next;
  }

  /** What is scheduled from a frame on. */
  spansAfter(frame: number): Span[] {
    const spans: Span[] = [];
    for (const piece of this.#pieces) {
      let at = piece.frame;
      for (const { start, stop } of piece.spans) {
        const skip = Math.max(0, frame - at);
        if (skip < stop - start) spans.push({ start: start + skip, stop });
        at += stop - start;
      }
    }
    return spans;
  }

  /** Takes back what is scheduled from a frame on; the result is the sample that would have come then. */
  cut(frame: number): number {
    if (frame >= this.#end) return this.#next;
    this.#next = this.sampleAt(frame);
    this.#end = Math.max(this.start, frame);
    this.#pieces = this.#pieces
      .filter((piece) => piece.frame < this.#end)
      .map((piece) =>
        piece.end <= this.#end
          ? piece
          : { ...piece, end: this.#end, spans: firstOf(piece.spans, this.#end - piece.frame) },
      );
    return this.#next;
  }

  /** Forgets pieces that ended before a frame. */
  forget(frame: number): void {
    this.#pieces = this.#pieces.filter(({ end }) => end > frame);
  }
}

/**
 * The audio clock read smoothly: it moves in steps of a block, the playhead should not.
 *
 * Never more than `TOLERANCE` seconds from the audio clock while that moves, and never going back.
 */
export class SmoothClock {
  static readonly TOLERANCE = 0.05;
  static readonly #PULL = 0.1;
  #anchor: { readonly audio: number; readonly now: number } | null = null;

  reset(): void {
    this.#anchor = null;
  }

  /** Seconds of the audio clock, from its own reading and from a finer clock in milliseconds. */
  read(audio: number, now: number): number {
    const before = this.#anchor;
    let time = audio;
    if (before !== null) {
      const expected = before.audio + (now - before.now) / 1000;
      if (Math.abs(expected - audio) <= SmoothClock.TOLERANCE) {
        time = expected + SmoothClock.#PULL * (audio - expected);
      } else if (expected > audio) {
        time = Math.max(before.audio, audio);
      }
      time = Math.max(time, before.audio);
    }
    this.#anchor = { audio: time, now };
    return time;
  }
}
