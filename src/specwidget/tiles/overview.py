"""The coarse columns of a whole recording, filled in chunks, in any order.

A chunk is written before it is marked as done, so a reader that finds it done finds it whole;
two writers of the same chunk write the same values. Memory is bounded by the choice of the level.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Overview", "stored_level"]

STORED_BYTES = 32 << 20


def stored_level(n_units: int, column_bytes: int, at_least: int) -> int:
    """Return the finest level, no finer than `at_least`, whose columns fit in the memory."""
    level = at_least
    while (n_units >> level) * column_bytes > STORED_BYTES:
        level += 1
    return level


class Overview:
    """Columns of one level of a recording.

    Parameters
    ----------
    n_units : int > 0
        Frames or samples of the recording.
    level : int >= 0
        The level of the columns.
    chunk_level : int >= level
        A chunk has ``2 ** chunk_level`` units.
    shape : tuple of int
        Of one column.
    dtype : data type
        Of the values.
    """

    def __init__(
        self, n_units: int, level: int, chunk_level: int, shape: tuple[int, ...], dtype: Any
    ) -> None:
        self.level = level
        self._chunk_level = chunk_level
        self._n_units = n_units
        self._columns: NDArray[Any] = np.zeros((-(-n_units >> level), *shape), dtype)
        self._done = bytearray(-(-n_units >> chunk_level))

    def covers(self, start: int, stop: int) -> bool:
        """Return whether all the units ``[start, stop)`` are known."""
        chunks = self._chunks(start, stop)
        return self._done.count(1, chunks.start, chunks.stop) == len(chunks)

    def columns(self, start: int, stop: int) -> NDArray[Any]:
        """Return the columns that hold the units ``[start, stop)``."""
        return self._columns[start >> self.level : -(-stop >> self.level)]

    def missing(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """Yield the units of the chunks, with some of ``[start, stop)``, that are not known."""
        for chunk in self._chunks(start, stop):
            if not self._done[chunk]:
                yield self._units(chunk)

    def steps(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """Yield ``[start, stop)`` in pieces that are chunks, or as a whole if it is less."""
        step = 1 << self._chunk_level
        for first in range(start, stop, step):
            yield first, min(first + step, stop)

    def offer(self, start: int, stop: int, columns: NDArray[Any]) -> None:
        """Take the columns of the units ``[start, stop)`` if they are a whole chunk."""
        chunk = start >> self._chunk_level
        if self._units(chunk) == (start, stop):
            first = start >> self.level
            self._columns[first : first + len(columns)] = columns
            self._done[chunk] = 1

    def _chunks(self, start: int, stop: int) -> range:
        return range(start >> self._chunk_level, -(-stop >> self._chunk_level))

    def _units(self, chunk: int) -> tuple[int, int]:
        start = chunk << self._chunk_level
        return start, min(start + (1 << self._chunk_level), self._n_units)
