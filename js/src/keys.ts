/**
 * Which key does what. Pure: from a key press to the name of an action.
 *
 * Invariant: one combination names at most one action, and a combination that names none is left
 * to the host. "Mod" is Control, or Command on a Mac.
 */

export type Action =
  | "play"
  | "play-view"
  | "loop"
  | "label-0"
  | "label-1"
  | "label-2"
  | "label-3"
  | "label-4"
  | "label-5"
  | "label-6"
  | "label-7"
  | "label-8"
  | "label-9"
  | "remove"
  | "undo"
  | "redo"
  | "select-all"
  | "clear"
  | "pan-left"
  | "pan-right"
  | "page-left"
  | "page-right"
  | "pan-up"
  | "pan-down"
  | "zoom-in"
  | "zoom-out"
  | "zoom-in-freq"
  | "zoom-out-freq"
  | "to-start"
  | "to-end"
  | "fit"
  | "zoom-selection"
  | "help";

export interface Binding {
  readonly action: Action;
  readonly keys: readonly string[];
  /** What the help panel says; bindings that share a text are shown as one line. */
  readonly text: string;
}

const labels: Binding[] = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((digit) => ({
  action: `label-${digit}` as Action,
  keys: [`${digit}`],
  text: "Choose a label for what is drawn next; or give it to what is selected",
}));

export const KEYMAP: readonly Binding[] = [
  { action: "play", keys: ["Space"], text: "Play or pause: the selection, or on from the cursor" },
  { action: "play-view", keys: ["Shift+Space"], text: "Play the visible window" },
  { action: "loop", keys: ["l"], text: "Loop on or off" },
  ...labels,
  { action: "label-0", keys: ["0"], text: "No label" },
  { action: "remove", keys: ["Delete", "Backspace"], text: "Delete what is selected" },
  { action: "undo", keys: ["Mod+z"], text: "Undo" },
  { action: "redo", keys: ["Mod+Shift+z", "Mod+y"], text: "Redo" },
  { action: "select-all", keys: ["Mod+a"], text: "Select all" },
  { action: "clear", keys: ["Escape"], text: "Give up a drag; select nothing" },
  { action: "pan-left", keys: ["ArrowLeft"], text: "Move in time" },
  { action: "pan-right", keys: ["ArrowRight"], text: "Move in time" },
  { action: "page-left", keys: ["Shift+ArrowLeft", "PageUp"], text: "Move by a page" },
  { action: "page-right", keys: ["Shift+ArrowRight", "PageDown"], text: "Move by a page" },
  { action: "pan-up", keys: ["ArrowUp"], text: "Move in frequency" },
  { action: "pan-down", keys: ["ArrowDown"], text: "Move in frequency" },
  { action: "zoom-in", keys: ["+", "="], text: "Zoom in time" },
  { action: "zoom-out", keys: ["-"], text: "Zoom in time" },
  { action: "zoom-in-freq", keys: ["Shift+ArrowUp"], text: "Zoom in frequency" },
  { action: "zoom-out-freq", keys: ["Shift+ArrowDown"], text: "Zoom in frequency" },
  { action: "to-start", keys: ["Home"], text: "To the start, to the end" },
  { action: "to-end", keys: ["End"], text: "To the start, to the end" },
  { action: "fit", keys: ["f"], text: "Show the whole recording" },
  { action: "zoom-selection", keys: ["z"], text: "Zoom to the selection" },
  { action: "help", keys: ["?"], text: "Show or hide this help" },
];

export interface KeyPress {
  readonly key: string;
  readonly code?: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

/** The combination a key press stands for, such as "Mod+Shift+z". */
export function combination(press: KeyPress): string {
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(press.code ?? "");
  const named = press.key === " " ? "Space" : press.key;
  // The digit row carries other characters on many keyboards: the place of the key counts.
  const key = digit?.[1] !== undefined && !press.shiftKey ? digit[1] : named;
  const letter = key.length === 1;
  const shifted = press.shiftKey && !(letter && key.toLowerCase() === key.toUpperCase());
  return [
    press.ctrlKey || press.metaKey ? "Mod" : "",
    press.altKey ? "Alt" : "",
    shifted ? "Shift" : "",
    letter ? key.toLowerCase() : key,
  ]
    .filter(Boolean)
    .join("+");
}

const BY_KEYS: ReadonlyMap<string, Action> = new Map(
  KEYMAP.flatMap(({ action, keys }) => keys.map((key) => [key, action] as const)),
);

export function actionFor(press: KeyPress): Action | null {
  return BY_KEYS.get(combination(press)) ?? null;
}

/** Lines of the help panel: a text and all the keys that stand for it. */
export function helpLines(): { text: string; keys: string[] }[] {
  const lines = new Map<string, string[]>();
  for (const { text, keys } of KEYMAP) {
    lines.set(text, [...(lines.get(text) ?? []), ...keys.slice(0, 1)]);
  }
  return [...lines].map(([text, keys]) => ({
    text,
    keys: keys.length > 4 ? [`${keys[0]} – ${keys[keys.length - 1]}`] : keys,
  }));
}
