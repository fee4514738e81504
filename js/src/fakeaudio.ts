/** Web Audio for tests: keeps what is scheduled, and renders it by the rules of the standard. */

import type { PlayerContext } from "./output";

type GainEvent = { readonly time: number; readonly value: number; readonly ramp: boolean };

class FakeParam {
  events: GainEvent[] = [];
  #base = 1;

  get value(): number {
    return this.#base;
  }
  set value(value: number) {
    this.#base = value;
  }
  setValueAtTime(value: number, time: number): void {
    this.#insert({ time, value, ramp: false });
  }
  linearRampToValueAtTime(value: number, time: number): void {
    this.#insert({ time, value, ramp: true });
  }
  setTargetAtTime(value: number): void {
    this.#base = value;
  }
  cancelScheduledValues(time: number): void {
    this.events = this.events.filter((event) => event.time < time);
  }
  #insert(event: GainEvent): void {
    const after = this.events.findIndex(({ time }) => time > event.time);
    this.events.splice(after < 0 ? this.events.length : after, 0, event);
  }

  at(time: number): number {
    let before: GainEvent = { time: 0, value: this.#base, ramp: false };
    for (const event of this.events) {
      if (event.time <= time) {
        before = event;
      } else {
        if (!event.ramp) break;
        const part = (time - before.time) / (event.time - before.time);
        return before.value + part * (event.value - before.value);
      }
    }
    return before.value;
  }
}

class FakeNode {
  readonly context: FakeContext;
  target: FakeNode | null = null;
  cutOff = Number.POSITIVE_INFINITY;
  constructor(context: FakeContext) {
    this.context = context;
  }
  connect(target: FakeNode): void {
    this.target = target;
  }
  disconnect(): void {
    this.cutOff = Math.min(this.cutOff, this.context.currentTime);
  }
}

class FakeGain extends FakeNode {
  readonly gain = new FakeParam();
}

class FakeSource extends FakeNode {
  buffer: FakeBuffer | null = null;
  begin = Number.POSITIVE_INFINITY;
  end = Number.POSITIVE_INFINITY;
  start(time = 0): void {
    if (this.begin < Number.POSITIVE_INFINITY) throw new Error("started twice");
    this.begin = Math.max(time, this.context.currentTime);
    this.context.sources.push(this);
  }
  stop(time = 0): void {
    this.end = Math.max(time, this.context.currentTime);
  }
}

class FakeBuffer {
  readonly channels: Float32Array[];
  readonly length: number;
  constructor(channels: number, length: number) {
    this.channels = Array.from({ length: channels }, () => new Float32Array(length));
    this.length = length;
  }
  copyToChannel(samples: Float32Array, channel: number): void {
    this.channels[channel]!.set(samples);
  }
}

/** Of a node and all that it goes through. */
function gainOf(source: FakeNode, time: number): number {
  let gain = 1;
  for (let node: FakeNode | null = source; node !== null; node = node.target) {
    if (time >= node.cutOff) return 0;
    if (node instanceof FakeGain) gain *= node.gain.at(time);
  }
  return gain;
}

/** What is to be heard at one frame: samples that sound, each with its gain. */
export type Heard = readonly { readonly sample: number; readonly gain: number }[];

export class FakeContext extends EventTarget {
  readonly sampleRate: number;
  readonly playableFrom: number;
  readonly destination: FakeNode;
  readonly sources: FakeSource[] = [];
  readonly gains: FakeGain[] = [];
  state: AudioContextState = "running";
  currentTime = 0;
  outputLatency = 0;
  resumed = 0;
  suspended = 0;
  allowed = true;

  constructor(sampleRate: number, playableFrom = 3000) {
    super();
    this.sampleRate = sampleRate;
    this.playableFrom = playableFrom;
    this.destination = new FakeNode(this);
  }

  createBuffer(channels: number, length: number, rate: number): FakeBuffer {
    if (rate < this.playableFrom) throw new Error(`sampleRate ${rate}`);
    return new FakeBuffer(channels, length);
  }
  createBufferSource(): FakeSource {
    return new FakeSource(this);
  }
  createGain(): FakeGain {
    const gain = new FakeGain(this);
    this.gains.push(gain);
    return gain;
  }
  resume(): Promise<void> {
    this.resumed += 1;
    if (this.allowed) this.become("running");
    return Promise.resolve();
  }
  suspend(): Promise<void> {
    this.suspended += 1;
    this.become("suspended");
    return Promise.resolve();
  }
  become(state: AudioContextState): void {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new Event("statechange"));
  }

  /** Every frame from `from` to `to`. */
  render(from: number, to: number, channel = 0): Heard[] {
    const frames: { sample: number; gain: number }[][] = Array.from(
      { length: to - from },
      () => [],
    );
    for (const source of this.sources) {
      if (source.buffer === null) continue;
      const begin = Math.round(source.begin * this.sampleRate);
      const end = Math.min(
        to,
        begin + source.buffer.length,
        Math.ceil(source.end * this.sampleRate),
      );
      const samples = source.buffer.channels[Math.min(channel, source.buffer.channels.length - 1)]!;
      for (let frame = Math.max(from, begin); frame < end; frame++) {
        const gain = gainOf(source, frame / this.sampleRate);
        if (gain > 0) frames[frame - from]!.push({ sample: samples[frame - begin]!, gain });
      }
    }
    return frames;
  }

  asContext(): PlayerContext {
    return this as unknown as PlayerContext;
  }
}
