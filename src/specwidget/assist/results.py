"""What assistants return becomes rows for the table of annotations, all of it or none.

Invariant: a row that passes has finite times within the sound it was found in, in seconds of the
recording; whether the table takes it is for the table to say.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import pandas as pd

from specwidget._check import shown
from specwidget.annotations.schema import COLUMNS
from specwidget.errors import AnnotationError

__all__ = ["Row", "rows_of"]

Row: TypeAlias = dict[str, Any]
"""Column -> value, with ``start`` and ``end`` in seconds."""

_TUPLE = ("start", "end", "label", "score")
_TABLES_OWN = ("id", "recording", "source", "status", "created_at", "updated_at")
# Times that were counted in frames may end a little after the samples do.
_OVERHANG = 0.05


def rows_of(
    result: object, name: str, start: float, duration: float, *, first: int = 0
) -> list[Row]:
    """Read what an assistant has found.

    Parameters
    ----------
    result : DataFrame, None, or iterable of tuple or Mapping
        ``start``, ``end``, ``label`` and ``score`` of each, in this order in a tuple; the last two
        may be left out. Other columns (``low_freq``, ``high_freq``, ``tier``, ``note``, your own)
        travel along. Without an ``end`` it is a point.
    name : str
        The assistant's, for messages.
    start, duration : float
        Where the sound that it was given begins in the recording, and how long it is, in seconds.
    first : int
        The number of the first row, for messages.

    Raises
    ------
    AnnotationError
        The first row that makes no sense is named.

    Examples
    --------
    >>> rows_of([(0.5, 1.0, "song", 0.9)], "f", start=10.0, duration=2.0)
    [{'start': 10.5, 'end': 11.0, 'label': 'song', 'score': 0.9}]
    """
    where = f"between {start:.6g} and {start + duration:.6g} s"
    return [
        _row(found, f"{name}: result {place} {where}", start, duration)
        for place, found in enumerate(_listed(result, name), first)
    ]


def _listed(result: object, name: str) -> Iterable[object]:
    if result is None:
        return []
    if isinstance(result, pd.DataFrame):
        return result.to_dict("records")
    if isinstance(result, str | bytes | Mapping) or not isinstance(result, Iterable):
        raise AnnotationError(
            f"{name} returned {shown(result)}, of type {type(result).__name__}; let it return a "
            "DataFrame, or a list of (start, end, label, score)"
        )
    return result


def _row(found: object, words: str, start: float, duration: float) -> Row:
    if isinstance(found, Mapping):
        row = {str(key): value for key, value in found.items() if key not in _TABLES_OWN}
    elif isinstance(found, tuple | list) and 1 <= len(found) <= len(_TUPLE):
        row = dict(zip(_TUPLE, found, strict=False))
    else:
        raise AnnotationError(
            f"{words} is {shown(found)}; give (start, end, label, score), the last two may be left "
            "out, or a dict with start"
        )
    if "start" not in row:
        raise AnnotationError(f"{words} is {shown(found)}, without a start")
    begin = _time(words, "start", row["start"], duration)
    end = begin if _missing(row.get("end")) else _time(words, "end", row["end"], duration)
    if end < begin:
        raise AnnotationError(f"{words} has start={begin:g} after end={end:g}")
    row = {key: value for key, value in row.items() if key in COLUMNS or not _missing(value)}
    return row | {"start": start + begin, "end": start + end}


def _time(words: str, name: str, value: object, duration: float) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise AnnotationError(f"{words} has {name}={shown(value)}; give seconds")
    seconds = float(value)
    if not math.isfinite(seconds) or not -_OVERHANG <= seconds <= duration + _OVERHANG:
        raise AnnotationError(
            f"{words} has {name}={seconds:g}; give seconds from the start of the {duration:.6g} s "
            "that it was given"
        )
    return min(max(seconds, 0.0), duration)


def _missing(value: object) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))
