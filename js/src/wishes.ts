/**
 * Which tiles a view wants, the most important first. Pure.
 *
 * Invariant: what the picture of the same state asks for is among the wishes, so that a view that has
 * all its tiles is complete.
 */

import { keyString, specKeys, specLevel, waveKeys, waveLevel } from "./pyramid";
import type { ChannelId, Info, TileKey, Viewport } from "./types";

export interface WishState {
  readonly info: Info;
  readonly viewport: Viewport;
  readonly channels: readonly ChannelId[];
  /** The channel on the overview strip. */
  readonly strip: ChannelId;
  /** CSS pixels, and device pixels in each. */
  readonly width: number;
  readonly ratio: number;
}

/** Coarsest first, so that something is there at once; then what is in sight; then its neighbours. */
export function wishes({ info, viewport, channels, strip, width, ratio }: WishState): TileKey[] {
  const { spectrogram, waveform, duration, sr } = info;
  const pixels = Math.max(1, Math.round(width));
  const span = viewport.t1 - viewport.t0;
  const specAt = specLevel(spectrogram, span / Math.max(1, Math.round(width * ratio)));
  const waveAt = waveLevel(waveform, (span * sr) / pixels);
  const stripAt = waveLevel(waveform, (duration * sr) / pixels);
  const keys: TileKey[] = [];
  for (const channel of channels) {
    keys.push(...waveKeys(waveform, channel, topLevel(info), 0, duration));
    keys.push(...specKeys(spectrogram, channel, spectrogram.levels - 1, 0, duration));
  }
  keys.push(...waveKeys(waveform, strip, stripAt, 0, duration));
  for (const margin of [0, span / 2]) {
    const t0 = Math.max(0, viewport.t0 - margin);
    const t1 = Math.min(duration, viewport.t1 + margin);
    for (const channel of channels) {
      keys.push(...specKeys(spectrogram, channel, specAt, t0, t1));
      keys.push(...waveKeys(waveform, channel, waveAt, t0, t1));
    }
  }
  return [...new Map(keys.map((key) => [keyString(key), key])).values()];
}

/** The level of the waveform that holds the whole recording in few columns. */
export const topLevel = (info: Info): number => info.waveform.levels.at(-1) ?? 0;
