/**
 * Further matrices over the same time, as rows from bottom to top. Pure, but for what is remembered.
 *
 * Invariant: every row of a layer is as high as any other, whatever it stands for, so that a matrix looks
 * as it is; its columns lie in time as those of the spectrogram do.
 */

import { formatFreq } from "./format";
import { specKeys, specLevel } from "./pyramid";
import { binHz } from "./scales";
import type { ChannelId, Layer, SpectrogramInfo, TileKey } from "./types";

/** Enough to know a row by. */
const DIGITS = 2;

const asRows = new WeakMap<Layer, SpectrogramInfo>();

/** The layer with rows for bins: frequencies become their names. The same object for the same layer. */
export function rowsOf(layer: Layer): SpectrogramInfo {
  const known = asRows.get(layer);
  if (known) return known;
  const { info } = layer;
  const names = Array.from({ length: info.n_bins }, (_, bin) =>
    formatFreq(Number(binHz(info, bin).toPrecision(DIGITS))),
  );
  const made: SpectrogramInfo =
    info.bins.kind === "index" ? info : { ...info, bins: { kind: "index", label: "", names } };
  asRows.set(layer, made);
  return made;
}

/** The names of its rows; null: they have numbers. */
export function namesOf(layer: Layer): readonly string[] | null {
  const { bins } = rowsOf(layer);
  return bins.kind === "index" ? (bins.names ?? null) : null;
}

/** The values of its darkest and its brightest colour, as its tiles have them: dB with ref = 1.0. */
export function colorRange({ limits: [lo, hi], info }: Layer): [number, number] {
  const offset = (info.unit ?? "dB") === "dB" ? info.full_scale_db : 0;
  return [lo + offset, hi + offset];
}

/** The same place in a layer as a key of a spectrogram has in that. */
export const layerKey = (layer: Layer, channel: ChannelId, key: TileKey): TileKey => ({
  ...key,
  layer: `${layer.id}/${channel}`,
});

/** The tiles that layers need for what is seen, the coarsest first. */
export function layerKeys(
  layers: readonly Layer[],
  channel: ChannelId,
  sight: { readonly t0: number; readonly t1: number; readonly duration: number },
  width: number,
): TileKey[] {
  const { t0, t1, duration } = sight;
  return layers.flatMap((layer) => {
    const { info } = layer;
    const top = info.levels - 1;
    const level = specLevel(info, (t1 - t0) / Math.max(1, width));
    const keys = specKeys(info, channel, top, 0, duration);
    if (level !== top) keys.push(...specKeys(info, channel, level, t0, t1));
    return keys.map((key) => layerKey(layer, channel, key));
  });
}
