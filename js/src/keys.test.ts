import { describe, expect, it } from "vitest";
import { actionFor, combination, helpLines, KEYMAP, type KeyPress } from "./keys";

const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({
  key,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  ...more,
});

describe("keys", () => {
  it("binds each combination once", () => {
    const all = KEYMAP.flatMap(({ keys }) => keys);
    expect(new Set(all).size).toBe(all.length);
  });
  it("knows the modifiers", () => {
    expect(actionFor(press("z"))).toBe("zoom-selection");
    expect(actionFor(press("z", { ctrlKey: true }))).toBe("undo");
    expect(actionFor(press("z", { metaKey: true }))).toBe("undo");
    expect(actionFor(press("Z", { ctrlKey: true, shiftKey: true }))).toBe("redo");
    expect(actionFor(press(" "))).toBe("play");
    expect(actionFor(press(" ", { shiftKey: true }))).toBe("play-view");
  });
  it("takes signs however they are typed", () => {
    expect(actionFor(press("?", { shiftKey: true }))).toBe("help");
    expect(actionFor(press("+", { shiftKey: true }))).toBe("zoom-in");
    expect(actionFor(press("+"))).toBe("zoom-in");
  });
  it("takes digits by their place on the keyboard", () => {
    expect(actionFor(press("&", { code: "Digit1" }))).toBe("label-1");
    expect(actionFor(press("5", { code: "Numpad5" }))).toBe("label-5");
    expect(actionFor(press("!", { code: "Digit1", shiftKey: true }))).toBeNull();
  });
  it("leaves the rest to the host", () => {
    expect(actionFor(press("Enter", { shiftKey: true }))).toBeNull();
    expect(actionFor(press("s", { ctrlKey: true }))).toBeNull();
    expect(actionFor(press("c", { ctrlKey: true }))).toBeNull();
    expect(combination(press("a", { altKey: true, ctrlKey: true }))).toBe("Mod+Alt+a");
  });
  it("helps with every action", () => {
    const lines = helpLines();
    const texts = new Set(lines.map(({ text }) => text));
    for (const { text } of KEYMAP) expect(texts.has(text)).toBe(true);
    expect(lines.find(({ text }) => text.startsWith("Choose"))?.keys).toEqual(["1 – 9"]);
  });
});
