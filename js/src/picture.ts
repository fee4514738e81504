/**
 * The picture itself: spectrogram and waveform pixels, and the overview strip.
 *
 * Invariant: what is on the canvas is a function of tiles, viewport and settings alone; buffers kept
 * between frames only save work that would give the same. A change of colours alone never touches a tile.
 */

import { colormap } from "./colormaps";
import { element } from "./dom";
import type { Layout, Rect } from "./layout";
import type { Mark } from "./marks";
import { STRIP_MARKS } from "./overlay";
import { clipTo } from "./pen";
import { buildLut, colorize, RowCache, rasterizeSpectrogram } from "./raster";
import { timeScale } from "./scales";
import { isInterval } from "./shapes";
import { type Theme, word } from "./theme";
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
import { joined, samplePoints, type WaveColumns, waveColumns } from "./wave";
import { paintWave, tintColumns } from "./wavepaint";

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
  /** Pixels computed for a CSS pixel, at most `ratio`; each is shown as several where there are fewer. */
  readonly detail: number;
  /** In whose colours the waveform is drawn where they lie. */
  readonly marks: readonly Mark[];
  /** On the strip; the same list as long as none has changed. */
  readonly stripMarks: readonly Mark[];
  readonly lookup: (key: TileKey) => Tile | undefined;
}

/** What has changed since the last picture; what follows from it is painted anew. */
export interface Changes {
  readonly tiles: boolean;
  readonly window: boolean;
  readonly colors: boolean;
  readonly marks: boolean;
}

export interface PictureResult {
  readonly missing: number;
  readonly estimated: boolean;
}

/** What a pane keeps: its pixels, and what they were made of. */
interface Sheet {
  image: ImageData;
  words: Uint32Array;
  result: PictureResult;
}

interface SpecSheet extends Sheet {
  readonly indices: Uint8Array;
  readonly cache: RowCache;
}

interface WaveSheet extends Sheet {
  columns: WaveColumns;
}

const COMPLETE: PictureResult = { missing: 0, estimated: false };
/** Samples are drawn as dots once they are this many pixels apart. */
const DOTS = 6;
/** Samples to a pixel, below which they are joined by a line. */
const LINE = 0.25;
/** Samples to a pixel, below which the mean over a pixel says less than the line itself. */
const LEVELS = 8;

export class Picture {
  private readonly specs = new Map<string, SpecSheet>();
  private readonly waves = new Map<string, WaveSheet>();
  /** Where pixels lie that are to be enlarged. */
  private readonly scratch: CanvasRenderingContext2D;
  private layout: Layout | null = null;
  private stripMarks: readonly Mark[] = [];
  private detail = 0;

  constructor(private readonly g: CanvasRenderingContext2D) {
    const scratch = element("canvas").getContext("2d");
    if (!scratch) throw new Error("specwidget: this browser gives no 2-D canvas");
    this.scratch = scratch;
  }

  paint(state: PictureState, changed: Changes): PictureResult {
    const { g } = this;
    const { layout } = state;
    const anew = layout !== this.layout || state.detail !== this.detail;
    const tiles = changed.tiles || anew;
    const content = tiles || changed.window;
    const colors = changed.colors || anew;
    const strip = colors || state.stripMarks !== this.stripMarks;
    if (layout !== this.layout) {
      g.setTransform(1, 0, 0, 1, 0, 0);
      g.clearRect(0, 0, g.canvas.width, g.canvas.height);
      this.forget(layout);
    }
    this.layout = layout;
    this.detail = state.detail;
    this.stripMarks = state.stripMarks;
    let missing = 0;
    let estimated = false;
    const note = (result: PictureResult) => {
      missing += result.missing;
      estimated ||= result.estimated;
    };
    note(this.strip(state, tiles, strip));
    for (const pane of layout.panes) {
      if (pane.rect.width < 1 || pane.rect.height < 1) continue;
      note(
        pane.kind === "spec"
          ? this.spec(state, pane.rect, pane.channel, content, colors)
          : this.wave(state, pane.rect, pane.channel, content, colors || changed.marks),
      );
    }
    return { missing, estimated };
  }

  /** Nothing of what was painted is there any more. */
  clear(): void {
    this.layout = null;
  }

  /** The largest value in a pixel (dB with ref = 1.0), in the steps of the tiles; null off the picture. */
  valueAt(
    info: SpectrogramInfo,
    channel: ChannelId,
    rect: Rect,
    x: number,
    y: number,
  ): number | null {
    const sheet = this.specs.get(channel);
    if (!sheet) return null;
    const { width, height } = sheet.image;
    const column = Math.floor(((x - rect.x) / rect.width) * width);
    const row = Math.floor(((y - rect.y) / rect.height) * height);
    if (column < 0 || column >= width || row < 0 || row >= height) return null;
    const [lo, hi] = info.range_db;
    return lo + ((sheet.indices[row * width + column] ?? 0) * (hi - lo)) / 255;
  }

  private forget({ panes }: Layout): void {
    const channels = new Set<string>(panes.map(({ channel }) => channel));
    for (const sheets of [this.specs, this.waves]) {
      for (const name of sheets.keys()) {
        if (name !== STRIP && !channels.has(name)) sheets.delete(name);
      }
    }
  }

  private spec(
    state: PictureState,
    rect: Rect,
    channel: ChannelId,
    content: boolean,
    colors: boolean,
  ): PictureResult {
    const { info, axis, viewport } = state;
    const [width, height] = sizeOf(rect, state.detail);
    let sheet = this.specs.get(channel);
    const fits = sheet?.image.width === width && sheet.image.height === height;
    if (!sheet || !fits) {
      const indices = new Uint8Array(width * height);
      sheet = { ...blank(width, height), indices, cache: new RowCache() };
      this.specs.set(channel, sheet);
    }
    if (content || !fits) {
      const lookup = (key: TileKey) => state.lookup(key) as SpecTile | undefined;
      const input = { info: info.spectrogram, channel, viewport, axis, width, height, lookup };
      sheet.result = rasterizeSpectrogram(input, sheet.indices, sheet.cache);
    }
    if (content || colors || !fits) {
      const [lo, hi] = state.range;
      const lut = buildLut(colormap(state.colormap), lo, hi, info.spectrogram.range_db);
      colorize(sheet.indices, lut, sheet.words);
      this.put(sheet.image, rect, state);
    }
    return sheet.result;
  }

  /** The whole recording, which changes with its tiles only. */
  private strip(state: PictureState, tiles: boolean, colors: boolean): PictureResult {
    const rect = state.layout.overview;
    const { sheet, fresh } = this.waveSheet(STRIP, rect, state);
    const duration = state.info.duration;
    if (tiles || fresh) {
      sheet.columns = columnsOf(
        state,
        overviewChannel(state.layout),
        0,
        duration,
        sheet.image.width,
      );
      sheet.result = sheet.columns;
    }
    if (tiles || colors || fresh) {
      const { pane, wave } = state.theme.words;
      const ink = { pane, wave, zero: null, rms: null };
      const { width, height } = sheet.image;
      const { amplitude, detail } = state;
      paintWave(sheet.columns, { ink, amplitude, ratio: detail, tints: null }, height, sheet.words);
      const { toX } = timeScale(0, duration, width);
      const spans = spansOf(state.stripMarks, toX, 1.5 * detail);
      const rows = Math.min(height, Math.round(STRIP_MARKS * detail));
      const words = sheet.words.subarray((height - rows) * width);
      tintColumns(width, spans).forEach((color, x) => {
        for (let at = x; color !== 0 && at < words.length; at += width) words[at] = color;
      });
      this.put(sheet.image, rect, state);
    }
    return sheet.result;
  }

  private wave(
    state: PictureState,
    rect: Rect,
    channel: ChannelId,
    content: boolean,
    colors: boolean,
  ): PictureResult {
    const { info, viewport, theme } = state;
    const { t0, t1 } = viewport;
    const { sheet, fresh } = this.waveSheet(channel, rect, state);
    if (!content && !colors && !fresh) return sheet.result;
    const perPixel = ((t1 - t0) * info.sr) / rect.width;
    if (perPixel < LINE) {
      const result = this.samples(state, rect, channel);
      if (result.missing === 0) {
        sheet.result = result;
        return result;
      }
    }
    if (content || fresh) {
      sheet.columns = columnsOf(state, channel, t0, t1, sheet.image.width);
      sheet.result = sheet.columns;
    }
    const { pane, line, wave, rms } = theme.words;
    const ink = { pane, zero: line, wave, rms: perPixel > LEVELS ? rms : null };
    const { width, height } = sheet.image;
    const tints = tintColumns(width, spansOf(state.marks, timeScale(t0, t1, width).toX, 0));
    const style = { ink, amplitude: state.amplitude, ratio: state.detail, tints };
    paintWave(sheet.columns, style, height, sheet.words);
    this.put(sheet.image, rect, state);
    return sheet.result;
  }

  private waveSheet(
    name: string,
    rect: Rect,
    { detail }: PictureState,
  ): { sheet: WaveSheet; fresh: boolean } {
    const [width, height] = sizeOf(rect, detail);
    const old = this.waves.get(name);
    if (old?.image.width === width && old.image.height === height) {
      return { sheet: old, fresh: false };
    }
    const sheet = { ...blank(width, height), columns: NO_COLUMNS };
    this.waves.set(name, sheet);
    return { sheet, fresh: true };
  }

  private put(image: ImageData, rect: Rect, { ratio, detail }: PictureState): void {
    const [x, y] = [Math.round(rect.x * ratio), Math.round(rect.y * ratio)];
    if (detail === ratio) {
      this.g.putImageData(image, x, y);
      return;
    }
    const { g, scratch } = this;
    const { canvas } = scratch;
    if (canvas.width < image.width) canvas.width = image.width;
    if (canvas.height < image.height) canvas.height = image.height;
    scratch.putImageData(image, 0, 0);
    const [width, height] = sizeOf(rect, ratio);
    g.setTransform(1, 0, 0, 1, 0, 0);
    g.imageSmoothingEnabled = false;
    g.drawImage(canvas, 0, 0, image.width, image.height, x, y, width, height);
  }

  /** A line from sample to sample; nothing is painted while one of them is missing. */
  private samples(state: PictureState, rect: Rect, channel: ChannelId): PictureResult {
    const { g } = this;
    const { info, viewport, theme, amplitude, ratio, marks } = state;
    const { t0, t1 } = viewport;
    const lookup = (key: TileKey) => state.lookup(key) as WaveTile | undefined;
    const width = Math.max(1, Math.round(rect.width));
    const points = samplePoints({ info: info.waveform, channel, t0, t1, width, lookup });
    if (points.missing > 0) return { missing: points.missing, estimated: false };
    const { toX } = timeScale(t0, t1, rect.width);
    const toY = (value: number) =>
      rect.y + rect.height * Math.min(1, Math.max(0, (1 - value / amplitude) / 2));
    const perSample = rect.width / ((t1 - t0) * info.sr);
    const line = new Path2D();
    const dots = new Path2D();
    let pen = false;
    points.values.forEach((value, i) => {
      if (Number.isNaN(value)) {
        pen = false;
        return;
      }
      const [x, y] = [rect.x + toX((points.first + i) / info.sr), toY(value)];
      if (pen) line.lineTo(x, y);
      else line.moveTo(x, y);
      pen = true;
      if (perSample >= DOTS) {
        dots.moveTo(x + 2.5, y);
        dots.arc(x, y, 2.5, 0, 2 * Math.PI);
      }
    });
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.fillStyle = theme.pane;
    g.fillRect(rect.x, rect.y, rect.width, rect.height);
    g.fillStyle = theme.line;
    g.fillRect(rect.x, Math.round(toY(0)), rect.width, 1);
    const stroke = (color: string) => {
      g.strokeStyle = color;
      g.fillStyle = color;
      g.lineWidth = 1.5;
      g.stroke(line);
      g.fill(dots);
    };
    clipTo(g, rect, () => stroke(theme.wave));
    for (const mark of marks) {
      if (!isInterval(mark)) continue;
      const left = Math.max(rect.x, rect.x + toX(mark.start));
      const right = Math.min(rect.x + rect.width, rect.x + toX(mark.end));
      if (right - left >= 1) {
        clipTo(g, { ...rect, x: left, width: right - left }, () => stroke(mark.color));
      }
    }
    return COMPLETE;
  }
}

const STRIP = "overview";
const NO_COLUMNS: WaveColumns = {
  min: new Float32Array(0),
  max: new Float32Array(0),
  rms: new Float32Array(0),
  level: 0,
  missing: 0,
  estimated: false,
};

/** The strip shows one waveform: the mix, unless one channel was chosen. */
export function overviewChannel({ panes }: Layout): ChannelId {
  const channels = new Set(panes.map(({ channel }) => channel));
  const [only] = channels;
  return channels.size === 1 && only !== undefined ? only : "mix";
}

/** Where marks lie, in pixels; what is narrower than `least` is made as wide. */
const spansOf = (marks: readonly Mark[], toX: (time: number) => number, least: number) =>
  marks.flatMap((mark) => {
    if (!isInterval(mark)) return [];
    const from = toX(mark.start);
    return [{ from, to: Math.max(toX(mark.end), from + least), color: word(mark.color) }];
  });

const sizeOf = (rect: Rect, ratio: number): [number, number] => [
  Math.max(1, Math.round(rect.width * ratio)),
  Math.max(1, Math.round(rect.height * ratio)),
];

function blank(width: number, height: number): Sheet {
  const image = new ImageData(width, height);
  return { image, words: new Uint32Array(image.data.buffer), result: COMPLETE };
}

function columnsOf(
  { info, lookup }: PictureState,
  channel: ChannelId,
  t0: number,
  t1: number,
  width: number,
): WaveColumns {
  const tiles = (key: TileKey) => lookup(key) as WaveTile | undefined;
  return joined(waveColumns({ info: info.waveform, channel, t0, t1, width, lookup: tiles }));
}
