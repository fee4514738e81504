/**
 * The panes of layers, below the spectrogram: their pixels, the numbers or names of their rows, and what they are.
 *
 * Invariant: as the picture, pixels are a function of tiles, window and colours alone; buffers only save work.
 */

import { colormap } from "./colormaps";
import { fixed } from "./format";
import { colorRange, layerKey, namesOf, rowsOf } from "./layers";
import type { LayerPane, Layout, Rect } from "./layout";
import { clipTo, crisp, setFont, TEXT_SIZE, textWidth } from "./pen";
import type { PictureResult } from "./picture";
import { buildLut, colorize, RowCache, rasterizeSpectrogram } from "./raster";
import type { Theme } from "./theme";
import { rowTicks } from "./ticks";
import type { ChannelId, Layer, SpecTile, Tile, TileKey, Viewport } from "./types";

export interface LayerState {
  readonly layers: readonly Layer[];
  readonly layout: Layout;
  readonly channel: ChannelId;
  readonly viewport: Viewport;
  /** Where a layer has none of its own. */
  readonly colormap: string;
  readonly ratio: number;
  readonly lookup: (key: TileKey) => Tile | undefined;
}

interface Sheet {
  readonly image: ImageData;
  readonly words: Uint32Array;
  readonly indices: Uint8Array;
  readonly cache: RowCache;
}

const TICK = 4;
const PLATE = "rgba(0, 0, 0, 0.72)";

/** The layers that have a pane, with it. */
const placed = ({ layers, layout }: LayerState) =>
  layout.layers.flatMap((pane) => {
    const layer = layers.find(({ id }) => id === pane.id);
    return layer && pane.rect.width >= 1 && pane.rect.height >= 1 ? [{ layer, ...pane }] : [];
  });

export class LayerPanes {
  private readonly sheets = new Map<string, Sheet>();

  constructor(private readonly g: CanvasRenderingContext2D) {}

  paint(state: LayerState): PictureResult {
    const { g } = this;
    const { channel, ratio, viewport } = state;
    let missing = 0;
    let estimated = false;
    const shown = placed(state);
    const ids = new Set(shown.map(({ id }) => id));
    for (const id of this.sheets.keys()) if (!ids.has(id)) this.sheets.delete(id);
    for (const { layer, id, rect } of shown) {
      const info = rowsOf(layer);
      const sheet = this.sheet(id, rect, ratio);
      const { width, height } = sheet.image;
      const result = rasterizeSpectrogram(
        {
          info,
          channel,
          viewport: { ...viewport, f0: 0, f1: info.n_bins },
          axis: "linear",
          width,
          height,
          lookup: (key) => state.lookup(layerKey(layer, channel, key)) as SpecTile | undefined,
        },
        sheet.indices,
        sheet.cache,
      );
      missing += result.missing;
      estimated ||= result.estimated;
      const colors = colormap(layer.colormap ?? state.colormap);
      const lut = buildLut(colors, ...colorRange(layer), info.range_db);
      colorize(sheet.indices, lut, sheet.words);
      g.putImageData(sheet.image, Math.round(rect.x * ratio), Math.round(rect.y * ratio));
    }
    return { missing, estimated };
  }

  private sheet(id: string, rect: Rect, ratio: number): Sheet {
    const width = Math.max(1, Math.round(rect.width * ratio));
    const height = Math.max(1, Math.round(rect.height * ratio));
    const old = this.sheets.get(id);
    if (old?.image.width === width && old.image.height === height) return old;
    const image = new ImageData(width, height);
    const sheet = {
      image,
      words: new Uint32Array(image.data.buffer),
      indices: new Uint8Array(width * height),
      cache: new RowCache(),
    };
    this.sheets.set(id, sheet);
    return sheet;
  }
}

/** Beside the panes: which row is which. */
export function paintLayerSides(
  g: CanvasRenderingContext2D,
  panes: readonly LayerPane[],
  layers: readonly Layer[],
  theme: Theme,
): void {
  setFont(g, theme);
  g.strokeStyle = theme.muted;
  g.fillStyle = theme.text;
  g.lineWidth = 1;
  g.textAlign = "right";
  for (const { id, rect } of panes) {
    const layer = layers.find((one) => one.id === id);
    if (!layer) continue;
    const rows = layer.info.n_bins;
    g.beginPath();
    let below = Number.POSITIVE_INFINITY;
    for (const tick of rowTicks(namesOf(layer), 0, rows, rect.height)) {
      const y = rect.y + (1 - tick.value / rows) * rect.height;
      g.moveTo(rect.x, crisp(y));
      g.lineTo(rect.x - (tick.major ? TICK : TICK / 2), crisp(y));
      if (!tick.major) continue;
      const half = TEXT_SIZE / 2;
      const at = Math.min(rect.y + rect.height - half, Math.max(rect.y + half, y));
      // The lowest label, which is moved in, may come near the next one.
      if (below - at < TEXT_SIZE + 1) continue;
      below = at;
      g.fillText(tick.label, rect.x - TICK - 3, at, rect.x - TICK - 5);
    }
    g.stroke();
  }
}

/** On the panes: what they show, and which values are dark and bright. */
export function paintLayerNames(
  g: CanvasRenderingContext2D,
  panes: readonly LayerPane[],
  layers: readonly Layer[],
  theme: Theme,
): void {
  if (panes.length === 0) return;
  setFont(g, theme);
  for (const { id, rect } of panes) {
    const layer = layers.find((one) => one.id === id);
    if (!layer || rect.height < 18) continue;
    const text = `${layer.name}  ${limitsOf(layer)}`;
    const width = Math.min(rect.width - 12, textWidth(g, text) + 12);
    clipTo(g, { x: rect.x + 6, y: rect.y + 3, width, height: 16 }, () => {
      g.fillStyle = PLATE;
      g.fillRect(rect.x, rect.y, rect.width, rect.height);
      g.fillStyle = "#fff";
      g.textAlign = "left";
      g.fillText(text, rect.x + 12, rect.y + 11.5);
    });
  }
}

/** The values at the ends of its colours, such as "−60 – 0 dB". */
export function limitsOf({ limits: [lo, hi], info: { unit } }: Layer): string {
  const decimals = hi - lo >= 20 ? 0 : hi - lo >= 2 ? 1 : 2;
  const tail = unit === undefined || unit === "dB" ? " dBFS" : unit && ` ${unit}`;
  return `${fixed(lo, decimals)} – ${fixed(hi, decimals)}${tail}`;
}
