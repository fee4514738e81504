/**
 * Plays the recording through Web Audio, in chunks asked of the kernel. One for each model.
 *
 * Invariant: every sample of the range is heard exactly once a turn, in order, joined to the sample;
 * late chunks make the sound wait, never skip. Sound starts and stops on a short ramp.
 */

import type { Channel } from "./channel";
import type { HeardChannel } from "./protocol";
import type { Scope } from "./scope";
import type { Info } from "./types";

/** "waiting": for the kernel; "blocked": until the browser sees a click or a key. */
export type PlayerState = "stopped" | "waiting" | "blocked" | "playing";

export interface PlayRequest {
  /** Seconds; by default the whole recording. */
  readonly start?: number;
  readonly end?: number;
  /** Where in [start, end) the sound begins; by default at its start. */
  readonly from?: number;
  readonly loop?: boolean;
  readonly channel?: HeardChannel;
}

/** What is used of an AudioContext; an OfflineAudioContext has it too. */
export type PlayerContext = Pick<
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

export interface PlayerOptions {
  readonly createContext?: (rate: number) => PlayerContext;
  /** Seconds of sound that are scheduled ahead. */
  readonly ahead?: number;
  /** Milliseconds, as of performance.now. */
  readonly now?: () => number;
}

export declare class Player {
  constructor(channel: Channel, info: Info, scope: Scope, options?: PlayerOptions);
  readonly state: PlayerState;
  /** Whether sound is wanted: true in every state but "stopped". */
  readonly playing: boolean;
  /** Seconds: what is heard now, or where `play({from: position})` would go on. */
  readonly position: number;
  readonly looping: boolean;
  /** What is being played, in seconds; null when stopped. */
  readonly range: { readonly start: number; readonly end: number } | null;
  /** 0..1 */
  volume: number;
  play(request?: PlayRequest): void;
  /** Stops, and the position stays. */
  pause(): void;
  /** Stops, and the position returns to where the sound began. */
  stop(): void;
  /** Goes on from there, if playing. */
  seek(time: number): void;
  setLoop(loop: boolean): void;
  /** New borders of what is being played, looping or not. */
  setLoopRange(start: number, end: number): void;
  /** The recording is another one: stops, and forgets its samples. */
  setInfo(info: Info): void;
  onChange(listener: () => void, scope: Scope): void;
  onError(listener: (message: string) => void, scope: Scope): void;
}
