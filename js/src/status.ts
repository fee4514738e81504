/**
 * The line below the picture: what is under the pointer, and how things stand.
 *
 * Invariant: the reading on the left is silent; what a person must know is announced once, on the
 * right, and stays until it is no longer so.
 */

import { element } from "./dom";
import { fixed, formatFreq, formatTime, nearestNote } from "./format";
import type { Standing } from "./standing";

export interface Reading {
  readonly time: number;
  readonly sr: number;
  /** Seconds in a pixel. */
  readonly resolution: number;
  readonly freq: number | null;
  readonly hzPerPixel: number;
  readonly db: number | null;
  /** "dBFS" where a full-scale sine reads 0, else "dB". */
  readonly unit: string;
  /** Whether dB is the exact value, or as good as the picture's steps tell. */
  readonly exact: boolean;
  readonly amplitude: number | null;
}

export class Status {
  private readonly reading = element("span", { class: "sw-reading" });
  private readonly state = element("span", { class: "sw-state", role: "status" });
  readonly root = element("div", { class: "sw-status" }, this.reading, this.state);

  read(reading: Reading | null): void {
    this.reading.textContent = reading ? words(reading) : "";
  }

  say({ text, level }: Standing): void {
    if (this.state.textContent !== text) this.state.textContent = text;
    this.state.dataset["level"] = level;
    this.state.title = text;
  }
}

function words(reading: Reading): string {
  const { time, sr, resolution, freq, hzPerPixel, db, unit, exact, amplitude } = reading;
  const parts = [formatTime(time, resolution), `sample ${Math.round(time * sr)}`];
  if (freq !== null) {
    const note = nearestNote(freq);
    const cents = note ? ` ${note.cents < 0 ? "−" : "+"}${Math.abs(Math.round(note.cents))}¢` : "";
    parts.push(formatFreq(freq, hzPerPixel) + (note ? ` (${note.name}${cents})` : ""));
  }
  if (db !== null) {
    const level = exact ? fixed(db, 1) : `≈ ${fixed(db, 0)}`;
    parts.push(`${level} ${unit}`);
  }
  if (amplitude !== null) parts.push(`amplitude ${amplitude.toFixed(4).replace("-", "−")}`);
  return parts.join(" · ");
}
