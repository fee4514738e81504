"""The user's own columns: any dtype goes in, and comes out as it was.

Invariant: inside the table such a column is an array of Python objects with the dtype it is written
in; every object in it fits that dtype. Where a row without a value joins a column of a dtype that
has no missing value, the column takes the nullable dtype next to it, so that no number changes.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from numbers import Number
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionDtype

from specwidget.annotations.cells import Mask, as_objects
from specwidget.annotations.operations import Scalar
from specwidget.annotations.problems import show
from specwidget.annotations.schema import Array
from specwidget.errors import AnnotationError

__all__ = [
    "Dtype",
    "coerce",
    "is_missing",
    "json_cell",
    "missing_value",
    "read_extra",
    "same",
    "same_dtype",
    "with_room",
    "write_extra",
]

Dtype: TypeAlias = "np.dtype[Any] | ExtensionDtype"

MAX_TEXT: Final = 65_536
_NULLABLE: Final[Mapping[str, ExtensionDtype]] = {
    "bool": pd.BooleanDtype(),
    "int8": pd.Int8Dtype(),
    "int16": pd.Int16Dtype(),
    "int32": pd.Int32Dtype(),
    "int64": pd.Int64Dtype(),
    "uint8": pd.UInt8Dtype(),
    "uint16": pd.UInt16Dtype(),
    "uint32": pd.UInt32Dtype(),
    "uint64": pd.UInt64Dtype(),
}
_WELL_KNOWN: Final = (
    np.dtype,
    pd.CategoricalDtype,
    pd.DatetimeTZDtype,
    pd.StringDtype,
    *map(type, _NULLABLE.values()),
)
_MAX_INT: Final = 2**63 - 1
_ATOMS: Final = (
    str,
    bytes,
    Number,
    np.generic,
    date,
    timedelta,
    type(None),
    type(pd.NA),
    type(pd.NaT),
    pd.Period,
    pd.Interval,
)


def read_extra(name: str, series: pd.Series[Any]) -> tuple[Array, Dtype]:
    """Take a column in.

    Parameters
    ----------
    name : str
        The column's name, for the error.
    series : Series
        The column.

    Returns
    -------
    values : ndarray of object [shape=(n,)]
        Its own objects, shared with nobody.
    dtype : dtype
        What `write_extra` needs to give the column back.

    Raises
    ------
    AnnotationError
        If the column cannot be given back as it is.
    """
    values = _own(as_objects(series))
    dtype: Dtype = series.dtype
    if not isinstance(dtype, _WELL_KNOWN):
        try:
            kept = bool(same(values, as_objects(write_extra(values, dtype))).all())
        except (TypeError, ValueError):
            kept = False
        if not kept:
            raise AnnotationError(
                f"the column {name!r} has the dtype {dtype}, which cannot be kept as it is; "
                f"convert it first, for instance with df.astype({{{name!r}: object}})"
            )
    return values, dtype


def write_extra(values: Array, dtype: Dtype) -> pd.Series[Any]:
    """Give a column back in its dtype; the objects are copies."""
    return pd.Series(_own(values), dtype=dtype)


def _own(values: Array) -> Array:
    """Copy what can be changed in place, so that a list in a cell has one owner."""
    kinds = set(map(type, values.tolist()))
    shared = {kind for kind in kinds if not issubclass(kind, _ATOMS)}
    if shared:
        values = as_objects([copy.deepcopy(v) if type(v) in shared else v for v in values])
    return values


def missing_value(dtype: Dtype) -> object:
    """Give the object that stands for a missing value of this dtype."""
    if isinstance(dtype, ExtensionDtype):
        return dtype.na_value
    return {"f": math.nan, "c": complex(math.nan), "M": pd.NaT, "m": pd.NaT}.get(dtype.kind)


def same_dtype(left: Dtype, right: Dtype) -> bool:
    """Say whether two dtypes are the same, the order of categories included."""
    if isinstance(left, pd.CategoricalDtype) and isinstance(right, pd.CategoricalDtype):
        return left.ordered == right.ordered and left.categories.equals(right.categories)
    return type(left) is type(right) and bool(left == right)


def with_room(dtype: Dtype) -> Dtype:
    """Give the dtype itself if it has a missing value, or else the one next to it that has."""
    if isinstance(dtype, np.dtype) and dtype.kind in "iub":
        return _NULLABLE[dtype.name]
    try:
        pd.Series([missing_value(dtype)], dtype=dtype)
    except (TypeError, ValueError):
        return np.dtype(object)
    return dtype


def is_missing(value: object) -> bool:
    """Say whether an object stands for a missing value."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return isinstance(value, float | complex | np.inexact) and bool(value != value)


def same(left: Array, right: Array) -> Mask:
    """Say of each pair of objects whether they are equal and of one type; NaN equals NaN."""
    found = map(_same, left.tolist(), right.tolist())
    return np.fromiter(found, np.bool_, len(left))


def _same(left: Any, right: Any) -> bool:
    if left is right:
        return True
    if type(left) is not type(right):
        return False
    if isinstance(left, np.ndarray):
        return bool(np.array_equal(left, right))
    try:
        return bool(left == right) or bool(left != left and right != right)
    except (TypeError, ValueError):
        return False


def json_cell(value: Any) -> Scalar:
    """Write one object as a JSON scalar; what JSON has no word for becomes text."""
    if isinstance(value, np.generic):
        value = value.item()
    if is_missing(value):
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) <= _MAX_INT:
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, datetime):
        value = value.isoformat()
    text = str(value)
    if len(text) > MAX_TEXT:
        text = text[: MAX_TEXT - 1] + "…"
    return text.encode("utf-8", "replace").decode("utf-8")


def coerce(name: str, value: object, dtype: Dtype) -> object:
    """Turn what was given for one cell into an object that fits the column.

    Parameters
    ----------
    name : str
        The column's name.
    value : object
        From Python, or a JSON scalar.
    dtype : dtype
        The column's dtype, with room for a missing value if this is one.

    Returns
    -------
    object

    Raises
    ------
    AnnotationError
        If it does not fit.
    """
    if is_missing(value):
        return missing_value(dtype)
    if dtype == np.dtype(object):
        return _own(as_objects([value]))[0]
    try:
        if _fits(value, dtype):
            cell: object = as_objects(pd.Series([value], dtype=dtype))[0]
            if not (is_missing(cell) or (isinstance(cell, int) and cell != value)):
                return cell
    except (TypeError, ValueError, OverflowError):
        pass
    kinds = ""
    if isinstance(dtype, pd.CategoricalDtype):
        kinds = " with " + ", ".join(show(kind) for kind in dtype.categories[:8])
    raise AnnotationError(f"{name}={show(value)} does not fit the column's dtype, {dtype}{kinds}")


def _fits(value: object, dtype: Dtype) -> bool:
    """Refuse what pandas would convert: 1 to a date, "x" to True, 1 to "1"."""
    if isinstance(dtype, pd.CategoricalDtype):
        return value in dtype.categories
    if pd.api.types.is_bool_dtype(dtype):
        return isinstance(value, bool | np.bool_)
    if pd.api.types.is_numeric_dtype(dtype):
        return isinstance(value, Number) and not isinstance(value, bool | np.bool_)
    return isinstance(value, str) or not (
        isinstance(value, Number) or pd.api.types.is_string_dtype(dtype)
    )
