// A waveform as pixels.
// Invariant: a pure function of columns, amplitude and colours; edges are blended by how much of a pixel they cover, and
// no column is thinner than a CSS pixel. Colours are words as an ImageData has them on a little-endian machine (ABGR).
// Inner loops: typed arrays read with non-null assertions, indices in range by construction.

import type { WaveColumns } from "./wave";

export interface WaveInk {
  readonly pane: number;
  /** Of the line at zero, and of the level within the extremes; null: there is none. */
  readonly zero: number | null;
  readonly rms: number | null;
  readonly wave: number;
}

export interface WaveStyle {
  readonly ink: WaveInk;
  /** The amplitude at the top edge. */
  readonly amplitude: number;
  /** Pixels in a CSS pixel. */
  readonly ratio: number;
  /** Colour of each column in place of `ink.wave`; 0: no other. */
  readonly tints: Uint32Array | null;
}

/** Fills out[y * width + x]; width is the number of columns. */
export function paintWave(
  columns: WaveColumns,
  { ink, amplitude, ratio, tints }: WaveStyle,
  height: number,
  out: Uint32Array,
): void {
  const { min, max, rms } = columns;
  const width = min.length;
  const toY = (value: number) => height * Math.min(1, Math.max(0, (1 - value / amplitude) / 2));
  out.fill(ink.pane, 0, width * height);
  if (ink.zero !== null) {
    const thick = Math.max(1, Math.round(ratio));
    const at = Math.min(height - thick, Math.round(height / 2));
    out.fill(ink.zero, Math.max(0, at) * width, (at + thick) * width);
  }
  const half = ratio / 2;
  for (let x = 0; x < width; x++) {
    if (!(max[x]! >= min[x]!)) continue;
    const tint = tints === null ? 0 : tints[x]!;
    const color = tint === 0 ? ink.wave : tint;
    paintColumn(out, x, width, height, toY(max[x]!) - half, toY(min[x]!) + half, color);
    if (ink.rms === null || tint !== 0 || !(rms[x]! > 0)) continue;
    paintColumn(out, x, width, height, toY(rms[x]!), toY(-rms[x]!), ink.rms);
  }
}

function paintColumn(
  out: Uint32Array,
  x: number,
  width: number,
  height: number,
  top: number,
  bottom: number,
  color: number,
): void {
  const from = Math.max(0, top);
  const to = Math.min(height, bottom);
  if (!(to > from)) return;
  const first = Math.floor(from);
  const last = Math.ceil(to) - 1;
  let at = first * width + x;
  if (first === last) {
    out[at] = blend(out[at]!, color, to - from);
    return;
  }
  out[at] = blend(out[at]!, color, first + 1 - from);
  at += width;
  for (let y = first + 1; y < last; y++, at += width) out[at] = color;
  out[at] = blend(out[at]!, color, to - last);
}

/** The share of `over` that lies on `under`; both opaque. */
function blend(under: number, over: number, share: number): number {
  const s = Math.round(share * 256);
  if (s >= 256) return over;
  // Red and blue at once, in the even bytes of a word; then green.
  const a = under & 0xff00ff;
  const b = under & 0x00ff00;
  const mixedA = (a * (256 - s) + (over & 0xff00ff) * s) / 256;
  const mixedB = (b * (256 - s) + (over & 0x00ff00) * s) / 256;
  return (0xff000000 | (mixedA & 0xff00ff) | (mixedB & 0x00ff00)) >>> 0;
}

export interface Tint {
  /** Pixels from the left edge. */
  readonly from: number;
  readonly to: number;
  readonly color: number;
}

/** The colour of each column, 0 where there is none: later intervals lie on top, and slivers are passed over. */
export function tintColumns(width: number, tints: readonly Tint[]): Uint32Array {
  const colors = new Uint32Array(width);
  for (const { from, to, color } of tints) {
    if (to - from < 1) continue;
    colors.fill(color, Math.max(0, Math.round(from)), Math.max(0, Math.round(to)));
  }
  return colors;
}
