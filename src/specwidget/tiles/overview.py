"""The coarse columns of a recording, or of a part of it, filled in piece by piece, in any order.

Columns are written before their units are marked as known, so a reader that finds them known finds
them whole. A piece that is written twice is written alike: values are pooled by maximum, or the
same. Memory is bounded by the choice of the level, and taken when the first piece comes.
"""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["STORED_BYTES", "Overview", "stored_level"]

STORED_BYTES = 32 << 20


def stored_level(n_units: int, column_bytes: int, at_least: int) -> int:
    """Return the finest level, no finer than `at_least`, whose columns fit in the memory."""
    level = at_least
    while (n_units >> level) * column_bytes > STORED_BYTES:
        level += 1
    return level


class Overview:
    """Columns of one level, over some units of a recording.

    Parameters
    ----------
    start, stop : int
        The units ``[start, stop)``: frames or samples; `start` is a multiple of a column and of a
        grain.
    level : int >= 0
        A column has ``2 ** level`` units.
    grain : int >= 0
        ``2 ** grain`` units become known together: a grain.
    shape : tuple of int
        Of one column.
    dtype : data type
        Of the values; 0 is the least of them where a column has several grains.
    name : str, optional
        What tells it from others of the same recording and geometry; None if it is not kept on
        disk.

    Examples
    --------
    >>> overview = Overview(0, 10, level=1, grain=2, shape=(), dtype=np.int64)
    >>> overview.put(4, 8, np.array([7, 8]))
    >>> overview.covers(5, 8), overview.covers(0, 10), overview.lacks(0, 10)
    (True, False, 0)
    >>> overview.columns(4, 8)
    array([7, 8])
    """

    def __init__(
        self,
        start: int,
        stop: int,
        level: int,
        grain: int,
        shape: tuple[int, ...],
        dtype: Any,
        name: str | None = None,
    ) -> None:
        self.start = start
        self.stop = stop
        self.level = level
        self.grain = grain
        self._shape = (-(-(stop - start) >> level), *shape)
        self._dtype = np.dtype(dtype)
        self._values: NDArray[Any] | None = None
        self._known = bytearray(-(-(stop - start) >> grain))
        self._lock = threading.Lock()
        self.name = name

    @property
    def values(self) -> NDArray[Any]:
        """All the columns, whether they are known or not."""
        with self._lock:
            if self._values is None:
                self._values = np.zeros(self._shape, self._dtype)
            return self._values

    @property
    def known(self) -> bytes:
        """A byte for each grain: 1 where it is known, else 0."""
        return bytes(self._known)

    @property
    def n_known(self) -> int:
        """How many grains are known."""
        return self._known.count(1)

    @property
    def n_grains(self) -> int:
        """How many grains there are."""
        return len(self._known)

    def geometry(self) -> list[Any]:
        """Return what two overviews have in common that hold the same columns, JSON-able."""
        units = [self.start, self.stop, self.level, self.grain]
        return [*units, *self._shape, self._dtype.str]

    def restore(self, data: NDArray[np.uint8], known: bytes) -> bool:
        """Take over the bytes of `values` and the `known` of another one of the same geometry.

        Returns
        -------
        bool
            False if they do not fit; nothing has changed then.
        """
        n_bytes = math.prod(self._shape) * self._dtype.itemsize
        if data.nbytes != n_bytes or len(known) != self.n_grains:
            return False
        with self._lock:
            self._values = data.view(self._dtype).reshape(self._shape)
            self._known[:] = known
        return True

    def covers(self, start: int, stop: int) -> bool:
        """Return whether all the units ``[start, stop)`` are known."""
        return self.lacks(start, stop) is None

    def lacks(self, start: int, stop: int) -> int | None:
        """Return the first unit of the first grain, with some of ``[start, stop)``, not known."""
        first, last = self._grains(start, stop)
        found = self._known.find(0, first, last)
        return None if found < 0 else self.start + (found << self.grain)

    def fraction(self, start: int, stop: int) -> float:
        """Return how much of ``[start, stop)`` is known, from 0 to 1."""
        first, last = self._grains(start, stop)
        return self._known.count(1, first, last) / (last - first)

    def whole_grains(self, start: int, stop: int) -> tuple[int, int]:
        """Return the units of the whole grains in ``[start, stop)``; the last one may be less."""
        first = -(-max(start - self.start, 0) >> self.grain) << self.grain
        last = self.stop - self.start
        if stop < self.stop:
            last = max(stop - self.start, 0) >> self.grain << self.grain
        return self.start + first, self.start + last

    def columns(self, start: int, stop: int) -> NDArray[Any]:
        """Return the columns that hold the units ``[start, stop)``."""
        first = (start - self.start) >> self.level
        return self.values[first : -(-(stop - self.start) >> self.level)]

    def put(self, start: int, stop: int, columns: NDArray[Any]) -> None:
        """Take the columns of the units ``[start, stop)``, which are whole grains."""
        first = (start - self.start) >> self.level
        values = self.values[first : first + len(columns)]
        if self.level > self.grain:
            with self._lock:
                np.maximum(values, columns, out=values)
        else:
            values[...] = columns
        begin, end = self._grains(start, stop)
        self._known[begin:end] = b"\1" * (end - begin)

    def _grains(self, start: int, stop: int) -> tuple[int, int]:
        return (start - self.start) >> self.grain, -(-(stop - self.start) >> self.grain)
