import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeContext } from "./fakeaudio";
import { Output } from "./output";
import { Scope } from "./scope";

const KEY = Symbol.for("specwidget.audio-contexts");

let made: FakeContext[];
let scope: Scope;

beforeEach(() => {
  vi.useFakeTimers();
  made = [];
  scope = new Scope();
  class BrowserContext extends FakeContext {
    constructor({ sampleRate = 48_000 }: { sampleRate?: number } = {}) {
      if (sampleRate > 384_000 || sampleRate < 3000) throw new DOMException("NotSupportedError");
      super(sampleRate);
      made.push(this);
    }
  }
  vi.stubGlobal("AudioContext", BrowserContext);
});
afterEach(() => {
  scope.dispose();
  vi.unstubAllGlobals();
  delete (globalThis as { [KEY]?: unknown })[KEY];
  vi.useRealTimers();
});

describe("audio contexts", () => {
  it("are made at the recording's rate, one for all widgets of a page", () => {
    const outputs = [8000, 44_100, 8000].map((rate) => new Output(rate, scope));
    expect(made.map(({ sampleRate }) => sampleRate)).toEqual([8000, 44_100]);
    expect(outputs[0]!.context).toBe(outputs[2]!.context);
  });

  it("are the browser's own where it has none at the rate, also one for all", () => {
    const [a, b, c] = [500_000, 2000, 48_000].map((rate) => new Output(rate, scope));
    expect(a!.context).toBe(b!.context);
    expect(c!.context).not.toBe(a!.context);
    expect(a!.plays(500_000)).toBe(true);
    expect(b!.plays(2000)).toBe(false);
  });

  it("sleep only when the last widget has been silent for a while", () => {
    const other = new Scope();
    const [a, b] = [new Output(8000, scope), new Output(8000, other)];
    a.enter();
    a.enter();
    b.enter();
    a.leave();
    vi.advanceTimersByTime(60_000);
    expect(made[0]!.state).toBe("running");
    b.leave();
    vi.advanceTimersByTime(5000);
    b.enter();
    vi.advanceTimersByTime(60_000);
    expect(made[0]!.state).toBe("running");
    b.leave();
    vi.advanceTimersByTime(10_000);
    expect(made[0]!.state).toBe("suspended");
    a.enter();
    expect(made[0]!.state).toBe("running");
    other.dispose();
    expect(made[0]!.state).toBe("running");
    scope.dispose();
    expect(made[0]!.state).toBe("suspended");
  });

  it("tell how late they are, if they know", () => {
    const output = new Output(8000, scope);
    made[0]!.outputLatency = 0.08;
    expect(output.latency).toBe(0.08);
    made[0]!.outputLatency = Number.NaN;
    expect(output.latency).toBe(0);
  });
});
