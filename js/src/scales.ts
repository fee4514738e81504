import type { FreqAxis, SpectrogramInfo } from "./types";

const todo = (): never => {
  throw new Error("not yet");
};

/** Slaney's scale, as librosa.hz_to_mel by default. */
export function hzToMel(_hz: number): number {
  return todo();
}
export function melToHz(_mel: number): number {
  return todo();
}

export interface FreqScale {
  /** 0 at the bottom (f0), 1 at the top (f1); not clipped. */
  toUnit(hz: number): number;
  fromUnit(unit: number): number;
}
/** On a log axis the bottom is max(f0, logFloor(f1)). */
export function freqScale(_axis: FreqAxis, _f0: number, _f1: number): FreqScale {
  return todo();
}

export interface TimeScale {
  /** Pixels from the left edge; not clipped. */
  toX(seconds: number): number;
  toTime(x: number): number;
}
export function timeScale(_t0: number, _t1: number, _width: number): TimeScale {
  return todo();
}

/** Centre of a bin in Hz. */
export function binHz(_info: SpectrogramInfo, _bin: number): number {
  return todo();
}
/** The bin whose cell holds hz, or -1 outside all cells. */
export function binAt(_info: SpectrogramInfo, _hz: number): number {
  return todo();
}
/** The frame whose cell holds the time, or -1. */
export function frameAt(_info: SpectrogramInfo, _seconds: number): number {
  return todo();
}
