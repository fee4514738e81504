/**
 * The stage: the canvases of one view, the window they show, and the tiles it needs.
 *
 * Invariant: changes only mark what has to be painted; one commit per animation frame paints it, and
 * nothing is painted out of sight. Three layers, from bottom to top: picture, marks, cursor; each is
 * painted only when what it shows has changed.
 */

import type { AxisState } from "./axes";
import { colormap } from "./colormaps";
import { paintCursor } from "./cursor";
import { type Damage, damageOf, refusedStretches } from "./damage";
import { element } from "./dom";
import { hitTest, type Scene } from "./hit";
import { LayerPanes } from "./layerpanes";
import { layerKeys } from "./layers";
import { type Layout, layout, type Pane } from "./layout";
import { MarkLayer } from "./marklayer";
import { type Mark, marksOf } from "./marks";
import { memo } from "./memo";
import { Motion, REST } from "./motion";
import { overviewChannel, Picture, type PictureResult, type PictureState } from "./picture";
import type { Row } from "./protocol";
import { waveKeys } from "./pyramid";
import { valueScale } from "./reading";
import { freqScale, inHz, timeScale } from "./scales";
import type { Scope } from "./scope";
import { SeriesLines } from "./series";
import { seriesAxes } from "./seriesaxes";
import type { Session } from "./session";
import { isInterval, type Preview } from "./shapes";
import { readTheme, sameTheme, type Theme, watchTheme } from "./theme";
import type { Bounds, ChannelId, FreqAxis, Info, Layer, Viewport, WaveTile } from "./types";
import { clamp } from "./viewport";
import { topLevel, type Wishes, wishes } from "./wishes";

/** What may change: everything, or only the tiles that have come, the window, colours, annotations, or the pointer. */
export type Change = "all" | "tiles" | "window" | "colors" | "marks" | "cursor";

const WAVE_SHARE = 0.26;
/** Sharper than this no eye can tell, and it costs by the square. */
const MAX_RATIO = 2;
/** Height without the panes, of the panes of one channel, and of a layer, at the least. */
const LEAST_FIXED = 60;
const LEAST_CHANNEL = 90;
const LEAST_LAYER = 40;
/** Amplitudes the axis may end at; it is the first that holds the whole recording. */
const STEPS = [1, 1.5, 2, 3, 5, 7];
/** Up to so many rows are all drawn. */
const FEW = 500;
/** Milliseconds after the last move. */
const SETTLED = REST + 20;

export class Stage {
  readonly root = element("div", { class: "sw-stage" });
  private readonly contexts: readonly CanvasRenderingContext2D[];
  private readonly picture: Picture;
  private readonly layerPanes: LayerPanes;
  private readonly overlay: MarkLayer;
  private readonly lines: SeriesLines;
  private readonly motion = new Motion();
  private readonly changed = new Set<Change>();
  private readonly peaks = new WeakMap<WaveTile, number>();
  private readonly selection = memo((ids: readonly string[]) => new Set(ids));
  private readonly stripMarks = memo(
    (rows: readonly Row[], _labels: unknown, width: number, _isShown: unknown) => {
      const { duration } = this.bounds;
      if (rows.length === 0) return [];
      return this.marks(this.rowsBetween(0, duration, duration / width), []);
    },
  );
  private readonly allDamage = memo((info: Info, refused: readonly Damage[]) =>
    refused.length === 0 ? damageOf(info) : [...damageOf(info), ...refused],
  );
  private readonly placed = memo(
    (width: number, height: number, _channels: string, layers: readonly Layer[]) => {
      const ids = layers.map(({ id }) => id);
      return layout({ width, height, channels: this.channels, waveShare: WAVE_SHARE, layers: ids });
    },
  );
  private frame: (() => void) | null = null;
  private settling: (() => void) | null = null;
  /** Null until the host has put the widget into its page. */
  private theme: Theme | null = null;
  private size = { width: 0, height: 0 };
  private inSight = true;
  private window: Viewport;
  private amplitudeZoom = 1;
  private shown: Scene | null = null;
  private previews: readonly Preview[] | null = null;
  private pointer: { readonly x: number; readonly y: number } | null = null;
  /** What the cursor's layer shows. */
  private cursor: readonly unknown[] = [];
  private detail = 1;
  private settled = false;
  private refused: readonly Damage[] = [];
  private layersResult: PictureResult = { missing: 0, estimated: false };
  result: PictureResult = { missing: 0, estimated: false };

  constructor(
    private readonly session: Session,
    private readonly themed: HTMLElement,
    private readonly scope: Scope,
    private readonly painted: (changed: ReadonlySet<Change>) => void,
  ) {
    this.contexts = ["picture", "marks", "cursor"].map((name) => {
      const canvas = element("canvas", { class: `sw-canvas sw-${name}`, "aria-hidden": "true" });
      this.root.append(canvas);
      const context = canvas.getContext("2d");
      if (!context) throw new Error("specwidget: this browser gives no 2-D canvas");
      return context;
    });
    this.picture = new Picture(this.context(0));
    this.layerPanes = new LayerPanes(this.context(0));
    this.overlay = new MarkLayer(this.context(1));
    this.lines = new SeriesLines(session.channel, scope);
    this.window = this.settledViewport();
    scope.resize(this.root, () => this.resized());
    scope.visibility(this.root, (visible) => {
      this.inSight = visible;
      if (visible) this.invalidate("all");
    });
    watchTheme(scope, () => {
      const theme = this.theme && readTheme(themed);
      if (!theme || !this.theme || sameTheme(theme, this.theme)) return;
      this.theme = theme;
      this.invalidate("all");
    });
    scope.add(() => session.tiles.release(this));
    session.tiles.onChange(() => this.invalidate("tiles"), scope);
    this.lines.onChange(() => this.invalidate("marks"), scope);
    session.traits.on(["_overlays"], () => this.takeLines(), scope);
    this.takeLines();
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
    if (!same) this.invalidate("window");
  }

  settledViewport(): Viewport {
    const [t0, t1] = this.session.traits.get("view");
    const [f0, f1] = this.session.traits.get("freq_view");
    return clamp({ t0, t1, f0, f1 }, this.bounds);
  }

  zoomAmplitude(factor: number): void {
    this.amplitudeZoom = Math.min(1, Math.max(1e-4, this.amplitudeZoom * factor));
    this.invalidate("all");
  }

  preview(shapes: readonly Preview[] | null): void {
    const bare = { low_freq: null, high_freq: null };
    this.previews = this.scene().inHz ? shapes : (shapes?.map((s) => ({ ...s, ...bare })) ?? null);
    this.invalidate("marks");
  }

  point(at: { readonly x: number; readonly y: number } | null): void {
    this.pointer = at;
    this.invalidate("cursor");
  }

  /** The time, and the channel, that the pointer is at; null: it is not over a pane. */
  get pointed(): { readonly time: number; readonly channel: ChannelId } | null {
    const { pointer } = this;
    const hit = pointer && hitTest(this.scene(), pointer.x, pointer.y);
    return hit?.zone === "pane" ? { time: hit.time, channel: hit.pane.channel } : null;
  }

  /** As the picture shows it: dB with ref = 1.0, or another value. */
  valueAt(pane: Pane, x: number, y: number): number | null {
    const { spectrogram } = this.session.traits.get("_info");
    return this.picture.valueAt(spectrogram, pane.channel, pane.rect, x, y);
  }

  /** What cannot be read or trusted: the kernel says so, or will not give the tiles in sight. */
  get damage(): readonly Damage[] {
    return this.allDamage(this.session.traits.get("_info"), this.refused);
  }

  /** How frequency is laid out; rows that are no frequencies lie evenly. */
  get axis(): FreqAxis {
    const { traits } = this.session;
    return inHz(traits.get("_info").spectrogram) ? traits.get("freq_axis") : "linear";
  }

  get channels(): readonly ChannelId[] {
    const { n_channels } = this.session.traits.get("_info");
    const channel = this.session.traits.get("channel");
    if (n_channels === 1) return ["0"];
    if (channel !== "all") return [String(channel)];
    return Array.from({ length: n_channels }, (_, i) => String(i));
  }

  /** Pixels that the present channels need; as many as the person wants, if that is more. */
  get height(): number {
    const layers = this.session.traits.get("_layers").length;
    const least = LEAST_FIXED + LEAST_CHANNEL * this.channels.length + LEAST_LAYER * layers;
    return Math.max(this.session.traits.get("height"), least);
  }

  /** The geometry of what is on screen, made anew only after a change. */
  scene(): Scene {
    this.shown ??= this.makeScene();
    return this.shown;
  }

  /** What has changed is painted with the next frame. */
  invalidate(change: Change): void {
    if (change !== "cursor") this.shown = null;
    this.changed.add(change);
    this.frame ??= this.scope.frame((now) => {
      this.frame = null;
      this.commit(now);
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
    this.theme ??= readTheme(this.themed);
    for (const { canvas } of this.contexts) {
      canvas.width = Math.round(width * this.ratio);
      canvas.height = Math.round(height * this.ratio);
    }
    this.picture.clear();
    this.overlay.clear();
    this.cursor = [];
    this.invalidate("all");
  }

  private makeScene(): Scene {
    const { session, window, size } = this;
    const places = this.placed(
      size.width,
      size.height,
      this.channels.join(),
      session.traits.get("_layers"),
    );
    const { duration } = this.bounds;
    const selected = this.selection(session.traits.get("selected"));
    const pixel = (window.t1 - window.t0) / Math.max(1, places.plot.width);
    return {
      layout: places,
      time: timeScale(window.t0, window.t1, places.plot.width),
      freq: freqScale(this.axis, window.f0, window.f1),
      inHz: inHz(session.traits.get("_info").spectrogram),
      overview: timeScale(0, duration, places.plot.width),
      visible: [window.t0, window.t1],
      rows: this.withSelected(this.rowsBetween(window.t0, window.t1, pixel), selected),
      selected,
    };
  }

  /** Rows between two times that nothing hides; of very many, as many as can be told apart. */
  private rowsBetween(t0: number, t1: number, pixel: number): readonly Row[] {
    const { isShown, regions } = this.session;
    return isShown ? regions.inView(t0, t1).filter(isShown) : regions.someInView(t0, t1, pixel);
  }

  /** Where not all rows can be drawn, those that are selected are, unless they are as many. */
  private withSelected(rows: readonly Row[], selected: ReadonlySet<string>): readonly Row[] {
    if (rows.length < FEW || selected.size === 0 || selected.size > FEW) return rows;
    const there = new Set(rows.map(({ id }) => id));
    const { t0, t1 } = this.window;
    const missing = [...selected].flatMap((id) => {
      const row = there.has(id) ? undefined : this.session.regions.get(id);
      return row && isInterval(row) && row.start <= t1 && row.end >= t0 ? [row] : [];
    });
    return [...rows, ...missing];
  }

  // Painting --------------------------------------------------------------------------------------

  private commit(now: number): void {
    const { theme } = this;
    if (!this.inSight || this.size.width < 1 || this.size.height < 1 || !theme) return;
    const changed = new Set(this.changed);
    this.changed.clear();
    const has = (...some: Change[]) => some.some((change) => changed.has(change));
    if (has("all", "window")) this.move(now);
    // While sound plays, each frame moves the playhead and nothing else.
    if (has("all", "tiles", "window", "colors", "marks")) {
      const state = this.pictureState(theme);
      if (has("all", "tiles", "window")) this.ask(now);
      this.result = this.picture.paint(state, {
        tiles: has("all", "tiles"),
        window: has("window"),
        colors: has("all", "colors"),
        marks: has("marks"),
      });
      const layers = has("all", "tiles", "window", "colors");
      if (layers) this.layersResult = this.paintLayers(state);
      this.result = {
        missing: this.result.missing + this.layersResult.missing,
        estimated: this.result.estimated || this.layersResult.estimated,
      };
      this.overlay.paint(has("all", "window", "marks"), {
        scene: this.scene(),
        marks: state.marks,
        previews: this.previewed(state.marks),
        damage: this.damage,
        layers: this.session.traits.get("_layers"),
        series: seriesAxes(this.lines.shown, this.window.t0, this.window.t1),
        axes: this.axisState(state),
        theme,
        ratio: this.ratio,
      });
    }
    this.paintCursor(theme);
    this.painted(changed);
  }

  /** A window that moves, or has just come, is painted with less detail where there is much, and again at rest. */
  private move(now: number): void {
    this.motion.note(this.window, now);
    this.detail = this.settled && !this.motion.moving(now) ? this.ratio : 1;
    this.settling ??= this.scope.timeout(() => this.settle(), SETTLED);
  }

  private settle(): void {
    this.settling = null;
    this.settled = true;
    const now = performance.now();
    if (this.motion.moving(now)) {
      this.settling = this.scope.timeout(() => this.settle(), SETTLED);
    } else if (this.detail !== this.ratio) {
      this.invalidate("all");
    } else {
      this.ask(now);
    }
  }

  private ask(now: number): void {
    const { tiles, traits } = this.session;
    const wishes = this.wishes(now);
    const { layout: places } = this.scene();
    const { width } = places.plot;
    const sight = { t0: this.window.t0, t1: this.window.t1, duration: this.bounds.duration };
    const layers = layerKeys(traits.get("_layers"), overviewChannel(places), sight, width);
    tiles.want(this, { ...wishes, needed: [...wishes.needed, ...layers] });
    this.session.rendered();
    this.lines.want({ ...sight, width });
    this.refused = refusedStretches(traits.get("_info"), wishes.needed, (key) =>
      tiles.refusal(key),
    );
  }

  private paintLayers(state: PictureState): PictureResult {
    const { layout: places, viewport, colormap, ratio, lookup } = state;
    return this.layerPanes.paint({
      layers: this.session.traits.get("_layers"),
      layout: places,
      channel: overviewChannel(places),
      viewport,
      colormap,
      ratio,
      lookup,
    });
  }

  private takeLines(): void {
    this.lines.setLines(this.session.traits.get("_overlays"));
    this.invalidate("marks");
  }

  private pictureState(theme: Theme): PictureState {
    const { tiles, regions, traits } = this.session;
    const { layout: places, rows } = this.scene();
    const ref = traits.get("_ref_db");
    const [lo, hi] = traits.get("db_range");
    return {
      info: traits.get("_info"),
      layout: places,
      viewport: this.window,
      axis: this.axis,
      colormap: traits.get("colormap"),
      range: [lo + ref, hi + ref],
      amplitude: this.amplitude(places),
      theme,
      ratio: this.ratio,
      detail: this.detail,
      marks: this.marks(rows, this.previews ?? []),
      stripMarks: this.stripMarks(
        regions.rows(),
        traits.get("_labels"),
        places.plot.width,
        this.session.isShown,
      ),
      lookup: (key) => tiles.get(key),
    };
  }

  /** Largest amplitude on the axis: the first round number that holds the whole recording. */
  private amplitude(places: Layout): number {
    const { tiles, traits } = this.session;
    const info = traits.get("_info");
    let peak = 0;
    for (const channel of new Set(places.panes.map((pane) => pane.channel))) {
      for (const key of waveKeys(info.waveform, channel, topLevel(info), 0, info.duration)) {
        const tile = tiles.wave(key);
        if (tile) peak = Math.max(peak, this.peak(tile));
      }
    }
    if (!(peak > 0) || !Number.isFinite(peak)) return this.amplitudeZoom;
    const decade = 10 ** Math.floor(Math.log10(peak));
    const step = STEPS.find((s) => s * decade >= peak * 0.999) ?? 10;
    return step * decade * this.amplitudeZoom;
  }

  private peak(tile: WaveTile): number {
    let peak = this.peaks.get(tile);
    if (peak === undefined) {
      peak = tile.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      this.peaks.set(tile, peak);
    }
    return peak;
  }

  private wishes(now: number): Wishes {
    const info = this.session.traits.get("_info");
    const { layout: places } = this.scene();
    const width = Math.max(1, Math.round(places.plot.width * this.detail));
    const strip = overviewChannel(places);
    const about = { info, width, strip, channels: this.channels };
    const { tiles } = this.session;
    const aim = this.motion.aim(this.window, now, (sight) =>
      wishes({ ...about, sight, ahead: null }).needed.every((key) => tiles.has(key)),
    );
    return wishes({ ...about, ...aim });
  }

  private axisState(state: PictureState): AxisState {
    const { spectrogram } = state.info;
    const ref = this.session.traits.get("_ref_db");
    const colors = colormap(state.colormap);
    const { name, unit } = valueScale(spectrogram, ref);
    return {
      axis: state.axis,
      bins: spectrogram.bins,
      band: [this.window.f0, this.window.f1],
      range: [state.range[0] - ref, state.range[1] - ref],
      amplitude: state.amplitude,
      unit: unit || name,
      named: this.channels.length > 1,
      colors,
    };
  }

  private previewed(marks: readonly Mark[]): readonly Mark[] {
    if (!this.previews) return [];
    const ids = new Set(this.previews.map(({ id }) => id));
    return marks.filter(({ id }) => ids.has(id));
  }

  private marks(rows: Scene["rows"], previews: readonly Preview[]): Mark[] {
    const { session } = this;
    return marksOf(rows as readonly Row[], {
      labels: session.traits.get("_labels"),
      previews,
      activeLabel: session.activeLabel,
      isPending: (id) => session.regions.isPending(id),
      banded: inHz(session.traits.get("_info").spectrogram),
    });
  }

  private paintCursor(theme: Theme): void {
    const { player } = this.session;
    const { pointer } = this;
    const only = this.previews?.length === 1 ? this.previews[0] : undefined;
    const { position, playing } = player;
    const scene = this.scene();
    const { plot } = scene.layout;
    const x = scene.time.toX(position);
    const inSight = x >= 0 && x <= plot.width;
    const shows = [
      pointer,
      scene.layout,
      theme,
      playing,
      inSight && x.toFixed(1),
      scene.overview.toX(position).toFixed(1),
      only,
      only && scene,
    ];
    if (shows.every((part, i) => part === this.cursor[i])) return;
    this.cursor = shows;
    const g = this.context(2);
    g.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    g.clearRect(0, 0, this.size.width, this.size.height);
    paintCursor(g, scene, { pointer, position, playing, preview: only ?? null }, theme);
  }
}
