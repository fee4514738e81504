import { describe, expect, it } from "vitest";
import fixtures from "../../tests/protocol/tsv.json";
import type { Cells, ExtraKind, NewRow } from "./protocol";
import { seeded } from "./seeded";
import { completeRow } from "./table";
import { pasted, readTsv, shifted, writeTsv } from "./tsv";

interface Case {
  readonly name: string;
  readonly kinds: Readonly<Record<string, ExtraKind>>;
  readonly text: string;
  readonly rows?: readonly Cells[];
  readonly refused?: string;
}

const kindsOf = (kinds: Case["kinds"]) => new Map(Object.entries(kinds));
const complete = (row: Cells) => completeRow({ ...row, id: "a" } as NewRow);

describe("cases that the kernel runs too", () => {
  it.each(fixtures.written as unknown as Case[])("writes $name", ({ kinds, rows, text }) => {
    expect(writeTsv(rows!.map(complete), kindsOf(kinds))).toBe(text);
    const reading = readTsv(text, kindsOf(kinds));
    expect("rows" in reading && reading.rows.map(complete)).toEqual(
      rows!.map((row) => {
        const said = Object.entries(row).filter(([, value]) => value !== null);
        return complete(Object.fromEntries(said) as Cells);
      }),
    );
  });

  it.each(fixtures.read as unknown as Case[])("reads $name", ({ kinds, text, rows, refused }) => {
    const reading = readTsv(text, kindsOf(kinds));
    if ("refused" in reading) expect(reading.refused).toContain(refused);
    else expect(reading.rows).toEqual(rows);
  });

  it.each(fixtures.shifted)("shifts $name", ({ rows, at, result }) => {
    expect(shifted(rows as unknown as Cells[], at)).toEqual(result);
  });
});

describe("any text", () => {
  it.each([1, 2, 3, 4, 5, 6])("comes back as it was (seed %i)", (seed) => {
    const random = seeded(seed);
    const letters = [..."=+-@\t\r\n'\"a ,;é"];
    for (let n = 0; n < 300; n++) {
      const text = () =>
        Array.from({ length: random.integer(1, 6) }, () => random.pick(letters)).join("");
      const row = complete({ start: random.unit(), end: 2, label: text(), note: text() });
      const reading = readTsv(writeTsv([row, row], new Map()), new Map());
      expect("rows" in reading && reading.rows.map(complete)).toEqual([row, row]);
    }
  });

  it("is pasted with ids of its own", () => {
    let serial = 0;
    const ops = pasted([{ start: 1, end: 2 }, { label: "rain" }], 5, () => `n${serial++}`);
    expect(ops).toEqual([
      { op: "add", row: { id: "n0", start: 5, end: 6 } },
      { op: "add", row: { id: "n1", label: "rain" } },
    ]);
    expect(pasted([{ start: 1, end: 2 }], null, () => "x")[0]).toMatchObject({ row: { start: 1 } });
  });
});
