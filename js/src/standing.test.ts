import { describe, expect, it } from "vitest";
import type { Editing } from "./editing";
import type { Listening } from "./listening";
import type { Session } from "./session";
import type { Stage } from "./stage";
import { standing } from "./standing";

interface State {
  readonly channel?: "free" | "busy" | "disconnected";
  readonly player?: "stopped" | "waiting" | "blocked" | "playing";
  readonly pending?: number;
  readonly rows?: number;
  readonly selected?: number;
  readonly ready?: boolean;
  readonly missing?: number;
  readonly estimated?: boolean;
  readonly refusal?: string;
  readonly begun?: boolean;
  readonly notice?: { readonly level: "warning" | "error"; readonly text: string };
}

function said(state: State): string {
  const { channel = "free", player = "stopped", pending = 0, rows = 2, ready = true } = state;
  const session = {
    channel: {
      state: channel === "disconnected" ? channel : "connected",
      busy: channel === "busy",
    },
    player: { state: player },
    regions: { pending, ready, rows: () => Array.from({ length: rows }) },
    tiles: { problem: null },
    traits: { get: () => state.notice ?? null },
  };
  const stage = { result: { missing: state.missing ?? 0, estimated: state.estimated ?? false } };
  const editing = {
    refusal: state.refusal ?? null,
    selected: () => Array.from({ length: state.selected ?? 0 }),
  };
  const { text, level } = standing(
    session as unknown as Session,
    stage as unknown as Stage,
    editing as unknown as Editing,
    { problem: null } as unknown as Listening,
    state.begun,
  );
  return `${level}: ${text}`;
}

describe("how things stand", () => {
  it.each<[State, string]>([
    [{}, "info: 2 annotations"],
    [{ rows: 1, selected: 1 }, "info: 1 of 1 annotation selected"],
    [{ rows: 0 }, "info: Drag on the picture to mark something"],
    [{ begun: true }, "info: Begun; press the key again where it ends, or Escape"],
    [{ begun: true, refusal: "no" }, "error: no"],
    [{ ready: false }, "info: Loading"],
    [{ missing: 1 }, "info: Loading"],
    [{ player: "waiting" }, "info: Waiting for sound"],
    [{ pending: 2 }, "info: 2 annotations"],
    [{ refusal: "end is before start", channel: "busy" }, "error: end is before start"],
    [{ notice: { level: "warning", text: "cut short" } }, "warning: cut short"],
  ])("%j reads %s", (state, text) => {
    expect(said(state)).toBe(text);
  });

  it.each<[State, string]>([
    [{}, "warning: The kernel is busy"],
    [{ pending: 1 }, "warning: The kernel is busy: 1 change waits"],
    [{ pending: 3 }, "warning: The kernel is busy: 3 changes wait"],
    [{ player: "waiting" }, "warning: The kernel is busy: sound not loaded yet"],
    [{ missing: 4 }, "warning: The kernel is busy: picture not fully loaded"],
    [
      { pending: 2, player: "waiting", ready: false },
      "warning: The kernel is busy: 2 changes wait, sound not loaded yet, annotations not loaded yet",
    ],
  ])("with a busy kernel, %j reads %s", (state, text) => {
    expect(said({ ...state, channel: "busy" })).toBe(text);
  });

  it("without a kernel, says what would be lost", () => {
    expect(said({ channel: "disconnected", rows: 0 })).toBe("error: No kernel: run the cell again");
    expect(said({ channel: "disconnected", rows: 1 })).toContain("1 annotation shown here");
  });
});
