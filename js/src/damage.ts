/**
 * The stretches of a recording that cannot be read or trusted, as they are shown. Pure, but for the painting.
 *
 * Invariant: what is shown lies within the recording, in order of time, and is no more than a screen can hold;
 * what the kernel sent otherwise is passed over.
 */

import type { Scene } from "./hit";
import type { Rect } from "./layout";
import { clipTo } from "./pen";
import { cellsPerSecond, tileCells } from "./pyramid";
import type { TimeScale } from "./scales";
import type { Theme } from "./theme";
import type { Info, TileKey } from "./types";

export interface Damage {
  /** Seconds. */
  readonly start: number;
  readonly end: number;
  readonly reason: string;
}

const MOST = 2000;
const LONGEST_REASON = 300;
/** Narrower than this, in pixels, none is drawn: it must be seen in a picture of a day. */
const LEAST_WIDTH = 2;
const HATCH = 7;

/** What the info says of damage; nothing where it says nothing that can be understood. */
export function damageOf({ damage, duration }: Pick<Info, "damage" | "duration">): Damage[] {
  if (!Array.isArray(damage)) return [];
  const found: Damage[] = [];
  for (const entry of damage.slice(0, MOST)) {
    if (!Array.isArray(entry)) continue;
    const [from, to, reason] = entry as readonly unknown[];
    if (typeof from !== "number" || typeof to !== "number" || !(from <= to)) continue;
    const start = Math.min(duration, Math.max(0, from));
    const end = Math.min(duration, Math.max(0, to));
    const words = typeof reason === "string" ? reason.slice(0, LONGEST_REASON) : "";
    found.push({ start, end, reason: words || "cannot be read" });
  }
  return found.sort((a, b) => a.start - b.start);
}

const NONE: readonly Damage[] = [];

/** Where the kernel will not give tiles; the same empty list as long as it gives all. */
export function refusedStretches(
  { spectrogram, waveform, duration }: Info,
  keys: readonly TileKey[],
  refusal: (key: TileKey) => string | null,
): readonly Damage[] {
  let found = NONE;
  for (const key of keys) {
    const reason = refusal(key);
    if (reason === null) continue;
    const layer = key.layer.startsWith("spec/") ? spectrogram : waveform;
    const seconds = tileCells(layer, key.level) / cellsPerSecond(layer);
    const start = Math.min(duration, key.index * seconds);
    const end = Math.min(duration, start + seconds);
    found = [...found, { start, end, reason: reason.slice(0, LONGEST_REASON) }];
  }
  return found;
}

/** What is wrong at a time, or as near to it as `slack` seconds; null where nothing is. */
export function damageAt(damage: readonly Damage[], time: number, slack: number): Damage | null {
  const near = damage.filter(({ start, end }) => start <= time + slack && end >= time - slack);
  const off = ({ start, end }: Damage) => Math.max(start - time, time - end, 0);
  return near.sort((a, b) => off(a) - off(b))[0] ?? null;
}

/** Pixels [from, to) that are hatched, from left to right and never twice. */
export function damagedPixels(
  damage: readonly Damage[],
  scale: TimeScale,
  width: number,
): [from: number, to: number][] {
  const spans: [number, number][] = [];
  for (const { start, end } of damage) {
    const left = scale.toX(start);
    const right = scale.toX(end);
    if (right < 0 || left > width) continue;
    const middle = (left + right) / 2;
    const half = Math.max(right - left, LEAST_WIDTH) / 2;
    spans.push([Math.max(0, middle - half), Math.min(width, middle + half)]);
  }
  const apart: [number, number][] = [];
  for (const [from, to] of spans.sort(([a], [b]) => a - b)) {
    const last = apart.at(-1);
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else apart.push([from, to]);
  }
  return apart;
}

/** Hatching over panes and strip, through which the picture is still seen. */
export function paintDamage(
  g: CanvasRenderingContext2D,
  scene: Scene,
  damage: readonly Damage[],
  theme: Theme,
): void {
  if (damage.length === 0) return;
  const { layout } = scene;
  const hatch = (rect: Rect, scale: TimeScale) => {
    for (const [from, to] of damagedPixels(damage, scale, rect.width)) {
      hatched(g, { ...rect, x: rect.x + from, width: to - from }, theme);
    }
  };
  hatch(layout.overview, scene.overview);
  for (const { rect } of layout.panes) hatch(rect, scene.time);
}

function hatched(g: CanvasRenderingContext2D, rect: Rect, theme: Theme): void {
  clipTo(g, rect, () => {
    g.fillStyle = theme.pane;
    g.globalAlpha = 0.45;
    g.fillRect(rect.x, rect.y, rect.width, rect.height);
    g.globalAlpha = 1;
    g.beginPath();
    // Lines lie on a grid of the whole canvas, so that they do not move with the border of a stretch.
    const first = Math.floor((rect.x - rect.height) / HATCH) * HATCH;
    for (let x = first; x < rect.x + rect.width; x += HATCH) {
      g.moveTo(x, rect.y + rect.height);
      g.lineTo(x + rect.height, rect.y);
    }
    g.strokeStyle = theme.warning;
    g.lineWidth = 1.25;
    g.stroke();
  });
}
