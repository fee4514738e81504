// Which loaded tiles are drawn for a window, and which of their columns each pixel takes.
// Invariant: the pieces follow each other without gap or overlap over the visible cells (see pyramid.ts). Every
// visible column belongs to a pixel: the one that its centre lies in. A pixel in which no centre lies takes the column
// that its own centre lies in. So nothing vanishes when made smaller, and enlarged columns have sharp edges.
// Inner loops: typed arrays read with non-null assertions, indices in range by construction.

import {
  cellCount,
  cellPosition,
  cellsBetween,
  children,
  columnsIn,
  type LayerInfo,
  layerOf,
  parent,
  tileCells,
  tileColumns,
  tilesOver,
} from "./pyramid";
import type { ChannelId, TileKey } from "./types";

/** Levels down to which loaded finer tiles are used: each one doubles what has to be read. */
const FINER_LEVELS = 2;
/** Columns of a piece without a tile: one machine word of bytes, so that what follows keeps its alignment. */
const BLANK_COLUMNS = 4;

export interface Loaded {
  readonly columns: number;
  readonly exact: boolean;
}

/** Columns [first, first + count) of a tile, standing for cells [from, to); no tile where nothing is loaded. */
export interface Piece<T extends Loaded> {
  readonly tile: T | undefined;
  readonly level: number;
  /** Number of the tile's column 0 among all columns of the level. */
  readonly origin: number;
  readonly first: number;
  readonly count: number;
  readonly from: number;
  readonly to: number;
}

export interface Cover<T extends Loaded> {
  readonly pieces: readonly Piece<T>[];
  /** Columns of all pieces together. */
  readonly columns: number;
  /** How many of the window's tiles at the wanted level are not loaded. */
  readonly missing: number;
  readonly estimated: boolean;
}

interface Part<T> {
  readonly tile: T | undefined;
  readonly key: TileKey;
  readonly from: number;
  readonly to: number;
}

/** A missing tile is made up from its children where they are loaded, and otherwise from an ancestor. */
export function cover<T extends Loaded>(
  info: LayerInfo,
  channel: ChannelId,
  level: number,
  t0: number,
  t1: number,
  lookup: (key: TileKey) => T | undefined,
): Cover<T> {
  const [from, to] = cellsBetween(info, t0, t1);
  const parts: Part<T>[] = [];
  const get = (key: TileKey) => {
    const tile = lookup(key);
    return tile?.columns === columnsIn(info, key) ? tile : undefined;
  };
  const add = (part: Part<T>) => {
    const last = parts.at(-1);
    if (last && last.tile === part.tile) parts[parts.length - 1] = { ...last, to: part.to };
    else parts.push(part);
  };
  const anyUnder = (key: TileKey, depth: number): boolean =>
    depth > 0 &&
    visible(children(info, key)).some((child) => get(child) || anyUnder(child, depth - 1));
  const visible = (keys: TileKey[]) =>
    keys.filter(({ index, level: k }) => {
      const cells = tileCells(info, k);
      return index * cells < to && (index + 1) * cells > from;
    });
  const resolve = (key: TileKey, depth: number): void => {
    const tile = get(key);
    const cells = tileCells(info, key.level);
    const span = {
      from: key.index * cells,
      to: Math.min((key.index + 1) * cells, cellCount(info)),
    };
    if (tile) {
      add({ tile, key, ...span });
      return;
    }
    if (anyUnder(key, depth)) {
      for (const child of visible(children(info, key))) resolve(child, depth - 1);
      return;
    }
    let above = parent(info, key);
    while (above && !get(above)) above = parent(info, above);
    add({ tile: above && get(above), key: above ?? key, ...span });
  };
  let missing = 0;
  for (const key of tilesOver(info, layerOf(info, channel), level, from, to)) {
    if (!get(key)) missing++;
    resolve(key, FINER_LEVELS);
  }
  const pieces = parts.map((part) => pieceOf(info, part, from, to));
  return {
    pieces,
    columns: pieces.reduce((sum, piece) => sum + piece.count, 0),
    missing,
    estimated: pieces.some(({ tile }) => tile && !tile.exact),
  };
}

function pieceOf<T extends Loaded>(
  info: LayerInfo,
  { tile, key, from, to }: Part<T>,
  firstCell: number,
  endCell: number,
): Piece<T> {
  const { level } = key;
  if (!tile) return { tile, level, origin: 0, first: 0, count: BLANK_COLUMNS, from, to };
  const width = 2 ** level;
  const origin = key.index * tileColumns(info, level);
  const first = Math.floor(Math.max(from, firstCell) / width);
  const end = Math.ceil(Math.min(to, endCell) / width);
  return {
    tile,
    level,
    origin,
    first: first - origin,
    count: end - first,
    // Whole columns, but for those that a neighbour takes over half-way.
    from: Math.max(from, first * width),
    to: Math.min(to, end * width),
  };
}

/** Borders in cell units of all columns of the pieces, one after the other: columns + 1 numbers. */
export function columnBorders<T extends Loaded>(cover: Cover<T>): Float64Array {
  const borders = new Float64Array(cover.columns + 1);
  let i = 0;
  for (const piece of cover.pieces) {
    const width = piece.tile ? 2 ** piece.level : (piece.to - piece.from) / piece.count;
    const start = piece.tile ? (piece.origin + piece.first) * width : piece.from;
    borders[i++] = piece.from;
    for (let c = 1; c < piece.count; c++) borders[i++] = start + c * width;
    borders[i] = piece.to;
  }
  return borders;
}

/** Pixel x of [begin, end) takes columns [lo[x], hi[x]); the others lie outside the recording. */
export interface PixelSpans {
  readonly lo: Int32Array;
  readonly hi: Int32Array;
  readonly begin: number;
  readonly end: number;
  /** The smallest and the largest hi - lo of those pixels. */
  readonly least: number;
  readonly most: number;
}

export function pixelSpans(
  info: LayerInfo,
  borders: Float64Array,
  t0: number,
  t1: number,
  width: number,
): PixelSpans {
  const n = borders.length - 1;
  const total = cellCount(info);
  const lo = new Int32Array(width);
  const hi = new Int32Array(width);
  const start = cellPosition(info, t0);
  const step = (cellPosition(info, t1) - start) / width;
  let begin = width;
  let end = 0;
  let least = n;
  let most = 0;
  let column = 0;
  while (column < n && (borders[column]! + borders[column + 1]!) / 2 < start) column++;
  for (let x = 0; x < width; x++) {
    // From the far ends, so that the last pixel's edge is t1 to the last bit.
    const edge = x + 1 === width ? cellPosition(info, t1) : start + (x + 1) * step;
    const first = column;
    while (column < n && (borders[column]! + borders[column + 1]!) / 2 < edge) column++;
    // The last cell may be centred on the very end of the recording.
    if (x + 1 === width && column === n - 1 && borders[n] === total) {
      if ((borders[column]! + total) / 2 <= edge + 1e-6) column = n;
    }
    if (column > first) {
      lo[x] = first;
      hi[x] = column;
    } else {
      const centre = start + (x + 0.5) * step;
      let at = Math.max(first - 1, 0);
      while (at < n && borders[at + 1]! <= centre) at++;
      if (at < n && borders[at]! <= centre) {
        lo[x] = at;
        hi[x] = at + 1;
      }
    }
    const count = hi[x]! - lo[x]!;
    if (count > 0) {
      begin = Math.min(begin, x);
      end = x + 1;
      least = Math.min(least, count);
    }
    most = Math.max(most, count);
  }
  return { lo, hi, begin: Math.min(begin, end), end, least, most };
}
