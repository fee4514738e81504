/**
 * Where each part of the picture lies, in CSS pixels. Pure.
 *
 * Invariant: every pane, the time axis and the overview share one horizontal extent (`plot`), so
 * that a time is at the same x in all of them; rectangles never overlap and never have a negative size.
 */

import type { ChannelId } from "./types";

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Pane {
  readonly kind: "wave" | "spec";
  readonly channel: ChannelId;
  readonly rect: Rect;
}

/** A further matrix, below the spectrograms. */
export interface LayerPane {
  readonly id: string;
  readonly rect: Rect;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** Horizontal extent shared by panes, time axis and overview. */
  readonly plot: { readonly x: number; readonly width: number };
  readonly overview: Rect;
  readonly panes: readonly Pane[];
  readonly layers: readonly LayerPane[];
  readonly timeAxis: Rect;
  readonly colorbar: Rect | null;
}

export interface LayoutOptions {
  readonly width: number;
  readonly height: number;
  readonly channels: readonly ChannelId[];
  /** Share of the panes' height that the waveforms take, 0 to 1. */
  readonly waveShare: number;
  /** The ids of further matrices. */
  readonly layers?: readonly string[];
}

export const GUTTER = 58;
export const COLORBAR_GAP = 10;
export const COLORBAR_WIDTH = 12;
export const COLORBAR_MARGIN = 58;
export const OVERVIEW_HEIGHT = 30;
export const TIME_AXIS_HEIGHT = 22;
export const PANE_GAP = 4;
/** The share of the free height that each layer takes, and all of them, at the most. */
const LAYER_SHARE = 0.18;
const LAYERS_SHARE = 0.5;
/** Below this width the colour bar gives its room to the picture. */
export const NARROW = 420;
const RIGHT_EDGE = 12;

export function layout(options: LayoutOptions): Layout {
  const { width, height, channels, waveShare, layers: ids = [] } = options;
  const withBar = width >= NARROW;
  const plotX = Math.min(GUTTER, width);
  const plotWidth = Math.max(0, width - plotX - (withBar ? COLORBAR_MARGIN : RIGHT_EDGE));
  const overview = { x: plotX, y: 0, width: plotWidth, height: Math.min(OVERVIEW_HEIGHT, height) };
  const top = overview.height + PANE_GAP;
  const bottom = Math.max(top, height - TIME_AXIS_HEIGHT);
  const count = Math.max(1, channels.length);
  const all = Math.max(0, bottom - top - PANE_GAP * (2 * count - 1 + ids.length));
  const layerShare = Math.min(LAYER_SHARE, LAYERS_SHARE / Math.max(1, ids.length));
  const layerHeight = Math.floor(all * layerShare);
  const free = all - layerHeight * ids.length;
  const waveHeight = Math.floor((free * waveShare) / count);
  const specHeight = Math.floor((free * (1 - waveShare)) / count);

  const panes: Pane[] = [];
  let y = top;
  for (const kind of ["wave", "spec"] as const) {
    const paneHeight = kind === "wave" ? waveHeight : specHeight;
    for (const channel of channels) {
      panes.push({ kind, channel, rect: { x: plotX, y, width: plotWidth, height: paneHeight } });
      y += paneHeight + PANE_GAP;
    }
  }
  const layers = ids.map((id, i) => {
    const top = y + i * (layerHeight + PANE_GAP);
    return { id, rect: { x: plotX, y: top, width: plotWidth, height: layerHeight } };
  });
  const specs = panes.filter((pane) => pane.kind === "spec");
  const first = specs[0];
  const last = specs[specs.length - 1];
  const colorbar =
    withBar && first && last
      ? {
          x: plotX + plotWidth + COLORBAR_GAP,
          y: first.rect.y,
          width: COLORBAR_WIDTH,
          height: last.rect.y + last.rect.height - first.rect.y,
        }
      : null;
  const lowest = (layers.at(-1) ?? last)?.rect;
  const axisY = lowest ? lowest.y + lowest.height : bottom;
  return {
    width,
    height,
    plot: { x: plotX, width: plotWidth },
    overview,
    panes,
    layers,
    timeAxis: { x: plotX, y: axisY, width: plotWidth, height: Math.max(0, height - axisY) },
    colorbar,
  };
}

export function contains(rect: Rect, x: number, y: number): boolean {
  return x >= rect.x && x < rect.x + rect.width && y >= rect.y && y < rect.y + rect.height;
}

export function overlap(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}
