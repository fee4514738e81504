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
  readonly font: string;
}

export function readTheme(root: HTMLElement): Theme {
  // A custom property is text until something is coloured with it.
  const probe = element("span", { hidden: true });
  root.append(probe);
  const value = (name: string) => {
    probe.style.color = `var(--sw-${name})`;
    return getComputedStyle(probe).color;
  };
  const theme = {
    text: value("text"),
    muted: value("muted"),
    line: value("line"),
    pane: value("pane"),
    wave: value("wave"),
    rms: value("rms"),
    accent: value("accent"),
    font: getComputedStyle(root).fontFamily || "sans-serif",
  };
  probe.remove();
  return theme;
}

/** Calls `changed` whenever the host or the system may have changed its colours. */
export function watchTheme(scope: Scope, changed: () => void): void {
  const marks = ["class", "style", "data-jp-theme-light", "data-jp-theme-name", "data-theme"];
  for (const element of [document.documentElement, document.body]) {
    scope.mutations(element, { attributes: true, attributeFilter: marks }, changed);
  }
  scope.listen(window.matchMedia("(prefers-color-scheme: dark)"), "change", changed);
  // JupyterLab swaps its theme's stylesheet some time after it has marked the body.
  scope.mutations(document.head, { childList: true }, () => scope.frame(changed));
  scope.listen(document.head, "load", changed, { capture: true });
}

/** Black or white, whichever reads better on a colour "#rrggbb". */
export function inkOn(color: string): "#000" | "#fff" {
  const channel = (at: number) => {
    const c = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  const luminance = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
  return luminance > 0.179 ? "#000" : "#fff";
}

/** A colour "#rrggbb" on its way to white, for lines on the dark ground of most colormaps. */
export function lighter(color: string): string {
  const channel = (at: number) => {
    const value = Number.parseInt(color.slice(at, at + 2), 16);
    return Math.round(value + (255 - value) * 0.4);
  };
  return `rgb(${channel(1)}, ${channel(3)}, ${channel(5)})`;
}
