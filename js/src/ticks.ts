import type { FreqAxis, Tick } from "./types";

const todo = (): never => {
  throw new Error("not yet");
};

/** Values in seconds; positions come from timeScale. */
export function timeTicks(_t0: number, _t1: number, _width: number): Tick[] {
  return todo();
}
/** Values in Hz; positions come from freqScale. */
export function freqTicks(_axis: FreqAxis, _f0: number, _f1: number, _height: number): Tick[] {
  return todo();
}
export function dbTicks(_lo: number, _hi: number, _height: number): Tick[] {
  return todo();
}
export function amplitudeTicks(_lo: number, _hi: number, _height: number): Tick[] {
  return todo();
}
