/**
 * The line below the picture: what is under the pointer, and how things stand.
 *
 * Invariant: the reading on the left is silent; what a person must know is announced once, on the
 * right, and stays until it is no longer so.
 */

import { element } from "./dom";
import { formatDb, formatFreq, formatTime, nearestNote } from "./format";
import type { Standing } from "./standing";

export interface Reading {
  readonly time: number;
  readonly sr: number;
  /** Seconds in a pixel. */
  readonly resolution: number;
  readonly freq: number | null;
  readonly hzPerPixel: number;
  readonly db: number | null;
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

function words({ time, sr, resolution, freq, hzPerPixel, db, exact, amplitude }: Reading): string {
  const parts = [formatTime(time, resolution), `sample ${Math.round(time * sr)}`];
  if (freq !== null) {
    const note = nearestNote(freq);
    const cents = note ? ` ${note.cents < 0 ? "−" : "+"}${Math.abs(Math.round(note.cents))}¢` : "";
    parts.push(formatFreq(freq, hzPerPixel) + (note ? ` (${note.name}${cents})` : ""));
  }
  if (db !== null)
    parts.push(exact ? formatDb(db) : `≈ ${formatDb(Math.round(db)).replace(".0", "")}`);
  if (amplitude !== null) parts.push(`amplitude ${amplitude.toFixed(4).replace("-", "−")}`);
  return parts.join(" · ");
}
