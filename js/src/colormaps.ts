// matplotlib's colormaps, from the file that Python reads too.
// Invariant: a colormap is 256 RGB triples, never changed once it has been made; "<name>_r" is <name> turned round.

import stored from "../../src/specwidget/colormaps.json";

const LENGTH = 256;
const DEFAULT = "viridis";
const made = new Map<string, Uint8Array>();

const names = Object.keys(stored);

/** All names that colormap() takes, the reversed ones ("viridis_r") last. */
export const colormapNames: readonly string[] = [...names, ...names.map((name) => `${name}_r`)];

/** 256 RGB triples. An unknown name gives viridis. */
export function colormap(name: string): Uint8Array {
  const known = colormapNames.includes(name) ? name : DEFAULT;
  const found = made.get(known);
  if (found) return found;
  const colors = known.endsWith("_r") ? reversed(colormap(known.slice(0, -2))) : decoded(known);
  made.set(known, colors);
  return colors;
}

function decoded(name: string): Uint8Array {
  return Uint8Array.from(atob(stored[name as keyof typeof stored]), (byte) => byte.charCodeAt(0));
}

function reversed(colors: Uint8Array): Uint8Array {
  const out = new Uint8Array(colors.length);
  for (let i = 0; i < LENGTH; i++) {
    out.set(colors.subarray(3 * i, 3 * i + 3), 3 * (LENGTH - 1 - i));
  }
  return out;
}
