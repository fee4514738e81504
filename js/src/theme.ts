/**
 * The colours and font of the host page, read once per change of theme.
 *
 * Invariant: canvases draw only with what is read here, so that a theme changes everything at once.
 */

import { element } from "./dom";
import type { Scope } from "./scope";

export interface Theme {
  readonly text: string;
  readonly muted: string;
  readonly line: string;
  readonly pane: string;
  readonly wave: string;
  readonly rms: string;
  readonly accent: string;
  readonly warning: string;
  readonly font: string;
  /** The same colours on the pane's ground, as words of an ImageData. */
  readonly words: { readonly [name in "line" | "pane" | "wave" | "rms"]: number };
}

const MOST_COLORS = 1000;

export function readTheme(root: HTMLElement): Theme {
  // A custom property is text until something is coloured with it.
  const probe = element("span", { hidden: true });
  root.append(probe);
  const value = (name: string) => {
    probe.style.color = `var(--sw-${name})`;
    return getComputedStyle(probe).color;
  };
  const colors = {
    text: value("text"),
    muted: value("muted"),
    line: value("line"),
    pane: value("pane"),
    wave: value("wave"),
    rms: value("rms"),
    accent: value("accent"),
    warning: value("warning"),
  };
  const font = getComputedStyle(root).fontFamily || "sans-serif";
  probe.remove();
  const { line, pane, wave, rms } = colors;
  const [a, b, c, d] = painted([pane, line, wave, rms]);
  return { ...colors, font, words: { pane: a!, line: b!, wave: c!, rms: d! } };
}

/** What each colour looks like on the first one: a canvas reads every notation. */
function painted(colors: readonly string[]): number[] {
  const g = element("canvas", { width: 1, height: 1 }).getContext("2d", {
    willReadFrequently: true,
  });
  return colors.map((color) => {
    if (!g) return 0xff808080;
    g.fillStyle = colors[0] ?? color;
    g.fillRect(0, 0, 1, 1);
    g.fillStyle = color;
    g.fillRect(0, 0, 1, 1);
    const [red = 0, green = 0, blue = 0] = g.getImageData(0, 0, 1, 1).data;
    return opaque(red, green, blue);
  });
}

function opaque(red: number, green: number, blue: number): number {
  return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
}

/** A colour "#rrggbb" as a word of an ImageData. */
export const word = remembered((color): number => {
  const channel = (at: number) => Number.parseInt(color.slice(at, at + 2), 16) || 0;
  return opaque(channel(1), channel(3), channel(5));
});

const isStyle = (node: Node): boolean =>
  node instanceof HTMLStyleElement ||
  (node instanceof HTMLLinkElement && node.relList.contains("stylesheet"));

/**
 * Calls `changed` in the frame after the host or the system may have changed its colours.
 *
 * Hosts change their pages all the time: JupyterLab swaps its icon, a link, whenever a kernel turns busy.
 */
export function watchTheme(scope: Scope, changed: () => void): void {
  let due = false;
  const soon = () => {
    if (due) return;
    due = true;
    scope.frame(() => {
      due = false;
      changed();
    });
  };
  const marks = ["class", "style", "data-jp-theme-light", "data-jp-theme-name", "data-theme"];
  for (const element of [document.documentElement, document.body]) {
    scope.mutations(element, { attributes: true, attributeFilter: marks }, soon);
  }
  scope.listen(window.matchMedia("(prefers-color-scheme: dark)"), "change", soon);
  // JupyterLab swaps its theme's stylesheet some time after it has marked the body.
  scope.mutations(document.head, { childList: true }, (records) => {
    if (records.some((r) => [...r.addedNodes, ...r.removedNodes].some(isStyle))) soon();
  });
  scope.listen(
    document.head,
    "load",
    ({ target }) => {
      if (target instanceof Node && isStyle(target)) soon();
    },
    { capture: true },
  );
}

/** Whether two readings look the same. */
export const sameTheme = (a: Theme, b: Theme): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Black or white, whichever reads better on a colour "#rrggbb". */
export const inkOn = remembered((color): "#000" | "#fff" => {
  const channel = (at: number) => {
    const c = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  const luminance = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
  return luminance > 0.179 ? "#000" : "#fff";
});

/** A colour "#rrggbb" on its way to white, for lines on the dark ground of most colormaps. */
export const lighter = remembered((color): string => {
  const channel = (at: number) => {
    const value = Number.parseInt(color.slice(at, at + 2), 16);
    return Math.round(value + (255 - value) * 0.4);
  };
  return `rgb(${channel(1)}, ${channel(3)}, ${channel(5)})`;
});

/** Colours are few, and asked for with every mark. */
function remembered<T>(make: (color: string) => T): (color: string) => T {
  const made = new Map<string, T>();
  return (color) => {
    const result = made.get(color) ?? make(color);
    if (made.size < MOST_COLORS) made.set(color, result);
    return result;
  };
}
