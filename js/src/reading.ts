/**
 * What lies under the pointer, in words. Pure.
 *
 * Invariant: a number is said to be as exact as it is: what the picture tells comes with "≈" and no more
 * digits than its steps, what the kernel has told without.
 */

import { decimalsFor, fixed, formatFreq, formatTime, nearestNote } from "./format";
import type { SpectrogramInfo } from "./types";

/** What the values of a spectrogram are. */
export interface ValueScale {
  readonly name: string;
  /** "dBFS" where a full-scale sine reads 0; "" for a bare number. */
  readonly unit: string;
  /** Between two neighbouring bytes of a tile. */
  readonly step: number;
}

/** `refDb` is what is subtracted from dB. */
export function valueScale(info: SpectrogramInfo, refDb: number): ValueScale {
  const [lo, hi] = info.range_db;
  const { unit = "dB", value_name = "level", full_scale_db, ref_applies = true } = info;
  const fullScale = unit === "dB" && ref_applies && refDb === full_scale_db;
  return { name: value_name, unit: fullScale ? "dBFS" : unit, step: (hi - lo) / 255 };
}

/** A value with its unit, or after the name where it has none: "−12.3 dBFS", "PCEN 0.52", "coefficient 3: −12.3". */
export function formatValue(
  value: number,
  { name, unit, step }: ValueScale,
  exact: boolean,
  row: string | null,
): string {
  const coarse = Math.max(0, decimalsFor(step) - 1);
  const number = exact ? fixed(value, coarse + 1) : `≈ ${fixed(value, coarse)}`;
  const text = unit === "" ? number : `${number} ${unit}`;
  if (row !== null) return `${row}: ${text}`;
  return unit === "" ? `${name} ${text}` : text;
}

/** "pitch class D", "coefficient 3"; rows are counted from 0, as in the array. */
export function rowName({ bins, n_bins }: SpectrogramInfo, at: number): string {
  const row = Math.min(n_bins - 1, Math.max(0, Math.floor(at)));
  if (bins.kind !== "index") return String(row);
  return `${bins.label} ${bins.names?.[row] ?? row}`;
}

export interface Reading {
  readonly time: number;
  readonly sr: number;
  /** Seconds in a pixel. */
  readonly resolution: number;
  /** Place on the frequency axis; null off the spectrogram. */
  readonly freq: number | null;
  readonly hzPerPixel: number;
  /** The row's name, where rows are no frequencies. */
  readonly row: string | null;
  readonly value: number | null;
  readonly scale: ValueScale;
  /** Whether the value is the exact one, or as good as the picture's steps tell. */
  readonly exact: boolean;
  readonly amplitude: number | null;
  /** What is wrong with the recording here. */
  readonly damage: string | null;
}

export function words(reading: Reading): string {
  const { time, sr, resolution, freq, hzPerPixel, row, value, scale, exact, amplitude } = reading;
  const parts = [formatTime(time, resolution), `sample ${Math.round(time * sr)}`];
  if (row === null && freq !== null) {
    const note = nearestNote(freq);
    const cents = note ? ` ${note.cents < 0 ? "−" : "+"}${Math.abs(Math.round(note.cents))}¢` : "";
    parts.push(formatFreq(freq, hzPerPixel) + (note ? ` (${note.name}${cents})` : ""));
  }
  if (value !== null) parts.push(formatValue(value, scale, exact, row));
  else if (row !== null) parts.push(row);
  if (amplitude !== null) parts.push(`amplitude ${amplitude.toFixed(4).replace("-", "−")}`);
  if (reading.damage !== null) parts.push(reading.damage);
  return parts.join(" · ");
}
