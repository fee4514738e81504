"""What the user's own columns hold: as declared, as a view is told, and as a frame brings it.

Invariant: a declared column is there with and without rows, in the dtype of its kind, which has
room for a missing value; what does not fit it is refused.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any, Final, cast

import numpy as np
import pandas as pd

from specwidget.annotations.cells import as_objects
from specwidget.annotations.columns import Extras
from specwidget.annotations.extras import Dtype, coerce, is_missing, json_cell, read_extra
from specwidget.annotations.problems import Names, show
from specwidget.annotations.schema import COLUMNS, STRING_DTYPE, Array
from specwidget.errors import AnnotationError, ParameterError, ParameterTypeError

__all__ = ["conform", "declared_dtypes", "kinds_json"]

_DTYPES: Final[Mapping[object, Dtype]] = {
    float: np.dtype(np.float64),
    int: pd.Int64Dtype(),
    str: STRING_DTYPE,
    bool: pd.BooleanDtype(),
}
_WORDS: Final = {True: True, False: False, "true": True, "false": False, "yes": True, "no": False}
_MAX_CHOICES: Final = 1_000


def declared_dtypes(columns: object) -> Extras:
    """Read what a person writes for ``extra_columns=``.

    Parameters
    ----------
    columns : Mapping or None
        Column name -> ``float``, ``int``, ``str``, ``bool`` or a list of texts to choose from.

    Returns
    -------
    dict
        Column name -> dtype.

    Raises
    ------
    ParameterTypeError, ParameterError
        If it is something else, or a column of that name is there already.
    """
    if columns is None:
        return {}
    if not isinstance(columns, Mapping):
        raise ParameterTypeError(
            f"extra_columns is {show(columns)}, of type {type(columns).__name__}; "
            "give a dict, such as {'sure': bool, 'quality': ['good', 'bad']}"
        )
    for name in columns:
        if not isinstance(name, str) or not 0 < len(name) <= 256:
            raise ParameterTypeError(
                f"extra_columns: a column is called {show(name)}; give 1 to 256 characters of text"
            )
        if name in COLUMNS:
            raise ParameterError(
                f"extra_columns: every table has a column {name!r} already; choose another name"
            )
    return {name: _dtype(name, kind) for name, kind in columns.items()}


def _dtype(name: str, kind: object) -> Dtype:
    if isinstance(kind, type) and kind in _DTYPES:
        return _DTYPES[kind]
    if isinstance(kind, Iterable) and not isinstance(kind, str | bytes | Mapping):
        choices = list(kind)
        good = all(isinstance(choice, str) and choice for choice in choices)
        if good and 0 < len(set(choices)) == len(choices) <= _MAX_CHOICES:
            return pd.CategoricalDtype([str(choice) for choice in choices])
    raise ParameterTypeError(
        f"extra_columns: the kind of {name!r} is {show(kind)}; "
        "give float, int, str, bool, or a list of different texts to choose from"
    )


def kinds_json(extras: Extras) -> dict[str, dict[str, Any]]:
    """Say what control each column is edited with.

    Parameters
    ----------
    extras : Mapping
        Column name -> dtype.

    Returns
    -------
    dict
        Column name -> ``kind``, one of "number", "text", "bool" and "choice"; a number that is
        whole has ``integer``, a choice its ``choices``.
    """
    return {name: _kind(dtype) for name, dtype in extras.items()}


def _kind(dtype: Dtype) -> dict[str, Any]:
    if isinstance(dtype, pd.CategoricalDtype):
        choices = [json_cell(choice) for choice in dtype.categories]
        # What JSON has no word for could not be sent back.
        if len(choices) <= _MAX_CHOICES and choices == list(dtype.categories):
            return {"kind": "choice", "choices": choices}
        return {"kind": "text"}
    if pd.api.types.is_bool_dtype(dtype):
        return {"kind": "bool"}
    if pd.api.types.is_integer_dtype(dtype):
        return {"kind": "number", "integer": True}
    if pd.api.types.is_float_dtype(dtype):
        return {"kind": "number"}
    return {"kind": "text"}


def conform(name: str, series: pd.Series[Any], dtype: Dtype, names: Names) -> Array:
    """Read a declared column of a frame, whatever dtype it has there.

    A file has forgotten dtypes: whole numbers may come as floats, truth values as words, and texts
    as numbers.

    Parameters
    ----------
    name : str
        The column's name.
    series : Series
    dtype : dtype
        As declared.
    names : callable
        Words for the row at a place.

    Returns
    -------
    ndarray of object [shape=(n,)]

    Raises
    ------
    AnnotationError
        If a cell does not fit.
    """
    if series.dtype == dtype or _is_widened(series, dtype):
        return read_extra(name, series.astype(dtype))[0]
    values = as_objects(series)
    known: dict[tuple[type, object], object] = {}
    for place, value in enumerate(values):
        key = type(value), value
        try:
            if not isinstance(value, Hashable) or key not in known:
                known[key] = coerce(name, _meant(value, dtype), dtype)
            values[place] = known[key]
        except AnnotationError as error:
            raise AnnotationError(f"{names(place)}: {error}") from None
    return values


def _is_widened(series: pd.Series[Any], dtype: Dtype) -> bool:
    """Say whether every number of a column is the same number in the declared dtype."""
    if not pd.api.types.is_numeric_dtype(series) or pd.api.types.is_bool_dtype(series):
        return False
    if pd.api.types.is_bool_dtype(dtype) or not pd.api.types.is_numeric_dtype(dtype):
        return False
    numbers = series.to_numpy(dtype=np.float64, na_value=np.nan)
    if pd.api.types.is_integer_dtype(dtype):
        numbers = numbers[~np.isnan(numbers)]
        return bool(np.all((np.abs(numbers) < 2**53) & (numbers == np.floor(numbers))))
    return True


def _meant(value: object, dtype: Dtype) -> object:
    """Give what a cell stood for before it was in a file."""
    if is_missing(value):
        return value
    if isinstance(value, str) and not value.strip() and dtype != STRING_DTYPE:
        return None
    if pd.api.types.is_bool_dtype(dtype):
        word = value.strip().lower() if isinstance(value, str) else value
        return _WORDS.get(cast("Any", word), value) if isinstance(word, Hashable) else value
    if isinstance(value, int | float | np.number) and not isinstance(value, bool):
        number = float(cast("float", value))
        if number.is_integer() and abs(number) < 2**53:
            value = int(number)
        if dtype == STRING_DTYPE:
            return str(value)
    return value
