import { describe, expect, it } from "vitest";
import type { DoneOp, Op } from "./protocol";
import { seeded } from "./seeded";
import { applyOp, completeRow, isDone, RowTable } from "./table";

const row = (id: string, start = 0) => completeRow({ id, start, end: start + 1, label: "a" });
const add = (id: string, at?: number): DoneOp =>
  at === undefined ? { op: "add", row: row(id) } : { op: "add", row: row(id), at };
const remove = (id: string): DoneOp => ({ op: "remove", id });

describe("RowTable", () => {
  it("keeps the kernel's order", () => {
    const table = new RowTable();
    table.reset([row("a"), row("b"), row("c")]);
    table.apply([add("d"), add("e", 0), add("f", 2), remove("b"), add("g", 99)]);
    expect(table.order).toEqual(["e", "a", "f", "c", "d", "g"]);
    table.apply([{ op: "update", id: "a", set: { label: "b" } }]);
    expect(table.order).toEqual(["e", "a", "f", "c", "d", "g"]);
    expect(table.get("a")!.label).toBe("b");
    expect(table.get("b")).toBeUndefined();
  });

  it.each([1, 2, 3])("does many operations as it would do each alone (seed %i)", (seed) => {
    const next = seeded(seed).unit;
    const table = new RowTable();
    let plain: string[] = [];
    let serial = 0;
    for (let step = 0; step < 200; step++) {
      const ops: DoneOp[] = [];
      let kind = "add";
      for (let i = Math.floor(next() * 12); i >= 0; i--) {
        if (next() < 0.3) kind = next() < 0.6 ? "add" : "remove";
        if (kind === "add") {
          const at = next() < 0.4 ? undefined : Math.floor(next() * (plain.length + 2));
          const id = `r${serial++}`;
          ops.push(add(id, at));
          plain = plain.toSpliced(at ?? plain.length, 0, id);
        } else if (plain.length > 0) {
          const id = plain[Math.floor(next() * plain.length)]!;
          ops.push(remove(id));
          plain = plain.filter((other) => other !== id);
        }
      }
      table.apply(ops);
      expect(table.order).toEqual(plain);
    }
  });
});

describe("operations", () => {
  it("fill in a new row, and change or end it", () => {
    const op: Op = { op: "add", row: { id: "a", start: 1, end: 2, label: "song", loud: true } };
    const added = applyOp(undefined, op)!;
    expect(added).toMatchObject({ id: "a", channel: null, status: "accepted", loud: true });
    expect(applyOp(added, { op: "update", id: "a", set: { end: 3 } })).toMatchObject({ end: 3 });
    expect(applyOp(added, { op: "remove", id: "a" })).toBeUndefined();
  });

  it("neither bring a row back nor put one over another", () => {
    expect(applyOp(undefined, { op: "update", id: "a", set: { end: 3 } })).toBeUndefined();
    const there = row("a");
    expect(applyOp(there, { op: "add", row: { id: "a", label: "other" } })).toBe(there);
  });

  it("are done when the table shows their result", () => {
    const there = row("a");
    const added: Op = { op: "add", row: { id: "a" } };
    const same: Op = { op: "update", id: "a", set: { label: "a", start: 0 } };
    const other: Op = { op: "update", id: "a", set: { label: "b" } };
    const removed: Op = { op: "remove", id: "a" };
    expect(isDone(there, [added])).toBe(true);
    expect(isDone(undefined, [added])).toBe(false);
    expect(isDone(there, [same])).toBe(true);
    expect(isDone(there, [other])).toBe(false);
    expect(isDone(there, [other, same])).toBe(true);
    expect(isDone(undefined, [other])).toBe(false);
    expect(isDone(undefined, [other, removed])).toBe(true);
    expect(isDone(there, [other, removed])).toBe(false);
    expect(isDone(undefined, [added, removed])).toBe(true);
  });
});
