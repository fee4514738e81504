"""Cells as people and messages write them become arrays in the storage of their column.

Invariant: what is read has the type of its column, or an `AnnotationError` names the rows that
have not. Whether the values make sense together is not asked here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from specwidget.annotations.problems import Names, refuse, show
from specwidget.annotations.schema import (
    ALL_CHANNELS,
    STATUSES,
    Array,
    ColumnSpec,
    Kind,
)
from specwidget.annotations.times import YEARS, read_times

__all__ = ["Cells", "Mask", "as_objects", "read_cells"]

Mask: TypeAlias = npt.NDArray[np.bool_]
Cells: TypeAlias = tuple[Array, Mask]
"""Values in storage, and which of them were given; the rest are missing."""

_ARTICLE: Final = {Kind.NUMBER: "a number", Kind.CHANNEL: "a channel", Kind.TIME: "a time"}
_MISSING: Final = (type(None), type(pd.NA), type(pd.NaT))


def as_objects(values: Sequence[object] | pd.Series) -> Array:
    """Give an array of Python objects of its own, whatever they are.

    Parameters
    ----------
    values : sequence or Series

    Returns
    -------
    ndarray of object [shape=(n,)]
    """
    if isinstance(values, pd.Series):
        return np.array(values.astype(object).to_numpy(), dtype=object)
    array = np.empty(len(values), dtype=object)
    for place, value in enumerate(values):
        array[place] = value
    return array


def read_cells(spec: ColumnSpec, values: Sequence[object] | pd.Series, names: Names) -> Cells:
    """Read the cells of one column.

    Parameters
    ----------
    spec : ColumnSpec
        Which column.
    values : sequence or Series
        A Series, or Python objects.
    names : callable
        Words for the row at a place.

    Returns
    -------
    values : ndarray [shape=(n,)]
    given : ndarray of bool [shape=(n,)]

    Raises
    ------
    AnnotationError
        If cells have another type.
    """
    return _READERS[spec.kind](spec, values, names)


def _types(objects: Array) -> set[type]:
    return set(map(type, objects.tolist()))


def _of_type(objects: Array, wanted: Callable[[type], bool]) -> Mask:
    """Say of each object whether its type is wanted."""
    verdict = {kind: wanted(kind) for kind in _types(objects)}
    found = (verdict[type(value)] for value in objects.tolist())
    return np.fromiter(found, np.bool_, len(objects))


def _missing(objects: Array) -> Mask:
    found = (
        isinstance(value, _MISSING) or (isinstance(value, float) and value != value)
        for value in objects.tolist()
    )
    return np.fromiter(found, np.bool_, len(objects))


def _refuse_type(
    spec: ColumnSpec, bad: Mask, values: Sequence[object] | pd.Series, names: Names, way: str
) -> None:
    if bad.any():
        objects = as_objects(values)
        refuse(
            f"{spec.name} is not {_ARTICLE.get(spec.kind, 'text')}",
            bad,
            names,
            lambda place: f"{spec.name}={show(objects[place])}",
            way,
        )


def _read_time(spec: ColumnSpec, values: Sequence[object] | pd.Series, names: Names) -> Cells:
    times, given, bad = read_times(
        values if isinstance(values, pd.Series) else pd.Series(as_objects(values), dtype=object)
    )
    way = f"give datetimes or ISO 8601, between the years {YEARS[0]} and {YEARS[1]}"
    _refuse_type(spec, bad, values, names, way)
    return times, given


# --- text ----------------------------------------------------------------------------------------


def _read_text(spec: ColumnSpec, values: Sequence[object] | pd.Series, names: Names) -> Cells:
    objects = as_objects(values)
    given = np.ones(len(objects), dtype=np.bool_)
    if not _types(objects) <= {str}:
        given = ~_missing(objects)
        is_text = _of_type(objects, lambda kind: issubclass(kind, str))
        if spec.name == "id":
            for place in np.flatnonzero(given & ~is_text):
                number = _whole(objects[place])
                if number is not None:
                    objects[place], is_text[place] = str(number), True
        way = f"write it as text, for instance with df.astype({{{spec.name!r}: 'str'}})"
        _refuse_type(spec, given & ~is_text, values, names, way)
        objects[given] = [str(value) for value in objects[given]]
        objects[~given] = ""
    _check_text(spec, objects, names)
    return objects, given


def _whole(value: object) -> int | None:
    """Read an id that a CSV reader has taken for a number."""
    if isinstance(value, bool | np.bool_):
        return None
    if isinstance(value, int | np.integer):
        number = int(value)
        return number if abs(number) < 2**64 else None
    if isinstance(value, float | np.floating) and abs(float(value)) < 2**53:
        return int(value) if float(value).is_integer() else None
    return None


def _check_text(spec: ColumnSpec, texts: Array, names: Names) -> None:
    listed = texts.tolist()
    if not listed:
        return
    if max(map(len, listed)) > spec.max_length:
        long = np.fromiter((len(text) > spec.max_length for text in listed), np.bool_, len(texts))
        refuse(
            f"{spec.name} is too long",
            long,
            names,
            lambda place: f"{len(texts[place])} characters",
            f"{spec.max_length} are the most",
        )
    try:
        "".join(listed).encode()
    except UnicodeEncodeError:
        odd = np.fromiter((not _is_unicode(text) for text in listed), np.bool_, len(texts))
        if odd.any():
            refuse(
                f"{spec.name} holds half a surrogate pair",
                odd,
                names,
                lambda place: f"{spec.name}={show(texts[place])}",
                "text has to be Unicode that UTF-8 can write",
            )


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _read_status(spec: ColumnSpec, values: Sequence[object] | pd.Series, names: Names) -> Cells:
    texts, given = _read_text(spec, values, names)
    given &= texts != ""
    if not set(texts.tolist()) <= {"", *STATUSES}:
        bad = np.fromiter((text not in ("", *STATUSES) for text in texts), np.bool_, len(texts))
        refuse(
            "status is unknown",
            bad,
            names,
            lambda place: f"status={show(texts[place])}",
            "give one of " + ", ".join(repr(status) for status in STATUSES),
        )
    return texts, given


# --- numbers -------------------------------------------------------------------------------------


def _read_number(spec: ColumnSpec, values: Sequence[object] | pd.Series, names: Names) -> Cells:
    if isinstance(values, pd.Series) and (
        pd.api.types.is_float_dtype(values.dtype) or pd.api.types.is_integer_dtype(values.dtype)
    ):
        numbers = np.array(values.to_numpy(dtype=np.float64, na_value=np.nan))
        return numbers, ~np.isnan(numbers)
    objects = as_objects(values)
    given = ~_missing(objects)
    right = _of_type(objects, _is_number)
    way = "give numbers, for instance with pd.to_numeric"
    _refuse_type(spec, given & ~right, values, names, way)
    numbers = np.full(len(objects), np.nan)
    for place in np.flatnonzero(given):
        try:
            numbers[place] = float(objects[place])
        except OverflowError:
            numbers[place] = np.inf
    return numbers, given


def _is_number(kind: type) -> bool:
    return issubclass(kind, int | float | np.integer | np.floating) and kind is not bool


def _read_channel(spec: ColumnSpec, values: Sequence[object] | pd.Series, names: Names) -> Cells:
    numbers, given = _read_number(spec, values, names)
    bad = given & ~((numbers >= 0) & (numbers < 2**31) & (numbers == np.floor(numbers)))
    way = "give the index of a channel, from 0, or NA for all channels"
    _refuse_type(spec, bad, values, names, way)
    channels = np.full(len(numbers), ALL_CHANNELS, dtype=np.int64)
    channels[given] = numbers[given]
    return channels, given


_READERS: Final[
    Mapping[Kind, Callable[[ColumnSpec, Sequence[object] | pd.Series, Names], Cells]]
] = {
    Kind.TEXT: _read_text,
    Kind.STATUS: _read_status,
    Kind.NUMBER: _read_number,
    Kind.CHANNEL: _read_channel,
    Kind.TIME: _read_time,
}
