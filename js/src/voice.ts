/**
 * One unbroken stretch of sound in Web Audio: what is scheduled on it joins to the sample.
 *
 * Invariant: the sound fades in at its start and out at its end, and nowhere between; frames are counted
 * at the recording's rate from the zero of the audio clock.
 */

import type { PlayerContext } from "./output";
import { type Span, Timeline } from "./playback";

const FADE_SECONDS = 0.005;

/**
 * Added to the frame of every start and taken from that of every stop. Frame / rate is not exact in binary,
 * and a start that falls a hair before its frame is interpolated, one a hair after it is not.
 */
const HAIR = 1e-4;

/** Planar samples of one piece. */
export type SamplesOf = (spans: readonly Span[], channel: number) => Float32Array<ArrayBuffer>;

interface Sounding {
  readonly node: AudioBufferSourceNode;
  readonly frame: number;
  readonly end: number;
}

export class Voice {
  readonly timeline: Timeline;
  readonly #context: PlayerContext;
  readonly #rate: number;
  readonly #channels: number;
  readonly #gain: GainNode;
  #sounding: Sounding[] = [];
  #ending: number | null = null;

  constructor(
    context: PlayerContext,
    destination: AudioNode,
    options: { rate: number; channels: number; frame: number; sample: number },
  ) {
    const { rate, channels, frame, sample } = options;
    this.#context = context;
    this.#rate = rate;
    this.#channels = channels;
    this.timeline = new Timeline(frame, sample);
    this.#gain = context.createGain();
    this.#gain.connect(destination);
    this.#gain.gain.setValueAtTime(0, this.#time(frame));
    this.#gain.gain.linearRampToValueAtTime(1, this.#time(frame) + FADE_SECONDS);
  }

  /** Frame after which nothing is heard; null while the end is open. */
  get ending(): number | null {
    return this.#ending;
  }

  append(spans: readonly Span[], samples: SamplesOf): void {
    const frame = this.timeline.append(spans);
    const { end } = this.timeline;
    const buffer = this.#context.createBuffer(this.#channels, end - frame, this.#rate);
    for (let channel = 0; channel < this.#channels; channel++) {
      buffer.copyToChannel(samples(spans, channel), channel);
    }
    const node = this.#context.createBufferSource();
    node.buffer = buffer;
    node.connect(this.#gain);
    node.start(this.#time(frame + HAIR));
    this.#sounding.push({ node, frame, end });
  }

  /** Takes back what is scheduled from a frame on, so that something else can follow there. */
  cut(frame: number): number {
    if (this.#ending !== null) {
      const { gain } = this.#gain;
      gain.cancelScheduledValues(this.#time(frame));
      gain.setValueAtTime(1, this.#time(frame));
      this.#ending = null;
    }
    return this.#silence(frame);
  }

  /** Fades out at the end of what is scheduled; more can follow only after a `cut`. */
  endHere(): void {
    if (this.#ending === null) this.#fadeTo(this.timeline.end);
  }

  /** Fades out from a frame on. */
  stop(frame: number): void {
    const end = frame + Math.ceil(FADE_SECONDS * this.#rate);
    if (end >= this.timeline.end) {
      this.endHere();
      return;
    }
    this.#gain.gain.cancelScheduledValues(this.#time(frame));
    this.#silence(end);
    this.#fadeTo(end);
  }

  #silence(frame: number): number {
    for (const { node, frame: start, end } of this.#sounding) {
      if (start >= frame) node.disconnect();
      if (end > frame) node.stop(this.#time(Math.max(start, frame) - HAIR));
    }
    this.#sounding = this.#sounding
      .filter((sounding) => sounding.frame < frame)
      .map((sounding) => ({ ...sounding, end: Math.min(sounding.end, frame) }));
    return this.timeline.cut(frame);
  }

  #fadeTo(end: number): void {
    this.#ending = end;
    const { gain } = this.#gain;
    const { start } = this.timeline;
    const fade = FADE_SECONDS * this.#rate;
    if (end - start < 2 * fade) {
      gain.cancelScheduledValues(this.#time(start));
      gain.setValueAtTime(0, this.#time(start));
      gain.linearRampToValueAtTime((end - start) / 2 / fade, this.#time((start + end) / 2));
    } else {
      gain.setValueAtTime(1, this.#time(end - fade));
    }
    gain.linearRampToValueAtTime(0, this.#time(end));
  }

  #time(frame: number): number {
    return frame / this.#rate;
  }

  /** Lets go of what has been heard. */
  forget(frame: number): void {
    this.timeline.forget(frame);
    this.#sounding = this.#sounding.filter(({ end }) => end > frame);
  }

  dispose(): void {
    for (const { node } of this.#sounding) node.stop();
    this.#sounding = [];
    this.#gain.disconnect();
  }
}
