/**
 * Plays the recording through Web Audio, in chunks asked of the kernel. One for each model.
 *
 * Invariant: every sample of what is played is heard exactly once a turn, in order, joined to the sample;
 * late chunks make the sound wait, never skip. Sound starts and stops on a short fade.
 */

import type { Channel } from "./channel";
import { AudioChunks } from "./chunks";
import { type ContextFactory, Output } from "./output";
import { chunksOf, SmoothClock, type Track, trackOf } from "./playback";
import type { HeardChannel } from "./protocol";
import { Scheduler } from "./scheduler";
import { Listeners, type Scope } from "./scope";
import type { Info } from "./types";

/** "waiting": for the kernel; "blocked": until the browser sees a click or a key. */
export type PlayerState = "stopped" | "waiting" | "blocked" | "playing";

export interface PlayRequest {
  /** Seconds; by default the whole recording. */
  readonly start?: number;
  readonly end?: number;
  /** Where the sound begins; at `start` by default, and where it is not within the range. */
  readonly from?: number;
  /** By default as `setLoop` has it. */
  readonly loop?: boolean;
  readonly channel?: HeardChannel;
}

export interface PlayerOptions {
  /** By default one AudioContext a rate for the whole page. */
  readonly createContext?: ContextFactory;
  /** Seconds of sound that are scheduled ahead. */
  readonly ahead?: number;
  /** Milliseconds, as of performance.now. */
  readonly now?: () => number;
}

const SHORTEST_LOOP = 0.005;
const AHEAD = 2;
const PUMP_EVERY_MS = 40;
/** Seconds. */
const PREPARED = 0.25;
const BLOCKED_AFTER_MS = 400;

interface Opened {
  readonly device: Output;
  readonly master: GainNode;
  readonly scope: Scope;
}

/** What there is only while sound is wanted. */
interface Run {
  readonly scope: Scope;
  readonly scheduler: Scheduler;
  readonly since: number;
}

export class Player {
  readonly #scope: Scope;
  readonly #options: PlayerOptions;
  readonly #chunks: AudioChunks;
  readonly #clock = new SmoothClock();
  readonly #changeListeners = new Listeners<[]>();
  readonly #errorListeners = new Listeners<[string]>();
  #info: Info;
  #output: { readonly device: Output; readonly master: GainNode; readonly scope: Scope } | null =
    null;
  #run: Run | null = null;
  #state: PlayerState = "stopped";
  #volume = 1;
  #looping = false;
  /** Seconds: where the sound stands when stopped, and where it returns to at its end. */
  #place = 0;
  #home = 0;

  constructor(channel: Channel, info: Info, scope: Scope, options: PlayerOptions = {}) {
    this.#scope = scope;
    this.#options = options;
    this.#info = info;
    this.#chunks = new AudioChunks(channel, info);
    this.#chunks.onArrive(() => this.#pump(), scope);
    channel.on("audio.data", (data) => data.id === null && this.#chunks.offer(data), scope);
    scope.add(() => this.#end(this.#place));
  }

  get state(): PlayerState {
    return this.#state;
  }

  /** Whether sound is wanted: true in every state but "stopped". */
  get playing(): boolean {
    return this.#run !== null;
  }

  get looping(): boolean {
    return this.#looping;
  }

  /** What is being played, in seconds; null when stopped. */
  get range(): { readonly start: number; readonly end: number } | null {
    if (this.#run === null) return null;
    const { start, stop } = this.#run.scheduler.track;
    return { start: start / this.#info.sr, end: stop / this.#info.sr };
  }

  /** Seconds: what is heard now, or where it would go on. */
  get position(): number {
    if (this.#run === null || this.#output === null) return this.#place;
    const { context, latency } = this.#output.device;
    const heard = this.#clock.read(context.currentTime, this.#now()) - latency;
    const sample = this.#run.scheduler.sampleAt(heard * this.#info.sr);
    return Math.min(this.#info.n_samples, Math.max(0, sample)) / this.#info.sr;
  }

  /** Seconds of sound that are scheduled and not yet heard. */
  get buffered(): number {
    return (this.#run?.scheduler.buffered ?? 0) / this.#info.sr;
  }

  /** 0..1 */
  get volume(): number {
    return this.#volume;
  }

  set volume(volume: number) {
    this.#volume = Math.min(1, Math.max(0, volume));
    if (this.#output === null) return;
    const { device, master } = this.#output;
    master.gain.setTargetAtTime(this.#volume, device.context.currentTime, 0.01);
  }

  onChange(listener: () => void, scope: Scope): void {
    this.#changeListeners.add(listener, scope);
  }

  /** Told in words why there is no sound. */
  onError(listener: (message: string) => void, scope: Scope): void {
    this.#errorListeners.add(listener, scope);
  }

  /** Fetches the whole recording, to be played later; not while it plays. */
  load(channel: HeardChannel): void {
    if (this.#run !== null) return;
    this.#chunks.hear(channel);
    this.#chunks.want(chunksOf([{ start: 0, stop: this.#info.n_samples }], this.#chunks.size));
  }

  /** Fetches what would be heard first if sound began at a time, so that it begins at once; not while it plays. */
  prepare(time: number, channel: HeardChannel): void {
    if (this.#run !== null) return;
    const start = Math.min(this.#info.n_samples, Math.max(0, Math.round(time * this.#info.sr)));
    const stop = Math.min(this.#info.n_samples, start + Math.ceil(PREPARED * this.#info.sr));
    if (start >= stop) return;
    this.#chunks.hear(channel);
    this.#chunks.want(chunksOf([{ start, stop }], this.#chunks.size));
  }

  play(request: PlayRequest = {}): void {
    const { start = 0, end = this.#info.duration, from = start, channel = "all" } = request;
    this.#looping = request.loop ?? this.#looping;
    const track = this.#trackOf(start, end);
    const sample = Math.round(from * this.#info.sr);
    const inside = sample >= track.start && sample < track.stop;
    this.#chunks.hear(channel);
    this.#begin(track, inside ? sample : track.start, inside ? from : start);
  }

  /** Stops, and the position stays. */
  pause(): void {
    this.#end(this.position);
  }

  /** Stops, and the position returns to where the sound began. */
  stop(): void {
    this.#end(this.#home);
  }

  /** Goes on from there, if playing. Outside of what is being played, that becomes the whole recording. */
  seek(time: number): void {
    const place = Math.min(this.#info.duration, Math.max(0, time));
    const sample = Math.round(place * this.#info.sr);
    if (this.#run === null || sample >= this.#info.n_samples) {
      this.#home = place;
      this.#end(place);
      return;
    }
    const { track } = this.#run.scheduler;
    const inside = sample >= track.start && sample < track.stop;
    this.#begin(inside ? track : this.#trackOf(0, this.#info.duration), sample, place);
  }

  /** For what is being played, and for what will be. */
  setLoop(loop: boolean): void {
    if (loop === this.#looping) return;
    this.#looping = loop;
    if (this.range !== null) this.setLoopRange(this.range.start, this.range.end);
    this.#changeListeners.tell();
  }

  /** New borders of what is being played, looping or not. */
  setLoopRange(start: number, end: number): void {
    const track = this.#trackOf(start, end);
    if (this.#run === null || track.start >= track.stop) return;
    this.#run.scheduler.setTrack(track);
    this.#pump();
  }

  /** The recording may be another one: then it stops, and its samples are forgotten. */
  setInfo(info: Info): void {
    const old = this.#info;
    const same = (["name", "sr", "n_samples", "n_channels"] as const).every(
      (field) => info[field] === old[field],
    );
    if (same) return;
    this.#end(0);
    this.#info = info;
    this.#home = 0;
    this.#chunks.setInfo(info);
    if (info.sr === old.sr) return;
    this.#output?.scope.dispose();
    this.#output = null;
  }

  // Beginning and ending ----------------------------------------------------------------------------

  #trackOf(start: number, end: number): Track {
    const shortest = Math.ceil(SHORTEST_LOOP * this.#info.sr);
    return trackOf(start, end, this.#looping, this.#info, shortest);
  }

  #begin(track: Track, sample: number, place: number): void {
    this.#halt();
    this.#place = place;
    this.#home = place;
    this.#output ??= this.#open();
    if (this.#output === null || track.start >= track.stop || this.#scope.disposed) {
      this.#setState("stopped");
      this.#changeListeners.tell();
      return;
    }
    const { device, master } = this.#output;
    this.#chunks.forgive();
    device.enter();
    const scope = this.#scope.child();
    const scheduler = new Scheduler(this.#chunks, {
      context: device.context,
      destination: master,
      rate: this.#info.sr,
      ahead: this.#options.ahead ?? AHEAD,
      track,
      sample,
    });
    this.#run = { scope, scheduler, since: this.#now() };
    scope.interval(() => this.#pump(), PUMP_EVERY_MS);
    scope.listen(device.context, "statechange", () => this.#pump());
    if (typeof window !== "undefined") {
      for (const gesture of ["pointerdown", "keydown"] as const) {
        scope.listen(window, gesture, () => device.wake(), { capture: true });
      }
    }
    this.#pump();
    this.#changeListeners.tell();
  }

  #open(): Opened | null {
    const { sr } = this.#info;
    const scope = this.#scope.child();
    try {
      const device = new Output(sr, scope, this.#options.createContext);
      if (!device.plays(sr)) throw new Error(`${sr} samples a second are too few or too many`);
      const master = device.context.createGain();
      master.gain.value = this.#volume;
      master.connect(device.context.destination);
      scope.add(() => master.disconnect());
      return { device, master, scope };
    } catch (error) {
      scope.dispose();
      this.#errorListeners.tell(
        `This browser cannot play the recording: ${(error as Error).message}`,
      );
      return null;
    }
  }

  /** The sound fades out; what is left of it goes when it has been heard. */
  #halt(): void {
    if (this.#run === null) return;
    const { scope, scheduler } = this.#run;
    this.#run = null;
    scope.dispose();
    scheduler.stop(this.#scope);
    this.#output?.device.leave();
  }

  #end(place: number): void {
    this.#halt();
    this.#place = place;
    this.#setState("stopped");
    this.#changeListeners.tell();
  }

  // While it plays --------------------------------------------------------------------------------

  #pump(): void {
    if (this.#run === null) return;
    const { scheduler } = this.#run;
    scheduler.pump();
    if (scheduler.problem !== null) {
      this.#end(scheduler.next / this.#info.sr);
      this.#errorListeners.tell(`The sound stopped: ${scheduler.problem}`);
    } else if (scheduler.finished) {
      this.#end(this.#home);
    } else {
      this.#setState(this.#silenced() ?? (scheduler.sounding ? "playing" : "waiting"));
    }
  }

  /** A context that was woken runs within milliseconds, unless the browser forbids it; null: it runs. */
  #silenced(): PlayerState | null {
    if (this.#output?.device.context.state === "running") return null;
    const waited = this.#now() - (this.#run?.since ?? 0);
    return waited > BLOCKED_AFTER_MS ? "blocked" : "waiting";
  }

  #now(): number {
    return this.#options.now?.() ?? performance.now();
  }

  #setState(state: PlayerState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#changeListeners.tell();
  }
}
