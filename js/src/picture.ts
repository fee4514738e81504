/**
 * The picture itself: spectrogram and waveform pixels, and the overview strip.
 *
 * Invariant: what is on the canvas is a function of tiles, viewport and settings alone; buffers kept
 * between frames are only there to be filled again. A change of colours alone never touches a tile.
 */

import { colormap } from "./colormaps";
import type { Scene } from "./hit";
import type { Layout, Rect } from "./layout";
import type { Mark } from "./marks";
import { markRect } from "./overlay";
import { buildLut, colorize, rasterizeSpectrogram } from "./raster";
import type { Theme } from "./theme";
import type {
  ChannelId,
  FreqAxis,
  Info,
  SpecTile,
  SpectrogramInfo,
  Tile,
  TileKey,
  Viewport,
  WaveTile,
} from "./types";
import { joined, samplePoints, waveColumns } from "./wave";

export interface PictureState {
  readonly info: Info;
  readonly layout: Layout;
  readonly viewport: Viewport;
  readonly axis: FreqAxis;
  readonly colormap: string;
  /** dB with ref = 1.0, dark end and bright end. */
  readonly range: readonly [number, number];
  readonly amplitude: number;
  readonly theme: Theme;
  /** Device pixels in a CSS pixel. */
  readonly ratio: number;
  readonly lookup: (key: TileKey) => Tile | undefined;
}

export interface PictureResult {
  readonly missing: number;
  readonly estimated: boolean;
}

interface Sheet {
  indices: Uint8Array;
  image: ImageData;
  result: PictureResult;
}

/** Regions are coloured into the waveform up to this many in sight; a fill does for more. */
const RECOLOURED = 200;
/** Samples are drawn as dots once they are this many pixels apart. */
const DOTS = 6;

export class Picture {
  private readonly sheets = new Map<string, Sheet>();
  private waves = new Map<string, Path2D>();

  constructor(private readonly g: CanvasRenderingContext2D) {}

  /** Spectrograms are rasterised anew only with `tilesChanged`; else they only take new colours. */
  paint(state: PictureState, tilesChanged: boolean): PictureResult {
    const { g } = this;
    g.setTransform(state.ratio, 0, 0, state.ratio, 0, 0);
    g.clearRect(0, 0, state.layout.width, state.layout.height);
    this.waves = new Map();
    let missing = 0;
    let estimated = false;
    const note = (result: PictureResult) => {
      missing += result.missing;
      estimated ||= result.estimated;
    };
    note(this.wave(state, "overview", state.layout.overview, overviewChannel(state), true));
    for (const pane of state.layout.panes) {
      if (pane.rect.width < 1 || pane.rect.height < 1) continue;
      note(
        pane.kind === "spec"
          ? this.spec(state, pane.rect, pane.channel, tilesChanged)
          : this.wave(state, pane.channel, pane.rect, pane.channel, false),
      );
    }
    return { missing, estimated };
  }

  /** Draws the stretches of waveform under annotations in their colours. */
  tintWaves(g: CanvasRenderingContext2D, scene: Scene, marks: readonly Mark[]): void {
    if (marks.length > RECOLOURED) return;
    for (const pane of scene.layout.panes) {
      const wave = pane.kind === "wave" ? this.waves.get(pane.channel) : undefined;
      if (!wave) continue;
      for (const mark of marks) {
        const rect = markRect(scene, pane, mark);
        if (!rect || rect.width < 1) continue;
        const left = Math.max(rect.x, pane.rect.x);
        const right = Math.min(rect.x + rect.width, pane.rect.x + pane.rect.width);
        g.save();
        g.beginPath();
        g.rect(left, rect.y, right - left, rect.height);
        g.clip();
        g.fillStyle = mark.color;
        g.strokeStyle = mark.color;
        g.fill(wave);
        g.lineWidth = 1;
        g.stroke(wave);
        g.restore();
      }
    }
  }

  /** dB (ref = 1.0) of the brightest cell in a pixel, in the steps of the tiles; null off the picture. */
  dbAt(info: SpectrogramInfo, channel: ChannelId, rect: Rect, x: number, y: number): number | null {
    const sheet = this.sheets.get(channel);
    if (!sheet) return null;
    const { width, height } = sheet.image;
    const column = Math.floor(((x - rect.x) / rect.width) * width);
    const row = Math.floor(((y - rect.y) / rect.height) * height);
    if (column < 0 || column >= width || row < 0 || row >= height) return null;
    const [lo, hi] = info.range_db;
    return lo + ((sheet.indices[row * width + column] ?? 0) * (hi - lo)) / 255;
  }

  private spec(
    state: PictureState,
    rect: Rect,
    channel: ChannelId,
    tilesChanged: boolean,
  ): PictureResult {
    const { info, ratio } = state;
    const width = Math.max(1, Math.round(rect.width * ratio));
    const height = Math.max(1, Math.round(rect.height * ratio));
    const sheet = this.sheet(channel, width, height, tilesChanged, (indices) =>
      rasterizeSpectrogram(
        {
          info: info.spectrogram,
          channel,
          viewport: state.viewport,
          axis: state.axis,
          width,
          height,
          lookup: (key) => state.lookup(key) as SpecTile | undefined,
        },
        indices,
      ),
    );
    const [lo, hi] = state.range;
    const lut = buildLut(colormap(state.colormap), lo, hi, info.spectrogram.range_db);
    colorize(sheet.indices, lut, new Uint32Array(sheet.image.data.buffer));
    this.g.putImageData(sheet.image, Math.round(rect.x * ratio), Math.round(rect.y * ratio));
    return sheet.result;
  }

  private sheet(
    channel: ChannelId,
    width: number,
    height: number,
    refill: boolean,
    fill: (indices: Uint8Array) => PictureResult,
  ): Sheet {
    const old = this.sheets.get(channel);
    if (old && old.image.width === width && old.image.height === height) {
      if (refill) old.result = fill(old.indices);
      return old;
    }
    const indices = new Uint8Array(width * height);
    const sheet = { indices, image: new ImageData(width, height), result: fill(indices) };
    this.sheets.set(channel, sheet);
    return sheet;
  }

  private wave(
    state: PictureState,
    name: string,
    rect: Rect,
    channel: ChannelId,
    whole: boolean,
  ): PictureResult {
    const { g } = this;
    const { info, viewport, theme } = state;
    const t0 = whole ? 0 : viewport.t0;
    const t1 = whole ? info.duration : viewport.t1;
    const amplitude = state.amplitude;
    const input = {
      info: info.waveform,
      channel,
      t0,
      t1,
      width: Math.max(1, Math.round(rect.width)),
      lookup: (key: TileKey) => state.lookup(key) as WaveTile | undefined,
    };
    const toY = (value: number) =>
      rect.y + rect.height * Math.min(1, Math.max(0, (1 - value / amplitude) / 2));
    g.fillStyle = theme.pane;
    g.fillRect(rect.x, rect.y, rect.width, rect.height);
    if (!whole) {
      g.fillStyle = theme.line;
      g.fillRect(rect.x, Math.round(toY(0)), rect.width, 1);
    }
    const perPixel = ((t1 - t0) * info.sr) / rect.width;
    if (perPixel < 0.25) return this.samples(rect, input, toY, theme, name);

    const columns = joined(waveColumns(input));
    const outline = envelope(rect, columns.min, columns.max, toY);
    g.fillStyle = theme.wave;
    g.strokeStyle = theme.wave;
    g.lineWidth = 1;
    g.fill(outline);
    if (!whole) {
      this.waves.set(name, outline);
      const negative = columns.rms.map((value) => -value);
      g.fillStyle = theme.rms;
      // Close in, the mean over a pixel says less than the line itself.
      if (perPixel > 8) g.fill(envelope(rect, negative, columns.rms, toY));
    }
    return columns;
  }

  private samples(
    rect: Rect,
    input: Parameters<typeof samplePoints>[0],
    toY: (value: number) => number,
    theme: Theme,
    name: string,
  ): PictureResult {
    const { g } = this;
    const points = samplePoints(input);
    const perSample = rect.width / ((input.t1 - input.t0) * input.info.sr);
    const toX = (i: number) =>
      rect.x + ((points.first + i) / input.info.sr - input.t0) * input.info.sr * perSample;
    const line = new Path2D();
    const dots = new Path2D();
    let pen = false;
    points.values.forEach((value, i) => {
      if (Number.isNaN(value)) {
        pen = false;
        return;
      }
      const [x, y] = [toX(i), toY(value)];
      if (pen) line.lineTo(x, y);
      else line.moveTo(x, y);
      pen = true;
      if (perSample >= DOTS) {
        dots.moveTo(x + 2.5, y);
        dots.arc(x, y, 2.5, 0, 2 * Math.PI);
      }
    });
    g.save();
    g.beginPath();
    g.rect(rect.x, rect.y, rect.width, rect.height);
    g.clip();
    g.strokeStyle = theme.wave;
    g.fillStyle = theme.wave;
    g.lineWidth = 1.5;
    g.stroke(line);
    g.fill(dots);
    g.restore();
    this.waves.set(name, dots);
    return { missing: points.missing, estimated: false };
  }
}

/** The strip shows one waveform: the mix, unless one channel was chosen. */
export function overviewChannel(state: Pick<PictureState, "layout" | "info">): ChannelId {
  const channels = new Set(state.layout.panes.map(({ channel }) => channel));
  const [only] = channels;
  return channels.size === 1 && only !== undefined ? only : "mix";
}

/** A closed outline through the maxima and back through the minima, never thinner than a pixel. */
function envelope(
  rect: Rect,
  min: Float32Array,
  max: Float32Array,
  toY: (value: number) => number,
): Path2D {
  const path = new Path2D();
  for (let from = 0; from < max.length; ) {
    if (Number.isNaN(max[from])) {
      from += 1;
      continue;
    }
    let to = from;
    while (to < max.length && !Number.isNaN(max[to])) to += 1;
    path.moveTo(rect.x + from, toY(max[from] ?? 0) - 0.5);
    for (let i = from; i < to; i += 1) {
      const y = toY(max[i] ?? 0) - 0.5;
      path.lineTo(rect.x + i, y);
      path.lineTo(rect.x + i + 1, y);
    }
    for (let i = to - 1; i >= from; i -= 1) {
      const y = toY(min[i] ?? 0) + 0.5;
      path.lineTo(rect.x + i + 1, y);
      path.lineTo(rect.x + i, y);
    }
    path.closePath();
    from = to;
  }
  return path;
}
