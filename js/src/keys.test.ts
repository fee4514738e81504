import { describe, expect, it } from "vitest";
import {
  bindings,
  combination,
  helpLines,
  type KeyChanges,
  type KeyPress,
  meaningOf,
} from "./keys";

const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({
  key,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  ...more,
});

const actionFor = (pressed: KeyPress, changes: KeyChanges = {}) => {
  const meaning = meaningOf(pressed, changes);
  return meaning && "action" in meaning ? meaning.action : null;
};

describe("keys", () => {
  it("binds each combination once", () => {
    const all = bindings().flatMap(({ keys }) => keys);
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
  it("takes other keys where they were changed", () => {
    const changes = { loop: ["k"], split: [] };
    expect(actionFor(press("k"), changes)).toBe("loop");
    expect(actionFor(press("l"), changes)).toBeNull();
    expect(actionFor(press("s"), changes)).toBeNull();
    expect(helpLines(changes).find(({ text }) => text.startsWith("Loop"))?.keys).toEqual(["k"]);
    expect(helpLines(changes).some(({ text }) => text.startsWith("Split"))).toBe(false);
  });
  it("gives a label's own key to the label", () => {
    const labels = [{ name: "song", color: "#000000", key: "s" }];
    expect(meaningOf(press("s"), {}, labels)).toEqual({ label: "song" });
    expect(meaningOf(press("s"))).toEqual({ action: "split" });
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
    for (const { text } of bindings()) expect(texts.has(text)).toBe(true);
    expect(lines.find(({ text }) => text.startsWith("Choose"))?.keys).toEqual(["1 – 9"]);
  });
});
