"""Rows as a table that a spreadsheet understands, and back: tab-separated text with a header.

Written cells are harmless in a spreadsheet: a text that it would take for a formula gets an
apostrophe in front, which is taken off again when it is read. Reading is tolerant of what
spreadsheets and other programs make of a table: columns in any order, none but ``start`` needed,
columns that are not known, semicolons or commas for tabs, decimal commas, no header at all (then
the columns are those that are written, from the first on, as in Audacity's label tracks).

Invariant: what is written is read as it was, but for ids, the recording and the times of creation
and change, which are not written. ``js/src/tsv.ts`` does the same; ``tests/protocol/tsv.json``
holds both to it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from specwidget.annotations.operations import Scalar
from specwidget.annotations.problems import show
from specwidget.annotations.schema import STATUSES
from specwidget.errors import AnnotationError

__all__ = ["WRITTEN", "read_tsv", "shifted", "write_tsv"]

WRITTEN: Final = tuple(
    "start end label low_freq high_freq tier channel score source status annotator note".split()
)
"""Our columns, in the order in which they are written."""

_TEXTS: Final = {"label", "tier", "source", "annotator", "note"}
_SEPARATORS: Final = ("\t", ";", ",")
_MISSING: Final = {"", "nan", "na", "n/a", "<na>", "none", "null"}
_WORDS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_SPECIAL = re.compile(r'[\t\r\n"]')
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?\Z")
_BREAK = re.compile(r"\r\n|\r|\n")

Kinds = Mapping[str, Mapping[str, Any]]


# --- writing -------------------------------------------------------------------------------------


def write_tsv(rows: Sequence[Mapping[str, Scalar]], kinds: Kinds) -> str:
    """Write rows.

    Parameters
    ----------
    rows : sequence of Mapping
        As JSON.
    kinds : Mapping
        The user's own columns and what they hold, as `kinds_json` gives them.

    Returns
    -------
    str
        A line of names and one for each row, each with its end.
    """
    names = [*WRITTEN, *kinds]
    lines = ["\t".join(_written(name) for name in names)]
    lines += ["\t".join(_written(row.get(name)) for name in names) for row in rows]
    return "".join(f"{line}\n" for line in lines)


def _written(cell: Scalar) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int):
        return str(cell)
    if isinstance(cell, float):
        return _number_text(cell)
    text = f"'{cell}" if _FORMULA.match(cell) else cell
    return '"' + text.replace('"', '""') + '"' if _SPECIAL.search(text) else text


def _number_text(number: float) -> str:
    """Write a number as JavaScript does, in as few digits as tell it."""
    text = repr(number)
    mantissa, _, exponent = text.partition("e")
    if not exponent:
        return text.removesuffix(".0")
    power = int(exponent)
    if -7 < power < 21:
        return format(Decimal(text), "f")
    return f"{mantissa.removesuffix('.0')}e{power:+d}"


# --- reading -------------------------------------------------------------------------------------


def read_tsv(text: str, kinds: Kinds) -> list[dict[str, Scalar]]:
    """Read rows, as `write_tsv` or someone else wrote them.

    Parameters
    ----------
    text : str
    kinds : Mapping
        The user's own columns and what they hold; columns that are neither theirs nor ours are
        passed over.

    Returns
    -------
    list of dict
        The cells of each row; what is not said is left out.

    Raises
    ------
    AnnotationError
        If it is no such table; the message names line and cell.
    """
    text = text.removeprefix("\ufeff")
    separator = _separator(text)
    lines = [(n, line) for n, line in _records(text, separator) if any(map(str.strip, line))]
    if not lines:
        raise AnnotationError("there is nothing to paste; copy rows of a table first")
    columns = _header(lines[0][1], kinds)
    if columns is None:
        columns = list(WRITTEN)
    else:
        lines = lines[1:]
    return [_row(n, line, columns, kinds, separator) for n, line in lines]


def _separator(text: str) -> str:
    first = next((line for line in _BREAK.split(text) if line.strip()), "")
    return next((sign for sign in _SEPARATORS if sign in first), "\t")


def _records(text: str, separator: str) -> list[tuple[int, list[str]]]:
    """Part a text into cells, with the number of the line on which each row begins."""
    sign = re.escape(separator)
    quoted = re.compile(rf'"((?:[^"]|"")*)"(?={sign}|\r|\n|\Z)')
    plain = re.compile(rf"[^{sign}\r\n]*")
    records: list[tuple[int, list[str]]] = []
    line, at = 1, 0
    while at < len(text):
        cells: list[str] = []
        first = line
        while True:
            found = quoted.match(text, at)
            if found is not None:
                cells.append(found[1].replace('""', '"'))
                line += len(_BREAK.findall(found[0]))
            else:
                found = plain.match(text, at)
                assert found is not None
                cells.append(found[0])
            at = found.end()
            if at < len(text) and text[at] == separator:
                at += 1
                continue
            break
        records.append((first, cells))
        ending = _BREAK.match(text, at)
        if ending is not None:
            at, line = ending.end(), line + 1
    return records


def _header(cells: Sequence[str], kinds: Kinds) -> list[str | None] | None:
    """Read the names of columns, None for one that is not known; or None if these are none."""
    known = {name.lower(): name for name in [*kinds, *WRITTEN]}
    known |= {name: name for name in [*kinds, *WRITTEN]}
    columns: list[str | None] = []
    for cell in cells:
        name = _unescaped(cell)
        bare = name.strip().lower()
        columns.append(known.get(name) or known.get(bare) or known.get(bare.replace(" ", "_")))
    if not {"start", "end", "label"} & set(columns):
        return None
    if "start" not in columns:
        raise AnnotationError(
            f"the table has no column 'start', but {', '.join(map(show, cells[:16]))}; "
            "name the column of the starts, in seconds, so"
        )
    for column in columns:
        if column is not None and columns.count(column) > 1:
            raise AnnotationError(f"the table has two columns {column!r}; rename one")
    return columns


def _row(
    line: int,
    cells: Sequence[str],
    columns: Sequence[str | None],
    kinds: Kinds,
    separator: str,
) -> dict[str, Scalar]:
    if any(cell.strip() for cell in cells[len(columns) :]):
        raise AnnotationError(
            f"line {line} has {len(cells)} cells, and there are {len(columns)} columns; "
            "give each column a name"
        )
    row: dict[str, Scalar] = {}
    for column, cell in zip(columns, cells, strict=False):
        if column is not None:
            try:
                value = _read(column, cell, kinds.get(column), separator)
            except ValueError as wanted:
                raise AnnotationError(
                    f"{column} is not {wanted} on line {line}: {show(cell)}; mend it, or begin "
                    "with a line of names, such as start, end, label"
                ) from None
            if value is not None:
                row[column] = value
    if "start" in row and "end" not in columns[: len(cells)]:
        row["end"] = row["start"]
    return row


def _read(column: str, cell: str, kind: Mapping[str, Any] | None, separator: str) -> Scalar:
    """Read one cell; None if it says nothing. What it should have been is the `ValueError`."""
    if column in _TEXTS or (kind is not None and kind["kind"] == "text"):
        return _unescaped(cell) or None
    bare = cell.strip()
    if column == "status":
        if bare.lower() in ("", *STATUSES):
            return bare.lower() or None
        raise ValueError(f"one of {', '.join(STATUSES)}")
    if kind is not None and kind["kind"] == "choice":
        return _choice(_unescaped(bare), kind["choices"])
    if bare.lower() in _MISSING:
        return None
    if kind is not None and kind["kind"] == "bool":
        if bare.lower() in _WORDS:
            return _WORDS[bare.lower()]
        raise ValueError("true or false")
    is_whole = column == "channel" or (kind is not None and bool(kind.get("integer")))
    return _number(bare, is_whole, separator)


def _number(bare: str, is_whole: bool, separator: str) -> Scalar:
    text = re.sub(r"[ \u00a0\u202f]", "", bare).replace("\u2212", "-")
    if separator != "," and text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    number = float(text) if _NUMBER.match(text) else math.nan
    if not math.isfinite(number):
        raise ValueError("a number")
    if not is_whole:
        return number
    if not number.is_integer() or abs(number) >= 2**53:
        raise ValueError("a whole number")
    return int(number)


def _choice(text: str, choices: Sequence[Scalar]) -> Scalar:
    if text in choices:
        return text
    for choice in choices:
        if _written(choice).lower() == text.lower():
            return choice
    if text.lower() in _MISSING:
        return None
    raise ValueError(f"one of {', '.join(map(_written, choices[:8]))}")


def _unescaped(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def shifted(rows: Sequence[Mapping[str, Scalar]], at: float) -> list[dict[str, Scalar]]:
    """Move rows together so that the first one in time starts at a time."""
    starts = [start for row in rows if isinstance(start := row.get("start"), int | float)]
    first = min(starts, default=0.0)
    return [
        {
            name: cell - first + at
            if name in ("start", "end") and isinstance(cell, int | float)
            else cell
            for name, cell in row.items()
        }
        for row in rows
    ]
