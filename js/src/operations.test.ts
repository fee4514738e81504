import { describe, expect, it } from "vitest";
import fixtures from "../../tests/protocol/operations.json";
import { duplicate, holds, merge, split } from "./cutting";
import { copyOf, type Plan } from "./plans";
import { type NewRow, type Op, opId, type Row, type Status } from "./protocol";
import {
  type Conversion,
  convert,
  kindOf,
  moveBoundary,
  nudge,
  relabel,
  setStatus,
} from "./shaping";
import { applyOp, completeRow } from "./table";

interface Does {
  readonly op: string;
  readonly ids: readonly string[];
  // biome-ignore lint/suspicious/noExplicitAny: each operation has its own arguments
  readonly [argument: string]: any;
}

interface Case {
  readonly name: string;
  readonly there: readonly NewRow[];
  readonly does: Does;
  readonly rows?: readonly Partial<Row>[];
  readonly refused?: string;
}

const { extent } = fixtures;
const cases = fixtures.cases as unknown as Case[];

function plan(does: Does, rows: readonly Row[]): Plan {
  let serial = 0;
  const newId = () => `new${serial++}`;
  switch (does.op) {
    case "split":
      return split(rows, does.time, newId);
    case "merge":
      return merge(rows);
    case "duplicate":
      return duplicate(rows, does.by, extent, newId);
    case "nudge":
      return nudge(rows, { by: does.by, freq: does.freq, edge: does.edge }, extent);
    case "convert":
      return convert(rows, does as unknown as Conversion, extent);
    case "boundary":
      return moveBoundary(rows, does.time);
    case "relabel":
      return relabel(rows, does.label);
    default:
      return setStatus(rows, does.status as Status);
  }
}

/** The table afterwards, new rows last. */
function after(rows: readonly Row[], ops: readonly Op[]): Row[] {
  const table = new Map<string, Row | undefined>(rows.map((row) => [row.id, row]));
  for (const op of ops) table.set(opId(op), applyOp(table.get(opId(op)), op));
  return [...table.values()].filter((row) => row !== undefined);
}

describe("cases that the kernel runs too", () => {
  it.each(cases)("$name", ({ there, does, rows: wanted, refused }) => {
    const rows = there.map(completeRow);
    const byId = new Map(rows.map((row) => [row.id, row]));
    const result = plan(
      does,
      does.ids.map((id) => byId.get(id)!),
    );
    if ("refused" in result) {
      expect(result.refused).toContain(refused);
      return;
    }
    const table = after(rows, result.ops);
    expect(table).toHaveLength(wanted?.length ?? -1);
    for (const [i, row] of table.entries()) {
      const { id, ...cells } = completeRow({ id: row.id, ...wanted![i]! });
      expect(id === row.id && byId.has(id)).toBe("id" in wanted![i]!);
      for (const [name, value] of Object.entries(cells)) {
        const is = row[name as keyof Row];
        if (typeof value === "number") expect(is).toBeCloseTo(value, 9);
        else expect(is).toBe(value);
      }
    }
  });
});

describe("plans", () => {
  const row = completeRow({ id: "a", start: 1, end: 2, label: "song", mood: "glad" });

  it("ask for nothing where nothing changes", () => {
    expect(relabel([row], "song")).toEqual({ ops: [] });
    expect(nudge([row], {}, extent)).toEqual({ ops: [] });
    expect(convert([row], { kind: "interval" }, extent)).toEqual({ ops: [] });
    expect(relabel([row], "call")).toEqual({
      ops: [{ op: "update", id: "a", set: { label: "call" } }],
    });
  });

  it("leave to the kernel what is the kernel's, and take the user's own columns along", () => {
    const copy = copyOf({ ...row, created_at: "2024-01-01T00:00:00.000Z" }, "b", { tier: "x" });
    if (copy.op !== "add") throw new Error("no new row");
    expect(copy.row).toMatchObject({ id: "b", label: "song", mood: "glad", tier: "x" });
    for (const name of ["recording", "created_at", "updated_at"]) {
      expect(copy.row).not.toHaveProperty(name);
    }
  });

  it("take more rows than a call has arguments", () => {
    const many = Array.from({ length: 150_000 }, (_, i) => ({ ...row, id: `r${i}`, low_freq: 5 }));
    expect(nudge(many, { freq: -10, edge: "end" }, extent)).toHaveProperty("ops.length", 150_000);
    expect(merge(many)).toHaveProperty("ops.length", 149_999);
  });

  it("know what rows are", () => {
    const kind = (cells: Partial<Row>) => kindOf(completeRow({ id: "a", ...cells }));
    expect(kind({})).toBe("recording");
    expect(kind({ start: 1, end: 1, low_freq: 1, high_freq: 2 })).toBe("point");
    expect(kind({ start: 1, end: 2, low_freq: 1 })).toBe("interval");
    expect(kind({ start: 1, end: 2, low_freq: 1, high_freq: 2 })).toBe("box");
    expect([holds(row, 1), holds(row, 1.5), holds(row, 2)]).toEqual([false, true, false]);
  });
});
