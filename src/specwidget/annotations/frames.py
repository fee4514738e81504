"""Between the table and DataFrames.

Invariant: a frame that is given out and assigned again changes nothing. A frame that comes in is
matched by ``id``; rows without one are new. Columns of ours that it leaves out stay as they are, or
get their default; columns of the user's that it leaves out are gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from specwidget.annotations.cells import Mask, read_cells
from specwidget.annotations.columns import Columns
from specwidget.annotations.delta import Delta, State
from specwidget.annotations.extras import Dtype, read_extra, write_extra
from specwidget.annotations.kinds import conform
from specwidget.annotations.planning import Rules, conclude, free_ids, settle
from specwidget.annotations.problems import Names, refuse, show
from specwidget.annotations.schema import (
    ALL_CHANNELS,
    COLUMNS,
    REQUIRED,
    STATUS_DTYPE,
    STATUSES,
    STRING_DTYPE,
    Array,
    Kind,
)
from specwidget.errors import AnnotationError, ParameterTypeError

__all__ = ["frame_of", "plan_frame", "to_rows"]

_TUPLE = ("start", "end", "label", "score")


def frame_of(state: State) -> pd.DataFrame:
    """Give all rows as a DataFrame that shares nothing with the table."""
    series = {}
    for name, array in state.columns.arrays.items():
        spec = COLUMNS.get(name)
        series[name] = (
            write_extra(array, state.extras[name]) if spec is None else _series(spec.kind, array)
        )
    return pd.DataFrame(series, index=pd.RangeIndex(len(state.columns)))


def _series(kind: Kind, array: Array) -> pd.Series[Any]:
    if kind is Kind.TEXT:
        return pd.Series(pd.array(array.copy(), dtype=STRING_DTYPE))
    if kind is Kind.STATUS:
        codes = np.array([STATUSES.index(status) for status in array], dtype=np.int8)
        return pd.Series(pd.Categorical.from_codes(codes, dtype=STATUS_DTYPE))
    if kind is Kind.TIME:
        return pd.Series(pd.DatetimeIndex(array.copy(), tz="UTC"))
    if kind is Kind.CHANNEL:
        missing = array == ALL_CHANNELS
        return pd.Series(pd.arrays.IntegerArray(np.where(missing, 0, array), missing))
    return pd.Series(array.copy())


def to_rows(annotations: object) -> pd.DataFrame:
    """Read what a person writes for ``annotations=``.

    Parameters
    ----------
    annotations : DataFrame, list of Mapping, list of tuple, Mapping of columns, or None
        A tuple is ``(start, end, label)`` or ``(start, end, label, score)``. What has a
        ``to_pandas`` method, as frames of other libraries have, is converted by it.

    Returns
    -------
    DataFrame
        For `AnnotationTable.replace`.

    Raises
    ------
    ParameterTypeError
        If it is something else.
    AnnotationError
        If a tuple is too short or too long.
    """
    if isinstance(annotations, pd.DataFrame):
        return annotations
    if annotations is None:
        return _empty()
    convert = getattr(annotations, "to_pandas", None)
    if callable(convert) and isinstance(frame := convert(), pd.DataFrame):
        return frame
    if isinstance(annotations, Mapping):
        try:
            return pd.DataFrame(dict(annotations))
        except (TypeError, ValueError) as error:
            raise AnnotationError(
                f"annotations is not a mapping of columns of one length: {error}"
            ) from None
    if isinstance(annotations, str | bytes) or not isinstance(annotations, Iterable):
        raise ParameterTypeError(
            f"annotations is {show(annotations)}, of type {type(annotations).__name__}; "
            "give a DataFrame, or a list of (start, end, label) or of dicts"
        )
    rows = [_row(place, row) for place, row in enumerate(annotations)]
    if not rows:
        return _empty()
    try:
        return pd.DataFrame(rows)
    except (OverflowError, UnicodeError):  # what no dtype holds is refused by its column
        return pd.DataFrame(rows, dtype=object)


def _empty() -> pd.DataFrame:
    return pd.DataFrame({name: [] for name in REQUIRED})


def _row(place: int, row: object) -> dict[str, Any]:
    if isinstance(row, Mapping):
        return dict(row)
    if isinstance(row, tuple | list):
        if not 3 <= len(row) <= 4:
            raise AnnotationError(
                f"annotations: row {place} has {len(row)} values, {show(row)}; "
                "give (start, end, label) or (start, end, label, score)"
            )
        return dict(zip(_TUPLE, row, strict=False))
    raise ParameterTypeError(
        f"annotations: row {place} is {show(row)}, of type {type(row).__name__}; "
        "give (start, end, label) or a dict"
    )


def plan_frame(state: State, frame: pd.DataFrame, rules: Rules) -> Delta:
    """Say what changes if the rows become those of a DataFrame.

    Parameters
    ----------
    state : State
        What there is.
    frame : DataFrame
        With ``start``, ``end`` and ``label``; the other columns are optional.
    rules : Rules

    Returns
    -------
    Delta
        Rows that are new stand where the frame has them, unless the frame has another order of
        those that stay: then they come last.

    Raises
    ------
    AnnotationError
        If columns are missing or rows make no sense; the message names rows and values.
    """
    _check_columns(frame)
    ids = _ids(state, frame)
    names = _names(frame, ids)
    places = state.places.find(ids.tolist())
    is_kept = places >= 0
    rows = _read(state, frame, names, ids, places)
    extras: dict[str, Dtype] = {}
    own: dict[str, Array] = {}
    for name, dtype in rules.declared.items():
        extras[name] = dtype
        if name in frame.columns:
            own[name] = conform(name, frame[name], dtype, names)
        else:
            own[name] = _as_it_is(state, name, dtype, places)
    for name in frame.columns:
        if name not in COLUMNS and name not in rules.declared:
            own[name], extras[name] = read_extra(name, frame[name])
    rows = settle(Columns({**rows.arrays, **own}), rules, names)
    removed = np.ones(len(state.columns), dtype=np.bool_)
    removed[places[is_kept]] = False
    kept_at = places[is_kept]
    new_at = np.flatnonzero(~is_kept)
    if (np.diff(kept_at) < 0).any():
        new_at = np.arange(len(kept_at), len(frame))
    return conclude(
        state,
        rules,
        extras=extras,
        removed_at=np.flatnonzero(removed),
        kept_at=kept_at,
        kept=rows.take(is_kept),
        kept_names=_chosen(names, is_kept),
        added=rows.take(~is_kept),
        added_at=new_at,
        added_names=_chosen(names, ~is_kept),
    )


def _as_it_is(state: State, name: str, dtype: Dtype, places: Array) -> Array:
    """Give a column of the user's as it is, with nothing in the rows that are new."""
    values = Columns.blank(len(places), {name: dtype})[name]
    is_kept = places >= 0
    values[is_kept] = state.columns[name][places[is_kept]]
    return values


def _chosen(names: Names, rows: Mask) -> Names:
    """Name rows by their places among those where a mask says so."""
    return lambda place: names(int(np.flatnonzero(rows)[place]))


def _check_columns(frame: pd.DataFrame) -> None:
    names = list(frame.columns)
    odd = [name for name in names if not isinstance(name, str) or not 0 < len(name) <= 256]
    if odd:
        raise AnnotationError(
            f"annotations: a column is called {show(odd[0])}; names of columns are text of 1 to "
            "256 characters, so rename it, for instance with df.columns = df.columns.astype(str)"
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise AnnotationError(f"annotations: there are two columns {show(twice[0])}; rename one")
    lacking = [name for name in REQUIRED if name not in names]
    if lacking:
        there = ", ".join(show(name) for name in names[:16]) or "no other"
        raise AnnotationError(
            f"annotations has no column {', '.join(show(name) for name in lacking)}, but {there}; "
            "it needs start, end (seconds) and label, so rename yours with df.rename(columns=...)"
        )


def _ids(state: State, frame: pd.DataFrame) -> Array:
    """Read the ids, and make those that are missing."""
    if "id" not in frame.columns:
        ids = np.full(len(frame), "", dtype=object)
    else:
        ids, _ = read_cells(COLUMNS["id"], frame["id"], _names(frame, None))
    blank = ids == ""
    if blank.any():
        ids[blank] = free_ids(int(blank.sum()), state.places, set(ids.tolist()))
    if len(set(ids.tolist())) < len(ids):
        refuse(
            "an id is there twice",
            pd.Series(ids, dtype=object).duplicated(keep=False).to_numpy(),
            _names(frame, None),
            lambda place: f"id={show(ids[place])}",
            "each row has its own; leave an id empty to have one made",
        )
    return ids


def _names(frame: pd.DataFrame, ids: Array | None) -> Names:
    """Call a row by its place, and by its label in an index of the user's own."""
    plain = isinstance(frame.index, pd.RangeIndex)

    def name(place: int) -> str:
        words = f"row {place}" if plain else f"row {place} with index {show(frame.index[place])}"
        if ids is not None and "id" in frame.columns:
            words += f" with id {show(ids[place])}"
        return words

    return name


def _read(state: State, frame: pd.DataFrame, names: Names, ids: Array, places: Array) -> Columns:
    """Read our columns; what is not given stays as it is in a row that is kept."""
    arrays: dict[str, Array] = {"id": ids}
    is_kept = places >= 0
    as_it_is = len(places) == len(state.columns) and bool((places == np.arange(len(places))).all())
    blank = Columns.blank(0 if as_it_is else len(frame), {})
    for name, spec in COLUMNS.items():
        if name == "id":
            continue
        base = state.columns[name] if as_it_is else blank[name]
        if not as_it_is:
            base[is_kept] = state.columns[name][places[is_kept]]
        if name in frame.columns:
            cells, given = read_cells(spec, frame[name], names)
            if name == "updated_at":
                given &= ~is_kept  # the table says when a row was changed
            base = cells if spec.nullable or given.all() else np.where(given, cells, base)
        arrays[name] = base
    return Columns(arrays)
