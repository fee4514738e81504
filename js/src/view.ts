/**
 * One view of a widget: the panels around the stage, wired to what they do.
 *
 * Invariant: this file only wires. Panels and gestures tell what a person meant; navigation, editing
 * and listening do it; traits, region store and player tell of it; then everything shown is updated.
 */

import { type AssistHost, AssistMenu } from "./assistmenu";
import { DisconnectedError, KernelError } from "./channel";
import { element } from "./dom";
import { Editing } from "./editing";
import { Gestures } from "./gestures";
import { Handwork } from "./handwork";
import { Help } from "./help";
import { type Action, meaningOf } from "./keys";
import { Listening } from "./listening";
import { UNLABELLED } from "./marks";
import { Navigation } from "./navigation";
import { Palette } from "./palette";
import { Progress } from "./progress";
import { type OneChannel, transformSet } from "./protocol";
import { Reader } from "./reader";
import { valueScale } from "./reading";
import { inHz } from "./scales";
import { Scope } from "./scope";
import type { Session } from "./session";
import { Settings } from "./settings";
import type { Aim } from "./spectrum";
import { SpectrumPanel } from "./spectrumpanel";
import { type Change, Stage } from "./stage";
import { standing } from "./standing";
import { Status } from "./status";
import { Toolbar } from "./toolbar";
import type { TransformJson } from "./traits";

const ZOOM_STEP = 0.6;
const PAN_STEP = 0.1;
const MIN_HEIGHT = 180;
const MAX_HEIGHT = 2000;
/** Room beside a selection that is zoomed to, and before the playhead on a new page; shares of the span. */
const MARGIN = 0.15;
const LEAD_IN = 0.02;

export class View {
  private readonly scope = new Scope();
  private readonly root: HTMLElement;
  private readonly stage: Stage;
  private readonly navigation: Navigation;
  private readonly editing: Editing;
  private readonly listening: Listening;
  private readonly reader: Reader;
  private readonly gestures: Gestures;
  private readonly toolbar: Toolbar;
  private readonly assistants: AssistMenu;
  private readonly spectrum: SpectrumPanel;
  private readonly palette: Palette;
  private readonly settings: Settings;
  private readonly help = new Help();
  private readonly handwork: Handwork;
  private readonly status = new Status();
  private readonly progress: Progress;
  /** How complete the picture was that was spoken of last. */
  private shown = "";

  constructor(
    private readonly session: Session,
    host: HTMLElement,
  ) {
    const { scope } = this;
    const { traits } = session;
    this.root = element("div", {
      class: "specwidget",
      tabindex: 0,
      role: "application",
      "aria-label": `Recording ${traits.get("_info").name}`,
      "data-lm-suppress-shortcuts": "true",
    });
    const update = () => this.update();
    this.stage = new Stage(session, this.root, scope, (changed) => this.painted(changed));
    this.navigation = new Navigation(session, this.stage, scope);
    this.editing = new Editing(session, scope, update);
    this.listening = new Listening(session, this.stage, this.editing, scope, update);
    this.handwork = new Handwork(
      session,
      this.editing,
      this.navigation,
      () => this.stage.viewport,
      (time) => this.listening.seek(time),
    );
    this.reader = new Reader(session, this.stage, this.status, scope);
    this.gestures = new Gestures(this.stage.root, this.gestureHost(), scope);
    this.toolbar = new Toolbar(
      {
        act: (action) => this.act(action),
        setChannel: (channel) => traits.set({ channel }),
        toggleSettings: () => this.toggle(this.settings.root),
      },
      scope,
    );
    this.assistants = new AssistMenu(session.assisting, this.assistHost(), scope);
    this.toolbar.add(this.assistants.button);
    this.spectrum = new SpectrumPanel(session.channel, () => this.aim(), this.root, scope);
    this.toolbar.add(this.spectrum.button);
    this.palette = new Palette(
      {
        choose: (label) => this.editing.choose(label),
        leave: () => this.root.focus({ preventScroll: true }),
        select: (id) => this.editing.select([id], "replace"),
      },
      scope,
    );
    this.settings = new Settings(
      {
        setTransform: (transform) => this.setTransform(transform),
        setColormap: (colormap) => traits.set({ colormap }),
        setRange: (range) => traits.set({ db_range: range }),
        setAxis: (axis) => traits.set({ freq_axis: axis }),
      },
      scope,
    );
    this.progress = new Progress(session.channel, scope);
    this.status.root.append(this.progress.root);
    const grip = element("div", { class: "sw-grip", title: "Drag to change the height" });
    this.root.append(
      this.toolbar.root,
      this.assistants.root,
      this.settings.root,
      this.help.root,
      this.palette.root,
      this.stage.root,
      grip,
      this.spectrum.root,
      this.status.root,
    );
    host.classList.add("sw-host");
    host.append(this.root);
    scope.add(() => this.root.remove());
    this.resizable(grip);
    this.listen();
    this.setHeight();
    this.update();
  }

  dispose(): void {
    this.scope.dispose();
  }

  private gestureHost() {
    const { editing, listening, navigation, reader, session, stage } = this;
    return {
      navigation,
      editing,
      scene: () => stage.scene(),
      extent: () => {
        const { duration, sr } = session.traits.get("_info");
        return { duration, nyquist: sr / 2 };
      },
      hasFocus: () => this.hasFocus(),
      seek: (time: number) => listening.seek(time),
      hover: reader.hover.bind(reader),
      leave: () => reader.leave(),
      preview: stage.preview.bind(stage),
    };
  }

  private assistHost(): AssistHost {
    const { editing, session, stage } = this;
    const { traits, regions } = session;
    return {
      situation: () => {
        const span = editing.selectedSpan();
        const { t0, t1 } = stage.viewport;
        const channel = traits.get("channel");
        return {
          assistants: traits.get("_assistants"),
          selected: traits.get("selected"),
          selection: span && span.start < span.end ? [span.start, span.end] : null,
          view: [t0, t1],
          channel: channel === "all" ? "mix" : channel,
          rows: regions.rows(),
        };
      },
      edit: (ops) => regions.edit(ops),
      refuse: (reason) => editing.refuse(reason),
    };
  }

  private aim(): Aim {
    const { editing, session, stage } = this;
    const channel = session.traits.get("channel");
    const span = editing.selectedSpan();
    const pointed = stage.pointed;
    const numbered = (id: string): OneChannel => (id === "mix" ? id : Number(id));
    return {
      info: session.traits.get("_info"),
      pointer: pointed && { time: pointed.time, channel: numbered(pointed.channel) },
      selection: span && [span.start, span.end],
      position: session.player.position,
      channel: channel === "all" ? "mix" : channel,
    };
  }

  private hasFocus(): boolean {
    const page = this.root.getRootNode() as Document | ShadowRoot;
    return this.root.contains(page.activeElement);
  }

  // Actions ---------------------------------------------------------------------------------------

  private act(action: Action): void {
    const { editing, listening, navigation } = this;
    const { traits } = this.session;
    const { t0, t1 } = this.stage.viewport;
    const { position } = this.session.player;
    const anchor = position >= t0 && position <= t1 ? position : (t0 + t1) / 2;
    const middle = this.stage.scene().freq.fromUnit(0.5);
    const digit = /^label-(\d)$/.exec(action)?.[1];
    if (digit !== undefined) return this.chooseByKey(digit);
    if (this.handwork.act(action)) return this.update();
    const actions: Partial<Record<Action, () => void>> = {
      play: () => listening.toggle(),
      "play-view": () => listening.playWindow(),
      loop: () => traits.set({ loop: !traits.get("loop") }),
      remove: () => editing.removeSelected(),
      undo: () => editing.undo(),
      redo: () => editing.redo(),
      "select-all": () => editing.selectAll(),
      clear: () => this.clear(),
      "pan-left": () => navigation.panTime(-PAN_STEP * (t1 - t0)),
      "pan-right": () => navigation.panTime(PAN_STEP * (t1 - t0)),
      "page-left": () => navigation.panTime(t0 - t1),
      "page-right": () => navigation.panTime(t1 - t0),
      "pan-up": () => navigation.panFreq(PAN_STEP),
      "pan-down": () => navigation.panFreq(-PAN_STEP),
      "zoom-in": () => navigation.zoomTime(ZOOM_STEP, anchor),
      "zoom-out": () => navigation.zoomTime(1 / ZOOM_STEP, anchor),
      "zoom-in-freq": () => navigation.zoomFreq(ZOOM_STEP, middle),
      "zoom-out-freq": () => navigation.zoomFreq(1 / ZOOM_STEP, middle),
      "to-start": () => navigation.goTo(0),
      "to-end": () => navigation.goTo(this.stage.bounds.duration),
      fit: () => navigation.fit(),
      "zoom-selection": () => this.zoomToSelection(),
      help: () => this.toggle(this.help.root),
    };
    actions[action]?.();
  }

  private chooseByKey(digit: string): void {
    if (digit === "0") return this.editing.choose("");
    const label = this.session.traits.get("_labels").find(({ key }) => key === digit);
    if (label) this.editing.choose(label.name);
  }

  private clear(): void {
    if (this.gestures.cancel()) return;
    if (this.assistants.close()) return;
    if (!this.help.root.hidden) return this.toggle(this.help.root);
    if (!this.settings.root.hidden) return this.toggle(this.settings.root);
    this.editing.refusal = null;
    this.handwork.begun = null;
    this.editing.select([], "replace");
    this.session.chooseLabel("");
  }

  private zoomToSelection(): void {
    const span = this.editing.selectedSpan();
    if (!span) return;
    const margin = (span.end - span.start) * MARGIN;
    this.navigation.showTimes(span.start - margin, span.end + margin);
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
    const { scope, session, stage, listening } = this;
    const { traits } = session;
    const update = () => this.update();
    scope.listen(this.root, "keydown", (event) => this.keydown(event));
    scope.listen(this.root, "copy", (event) => this.copy(event));
    scope.listen(this.root, "cut", (event) => {
      if (this.copy(event)) this.editing.removeSelected();
    });
    scope.listen(this.root, "paste", (event) => this.paste(event));
    scope.listen(this.root, "mousedown", (event) => this.keepFocus(event));
    traits.on(["view", "freq_view"], () => this.follow(), scope);
    traits.on(["_info"], () => this.navigation.follow(), scope);
    traits.on(["_info", "_layers", "channel", "freq_axis"], () => stage.invalidate("all"), scope);
    traits.on(["colormap", "db_range", "_ref_db"], () => stage.invalidate("colors"), scope);
    const marking = ["selected", "_labels", "hidden_labels", "hidden_tiers", "min_score"] as const;
    traits.on(marking, () => stage.invalidate("marks"), scope);
    const help = () => this.help.show(traits.get("keymap"));
    traits.on(["keymap"], help, scope);
    help();
    traits.on(["height", "channel", "_layers"], () => this.setHeight(), scope);
    traits.on(
      ["view", "position", "selected"],
      () => this.hasFocus() && listening.prepare(),
      scope,
    );
    traits.on(["loop", "_notice", "_open_labels", "_transform", "_assistants"], update, scope);
    session.onActiveLabel(update, scope);
    session.player.onChange(update, scope);
    session.channel.onState(update, scope);
    session.channel.onBusy(update, scope);
    session.channel.on(
      "error",
      // What fails in the background answers nobody, and is said all the same.
      ({ id, message }) => id === null && this.editing.refuse(message),
      scope,
    );
    session.channel.onProblem((problem) => {
      this.editing.refuse(`A message from the kernel could not be read: ${problem.message}`);
    }, scope);
  }

  private follow(): void {
    if (!this.gestures.dragging) this.navigation.follow();
  }

  private setHeight(): void {
    this.stage.root.style.height = `${this.stage.height}px`;
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
    const { traits } = this.session;
    const meaning = meaningOf(event, traits.get("keymap"), traits.get("_labels"));
    const action = meaning && "action" in meaning ? meaning.action : null;
    const typing = target.matches("input, textarea, select");
    if (typing && action !== "clear") return event.stopPropagation();
    const pressing = target.matches("button") && (event.key === " " || event.key === "Enter");
    if (!meaning || pressing) return;
    if (action === "next" || action === "previous") {
      // Past the last annotation, and from a button, the focus moves on.
      if (target !== this.root || !this.handwork.step(action === "next" ? 1 : -1)) return;
    }
    event.preventDefault();
    event.stopPropagation();
    if (typing) this.root.focus();
    if ("label" in meaning) this.editing.choose(meaning.label);
    else this.act(meaning.action);
  }

  /** Puts what is selected on the clipboard, as a table; says whether there was anything. */
  private copy(event: ClipboardEvent): boolean {
    const text = isTyped(event) ? null : this.handwork.copied();
    if (text === null) return false;
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  private paste(event: ClipboardEvent): void {
    const text = isTyped(event) ? "" : event.clipboardData?.getData("text/plain");
    if (!text) return;
    event.preventDefault();
    event.stopPropagation();
    this.handwork.paste(text);
  }

  /** After each commit of the stage. What moves in every frame says what it must, and no more. */
  private painted(changed: ReadonlySet<Change>): void {
    this.reader.follow(performance.now());
    this.spectrum.follow();
    const { player } = this.session;
    const { missing, estimated } = this.stage.result;
    const shown = `${missing} ${estimated}`;
    const still = [...changed].every((change) => change === "window" || change === "cursor");
    this.progress.update(estimated);
    if (still && shown === this.shown) this.toolbar.tick(player.position);
    else this.update();
    this.shown = shown;
    if (player.state !== "playing") return;
    const { t0, t1 } = this.stage.viewport;
    const { position } = player;
    // The page is turned when the playhead leaves it, not when it was elsewhere before.
    const leaving = position > t1 && position < t1 + (t1 - t0);
    if (leaving && !this.gestures.dragging) {
      this.navigation.goTo(position - LEAD_IN * (t1 - t0));
    }
    this.stage.invalidate("cursor");
  }

  private update(): void {
    const { player, regions, traits } = this.session;
    const info = traits.get("_info");
    const rows = this.editing.selected();
    this.toolbar.update({
      playing: player.playing,
      loop: traits.get("loop"),
      position: player.position,
      duration: info.duration,
      undo: regions.undoLabel,
      redo: regions.redoLabel,
      selected: rows.length,
      channels: info.n_channels,
      channel: traits.get("channel"),
      settingsOpen: !this.settings.root.hidden,
      helpOpen: !this.help.root.hidden,
    });
    const active = this.session.activeLabel;
    const known = traits.get("_labels");
    const isNew = active !== "" && !known.some(({ name }) => name === active);
    const labels = isNew ? [...known, { name: active, color: UNLABELLED, key: null }] : known;
    const colorOf = (name: string) => labels.find((l) => l.name === name)?.color ?? UNLABELLED;
    this.palette.update({
      labels,
      active,
      selected: new Set(rows.map(({ label }) => label)),
      open: traits.get("_open_labels"),
      whole: this.session
        .shown(regions.whole())
        .map(({ id, label }) => ({ id, label, color: colorOf(label) })),
    });
    if (!this.settings.root.hidden) {
      this.settings.update({
        transform: traits.get("_transform"),
        sr: info.sr,
        colormap: traits.get("colormap"),
        range: traits.get("db_range"),
        unit: valueScale(info.spectrogram, traits.get("_ref_db")).unit,
        axis: this.stage.axis,
        inHz: inHz(info.spectrogram),
      });
    }
    this.assistants.update();
    const begun = this.handwork.begun !== null;
    this.status.say(standing(this.session, this.stage, this.editing, this.listening, begun));
  }
}

/** Whether something is copied from or pasted to a field, which is its own affair. */
const isTyped = (event: Event): boolean =>
  (event.target as HTMLElement).matches("input, textarea, select");
