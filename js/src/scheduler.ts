/**
 * Keeps the audio clock supplied with what is to be heard next, for one stretch of playing.
 *
 * Invariant: `next` is the first sample that is not scheduled; everything from where the sound began to
 * there is scheduled once, in order. When chunks are late the sound fades out and, when enough of them
 * are there, goes on at `next`.
 */

import type { AudioChunks } from "./chunks";
import type { PlayerContext } from "./output";
import {
  chunksOf,
  firstOf,
  readyLength,
  type Span,
  sameSound,
  spansFrom,
  type Track,
} from "./playback";
import type { Scope } from "./scope";
import { Voice } from "./voice";

export interface SchedulerOptions {
  readonly context: PlayerContext;
  readonly destination: AudioNode;
  readonly rate: number;
  /** Seconds. */
  readonly ahead: number;
  readonly track: Track;
  readonly sample: number;
}

/** Seconds. */
const BLOCK = 0.5;
const LEAD = 0.03;
const ENOUGH_TO_BEGIN = 0.1;
const ENOUGH_AFTER_A_STALL = 0.25;
const ENOUGH_TO_APPEND = 0.05;
const RUNNING_DRY = 0.08;
const RAN_DRY = 0.005;
const RECUT_AFTER = 0.05;
const KEPT = 1;
const LET_GO_AFTER_MS = 500;

export class Scheduler {
  readonly #chunks: AudioChunks;
  readonly #options: SchedulerOptions;
  #leaving: Voice[] = [];
  #track: Track;
  /** A track that waits because the last one is very new. */
  #wish: Track | null = null;
  #voice: Voice | null = null;
  #next: number;
  #enough = ENOUGH_TO_BEGIN;
  #lastCut = Number.NEGATIVE_INFINITY;

  constructor(chunks: AudioChunks, options: SchedulerOptions) {
    this.#chunks = chunks;
    this.#options = options;
    this.#track = options.track;
    this.#next = options.sample;
  }

  get track(): Track {
    return this.#wish ?? this.#track;
  }

  get next(): number {
    return this.#next;
  }

  /** Samples that are scheduled and not yet heard. */
  get buffered(): number {
    return Math.max(0, (this.#voice?.timeline.end ?? 0) - this.#now);
  }

  /** Whether something is scheduled that has not been heard. */
  get sounding(): boolean {
    return this.buffered > 0;
  }

  /** Whether all has been heard that there is. */
  get finished(): boolean {
    return !this.sounding && this.#wish === null && this.#block(1).length === 0;
  }

  /** Why the sound cannot go on; null while it sounds or may yet. */
  get problem(): string | null {
    if (this.sounding) return null;
    const [missing] = this.#missing(this.#block(1));
    return missing === undefined ? null : this.#chunks.problem(missing);
  }

  /** The sample that is heard at a frame of the audio clock. */
  sampleAt(frame: number): number {
    return this.#voice?.timeline.sampleAt(frame) ?? this.#next;
  }

  get #now(): number {
    return this.#options.context.currentTime * this.#options.rate;
  }

  #frames(seconds: number): number {
    return Math.ceil(seconds * this.#options.rate);
  }

  /** From now on, this is to be heard; what is scheduled stays as far as it sounds the same. */
  setTrack(track: Track): void {
    if (this.#now < this.#lastCut + this.#frames(RECUT_AFTER)) {
      this.#wish = track;
      return;
    }
    this.#wish = null;
    this.#track = track;
    const voice = this.#voice;
    const cut = Math.ceil(this.#now) + this.#frames(LEAD);
    if (voice === null || cut >= voice.timeline.end) return;
    const planned = spansFrom(track, voice.timeline.sampleAt(cut), voice.timeline.end - cut);
    const same = sameSound(planned.spans, voice.timeline.spansAfter(cut));
    const ends = spansFrom(track, planned.next, 1).spans.length === 0;
    if (same && ends === (voice.ending !== null)) {
      this.#next = planned.next;
      return;
    }
    this.#lastCut = this.#now;
    this.#next = voice.cut(cut);
  }

  /** Schedules what can be, asks for what is missing. */
  pump(): void {
    if (this.#wish !== null) this.setTrack(this.#wish);
    this.#dropSpentVoice();
    while (this.buffered < this.#frames(this.#options.ahead) && this.#append());
    const ahead = Math.ceil(this.#frames(this.#options.ahead + BLOCK) - this.buffered);
    this.#chunks.want(this.#missing(this.#block(ahead)));
  }

  /** Fades out what sounds; `scope` is what it may outlive this stretch in. */
  stop(scope: Scope): void {
    if (this.#voice !== null) this.#leaving.push(this.#voice);
    for (const voice of this.#leaving) voice.stop(Math.ceil(this.#now) + this.#frames(RAN_DRY));
    this.#voice = null;
    const letGo = scope.add(() => {
      for (const voice of this.#leaving) voice.dispose();
    });
    scope.timeout(letGo, LET_GO_AFTER_MS);
  }

  #block(length: number): readonly Span[] {
    return spansFrom(this.#track, this.#next, length).spans;
  }

  #missing(spans: readonly Span[]): number[] {
    return chunksOf(spans, this.#chunks.size).filter((index) => !this.#chunks.has(index));
  }

  /** A voice that has run dry unseen, as in a hidden page with slow timers, cannot be continued. */
  #dropSpentVoice(): void {
    const voice = this.#voice;
    if (voice === null) return;
    voice.forget(this.#now - this.#frames(KEPT));
    if (voice.timeline.end <= this.#now + this.#frames(RAN_DRY) && voice.ending === null) {
      voice.endHere();
      this.#enough = ENOUGH_AFTER_A_STALL;
    }
  }

  /** Schedules one more block, if it is there; false: no more can be scheduled now. */
  #append(): boolean {
    const spans = this.#block(this.#frames(BLOCK));
    if (spans.length === 0) {
      this.#voice?.endHere();
      return false;
    }
    const ready = readyLength(spans, this.#chunks.size, (index) => this.#chunks.has(index));
    const continues = this.#voice !== null && this.#voice.ending === null;
    const enough = this.#frames(continues ? ENOUGH_TO_APPEND : this.#enough);
    if (ready < enough && this.#missing(spans).length > 0) {
      if (continues && this.buffered < this.#frames(RUNNING_DRY)) {
        this.#voice?.endHere();
        this.#enough = ENOUGH_AFTER_A_STALL;
      }
      return false;
    }
    const piece = firstOf(spans, ready);
    if (!continues) this.#newVoice(piece[0]!.start);
    this.#voice!.append(piece, (list, channel) => this.#chunks.samples(list, channel));
    this.#next = spansFrom(this.#track, this.#next, ready).next;
    return true;
  }

  #newVoice(sample: number): void {
    const { context, destination, rate } = this.#options;
    const soon = Math.ceil(this.#now) + this.#frames(LEAD);
    const frame = Math.max(soon, this.#voice?.ending ?? soon);
    this.#leaving = this.#leaving.filter((voice) => !this.#letGo(voice));
    if (this.#voice !== null) this.#leaving.push(this.#voice);
    const channels = this.#chunks.channels;
    this.#voice = new Voice(context, destination, { rate, channels, frame, sample });
  }

  #letGo(voice: Voice): boolean {
    const heard = voice.timeline.end < this.#now - this.#frames(KEPT);
    if (heard) voice.dispose();
    return heard;
  }
}
