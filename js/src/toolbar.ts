/**
 * The row of buttons above the picture.
 *
 * Invariant: a button does what the key of the same action does, through the same `act`; it shows
 * what it is told and keeps no state.
 */

import { element, type IconName, icon, iconButton } from "./dom";
import { formatTime } from "./format";
import type { Action } from "./keys";
import type { HeardChannel } from "./protocol";
import type { Scope } from "./scope";

export interface ToolbarState {
  readonly playing: boolean;
  readonly loop: boolean;
  readonly position: number;
  readonly duration: number;
  readonly undo: string | null;
  readonly redo: string | null;
  readonly selected: number;
  readonly channels: number;
  readonly channel: HeardChannel;
  readonly settingsOpen: boolean;
  readonly helpOpen: boolean;
}

export interface ToolbarHost {
  act(action: Action): void;
  setChannel(channel: HeardChannel): void;
  toggleSettings(): void;
}

const BUTTONS: readonly (readonly [Action, IconName, string] | null)[] = [
  ["zoom-in", "zoom-in", "Zoom in (+)"],
  ["zoom-out", "zoom-out", "Zoom out (−)"],
  ["fit", "fit", "Show the whole recording (f)"],
  ["zoom-selection", "zoom-selection", "Zoom to the selection (z)"],
  null,
  ["undo", "undo", "Undo"],
  ["redo", "redo", "Redo"],
  ["remove", "remove", "Delete what is selected (Delete)"],
];

export class Toolbar {
  readonly root: HTMLElement;
  private readonly buttons = new Map<Action, HTMLButtonElement>();
  private readonly clock = element("span", { class: "sw-clock" });
  private readonly channel = element("select", { class: "sw-select", "aria-label": "Channel" });
  private readonly settings = iconButton("settings", "Settings");
  private readonly time = document.createTextNode("");
  private duration = "";
  private shown = "";

  constructor(host: ToolbarHost, scope: Scope) {
    const make = (action: Action, name: IconName, text: string) => {
      const button = iconButton(name, text);
      button.dataset["action"] = action;
      scope.listen(button, "click", () => {
        if (button.getAttribute("aria-disabled") !== "true") host.act(action);
      });
      this.buttons.set(action, button);
      return button;
    };
    const separator = () => element("span", { class: "sw-separator" });
    scope.listen(this.settings, "click", () => host.toggleSettings());
    scope.listen(this.channel, "change", () => {
      const { value } = this.channel;
      host.setChannel(value === "all" || value === "mix" ? value : Number(value));
    });
    this.clock.append(this.time);
    this.root = element(
      "div",
      { class: "sw-toolbar", role: "toolbar", "aria-label": "Tools" },
      make("play", "play", "Play (Space)"),
      make("loop", "loop", "Loop (l)"),
      this.clock,
      separator(),
      ...BUTTONS.map((entry) => (entry ? make(...entry) : separator())),
      element("span", { class: "sw-spring" }),
      this.channel,
      this.settings,
      make("help", "help", "Keys and gestures (?)"),
    );
  }

  /** Puts the button of a panel before that of the settings. */
  add(button: HTMLButtonElement): void {
    this.settings.before(button);
  }

  /** Where the sound stands, in seconds. */
  tick(position: number): void {
    const text = `${formatTime(position, 0.001)} / ${this.duration}`;
    if (this.time.data !== text) this.time.data = text;
  }

  update(state: ToolbarState): void {
    this.duration = formatTime(state.duration, 0.001);
    this.tick(state.position);
    const shown = JSON.stringify({ ...state, position: 0 });
    if (shown === this.shown) return;
    this.shown = shown;
    const play = this.button("play");
    play.replaceChildren(icon(state.playing ? "pause" : "play"));
    name(play, state.playing ? "Pause (Space)" : "Play (Space)");
    this.button("loop").setAttribute("aria-pressed", String(state.loop));
    this.button("help").setAttribute("aria-expanded", String(state.helpOpen));
    this.settings.setAttribute("aria-expanded", String(state.settingsOpen));
    enable(this.button("undo"), state.undo, "Undo");
    enable(this.button("redo"), state.redo, "Redo");
    able(this.button("remove"), state.selected > 0);
    able(this.button("zoom-selection"), state.selected > 0);
    this.channels(state.channels, String(state.channel));
  }

  private button(action: Action): HTMLButtonElement {
    const button = this.buttons.get(action);
    if (!button) throw new Error(`the toolbar has no button for ${action}`);
    return button;
  }

  private channels(count: number, chosen: string): void {
    this.channel.hidden = count < 2;
    if (this.channel.options.length !== count + 2) {
      const numbers = Array.from({ length: count }, (_, i) =>
        option(String(i), `Channel ${i + 1}`),
      );
      this.channel.replaceChildren(option("all", "All channels"), option("mix", "Mix"), ...numbers);
    }
    this.channel.value = chosen;
  }
}

function option(value: string, text: string): HTMLOptionElement {
  return element("option", { value }, text);
}

function name(button: HTMLButtonElement, text: string): void {
  button.title = text;
  button.setAttribute("aria-label", text);
}

/** Not `disabled`: a button that has the focus must not lose it, nor swallow keys. */
function able(button: HTMLButtonElement, is: boolean): void {
  button.setAttribute("aria-disabled", String(!is));
}

function enable(button: HTMLButtonElement, what: string | null, verb: string): void {
  able(button, what !== null);
  name(button, what === null ? `${verb}: nothing to ${verb.toLowerCase()}` : `${verb} ${what}`);
}
