"""Rows as columns: arrays of one length, by name.

Invariant: the arrays of a `Columns` are never changed; every method gives another `Columns`, which
may share arrays with this one. A change of one cell among 100,000 rows copies one array.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from specwidget.annotations.extras import Dtype, json_cell, missing_value, same
from specwidget.annotations.operations import Scalar
from specwidget.annotations.schema import ALL_CHANNELS, COLUMNS, STORAGE, Array, Kind
from specwidget.annotations.times import iso_times

__all__ = ["Columns", "Extras", "Places", "column_json", "differences"]

Extras: TypeAlias = Mapping[str, Dtype]
"""The user's own columns, in order, with their dtypes."""

Places: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Rows, column by column.

    Parameters
    ----------
    arrays : Mapping
        Column name -> array [shape=(n,)] in the storage of its kind; those of the schema come
        first, in their order, then the user's own.
    """

    arrays: Mapping[str, Array]

    @classmethod
    def blank(cls, n: int, extras: Extras) -> Columns:
        """Make ``n`` rows of defaults; see `ColumnSpec.nullable` for what is then still unset."""
        arrays = {
            name: np.full(n, spec.default, dtype=STORAGE[spec.kind])
            for name, spec in COLUMNS.items()
        }
        for name, dtype in extras.items():
            arrays[name] = _filled(n, dtype)
        return cls(arrays)

    def __len__(self) -> int:
        return len(self.arrays["id"])

    def __getitem__(self, name: str) -> Array:
        return self.arrays[name]

    @property
    def ids(self) -> list[str]:
        """The ids, in order."""
        return list(self.arrays["id"].tolist())

    def replaced(self, arrays: Mapping[str, Array]) -> Columns:
        """Put other arrays in the place of some."""
        return Columns({**self.arrays, **arrays})

    def only(self, names: Collection[str]) -> Columns:
        """Keep just these columns."""
        return Columns({name: array for name, array in self.arrays.items() if name in names})

    def with_extras(self, extras: Extras) -> Columns:
        """Keep just these of the user's columns; new ones are filled with missing values."""
        arrays = {name: self.arrays[name] for name in COLUMNS}
        for name, dtype in extras.items():
            known = self.arrays.get(name)
            arrays[name] = _filled(len(self), dtype) if known is None else known
        return Columns(arrays)

    def take(self, places: Places | npt.NDArray[np.bool_] | slice) -> Columns:
        """Give the rows at these places, or where a mask says so; these very rows, if all."""
        if not isinstance(places, slice) and len(places) == len(self):
            every = places if places.dtype == np.bool_ else places == np.arange(len(self))
            if every.all():
                return self
        return Columns({name: array[places] for name, array in self.arrays.items()})

    def without(self, places: Places) -> Columns:
        """Leave out the rows at these places."""
        if not len(places):
            return self
        return Columns({name: np.delete(array, places) for name, array in self.arrays.items()})

    def inserted(self, rows: Columns, places: Places) -> Columns:
        """Put rows in so that, in the end, they stand at these places, which ascend."""
        if not len(rows):
            return self
        n = len(self) + len(rows)
        if places[0] == len(self):
            return self.joined(rows)
        old = np.ones(n, dtype=np.bool_)
        old[places] = False
        arrays: dict[str, Array] = {}
        for name, array in self.arrays.items():
            merged = np.empty(n, dtype=array.dtype)
            merged[old] = array
            merged[~old] = rows[name]
            arrays[name] = merged
        return Columns(arrays)

    def joined(self, rows: Columns) -> Columns:
        """Put rows with the same columns behind these."""
        if not len(rows):
            return self
        return Columns(
            {name: np.concatenate([array, rows[name]]) for name, array in self.arrays.items()}
        )

    def put(self, rows: Columns, places: Places) -> Columns:
        """Put rows, or some columns of them, in the place of others."""
        arrays: dict[str, Array] = {}
        replaced = Columns({name: self.arrays[name][places] for name in rows.arrays})
        for name, mask in differences(replaced, rows).items():
            array = self.arrays[name].copy()
            array[places[mask]] = rows[name][mask]
            arrays[name] = array
        return self.replaced(arrays) if arrays else self

    def to_json(self) -> dict[str, list[Scalar]]:
        """Give every column as a list of JSON scalars."""
        return {name: column_json(name, array) for name, array in self.arrays.items()}

    def rows_json(self) -> list[dict[str, Scalar]]:
        """Give every row as a JSON object."""
        columns = self.to_json()
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _filled(n: int, dtype: Dtype) -> Array:
    array = np.empty(n, dtype=object)
    array[:] = missing_value(dtype)
    return array


def column_json(name: str, array: Array) -> list[Any]:
    """Give the cells of one column as JSON scalars."""
    spec = COLUMNS.get(name)
    if spec is None:
        return [json_cell(value) for value in array]
    if spec.kind is Kind.TIME:
        return iso_times(array)
    if spec.kind in (Kind.TEXT, Kind.STATUS):
        return list(array.tolist())
    missing = np.isnan(array) if spec.kind is Kind.NUMBER else array == ALL_CHANNELS
    objects = array.astype(object)
    objects[missing] = None
    return list(objects.tolist())


def differences(before: Columns, after: Columns) -> dict[str, npt.NDArray[np.bool_]]:
    """Compare rows one by one.

    Parameters
    ----------
    before, after : Columns
        As many rows each. A column of the user's that only one of them has is left out.

    Returns
    -------
    dict
        For each column that differs anywhere: in which rows.
    """
    found: dict[str, npt.NDArray[np.bool_]] = {}
    for name, old in before.arrays.items():
        new = after.arrays.get(name)
        if new is None or new is old:
            continue
        if name not in COLUMNS:
            mask = ~same(old, new)
        elif COLUMNS[name].kind is Kind.NUMBER:
            mask = (old != new) & ~(np.isnan(old) & np.isnan(new))
        else:
            mask = old != new
        if mask.any():
            found[name] = mask
    return found
