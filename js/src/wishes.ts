/**
 * Which tiles a view wants, the most important first. Pure.
 *
 * Invariant: what the picture of the same state asks for is among what is needed, so that a view that has
 * all of that is complete. The coarsest levels are always needed: they are what is shown before the rest has come.
 */

import type { Stretch } from "./motion";
import { keyString, specKeys, specLevel, waveKeys, waveLevel } from "./pyramid";
import type { ChannelId, Info, TileKey } from "./types";

export interface WishState {
  readonly info: Info;
  readonly channels: readonly ChannelId[];
  /** The channel on the overview strip. */
  readonly strip: ChannelId;
  /** Pixels. */
  readonly width: number;
  /** What is to be seen in that width, in seconds. */
  readonly sight: Stretch;
  /** What may be seen next; null: nobody knows. */
  readonly ahead: Stretch | null;
}

export interface Wishes {
  readonly needed: readonly TileKey[];
  /** Not needed yet: worth asking for when nothing is needed. */
  readonly ahead: readonly TileKey[];
}

export function wishes(state: WishState): Wishes {
  const { info, channels, strip, width, sight } = state;
  const { spectrogram, waveform, duration, sr } = info;
  const span = sight.t1 - sight.t0;
  const specAt = specLevel(spectrogram, span / width);
  const waveAt = waveLevel(waveform, (span * sr) / width);
  const stripAt = waveLevel(waveform, (duration * sr) / width);
  const over = (stretch: Stretch): TileKey[] => {
    const t0 = Math.max(0, stretch.t0);
    const t1 = Math.min(duration, stretch.t1);
    return channels.flatMap((channel) => [
      ...specKeys(spectrogram, channel, specAt, t0, t1),
      ...waveKeys(waveform, channel, waveAt, t0, t1),
    ]);
  };
  const needed = once([
    ...coarsest(info, channels),
    ...waveKeys(waveform, strip, stripAt, 0, duration),
    ...over(sight),
  ]);
  if (state.ahead === null) return { needed: [...needed.values()], ahead: [] };
  const ahead = [...once(over(state.ahead))].filter(([name]) => !needed.has(name));
  return { needed: [...needed.values()], ahead: ahead.map(([, key]) => key) };
}

const once = (keys: readonly TileKey[]): Map<string, TileKey> =>
  new Map(keys.map((key) => [keyString(key), key]));

/** The whole recording in a few tiles: what can be shown before all else. */
export function coarsest(info: Info, channels: readonly ChannelId[]): TileKey[] {
  const { spectrogram, waveform, duration } = info;
  return channels.flatMap((channel) => [
    ...waveKeys(waveform, channel, topLevel(info), 0, duration),
    ...specKeys(spectrogram, channel, spectrogram.levels - 1, 0, duration),
  ]);
}

/** Which channels are shown where a person has chosen all, their mix, or one. */
export function shownChannels({ n_channels }: Info, chosen: "all" | "mix" | number): ChannelId[] {
  if (n_channels === 1) return ["0"];
  if (chosen !== "all") return [String(chosen)];
  return Array.from({ length: n_channels }, (_, i) => String(i));
}

/** The level of the waveform that holds the whole recording in few columns. */
export const topLevel = (info: Info): number => info.waveform.levels.at(-1) ?? 0;
