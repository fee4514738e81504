"""Small changes without the arrays around them, so that a history of 100,000 of them stays small.

Invariant: what is unpacked is the change that was packed, its objects included.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np

from specwidget.annotations.cells import as_objects
from specwidget.annotations.columns import Columns
from specwidget.annotations.delta import Delta
from specwidget.annotations.planning import NOTHING
from specwidget.annotations.schema import COLUMNS, STORAGE, Array

__all__ = ["Packed", "Packer", "unpack"]

_SMALL: Final = 16
"""Rows; beyond, arrays are the smaller."""

Names: TypeAlias = tuple[str, ...]


class _Shape(NamedTuple):
    """How many rows a change touches, and in which columns."""

    removed: tuple[int, Names]
    before: tuple[int, Names]
    after: tuple[int, Names]
    added: tuple[int, Names]


Packed: TypeAlias = "Delta | tuple[Any, ...]"
"""A change; or its shape and extras, then its size, places and cells, one after the other."""


class Packer:
    """Packs changes; those of one shape share it."""

    def __init__(self) -> None:
        self._shapes: dict[_Shape, _Shape] = {}

    def pack(self, delta: Delta) -> Packed:
        """Pack a change, unless it is large or concerns whole columns."""
        if len(delta) > _SMALL or delta.columns_changed:
            return delta
        parts = (delta.removed, delta.before, delta.after, delta.added)
        shape = _Shape(*((len(rows), tuple(rows.arrays)) for rows in parts))
        shape = self._shapes.setdefault(shape, shape)
        packed: list[Any] = [shape, delta.extras_after, delta.size_after]
        packed += delta.removed_at.tolist()
        packed += delta.added_at.tolist()
        for rows in parts:
            for array in rows.arrays.values():
                packed += array.tolist()
        return tuple(packed)


def unpack(packed: Packed) -> Delta:
    """Give the change that was packed."""
    if isinstance(packed, Delta):
        return packed
    shape, extras, size, *cells = packed
    at = 0

    def take(n: int) -> list[Any]:
        nonlocal at
        at += n
        return cells[at - n : at]

    def rows(n: int, names: Names) -> Columns:
        arrays = {name: _array(name, take(n)) for name in names}
        return Columns(arrays) if n else NOTHING

    removed_at = np.array(take(shape.removed[0]), dtype=np.int64)
    added_at = np.array(take(shape.added[0]), dtype=np.int64)
    return Delta(
        removed=rows(*shape.removed),
        removed_at=removed_at,
        before=rows(*shape.before),
        after=rows(*shape.after),
        added=rows(*shape.added),
        added_at=added_at,
        extras_before=extras,
        extras_after=extras,
        size_after=size,
    )


def _array(name: str, cells: list[Any]) -> Array:
    spec = COLUMNS.get(name)
    dtype = np.dtype(object) if spec is None else STORAGE[spec.kind]
    return as_objects(cells) if dtype == np.dtype(object) else np.array(cells, dtype=dtype)
