/**
 * One view of a widget: the panels around the stage, and what a person's intents do.
 *
 * Invariant: annotations change only through the region store, settings only through traits; the
 * live viewport is this view's own until a gesture settles, and then the traits carry it to all.
 */

import { DisconnectedError, KernelError } from "./channel";
import { element } from "./dom";
import { type GestureHost, Gestures, type Placed } from "./gestures";
import { helpPanel } from "./help";
import type { Hit } from "./hit";
import { type Action, actionFor } from "./keys";
import { Palette } from "./palette";
import { type Op, type Row, transformSet, valueGet } from "./protocol";
import { newId } from "./regions";
import { Scope } from "./scope";
import type { Session } from "./session";
import { Settings } from "./settings";
import { isInterval, type Shape } from "./shapes";
import { Stage } from "./stage";
import { type Reading, Status } from "./status";
import { Toolbar } from "./toolbar";
import type { TransformJson } from "./traits";
import * as viewports from "./viewport";

/** Milliseconds without a further move after which the window has settled. */
const SETTLE = 150;
/** Milliseconds the pointer rests before the exact value is asked for. */
const REST = 80;
const ZOOM_STEP = 0.6;
const PAN_STEP = 0.1;
const MIN_RANGE = 3;
const MIN_HEIGHT = 180;
const MAX_HEIGHT = 2000;

export class View implements GestureHost {
  private readonly scope = new Scope();
  private readonly root: HTMLElement;
  private readonly stage: Stage;
  private readonly toolbar: Toolbar;
  private readonly palette: Palette;
  private readonly settings: Settings;
  private readonly help = helpPanel();
  private readonly status = new Status();
  private readonly gestures: Gestures;
  private settling: (() => void) | null = null;
  private resting: (() => void) | null = null;
  private reading: Reading | null = null;
  private refusal: string | null = null;
  private soundProblem: string | null = null;

  constructor(
    private readonly session: Session,
    host: HTMLElement,
  ) {
    const { scope } = this;
    this.root = element("div", {
      class: "specwidget",
      tabindex: 0,
      role: "application",
      "aria-label": `Recording ${session.traits.get("_info").name}`,
      "data-lm-suppress-shortcuts": "true",
    });
    this.stage = new Stage(session, this.root, scope, () => this.painted());
    this.toolbar = new Toolbar(
      {
        act: (action) => this.act(action),
        setChannel: (value) => this.setChannel(value),
        toggleSettings: () => this.toggle(this.settings.root),
      },
      scope,
    );
    this.palette = new Palette(
      { choose: (label) => this.choose(label), select: (id) => this.select([id], "replace") },
      scope,
    );
    this.settings = new Settings(
      {
        setTransform: (transform) => this.setTransform(transform),
        setColormap: (colormap) => this.session.traits.set({ colormap }),
        setRange: (range) => this.session.traits.set({ db_range: range }),
        setAxis: (axis) => this.session.traits.set({ freq_axis: axis }),
      },
      scope,
    );
    const grip = element("div", { class: "sw-grip", title: "Drag to change the height" });
    this.root.append(
      this.toolbar.root,
      this.settings.root,
      this.help,
      this.palette.root,
      this.stage.root,
      grip,
      this.status.root,
    );
    host.append(this.root);
    scope.add(() => this.root.remove());
    this.gestures = new Gestures(this.stage.root, this, scope);
    this.resizable(grip);
    this.listen();
    this.setHeight();
    this.update();
  }

  dispose(): void {
    this.scope.dispose();
  }

  // What the host of gestures is asked ------------------------------------------------------------

  scene() {
    return this.stage.scene();
  }

  get extent() {
    const { duration, sr } = this.session.traits.get("_info");
    return { duration, nyquist: sr / 2 };
  }

  selectedShapes(): readonly Placed[] {
    return this.selectedRows();
  }

  hasFocus(): boolean {
    return this.root.contains((this.root.getRootNode() as Document | ShadowRoot).activeElement);
  }

  // Window ----------------------------------------------------------------------------------------

  zoomTime(factor: number, anchor: number): void {
    this.moveTo(viewports.zoomTime(this.stage.viewport, this.stage.bounds, factor, anchor));
  }

  panTime(seconds: number): void {
    this.moveTo(viewports.panTime(this.stage.viewport, this.stage.bounds, seconds));
  }

  zoomFreq(factor: number, anchor: number): void {
    const axis = this.session.traits.get("freq_axis");
    const { viewport, bounds } = this.stage;
    this.moveTo(viewports.zoomFreq(viewport, bounds, axis, factor, anchor));
  }

  panFreq(share: number): void {
    const axis = this.session.traits.get("freq_axis");
    this.moveTo(viewports.panFreq(this.stage.viewport, this.stage.bounds, axis, share));
  }

  zoomAmplitude(factor: number): void {
    this.stage.zoomAmplitude(factor);
  }

  showTimes(start: number, end: number): void {
    const pad = start === end ? 0.5 : 0;
    this.moveTo({ ...this.stage.viewport, t0: start - pad, t1: end + pad });
  }

  fitTime(): void {
    const { t0, t1 } = viewports.fit(this.stage.bounds);
    this.moveTo({ ...this.stage.viewport, t0, t1 });
  }

  fitFreq(): void {
    const { f0, f1 } = viewports.fit(this.stage.bounds);
    this.moveTo({ ...this.stage.viewport, f0, f1 });
  }

  moveRange(end: "low" | "high", share: number): void {
    const [lo, hi] = this.session.traits.get("db_range");
    const by = share * (hi - lo);
    const range =
      end === "low"
        ? ([Math.min(lo + by, hi - MIN_RANGE), hi] as const)
        : ([lo, Math.max(hi + by, lo + MIN_RANGE)] as const);
    this.session.traits.set({ db_range: range });
  }

  resetRange(): void {
    const { db_range, spectrogram } = this.session.traits.get("_info");
    const offset = spectrogram.full_scale_db - this.session.traits.get("_ref_db");
    this.session.traits.set({ db_range: [db_range[0] + offset, db_range[1] + offset] });
  }

  private moveTo(viewport: viewports.Viewport): void {
    this.stage.viewport = viewport;
    this.settling?.();
    this.settling = this.scope.timeout(() => {
      this.settling = null;
      const { t0, t1, f0, f1 } = this.stage.viewport;
      this.session.traits.set({ view: [t0, t1], freq_view: [f0, f1] });
    }, SETTLE);
  }

  // Annotations -----------------------------------------------------------------------------------

  select(ids: readonly string[], how: "replace" | "toggle"): void {
    const now = this.session.traits.get("selected");
    const toggled = [
      ...now.filter((id) => !ids.includes(id)),
      ...ids.filter((id) => !now.includes(id)),
    ];
    this.session.traits.set({ selected: how === "replace" ? ids : toggled });
  }

  preview(shapes: Parameters<GestureHost["preview"]>[0]): void {
    this.stage.preview(shapes);
  }

  create(shape: Shape): void {
    const id = newId();
    const row = { id, ...shape, label: this.session.activeLabel };
    this.edit([{ op: "add", row }]);
    this.select([id], "replace");
  }

  reshape(edits: readonly { id: string; set: Partial<Shape> }[]): void {
    this.edit(edits.map(({ id, set }) => ({ op: "update", id, set: { ...set } })));
    const { player } = this.session;
    const [row] = this.selectedRows();
    if (player.playing && row && edits.length === 1 && edits[0]?.id === row.id && isInterval(row)) {
      if (row.start < row.end) player.setLoopRange(row.start, row.end);
    }
  }

  private edit(ops: readonly Op[]): void {
    this.refusal = null;
    if (ops.length > 0) this.session.regions.edit(ops);
  }

  private selectedRows(): Row[] {
    const { regions, traits } = this.session;
    return traits.get("selected").flatMap((id) => regions.get(id) ?? []);
  }

  private choose(label: string): void {
    this.session.chooseLabel(label);
    const rows = this.selectedRows().filter((row) => row.label !== label);
    this.edit(rows.map(({ id }) => ({ op: "update", id, set: { label } })));
  }

  // Listening -------------------------------------------------------------------------------------

  seek(time: number): void {
    this.session.seek(Math.min(this.extent.duration, Math.max(0, time)));
  }

  private play(): void {
    const { player, traits } = this.session;
    if (player.playing) return player.pause();
    const { duration } = this.extent;
    const spans = this.selectedRows().filter(isInterval);
    const looping = traits.get("loop");
    const { t0, t1 } = this.stage.viewport;
    let [start, end] = looping ? [t0, t1] : [0, duration];
    if (spans.length > 0) {
      start = Math.min(...spans.map((row) => row.start));
      end = Math.max(...spans.map((row) => row.end));
      // A point has no length: what is heard is the sound around it.
      if (end <= start) [start, end] = [Math.max(0, start - 0.25), Math.min(duration, end + 0.25)];
    }
    const { position } = player;
    const inside = position >= start && position < end - 1e-3;
    const seen = spans.length > 0 || (position >= t0 && position < t1);
    const from = inside && seen ? position : Math.max(start, spans.length > 0 ? start : t0);
    this.start(start, end, from);
  }

  private start(start: number, end: number, from: number): void {
    this.soundProblem = null;
    const { traits, player } = this.session;
    player.play({ start, end, from, loop: traits.get("loop"), channel: traits.get("channel") });
  }

  private setChannel(value: string): void {
    const channel = value === "all" || value === "mix" ? value : Number(value);
    this.session.traits.set({ channel });
  }

  // Pointer ---------------------------------------------------------------------------------------

  hover(x: number, y: number, hit: Hit): void {
    this.stage.point({ x, y });
    this.resting?.();
    this.resting = null;
    this.reading = this.read(hit, x, y);
    this.status.read(this.reading);
    if (hit.zone === "pane") this.resting = this.scope.timeout(() => void this.ask(hit), REST);
  }

  leave(): void {
    this.stage.point(null);
    this.resting?.();
    this.reading = null;
    this.status.read(null);
  }

  private read(hit: Hit, x: number, y: number): Reading | null {
    if (hit.zone !== "pane" && hit.zone !== "time-axis") return null;
    const { viewport } = this.stage;
    const { sr, duration } = this.session.traits.get("_info");
    const width = Math.max(1, this.scene().layout.plot.width);
    const pane = hit.zone === "pane" ? hit.pane : null;
    const db = pane?.kind === "spec" ? this.stage.dbAt(pane, x, y) : null;
    return {
      time: Math.min(duration, Math.max(0, hit.time)),
      sr,
      resolution: (viewport.t1 - viewport.t0) / width,
      freq: hit.zone === "pane" ? hit.freq : null,
      hzPerPixel: (viewport.f1 - viewport.f0) / Math.max(1, pane?.rect.height ?? 1),
      db: db === null ? null : db - this.session.traits.get("_ref_db"),
      exact: false,
      amplitude: null,
    };
  }

  /** The exact number under a pointer that rests. */
  private async ask(hit: Hit & { zone: "pane" }): Promise<void> {
    const before = this.reading;
    const { epoch } = this.session.traits.get("_info");
    const channel = hit.pane.channel === "mix" ? "mix" : Number(hit.pane.channel);
    const time = before?.time ?? hit.time;
    try {
      const value = await this.session.channel.request<"value.get">(
        valueGet(epoch, channel, time, hit.freq ?? 0),
      );
      if (this.reading !== before || !before) return;
      const ref = this.session.traits.get("_ref_db");
      this.reading =
        hit.pane.kind === "spec"
          ? { ...before, db: value.db === null ? null : value.db - ref, exact: true }
          : { ...before, amplitude: value.amplitude };
      this.status.read(this.reading);
    } catch (error) {
      // The reading stays as good as the picture's steps.
      if (!(error instanceof KernelError || error instanceof DisconnectedError)) throw error;
    }
  }

  // Actions ---------------------------------------------------------------------------------------

  act(action: Action): void {
    const { viewport } = this.stage;
    const { regions, traits } = this.session;
    const span = viewport.t1 - viewport.t0;
    const { position } = this.session.player;
    const seen = position >= viewport.t0 && position <= viewport.t1;
    const anchor = seen ? position : (viewport.t0 + viewport.t1) / 2;
    const middle = this.scene().freq.fromUnit(0.5);
    const digit = /^label-(\d)$/.exec(action)?.[1];
    if (digit !== undefined) return this.chooseByKey(digit);
    const actions: Partial<Record<Action, () => void>> = {
      play: () => this.play(),
      "play-view": () => this.start(viewport.t0, viewport.t1, viewport.t0),
      loop: () => traits.set({ loop: !traits.get("loop") }),
      remove: () => this.edit(this.selectedRows().map(({ id }) => ({ op: "remove", id }))),
      undo: () => regions.undo(),
      redo: () => regions.redo(),
      "select-all": () =>
        this.select(
          regions.rows().map(({ id }) => id),
          "replace",
        ),
      clear: () => this.clear(),
      "pan-left": () => this.panTime(-PAN_STEP * span),
      "pan-right": () => this.panTime(PAN_STEP * span),
      "page-left": () => this.panTime(-span),
      "page-right": () => this.panTime(span),
      "pan-up": () => this.panFreq(PAN_STEP),
      "pan-down": () => this.panFreq(-PAN_STEP),
      "zoom-in": () => this.zoomTime(ZOOM_STEP, anchor),
      "zoom-out": () => this.zoomTime(1 / ZOOM_STEP, anchor),
      "zoom-in-freq": () => this.zoomFreq(ZOOM_STEP, middle),
      "zoom-out-freq": () => this.zoomFreq(1 / ZOOM_STEP, middle),
      "to-start": () => this.showTimes(0, span),
      "to-end": () => this.showTimes(this.extent.duration - span, this.extent.duration),
      fit: () => this.moveTo(viewports.fit(this.stage.bounds)),
      "zoom-selection": () => this.zoomToSelection(),
      help: () => this.toggle(this.help),
    };
    actions[action]?.();
  }

  private chooseByKey(digit: string): void {
    if (digit === "0") return this.choose("");
    const label = this.session.traits.get("_labels").find(({ key }) => key === digit);
    if (label) this.choose(label.name);
  }

  private clear(): void {
    if (this.gestures.cancel()) return;
    if (!this.help.hidden) return this.toggle(this.help);
    if (!this.settings.root.hidden) return this.toggle(this.settings.root);
    this.refusal = null;
    this.select([], "replace");
    this.session.chooseLabel("");
  }

  private zoomToSelection(): void {
    const spans = this.selectedRows().filter(isInterval);
    if (spans.length === 0) return;
    const start = Math.min(...spans.map((row) => row.start));
    const end = Math.max(...spans.map((row) => row.end));
    const margin = (end - start) * 0.15;
    this.showTimes(start - margin, end + margin);
  }

  private async setTransform(transform: TransformJson): Promise<string | null> {
    try {
      await this.session.channel.request(transformSet(transform));
      return null;
    } catch (error) {
      if (error instanceof KernelError || error instanceof DisconnectedError) return error.message;
      throw error;
    }
  }

  private toggle(panel: HTMLElement): void {
    panel.hidden = !panel.hidden;
    if (!panel.hidden) panel.scrollIntoView({ block: "nearest" });
    this.update();
  }

  // Keeping in step -------------------------------------------------------------------------------

  private listen(): void {
    const { scope, session } = this;
    const { traits } = session;
    scope.listen(this.root, "keydown", (event) => this.keydown(event));
    scope.listen(this.root, "mousedown", (event) => this.keepFocus(event));
    const update = () => this.update();
    traits.on(["view", "freq_view"], () => this.follow(), scope);
    traits.on(["_info"], () => this.takeInfo(), scope);
    traits.on(["channel"], () => this.stage.invalidate("tiles"), scope);
    traits.on(["colormap", "db_range", "_ref_db"], () => this.stage.invalidate("colors"), scope);
    traits.on(["freq_axis"], () => this.stage.invalidate("tiles"), scope);
    traits.on(["selected", "_labels"], () => this.stage.invalidate("marks"), scope);
    traits.on(["height"], () => this.setHeight(), scope);
    traits.on(
      ["loop", "_notice", "_open_labels", "_transform", "selected", "_labels"],
      update,
      scope,
    );
    session.onActiveLabel(update, scope);
    session.regions.onChange(() => {
      const kept = traits.get("selected").filter((id) => session.regions.get(id));
      if (session.regions.ready) traits.set({ selected: kept });
    }, scope);
    session.regions.onReject(({ reason }) => {
      this.refusal = reason;
      this.update();
    }, scope);
    session.player.onChange(update, scope);
    session.player.onError((message) => {
      this.soundProblem = message;
      this.update();
    }, scope);
    session.channel.onState(update, scope);
    session.channel.onBusy(update, scope);
    session.channel.onProblem((problem) => {
      this.refusal = `A message from the kernel could not be read: ${problem.message}`;
      this.update();
    }, scope);
  }

  private follow(): void {
    if (this.settling || this.gestures.dragging) return;
    this.stage.viewport = this.stage.settledViewport();
  }

  private takeInfo(): void {
    this.stage.viewport = this.stage.settledViewport();
    this.stage.invalidate("tiles");
  }

  private setHeight(): void {
    this.stage.root.style.height = `${this.session.traits.get("height")}px`;
  }

  private resizable(grip: HTMLElement): void {
    this.scope.listen(grip, "pointerdown", (down) => {
      down.preventDefault();
      grip.setPointerCapture(down.pointerId);
      const before = this.stage.root.clientHeight;
      const drag = this.scope.child();
      let height = before;
      drag.listen(grip, "pointermove", (event) => {
        const wished = Math.round(before + event.clientY - down.clientY);
        height = Math.min(MAX_HEIGHT, Math.max(MIN_HEIGHT, wished));
        this.stage.root.style.height = `${height}px`;
      });
      const finish = () => {
        drag.dispose();
        this.session.traits.set({ height });
      };
      drag.listen(grip, "pointerup", finish);
      drag.listen(grip, "pointercancel", finish);
    });
  }

  /** The mouse leaves the focus on the widget, where the keys are heard; Tab still goes to buttons. */
  private keepFocus(event: MouseEvent): void {
    if ((event.target as HTMLElement).closest("input, select")) return;
    event.preventDefault();
    this.root.focus({ preventScroll: true });
  }

  private keydown(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    const action = actionFor(event);
    const typing = target.matches("input, textarea, select");
    if (typing && action !== "clear") return event.stopPropagation();
    const pressing = target.matches("button") && (event.key === " " || event.key === "Enter");
    if (!action || pressing) return;
    event.preventDefault();
    event.stopPropagation();
    if (typing) this.root.focus();
    this.act(action);
  }

  /** After each commit of the stage. */
  private painted(): void {
    this.update();
    const { player } = this.session;
    if (player.state !== "playing") return;
    const { viewport } = this.stage;
    const span = viewport.t1 - viewport.t0;
    const { position } = player;
    const leaving = position > viewport.t1 && position < viewport.t1 + span;
    if (leaving && !this.gestures.dragging) this.panTime(position - viewport.t0 - 0.02 * span);
    this.stage.invalidate("cursor");
  }

  private update(): void {
    const { player, regions, traits } = this.session;
    const info = traits.get("_info");
    const rows = this.selectedRows();
    this.toolbar.update({
      playing: player.playing,
      loop: traits.get("loop"),
      position: player.position,
      duration: info.duration,
      undo: regions.undoLabel,
      redo: regions.redoLabel,
      selected: rows.length,
      channels: info.n_channels,
      channel: String(traits.get("channel")),
      settingsOpen: !this.settings.root.hidden,
      helpOpen: !this.help.hidden,
    });
    const labels = traits.get("_labels");
    const colorOf = (name: string) => labels.find((l) => l.name === name)?.color ?? "#9aa0a6";
    this.palette.update({
      labels,
      active: this.session.activeLabel,
      selected: new Set(rows.map(({ label }) => label)),
      open: traits.get("_open_labels"),
      whole: regions.whole().map(({ id, label }) => ({ id, label, color: colorOf(label) })),
    });
    if (!this.settings.root.hidden) {
      this.settings.update({
        transform: traits.get("_transform"),
        sr: info.sr,
        colormap: traits.get("colormap"),
        range: traits.get("db_range"),
        axis: traits.get("freq_axis"),
      });
    }
    this.status.say(...this.state());
  }

  /** How things stand, the worst first. */
  private state(): [string, "info" | "warning" | "error"] {
    const { channel, player, regions, tiles, traits } = this.session;
    const notice = traits.get("_notice");
    const pending = regions.pending;
    const edits = pending === 1 ? "1 edit waits" : `${pending} edits wait`;
    if (channel.state === "disconnected") {
      return [`No kernel: run the cell again${pending ? ` (${edits})` : ""}`, "error"];
    }
    if (this.refusal) return [this.refusal, "error"];
    if (notice?.level === "error") return [notice.text, "error"];
    if (tiles.problem) return [tiles.problem, "error"];
    if (this.soundProblem) return [this.soundProblem, "error"];
    if (channel.busy) return [`The kernel is busy${pending ? `; ${edits}` : ""}`, "warning"];
    if (player.state === "blocked") return ["Click to allow sound", "warning"];
    if (player.state === "waiting") return ["Waiting for sound", "info"];
    if (notice) return [notice.text, "warning"];
    if (!regions.ready || this.stage.result.missing > 0) return ["Loading", "info"];
    if (pending) return [edits, "info"];
    if (this.stage.result.estimated) return ["Estimate; the exact picture is on its way", "info"];
    const selected = this.selectedRows().length;
    const total = regions.rows().length;
    const count = total === 1 ? "1 annotation" : `${total} annotations`;
    return [selected ? `${selected} of ${count} selected` : count, "info"];
  }
}
