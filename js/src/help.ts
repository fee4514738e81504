/** The panel of keys and gestures. Invariant: it lists what keys.ts binds, and nothing else. */

import { element } from "./dom";
import { helpLines, type KeyChanges } from "./keys";

const GESTURES: readonly (readonly [string, string])[] = [
  ["Drag on the waveform", "a new interval"],
  ["Drag on the spectrogram", "a new box; a level drag makes an interval"],
  ["Click an annotation", "select it; Shift or Ctrl+click for several"],
  ["Drag what is selected", "move it, or an edge to resize it"],
  ["Click elsewhere", "set the play position"],
  ["Double-click an annotation", "zoom to it"],
  ["Ctrl+wheel or pinch", "zoom in time; over the frequency axis, or with Alt, in frequency"],
  ["Shift+wheel", "move in time"],
  ["Wheel", "zoom, once the widget was clicked; before that the page scrolls"],
  ["Drag an axis", "move along it; with Shift, zoom; double-click shows all"],
  ["Wheel or drag on the amplitude axis", "a higher or lower waveform"],
  ["Drag the colour bar", "darkest (lower half) and brightest (upper half)"],
  ["Drag the strip on top", "move or resize the visible window"],
];

const mac = /Mac|iPhone|iPad/.test(globalThis.navigator?.platform ?? "");

export class Help {
  readonly root = element("div", {
    class: "sw-panel sw-help",
    role: "group",
    "aria-label": "Keys and gestures",
    hidden: true,
  });

  show(changes: KeyChanges): void {
    const gestures = GESTURES.map(([gesture, text]) => line([gesture], text));
    const keys = helpLines(changes).map(({ text, keys }) =>
      line(
        keys.flatMap((key, i) => (i ? [" ", kbd(key)] : [kbd(key)])),
        text,
      ),
    );
    this.root.replaceChildren(
      element("table", {}, element("caption", {}, "Mouse"), element("tbody", {}, ...gestures)),
      element("table", {}, element("caption", {}, "Keys"), element("tbody", {}, ...keys)),
    );
  }
}

const line = (what: (string | HTMLElement)[], text: string): HTMLElement =>
  element("tr", {}, element("th", { scope: "row" }, ...what), element("td", {}, text));

function kbd(key: string): HTMLElement {
  const shown = key
    .replace("Mod", mac ? "⌘" : "Ctrl")
    .replace("ArrowLeft", "←")
    .replace("ArrowRight", "→")
    .replace("ArrowUp", "↑")
    .replace("ArrowDown", "↓");
  return element("kbd", {}, shown);
}
