"""How a refusal is worded: what is wrong, in which rows, with which values, and the way out.

Invariant: a message stays short however many rows are wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn, TypeAlias

import numpy as np

from specwidget.annotations.schema import Array
from specwidget.errors import AnnotationError

__all__ = ["Names", "quoted", "refuse", "show"]

Names: TypeAlias = Callable[[int], str]
"""Gives the words for the row at a place, such as ``"row 3"`` or ``"row 'k7x'"``."""

MAX_ROWS = 5


def show(value: object) -> str:
    """Write one value briefly, NumPy's numbers as Python's."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 128:
        return "an enormous integer"
    text = repr(value[:80] if isinstance(value, str) else value)
    return text if len(text) <= 80 else text[:79] + "…"


def quoted(ids: Sequence[str]) -> Names:
    """Name rows by their ids."""
    return lambda place: f"row {show(ids[place])}"


def refuse(problem: str, bad: Array, names: Names, values: Names, way_out: str) -> NoReturn:
    """Raise an `AnnotationError` about some rows.

    Parameters
    ----------
    problem : str
        What is wrong with each of them.
    bad : ndarray of bool
        Which rows.
    names, values : callable
        Words for the row at a place, and for the values there.
    way_out : str
        What to do about it.
    """
    places = [int(place) for place in np.flatnonzero(bad)]
    rows = [f"{names(place)} ({values(place)})" for place in places[:MAX_ROWS]]
    if len(places) > MAX_ROWS:
        rows.append(f"and {len(places) - MAX_ROWS} more")
    raise AnnotationError(f"{problem}: {', '.join(rows)}; {way_out}")
