/**
 * The stage: the canvases of one view, the window they show, and the tiles it needs.
 *
 * Invariant: changes only mark what has to be painted; one commit per animation frame paints it, and
 * nothing is painted out of sight. Three layers, from bottom to top: picture, marks, cursor; each is
 * painted only when what it shows has changed.
 */

import { paintAxes } from "./axes";
import { colormap } from "./colormaps";
import { paintCursor } from "./cursor";
import { element } from "./dom";
import type { Scene } from "./hit";
import { type Layout, layout, type Pane } from "./layout";
import { type Mark, marksOf } from "./marks";
import { paintMarks, paintOverview } from "./overlay";
import { overviewChannel, Picture, type PictureResult, type PictureState } from "./picture";
import type { Row } from "./protocol";
import { waveKeys } from "./pyramid";
import { freqScale, timeScale } from "./scales";
import type { Scope } from "./scope";
import type { Session } from "./session";
import type { Preview } from "./shapes";
import { readTheme, type Theme, watchTheme } from "./theme";
import type { Bounds, ChannelId, TileKey, Viewport } from "./types";
import { clamp } from "./viewport";
import { topLevel, wishes } from "./wishes";

export type Layer = "tiles" | "colors" | "marks" | "cursor";

const WAVE_SHARE = 0.26;
/** Sharper than this no eye can tell, and it costs by the square. */
const MAX_RATIO = 2;
/** Height without the panes, and of the panes of one channel, at the least. */
const LEAST_FIXED = 60;
const LEAST_CHANNEL = 90;
/** Colours in the colour bar. */
const BAR_STEPS = 64;
/** Amplitudes the axis may end at; it is the first that holds the whole recording. */
const STEPS = [1, 1.5, 2, 3, 5, 7];

export class Stage {
  readonly root = element("div", { class: "sw-stage" });
  private readonly picture: Picture;
  private readonly contexts: readonly CanvasRenderingContext2D[];
  private readonly dirty = new Set<Layer>();
  private frame: (() => void) | null = null;
  private theme: Theme;
  private size = { width: 0, height: 0 };
  private inSight = true;
  private window: Viewport;
  private amplitudeZoom = 1;
  private shown: Scene | null = null;
  private previews: readonly Preview[] | null = null;
  private pointer: { readonly x: number; readonly y: number } | null = null;
  result: PictureResult = { missing: 0, estimated: false };

  constructor(
    private readonly session: Session,
    themed: HTMLElement,
    private readonly scope: Scope,
    private readonly painted: () => void,
  ) {
    this.contexts = ["picture", "marks", "cursor"].map((name) => {
      const canvas = element("canvas", { class: `sw-canvas sw-${name}`, "aria-hidden": "true" });
      this.root.append(canvas);
      const context = canvas.getContext("2d");
      if (!context) throw new Error("specwidget: this browser gives no 2-D canvas");
      return context;
    });
    this.picture = new Picture(this.context(0));
    this.theme = readTheme(themed);
    this.window = this.settledViewport();
    scope.resize(this.root, () => this.resized());
    scope.visibility(this.root, (visible) => {
      this.inSight = visible;
      if (visible) this.invalidate("tiles");
    });
    watchTheme(scope, () => {
      this.theme = readTheme(themed);
      this.invalidate("colors");
    });
    scope.add(() => session.tiles.release(this));
    session.tiles.onChange(() => this.invalidate("tiles"), scope);
    session.regions.onChange(() => this.invalidate("marks"), scope);
    session.player.onChange(() => this.invalidate("cursor"), scope);
  }

  get bounds(): Bounds {
    const { duration, sr, freq_min, freq_max } = this.session.traits.get("_info");
    return { duration, sr, fmin: freq_min, fmax: freq_max };
  }

  get viewport(): Viewport {
    return this.window;
  }

  set viewport(next: Viewport) {
    const old = this.window;
    this.window = clamp(next, this.bounds);
    const same = (["t0", "t1", "f0", "f1"] as const).every((k) => old[k] === this.window[k]);
    if (!same) this.invalidate("tiles");
  }

  settledViewport(): Viewport {
    const [t0, t1] = this.session.traits.get("view");
    const [f0, f1] = this.session.traits.get("freq_view");
    return clamp({ t0, t1, f0, f1 }, this.bounds);
  }

  zoomAmplitude(factor: number): void {
    this.amplitudeZoom = Math.min(1, Math.max(1e-4, this.amplitudeZoom * factor));
    this.invalidate("tiles");
  }

  preview(shapes: readonly Preview[] | null): void {
    this.previews = shapes;
    this.invalidate("marks");
  }

  point(at: { readonly x: number; readonly y: number } | null): void {
    this.pointer = at;
    this.invalidate("cursor");
  }

  dbAt(pane: Pane, x: number, y: number): number | null {
    const { spectrogram } = this.session.traits.get("_info");
    return this.picture.dbAt(spectrogram, pane.channel, pane.rect, x, y);
  }

  get channels(): readonly ChannelId[] {
    const { n_channels } = this.session.traits.get("_info");
    const channel = this.session.traits.get("channel");
    if (n_channels === 1) return ["0"];
    if (channel !== "all") return [String(channel)];
    return Array.from({ length: n_channels }, (_, i) => String(i));
  }

  /** "dBFS" where a full-scale sine reads 0. */
  get dbUnit(): string {
    const { spectrogram } = this.session.traits.get("_info");
    return this.session.traits.get("_ref_db") === spectrogram.full_scale_db ? "dBFS" : "dB";
  }

  /** Pixels that the present channels need; as many as the person wants, if that is more. */
  get height(): number {
    const least = LEAST_FIXED + LEAST_CHANNEL * this.channels.length;
    return Math.max(this.session.traits.get("height"), least);
  }

  /** The geometry of what is on screen, made anew only after a change. */
  scene(): Scene {
    this.shown ??= this.makeScene();
    return this.shown;
  }

  /** Marks a layer, and those that lie on it, to be painted with the next frame. */
  invalidate(layer: Layer): void {
    this.shown = null;
    this.dirty.add(layer);
    this.frame ??= this.scope.frame(() => {
      this.frame = null;
      this.commit();
    });
  }

  private context(index: number): CanvasRenderingContext2D {
    const context = this.contexts[index];
    if (!context) throw new Error(`the stage has no layer ${index}`);
    return context;
  }

  private get ratio(): number {
    return Math.min(MAX_RATIO, Math.max(1, globalThis.devicePixelRatio || 1));
  }

  private resized(): void {
    const { clientWidth: width, clientHeight: height } = this.root;
    this.size = { width, height };
    for (const { canvas } of this.contexts) {
      canvas.width = Math.round(width * this.ratio);
      canvas.height = Math.round(height * this.ratio);
    }
    this.invalidate("tiles");
  }

  private layout(): Layout {
    return layout({ ...this.size, channels: this.channels, waveShare: WAVE_SHARE });
  }

  private makeScene(): Scene {
    const { session, window } = this;
    const places = this.layout();
    const { duration } = this.bounds;
    return {
      layout: places,
      time: timeScale(window.t0, window.t1, places.plot.width),
      freq: freqScale(session.traits.get("freq_axis"), window.f0, window.f1),
      overview: timeScale(0, duration, places.plot.width),
      visible: [window.t0, window.t1],
      rows: session.regions.inView(window.t0, window.t1),
      selected: new Set(session.traits.get("selected")),
    };
  }

  /** Largest amplitude on the axis: the first round number that holds the whole recording. */
  private amplitude(places: Layout): number {
    const { tiles, traits } = this.session;
    const info = traits.get("_info");
    let peak = 0;
    for (const channel of new Set(places.panes.map((pane) => pane.channel))) {
      for (const key of waveKeys(info.waveform, channel, topLevel(info), 0, info.duration)) {
        for (const value of tiles.wave(key)?.data ?? []) peak = Math.max(peak, Math.abs(value));
      }
    }
    if (!(peak > 0) || !Number.isFinite(peak)) return this.amplitudeZoom;
    const decade = 10 ** Math.floor(Math.log10(peak));
    const step = STEPS.find((s) => s * decade >= peak * 0.999) ?? 10;
    return step * decade * this.amplitudeZoom;
  }

  private pictureState(): PictureState {
    const { tiles, traits } = this.session;
    const places = this.scene().layout;
    const ref = traits.get("_ref_db");
    const [lo, hi] = traits.get("db_range");
    return {
      info: traits.get("_info"),
      layout: places,
      viewport: this.window,
      axis: traits.get("freq_axis"),
      colormap: traits.get("colormap"),
      range: [lo + ref, hi + ref],
      amplitude: this.amplitude(places),
      theme: this.theme,
      ratio: this.ratio,
      lookup: (key) => tiles.get(key),
    };
  }

  private commit(): void {
    if (!this.inSight || this.size.width < 1 || this.size.height < 1) return;
    const { dirty } = this;
    const tiles = dirty.has("tiles");
    const picture = tiles || dirty.has("colors");
    const marks = picture || dirty.has("marks");
    dirty.clear();
    // While sound plays, each frame moves the playhead and nothing else.
    if (marks) {
      const state = this.pictureState();
      if (tiles) this.session.tiles.want(this, this.wishes(state));
      if (picture) this.result = this.picture.paint(state, tiles);
      this.paintMarks(state);
    }
    this.paintCursor();
    this.painted();
  }

  private wishes(state: PictureState): TileKey[] {
    const { info, viewport, ratio, layout } = state;
    const strip = overviewChannel(state);
    const { width } = layout.plot;
    return wishes({ info, viewport, ratio, width, strip, channels: this.channels });
  }

  private clear(index: number): CanvasRenderingContext2D {
    const g = this.context(index);
    g.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    g.clearRect(0, 0, this.size.width, this.size.height);
    return g;
  }

  private paintMarks(state: PictureState): void {
    const g = this.clear(1);
    const scene = this.scene();
    const { theme } = this;
    const marks = this.marks(this.session.regions.inView(this.window.t0, this.window.t1));
    const ref = this.session.traits.get("_ref_db");
    const colors = colormap(state.colormap);
    this.picture.tintWaves(g, scene, marks);
    paintMarks(g, scene, marks, theme);
    paintOverview(g, scene, this.marks(this.session.regions.rows()), theme);
    paintAxes(
      g,
      scene,
      {
        axis: state.axis,
        band: [this.window.f0, this.window.f1],
        range: [state.range[0] - ref, state.range[1] - ref],
        amplitude: state.amplitude,
        dbUnit: this.dbUnit,
        channelName: (pane) => (this.channels.length > 1 ? `ch ${Number(pane.channel) + 1}` : ""),
        barColors: Array.from({ length: BAR_STEPS }, (_, i) => {
          const at = Math.round((i * 255) / (BAR_STEPS - 1)) * 3;
          return `rgb(${colors[at]}, ${colors[at + 1]}, ${colors[at + 2]})`;
        }),
      },
      theme,
    );
  }

  private marks(rows: readonly Row[]): Mark[] {
    const { session } = this;
    return marksOf(rows, {
      labels: session.traits.get("_labels"),
      previews: this.previews ?? [],
      activeLabel: session.activeLabel,
      isPending: (id) => session.regions.isPending(id),
    });
  }

  private paintCursor(): void {
    const { player } = this.session;
    const only = this.previews?.length === 1 ? this.previews[0] : undefined;
    paintCursor(
      this.clear(2),
      this.scene(),
      {
        pointer: this.pointer,
        position: player.position,
        playing: player.playing,
        preview: only ?? null,
      },
      this.theme,
    );
  }
}
