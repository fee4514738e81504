/**
 * Rows as a table that a spreadsheet understands, and back: tab-separated text with a header. Pure.
 *
 * Written cells are harmless in a spreadsheet: a text that it would take for a formula gets an apostrophe
 * in front, which is taken off again when it is read. Reading is tolerant of what spreadsheets and other
 * programs make of a table: columns in any order, none but `start` needed, columns that are not known,
 * semicolons or commas for tabs, decimal commas, no header at all (then the columns are those that are
 * written, from the first on, as in Audacity's label tracks).
 *
 * Invariant: what is written is read as it was, but for ids, the recording and the times of creation and
 * change, which are not written. annotations/tsv.py does the same; tests/protocol/tsv.json holds both to it.
 */

import {
  type Cells,
  cell,
  type ExtraKind,
  type NewRow,
  type Op,
  type Row,
  type Scalar,
  STATUSES,
} from "./protocol";

/** Our columns, in the order in which they are written. */
export const WRITTEN: readonly string[] =
  "start end label low_freq high_freq tier channel score source status annotator note".split(" ");

type Kinds = ReadonlyMap<string, ExtraKind>;

const TEXTS = new Set(["label", "tier", "source", "annotator", "note"]);
const SEPARATORS = ["\t", ";", ","];
const MISSING = new Set(["", "nan", "na", "n/a", "<na>", "none", "null"]);
const WORDS = new Map([
  ["true", true],
  ["yes", true],
  ["1", true],
  ["false", false],
  ["no", false],
  ["0", false],
]);
const FORMULA = /^'*[=+\-@\t\r]/;
const SPECIAL = /[\t\r\n"]/;
const NUMBER = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?$/;
const BREAK = /\r\n|\r|\n/;
const MOST_SHOWN = 60;

const shown = (text: string): string => JSON.stringify(text.slice(0, MOST_SHOWN));

// Writing ----------------------------------------------------------------------------------------

/** `kinds` are the user's own columns. */
export function writeTsv(rows: readonly Row[], kinds: Kinds): string {
  const names = [...WRITTEN, ...kinds.keys()];
  const lines = [
    names.map(written),
    ...rows.map((row) => names.map((name) => written(cell(row, name) ?? null))),
  ];
  return lines.map((line) => `${line.join("\t")}\n`).join("");
}

function written(value: Scalar): string {
  if (value === null) return "";
  if (typeof value !== "string") return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return SPECIAL.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// Reading ----------------------------------------------------------------------------------------

/** The cells of each row, what is not said left out; or why the text is no such table. */
export type Reading = { readonly rows: readonly Cells[] } | { readonly refused: string };

class Refusal extends Error {}

/** Columns that are neither the user's own nor ours are passed over. */
export function readTsv(text: string, kinds: Kinds): Reading {
  try {
    return { rows: read(text.replace(/^\ufeff/, ""), kinds) };
  } catch (error) {
    if (error instanceof Refusal) return { refused: error.message };
    throw error;
  }
}

interface Line {
  readonly number: number;
  readonly cells: readonly string[];
}

function read(text: string, kinds: Kinds): Cells[] {
  const first = text.split(BREAK).find((line) => line.trim() !== "") ?? "";
  const separator = SEPARATORS.find((sign) => first.includes(sign)) ?? "\t";
  const lines = linesOf(text, separator).filter(({ cells }) => cells.some((part) => part.trim()));
  if (lines[0] === undefined) {
    throw new Refusal("there is nothing to paste; copy rows of a table first");
  }
  const columns = headerOf(lines[0].cells, kinds);
  const rest = columns === null ? lines : lines.slice(1);
  return rest.map((line) => rowOf(line, columns ?? WRITTEN, kinds, separator));
}

/** Cells, and the number of the line on which each row begins. */
function linesOf(text: string, separator: string): Line[] {
  const quoted = new RegExp(`"((?:[^"]|"")*)"(?=${separator}|\\r|\\n|$)`, "y");
  const plain = new RegExp(`[^${separator}\\r\\n]*`, "y");
  const ending = /\r\n|\r|\n/y;
  const lines: Line[] = [];
  let number = 1;
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  while (at < text.length) {
    const line = { number, cells: [] as string[] };
    for (;;) {
      const inQuotes = match(quoted);
      if (inQuotes === null) {
        line.cells.push(match(plain)![0]);
      } else {
        line.cells.push(inQuotes[1]!.replaceAll('""', '"'));
        number += inQuotes[0].split(BREAK).length - 1;
      }
      if (text[at] !== separator) break;
      at += 1;
    }
    lines.push(line);
    if (match(ending) !== null) number += 1;
  }
  return lines;
}

/** The columns by name, null for one that is not known; or null if these are no names. */
function headerOf(cells: readonly string[], kinds: Kinds): (string | null)[] | null {
  const names = [...kinds.keys(), ...WRITTEN];
  const known = new Map(names.map((name) => [name.toLowerCase(), name]));
  for (const name of names) known.set(name, name);
  const columns = cells.map((text) => {
    const name = unescaped(text);
    const bare = name.trim().toLowerCase();
    return known.get(name) ?? known.get(bare) ?? known.get(bare.replaceAll(" ", "_")) ?? null;
  });
  if (!["start", "end", "label"].some((name) => columns.includes(name))) return null;
  if (!columns.includes("start")) {
    const there = cells.slice(0, 16).map(shown).join(", ");
    throw new Refusal(
      `the table has no column 'start', but ${there}; name the column of the starts, in seconds, so`,
    );
  }
  const twice = columns.find((name, i) => name !== null && columns.indexOf(name) !== i);
  if (twice) throw new Refusal(`the table has two columns '${twice}'; rename one`);
  return columns;
}

function rowOf(
  { number, cells }: Line,
  columns: readonly (string | null)[],
  kinds: Kinds,
  separator: string,
): Cells {
  if (cells.slice(columns.length).some((text) => text.trim())) {
    throw new Refusal(
      `line ${number} has ${cells.length} cells, and there are ${columns.length} columns; ` +
        "give each column a name",
    );
  }
  const row: Record<string, Scalar> = {};
  for (const [i, column] of columns.slice(0, cells.length).entries()) {
    if (column === null) continue;
    const text = cells[i]!;
    const value = parsed(column, text, kinds.get(column), separator);
    if (typeof value === "object" && value !== null) {
      throw new Refusal(
        `${column} is not ${value.wanted} on line ${number}: ${shown(text)}; mend it, or begin ` +
          "with a line of names, such as start, end, label",
      );
    }
    if (value !== null) row[column] = value;
  }
  const hasEnd = columns.slice(0, cells.length).includes("end");
  if (row.start !== undefined && !hasEnd) row.end = row.start;
  return row as Cells;
}

/** One cell, null if it says nothing; or what it should have been. */
function parsed(
  column: string,
  text: string,
  kind: ExtraKind | undefined,
  separator: string,
): Scalar | { readonly wanted: string } {
  if (TEXTS.has(column) || kind?.kind === "text") return unescaped(text) || null;
  const bare = text.trim();
  const lower = bare.toLowerCase();
  if (column === "status") {
    const isStatus = lower === "" || (STATUSES as readonly string[]).includes(lower);
    return isStatus ? lower || null : { wanted: `one of ${STATUSES.join(", ")}` };
  }
  if (kind?.kind === "choice") return choiceOf(unescaped(bare), kind.choices);
  if (MISSING.has(lower)) return null;
  if (kind?.kind === "bool") return WORDS.get(lower) ?? { wanted: "true or false" };
  return numberOf(bare, column === "channel" || kind?.integer === true, separator);
}

function numberOf(bare: string, isWhole: boolean, separator: string) {
  let text = bare.replace(/[ \u00a0\u202f]/g, "").replaceAll("\u2212", "-");
  const commas = text.split(",").length - 1;
  if (separator !== "," && commas === 1 && !text.includes(".")) text = text.replace(",", ".");
  const number = NUMBER.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(number)) return { wanted: "a number" };
  return isWhole && !Number.isSafeInteger(number) ? { wanted: "a whole number" } : number;
}

function choiceOf(text: string, choices: readonly Scalar[]) {
  const lower = text.toLowerCase();
  const choice =
    choices.find((one) => one === text) ??
    choices.find((one) => written(one).toLowerCase() === lower);
  if (choice !== undefined) return choice;
  if (MISSING.has(lower)) return null;
  return { wanted: `one of ${choices.slice(0, 8).map(written).join(", ")}` };
}

const unescaped = (text: string): string =>
  text.startsWith("'") && FORMULA.test(text) ? text.slice(1) : text;

// Pasting ----------------------------------------------------------------------------------------

/** Rows moved together so that the first one in time starts at a time. */
export function shifted(rows: readonly Cells[], at: number): Cells[] {
  const first = rows.reduce(
    (best, { start }) => Math.min(best, start ?? best),
    Number.POSITIVE_INFINITY,
  );
  const moved = (time: number | null | undefined) =>
    typeof time === "number" ? time - first + at : time;
  return rows.map((row) => {
    const { start, end, ...rest } = row;
    return {
      ...rest,
      ...(start === undefined ? {} : { start: moved(start) }),
      ...(end === undefined ? {} : { end: moved(end) }),
    } as Cells;
  });
}

/** The operations that add rows; null: where the text has them. */
export const pasted = (rows: readonly Cells[], at: number | null, newId: () => string): Op[] =>
  (at === null ? rows : shifted(rows, at)).map((row) => ({
    op: "add",
    row: { ...row, id: newId() } as NewRow,
  }));
