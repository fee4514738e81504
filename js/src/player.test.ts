import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { modelChannel } from "./channel";
import { FakeContext } from "./fakeaudio";
import { Player, type PlayerOptions } from "./player";
import { Scope } from "./scope";
import { seeded } from "./seeded";
import { FakeModel, infoOf, type Sent } from "./testing";

const RATE = 8000;
const SAMPLES = 30_000;
const STEP_MS = 10;

let scope: Scope;
let model: FakeModel;
let context: FakeContext;
let player: Player;
let errors: string[];
/** Milliseconds that the kernel takes; requests that it has not yet answered. */
let delay: number;
let open: { readonly message: Sent; readonly due: number }[];
let clock: number;

/** Every sample of the recording is another number: sample i of channel c is (-1)^c (i + 1). */
const levelOf = (sample: number, channel = 0) => ((channel === 0 ? 1 : -1) * (sample + 1)) / 32_768;

function make(options: { sr?: number; channels?: number; player?: PlayerOptions } = {}): void {
  const { sr = RATE, channels = 1 } = options;
  const info = infoOf({ sr, nSamples: SAMPLES, nChannels: channels });
  model = new FakeModel(info);
  model.onSend = (message) => open.push({ message, due: clock + delay });
  context = new FakeContext(sr);
  player = new Player(modelChannel(model, scope), info, scope, {
    createContext: () => context.asContext(),
    now: () => clock,
    ...options.player,
  });
  player.onError((message) => errors.push(message), scope);
}

beforeEach(() => {
  vi.useFakeTimers();
  scope = new Scope();
  errors = [];
  open = [];
  delay = 0;
  clock = 0;
  make();
});
afterEach(() => {
  scope.dispose();
  expect(vi.getTimerCount()).toBe(0);
  expect(model.count()).toBe(0);
  vi.useRealTimers();
});

function answer({ id, start, stop, channel }: Sent): void {
  const n_channels = channel === "all" && model.get("_info").n_channels === 2 ? 2 : 1;
  const data = new Int16Array(n_channels * (stop - start));
  for (let c = 0; c < n_channels; c++) {
    const sign = (channel === "all" ? c : channel) === 1 ? -1 : 1;
    for (let i = start; i < stop; i++) data[c * (stop - start) + i - start] = sign * (i + 1);
  }
  model.tell({ v: 1, type: "audio.data", id, channel, start, stop, n_channels }, [
    new DataView(data.buffer),
  ]);
}

/** Time goes on: for timers, for the audio clock, and for the kernel. */
async function run(seconds: number): Promise<void> {
  for (let ms = 0; ms < seconds * 1000; ms += STEP_MS) {
    const due = open.filter((request) => request.due <= clock);
    open = open.filter((request) => request.due > clock);
    for (const { message } of due) if (message.type === "audio.get") answer(message);
    clock += STEP_MS;
    if (context.state === "running") context.currentTime += STEP_MS / 1000;
    await vi.advanceTimersByTimeAsync(STEP_MS);
  }
}

/** The samples that are heard, by number, in order; none where two would sound at once. */
function heard(channel = 0): number[] {
  const frames = context.render(0, Math.ceil(context.currentTime * RATE), channel);
  const sign = channel === 0 ? 1 : -1;
  if (frames.some((frame) => frame.length > 1)) return [];
  return frames.flatMap((frame) =>
    frame.map(({ sample }) => Math.round(sample * 32_768 * sign) - 1),
  );
}

const range = (start: number, stop: number) =>
  Array.from({ length: stop - start }, (_, i) => start + i);
const asked = () => model.sent.filter(({ type }) => type === "audio.get");
const s = (sample: number) => sample / RATE;

/** What leaves out nothing but the sample or two that a fade has made silent. */
function expectSamples(actual: readonly number[], expected: readonly number[], silent = 2): void {
  const seen = new Set(actual);
  const missing = expected.filter((sample) => !seen.has(sample));
  expect(missing.length).toBeLessThanOrEqual(silent);
  const skip = new Set(missing);
  expect(actual).toEqual(expected.filter((sample) => !skip.has(sample)));
}

describe("playing", () => {
  it("is every sample of the range once, in order, without a gap", async () => {
    player.play({ start: s(1234), end: s(17_001) });
    await run(3);
    expectSamples(heard(), range(1234, 17_001));
    const frames = context.render(0, Math.ceil(context.currentTime * RATE));
    const first = frames.findIndex((frame) => frame.length > 0);
    const last = frames.findLastIndex((frame) => frame.length > 0);
    expect(frames.slice(first, last).every((frame) => frame.length === 1)).toBe(true);
    expect(errors).toEqual([]);
  });

  it("fades in and out within 5 ms, and nowhere else", async () => {
    player.play({ start: 0.5, end: 2 });
    await run(2);
    const gains = context
      .render(0, Math.ceil(context.currentTime * RATE))
      .flatMap((frame) => frame.map(({ gain }) => gain));
    const fade = 0.005 * RATE;
    expect(gains.length).toBeGreaterThan(1.5 * RATE - 3);
    for (let i = 1; i < gains.length; i++) {
      expect(Math.abs(gains[i]! - gains[i - 1]!)).toBeLessThan(1.01 / fade);
    }
    expect(gains.slice(fade, -fade - 1).every((gain) => gain === 1)).toBe(true);
    expect(gains[0]).toBeLessThan(0.05);
    expect(gains.at(-1)).toBeLessThan(0.05);
  });

  it("of a few milliseconds is heard too", async () => {
    player.play({ start: s(1000), end: s(1040) });
    await run(0.3);
    expectSamples(heard(), range(1000, 1040));
    expect(player.state).toBe("stopped");
  });

  it("tells where it is, and returns where it began", async () => {
    const states: string[] = [];
    player.onChange(() => states.push(player.state), scope);
    player.play({ start: 1, end: 2, from: 1.25 });
    expect([player.playing, player.position]).toEqual([true, 1.25]);
    expect(player.range).toEqual({ start: 1, end: 2 });
    await run(0.43);
    expect(player.state).toBe("playing");
    expect(player.position).toBeGreaterThan(1.55);
    expect(player.position).toBeLessThan(1.7);
    await run(1);
    expect([player.playing, player.position, player.range]).toEqual([false, 1.25, null]);
    expect([...new Set(states)]).toEqual(["waiting", "playing", "stopped"]);
    expectSamples(heard(), range(1.25 * RATE, 2 * RATE));
  });

  it("shows what is heard, not what is computed: the device is late", async () => {
    context.outputLatency = 0.2;
    player.play({ start: 1, end: 3 });
    await run(0.15);
    expect(player.position).toBe(1);
    await run(0.85);
    expect(player.position).toBeGreaterThan(1.65);
    expect(player.position).toBeLessThan(1.8);
  });

  it("takes the whole recording when it is told nothing, and a start outside as none", async () => {
    player.play();
    expect(player.range).toEqual({ start: 0, end: SAMPLES / RATE });
    player.play({ start: 1, end: 2, from: 2.5 });
    expect(player.position).toBe(1);
    player.play({ start: 2, end: 2 });
    expect(player.state).toBe("stopped");
    await run(0.1);
    expect(errors).toEqual([]);
  });

  it.each([
    ["all", 1, 2],
    [1, 1, 1],
    [0, 0, 1],
  ] as const)("channel %s is heard from its own speaker", async (channel, right, buffers) => {
    make({ channels: 2 });
    player.play({ start: 1, end: 1.5, channel });
    await run(1);
    expect(asked()[0]!.channel).toBe(channel);
    expect(context.sources[0]!.buffer!.channels).toHaveLength(buffers);
    const rendered = context.render(0, Math.ceil(context.currentTime * RATE), 1);
    const samples = rendered.flatMap((frame) => frame.map(({ sample }) => sample));
    expect(samples[100]).toBeCloseTo(levelOf(1 * RATE + 101, right), 6);
  });

  it("asks for chunks ahead, once each, and no further than need be", async () => {
    player.play({ start: 0, end: 3.5 });
    expect(asked().map(({ start }) => start)).toEqual([0, 4000, 8000, 12_000, 16_000]);
    await run(0.1);
    expect(asked()).toHaveLength(6);
    await run(4);
    expect(asked().map(({ start }) => start)).toEqual(range(0, 7).map((i) => i * 4000));
    expect(asked().at(-1)!.stop).toBe(28_000);
  });
});

describe("pause, stop and seek", () => {
  it("pause leaves the position, and play goes on from it", async () => {
    player.play({ start: 0.5, end: 3 });
    await run(0.7);
    player.pause();
    const { position } = player;
    expect(position).toBeGreaterThan(1);
    await run(0.3);
    expect([player.state, player.position]).toEqual(["stopped", position]);
    const before = heard();
    expectSamples(before, range(4000, before.at(-1)! + 1));
    player.play({ start: 0.5, end: 3, from: player.position });
    await run(0.5);
    const after = heard().slice(before.length);
    expect(Math.abs(after[0]! - position * RATE)).toBeLessThan(3);
    expect(before.at(-1)! - after[0]!).toBeLessThan(0.02 * RATE);
  });

  it("stop returns to where the sound began", async () => {
    player.play({ start: 0.5, end: 3, from: 0.75 });
    await run(0.7);
    player.stop();
    expect([player.state, player.position]).toEqual(["stopped", 0.75]);
  });

  it("seek keeps playing, within the range", async () => {
    player.play({ start: 0, end: 3 });
    await run(0.5);
    player.seek(2);
    expect([player.playing, player.position]).toEqual([true, 2]);
    expect(player.range).toEqual({ start: 0, end: 3 });
    await run(0.3);
    const jump = heard().findIndex((sample, i, all) => i > 0 && sample - all[i - 1]! > 100);
    const after = heard().slice(jump);
    expectSamples(after, range(16_000, after.at(-1)! + 1));
    await run(1);
    expect([player.state, player.position]).toEqual(["stopped", 2]);
  });

  it("seek out of the range goes on to the end of the recording", async () => {
    player.play({ start: 1, end: 2 });
    player.seek(3);
    expect(player.range).toEqual({ start: 0, end: SAMPLES / RATE });
    player.seek(99);
    expect([player.state, player.position]).toEqual(["stopped", SAMPLES / RATE]);
  });

  it("seek while stopped moves the position, exactly", () => {
    const changed = vi.fn();
    player.onChange(changed, scope);
    player.seek(1.23456789);
    expect([player.state, player.position]).toEqual(["stopped", 1.23456789]);
    expect(changed).toHaveBeenCalled();
    player.seek(-4);
    expect(player.position).toBe(0);
  });
});

describe("what would be heard next", () => {
  it("is fetched before it is asked for, and then begins without the kernel", async () => {
    player.prepare(1.1, "all");
    player.prepare(1.15, "all");
    expect(asked()).toMatchObject([{ start: 8000, stop: 12_000 }]);
    await run(0.1);
    delay = Number.POSITIVE_INFINITY;
    player.play({ from: 1.1 });
    await run(0.2);
    expect(player.state).toBe("playing");
    const all = heard();
    expectSamples(all, range(8800, all.at(-1)! + 1));
  });

  it("is nothing at the end, nor while something is heard", async () => {
    player.prepare(99, "all");
    expect(asked()).toEqual([]);
    player.play({ start: 0, end: 0.5 });
    const before = asked().length;
    player.prepare(1.5, "all");
    expect(asked()).toHaveLength(before);
  });
});

describe("the whole recording", () => {
  const whole = (): object => ({
    ...{ v: 1, type: "audio.data", id: null, channel: "all" },
    ...{ start: 0, stop: SAMPLES, n_channels: 1 },
  });
  const samples = () => Int16Array.from({ length: SAMPLES }, (_, i) => i + 1);

  it("is fetched once, and then played with a kernel that is busy", async () => {
    player.load("all");
    player.load("all");
    expect(asked()).toHaveLength(Math.ceil(SAMPLES / 4000));
    await run(0.1);
    delay = Number.POSITIVE_INFINITY;
    player.play({ start: 0.5, end: 2 });
    await run(0.5);
    expect(player.state).toBe("playing");
    expect(asked()).toHaveLength(Math.ceil(SAMPLES / 4000));
    player.load(0);
    expect(asked()).toHaveLength(Math.ceil(SAMPLES / 4000));
  });

  it("that comes unasked is played, also by who waits for it already", async () => {
    delay = Number.POSITIVE_INFINITY;
    player.play({ start: 0, end: 1 });
    await run(0.3);
    expect(player.state).toBe("waiting");
    model.tell(whole(), [new DataView(samples().buffer)]);
    await run(1);
    expect(player.state).toBe("playing");
    const all = heard();
    expectSamples(all, range(all[0]!, all.at(-1)! + 1));
    expect(all.length).toBeGreaterThan(0.9 * RATE);
  });
});

describe("a loop", () => {
  it("has no gap, and asks the kernel once", async () => {
    player.play({ start: s(3000), end: s(6500), loop: true });
    await run(3);
    const all = heard();
    const turns = Array.from({ length: 9 }, () => range(3000, 6500)).flat();
    expectSamples(all.slice(5), turns.slice(all[5]! - 3000).slice(0, all.length - 5), 0);
    expect(asked().map(({ start }) => start)).toEqual([0, 4000]);
    expect(player.position).toBeGreaterThanOrEqual(s(3000));
    expect(player.position).toBeLessThan(s(6500));
  });

  it("may be as short as can be heard", async () => {
    player.play({ start: 1, end: 1, loop: true });
    expect(player.range).toEqual({ start: 1, end: 1.005 });
    await run(1);
    const all = heard().slice(1);
    expect(all.length).toBeGreaterThan(7000);
    all.forEach((sample, i) => {
      if (i > 0) expect(sample).toBe(all[i - 1] === 8039 ? 8000 : all[i - 1]! + 1);
    });
  });

  it("follows its borders while they are dragged, without a gap", async () => {
    player.play({ start: 1, end: 2, loop: true });
    await run(1.3);
    for (let i = 0; i < 40; i++) {
      player.setLoopRange(1 + i / 200, 2 - i / 100);
      await run(0.02);
    }
    await run(1);
    const [low, high] = [1 + 39 / 200, 2 - 39 / 100];
    expect(player.range!.start).toBeCloseTo(low, 9);
    expect(player.range!.end).toBeCloseTo(high, 9);
    const all = heard().slice(2);
    for (let i = 1; i < all.length; i++) {
      const [from, to] = [all[i - 1]!, all[i]!];
      if (to !== from + 1) expect(from - to).toBeGreaterThan(RATE / 3);
    }
    const frames = context.render(0, Math.floor(context.currentTime * RATE));
    const first = frames.findIndex((frame) => frame.length > 0);
    expect(frames.slice(first).every((frame) => frame.length === 1)).toBe(true);
    const gains = frames.slice(first + 50).map(([only]) => only!.gain);
    expect(Math.min(...gains)).toBe(1);
    const tail = all.slice(-RATE / 2);
    expect(Math.min(...tail)).toBe(Math.round(low * RATE));
    expect(Math.max(...tail)).toBe(Math.round(high * RATE) - 1);
  });

  it("leaves what is scheduled alone when its borders move beyond it", async () => {
    player.play({ start: 0, end: 3.5, loop: true });
    await run(0.2);
    const before = context.sources.length;
    player.setLoopRange(0, 3.7);
    expect(context.sources).toHaveLength(before);
    await run(0.1);
    expect(context.sources.every(({ end }) => end === Number.POSITIVE_INFINITY)).toBe(true);
  });

  it("may begin and end while it plays", async () => {
    player.play({ start: 1, end: 1.5 });
    await run(0.2);
    player.setLoop(true);
    await run(2);
    expect(player.state).toBe("playing");
    player.setLoop(false);
    await run(0.7);
    expect([player.state, player.position]).toEqual(["stopped", 1]);
    const all = heard();
    const jumps = all.filter((sample, i) => i > 0 && sample !== all[i - 1]! + 1);
    expect(jumps).toEqual([8000, 8000, 8000, 8000]);
    expect(player.looping).toBe(false);
  });

  it("whose end moves before the sound begins again at its start", async () => {
    player.play({ start: 1, end: 3, loop: true });
    await run(1);
    player.setLoopRange(0.5, 1);
    await run(1);
    const all = heard();
    const jump = all.findIndex((sample, i) => i > 0 && sample < all[i - 1]!);
    expectSamples(all.slice(jump, jump + 3999), range(4000, 8000), 1);
  });
});

describe("a kernel that is slow", () => {
  it("makes the sound wait, and none of it is lost", async () => {
    delay = 300;
    player.play({ start: 0, end: 3.5 });
    expect(player.state).toBe("waiting");
    await run(0.2);
    expect([player.state, player.position]).toEqual(["waiting", 0]);
    await run(0.3);
    expect(player.state).toBe("playing");
    delay = 3000;
    await run(2.9);
    expect([player.state, player.position]).toEqual(["waiting", 3]);
    await run(0.1);
    expect([player.state, player.position]).toEqual(["waiting", 3]);
    await run(4);
    expect(player.state).toBe("stopped");
    expectSamples(heard(), range(0, 28_000), 6);
    expect(errors).toEqual([]);
  });

  it("never brings two voices to sound at once, nor leaves out or repeats, at any pace", async () => {
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      make();
      const next = seeded(seed).unit;
      player.play({ start: 0, end: 3.7 });
      let seconds = 0;
      while (player.playing && seconds < 60) {
        delay = next() < 0.5 ? 50 : next() * 2500;
        await run(0.2);
        seconds += 0.2;
      }
      expectSamples(heard(), range(0, 29_600), 60);
    }
  });

  it("that fails is reported, where the sound stopped", async () => {
    model.onSend = (message) => {
      if (message.start < 8000) open.push({ message, due: 0 });
      else
        model.tell({ v: 1, type: "error", id: message.id, code: "audio", message: "unreadable" });
    };
    player.play({ start: 0, end: 3 });
    await run(2);
    expect(errors).toEqual(["The sound stopped: unreadable"]);
    expect([player.state, player.position]).toEqual(["stopped", 1]);
    expectSamples(heard(), range(0, 8000));
    model.onSend = (message) => open.push({ message, due: 0 });
    player.play({ start: 0, end: 3, from: player.position });
    await run(2.5);
    expect(errors).toHaveLength(1);
    expectSamples(heard().slice(-15_000), range(9000, 24_000));
  });

  it("that is gone is reported", async () => {
    model.broken = true;
    player.play({ start: 0, end: 3 });
    await run(0.1);
    expect(errors).toEqual(["The sound stopped: there is no connection to the kernel"]);
    expect(player.state).toBe("stopped");
  });

  it("that sends other samples than it was asked for is not believed", async () => {
    model.onSend = (message) => answer({ ...message, stop: message.stop - 1 });
    player.play({ start: 0, end: 3 });
    await run(0.1);
    expect(errors[0]).toContain("other samples");
  });

  it("is no matter for a page whose timers are slow: it goes on with a fade", async () => {
    player.play({ start: 0, end: 3.5 });
    await run(0.3);
    context.currentTime += 2.5;
    clock += 2500;
    await run(3);
    const all = heard();
    expectSamples(all, range(0, 28_000), 50);
  });
});

describe("the browser", () => {
  it("that forbids sound is shown as blocking, until it allows it", async () => {
    context.state = "suspended";
    context.allowed = false;
    player.play({ start: 0, end: 1 });
    await run(0.3);
    expect([player.state, player.position]).toEqual(["waiting", 0]);
    await run(0.3);
    expect([player.state, player.position]).toEqual(["blocked", 0]);
    context.allowed = true;
    context.become("running");
    expect(player.state).toBe("playing");
    await run(1.5);
    expectSamples(heard(), range(0, 8000));
  });

  it("that cannot play the rate is told plainly", () => {
    make({ sr: 2000 });
    player.play();
    expect(errors).toEqual([
      "This browser cannot play the recording: 2000 samples a second are too few or too many",
    ]);
    expect(player.state).toBe("stopped");
  });

  it("may rest a while after the last sound", async () => {
    player.play({ start: 0, end: 0.2 });
    await run(0.5);
    expect(context.suspended).toBe(0);
    await run(11);
    expect(context.state).toBe("suspended");
    player.play({ start: 0, end: 0.2 });
    await run(0.5);
    expect(context.resumed).toBeGreaterThan(0);
    expectSamples(heard().slice(-1590), range(10, 1600));
  });

  it("has a volume", async () => {
    player.volume = 0.25;
    player.play({ start: 0, end: 1 });
    await run(0.5);
    const gain = () => context.render(2000, 2001)[0]![0]!.gain;
    expect(gain()).toBe(0.25);
    player.volume = 7;
    expect([player.volume, gain()]).toEqual([1, 1]);
  });
});

describe("another recording", () => {
  it("stops the sound and forgets the samples", async () => {
    player.play({ start: 1, end: 2 });
    await run(0.3);
    const before = asked().length;
    player.setInfo({ ...model.get("_info"), epoch: 5 });
    expect(player.playing).toBe(true);
    player.setInfo({ ...model.get("_info"), name: "other" });
    expect([player.state, player.position]).toEqual(["stopped", 0]);
    player.play({ start: 1, end: 2 });
    expect(asked().length).toBeGreaterThan(before);
  });

  it("does not take what was asked of the one before", async () => {
    delay = 200;
    player.play({ start: 1, end: 2 });
    await run(0.1);
    player.setInfo({ ...model.get("_info"), name: "other" });
    player.play({ start: 1, end: 2 });
    await run(0.15);
    expect(player.state).toBe("waiting");
    await run(0.2);
    expect(player.state).toBe("playing");
  });
});

it("ends with its scope, at once", async () => {
  player.play({ start: 0, end: 3, loop: true });
  await run(0.5);
  scope.dispose();
  const { currentTime } = context;
  expect(player.playing).toBe(false);
  expect(context.suspended).toBe(1);
  const after = context.render(
    Math.ceil(currentTime * RATE) + 1,
    Math.ceil(currentTime * RATE) + 9,
  );
  expect(after.flat()).toEqual([]);
  player.play();
  expect(player.playing).toBe(false);
});
