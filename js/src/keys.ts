/**
 * Which key does what. Pure: from a key press to the name of an action.
 *
 * Invariant: one combination names at most one action, and a combination that names none is left
 * to the host. "Mod" is Control, or Command on a Mac. A label's own key comes before all others.
 */

import stored from "../../src/specwidget/keymap.json";
import type { Label } from "./types";

export type Action = keyof typeof stored;

export interface Binding {
  readonly action: Action;
  readonly keys: readonly string[];
  /** What the help panel says; bindings that share a text are shown as one line. */
  readonly text: string;
}

/** Action -> the keys that differ from the default. */
export type KeyChanges = Readonly<Record<string, readonly string[]>>;

/** All actions, with the keys that stand for them. */
export const bindings = (changes: KeyChanges = {}): Binding[] =>
  Object.entries(stored).map(([action, { keys, text }]) => ({
    action: action as Action,
    keys: changes[action] ?? keys,
    text,
  }));

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

export type Meaning = { readonly action: Action } | { readonly label: string };

/** What a key press means: a label, an action, or nothing of ours. */
export function meaningOf(
  press: KeyPress,
  changes: KeyChanges = {},
  labels: readonly Label[] = [],
): Meaning | null {
  const pressed = combination(press);
  const label = labels.find(({ key }) => key === pressed);
  if (label) return { label: label.name };
  const binding = bindings(changes).find(({ keys }) => keys.includes(pressed));
  return binding ? { action: binding.action } : null;
}

/** Lines of the help panel: a text and all the keys that stand for it. */
export function helpLines(changes: KeyChanges = {}): { text: string; keys: string[] }[] {
  const lines = new Map<string, string[]>();
  for (const { text, keys } of bindings(changes)) {
    lines.set(text, [...(lines.get(text) ?? []), ...keys.slice(0, 1)]);
  }
  return [...lines]
    .filter(([, keys]) => keys.length > 0)
    .map(([text, keys]) => ({
      text,
      keys: keys.length > 4 ? [`${keys[0]} – ${keys[keys.length - 1]}`] : keys,
    }));
}
