import { afterEach, describe, expect, it } from "vitest";
import { Assisting, shareOf } from "./assisting";
import { stateText } from "./assistmenu";
import { modelChannel } from "./channel";
import { draftsOf, judged } from "./drafts";
import type { Row, Status } from "./protocol";
import { Scope } from "./scope";
import { FakeModel, infoOf } from "./testing";

const row = (id: string, status: Status, score: number | null): Row =>
  ({ id, status, score }) as Row;

describe("Assisting", () => {
  const scope = new Scope();
  afterEach(() => scope.dispose());

  it("keeps the kernel's last word, and takes a refusal for a failure", async () => {
    const model = new FakeModel(infoOf({}));
    const runs = new Assisting(modelChannel(model, scope), scope);
    const told: string[] = [];
    runs.onChange(({ state }) => told.push(state), scope);
    const state = (name: string, is: string, done: number) =>
      model.tell({ v: 1, type: "assist.state", name, state: is, done, total: 10, text: "", n: 2 });
    state("a", "running", 2);
    state("b", "running", 4);
    expect(shareOf(runs.running)).toBeCloseTo(0.3);
    state("a", "done", 10);
    expect(runs.running.map(({ name }) => name)).toEqual(["b"]);
    const started = runs.start({ name: "c", span: [1, 2], channel: "mix", ids: ["x"] });
    const sent = model.sent.find(({ type }) => type === "assist.run");
    expect(sent).toMatchObject({ name: "c", start: 1, end: 2, channel: "mix", ids: ["x"] });
    model.tell({ v: 1, type: "error", id: sent?.id, code: "bad", message: "no such thing" });
    await started;
    expect(runs.get("c")).toMatchObject({ state: "failed", text: "no such thing" });
    expect(told).toEqual(["running", "running", "done", "failed"]);
    expect(shareOf([])).toBeNull();
  });
});

describe("stateText", () => {
  const run = { name: "a", state: "done", done: 9.99, total: 10, text: "", n: 1 } as const;
  it("says how a run stands", () => {
    expect(stateText({ ...run, state: "running", done: 9.999 })).toBe("99 %");
    expect(stateText({ ...run, state: "running", total: 0 })).toBe("0 %");
    expect(stateText(run)).toBe("1 draft found");
    expect(stateText({ ...run, n: 0 })).toBe("Nothing found");
    expect(stateText({ ...run, state: "failed", text: "boom" })).toBe("boom");
  });
});

describe("draftsOf", () => {
  const rows = [
    row("a", "draft", 0.9),
    row("b", "draft", 0.5),
    row("c", "draft", 0.1),
    row("d", "draft", null),
    row("e", "accepted", 0.9),
  ];
  const ids = (some: readonly Row[]) => some.map(({ id }) => id).join("");

  it("takes drafts alone, apart by their score", () => {
    const all = draftsOf(rows, null);
    expect([ids(all.all), ids(all.accepted), ids(all.rejected)]).toEqual(["abcd", "abcd", "abcd"]);
    const apart = draftsOf(rows, 0.5);
    expect([ids(apart.all), ids(apart.accepted), ids(apart.rejected)]).toEqual(["abcd", "ab", "c"]);
    expect(judged(apart.rejected, "rejected")).toEqual([
      { op: "update", id: "c", set: { status: "rejected" } },
    ]);
  });
});
