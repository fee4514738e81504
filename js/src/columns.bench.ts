import { bench, describe } from "vitest";
import { parseIncoming } from "./parse";
import { COLUMN_NAMES } from "./rows";

const N = 100_000;

/** A table of predictions, as the kernel packs it. */
function message() {
  const buffers: DataView[] = [];
  const numbers = (f: (i: number) => number) => {
    buffers.push(new DataView(Float64Array.from({ length: N }, (_, i) => f(i)).buffer));
    return { buffer: buffers.length - 1 };
  };
  const codes = (n: number) => {
    buffers.push(new DataView(Uint8Array.from({ length: N }, (_, i) => i % n).buffer));
    return { buffer: buffers.length - 1 };
  };
  const columns = COLUMN_NAMES.map((name) => {
    if (name === "id") return { name, values: Array.from({ length: N }, (_, i) => `k${i}`) };
    if (name === "start") return { name, ...numbers((i) => i * 0.8) };
    if (name === "end") return { name, ...numbers((i) => i * 0.8 + 0.5) };
    if (name === "score") return { name, ...numbers((i) => (i % 100) / 100) };
    if (name === "label") return { name, values: ["song", "call", "rain"], ...codes(3) };
    if (name === "status") return { name, values: ["draft", "accepted"], ...codes(2) };
    const numeric = ["channel", "low_freq", "high_freq"].includes(name);
    return { name, values: [numeric ? null : "x"] };
  });
  const head = { v: 1, type: "annotations.snapshot", id: null, rev: 1, n: N };
  return { content: { ...head, columns, extras: {}, undo: null, redo: null }, buffers };
}

const { content, buffers } = message();

describe("a table of 100,000 rows", () => {
  bench("checked and unpacked", () => {
    parseIncoming(content, buffers);
  });
  bench("and made into rows", () => {
    const snapshot = parseIncoming(content, buffers);
    if (snapshot.type === "annotations.snapshot") snapshot.columns.rows();
  });
});
