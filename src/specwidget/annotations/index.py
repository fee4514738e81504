"""Where the row of an id stands.

Invariant: an index tells of one array of ids, which never changes. The dict behind it is made once
many ids have been asked for, and outlives rows that come at the end or go: making it anew for each
of them would cost more than all the rest of an edit among 100,000 rows.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from specwidget.annotations.schema import Array

__all__ = ["RowIndex"]

_FEW = 8
_SMALL = 1_000
_MOST_GONE = 64


class RowIndex:
    """Id -> place of the row.

    Parameters
    ----------
    ids : ndarray of object [shape=(n,)]
        All different.
    known : dict, optional
        Id -> place that its row had, or would have, were all rows there that are ``gone``.
    gone : sequence of int
        Places, in the same sense, of rows that are in ``known`` and went; ascending.
    """

    __slots__ = ("_found", "_gone", "_ids", "_known")

    def __init__(
        self, ids: Array, known: dict[str, int] | None = None, gone: tuple[int, ...] = ()
    ) -> None:
        self._ids = ids
        self._known = known
        self._gone = gone
        self._found: dict[str, int | None] = {}

    def get(self, id: object) -> int | None:
        """Give the place of a row, or None."""
        if not isinstance(id, str):
            return None
        is_one_of_few = len(self._found) < _FEW or id in self._found
        if self._known is None and is_one_of_few and len(self._ids) > _SMALL:
            return self._look(id)
        place = self._dict().get(id)
        if place is None or not self._gone:
            return place
        before = bisect_left(self._gone, place)
        is_gone = before < len(self._gone) and self._gone[before] == place
        return None if is_gone else place - before

    def __contains__(self, id: object) -> bool:
        return self.get(id) is not None

    def __getitem__(self, id: str) -> int:
        place = self.get(id)
        if place is None:
            raise KeyError(id)
        return place

    def find(self, ids: Iterable[str]) -> npt.NDArray[np.int64]:
        """Give the places of several rows; -1 for one that is not there."""
        wanted = list(ids)
        if len(wanted) > _FEW:
            known = _places(self._ids) if self._gone else self._dict()
            return np.fromiter((known.get(id, -1) for id in wanted), np.int64, len(wanted))
        places = [self.get(id) for id in wanted]
        return np.array([-1 if place is None else place for place in places], dtype=np.int64)

    def extended(self, ids: Array) -> RowIndex:
        """Give the index of these ids, of which the first are those of this one."""
        if self._known is None:
            return RowIndex(ids)
        known = self._known.copy()
        before, more = len(self._ids), len(self._gone)
        known.update(zip(ids[before:].tolist(), range(before + more, len(ids) + more), strict=True))
        return RowIndex(ids, known, self._gone)

    def without(self, ids: Array, places: npt.NDArray[np.int64]) -> RowIndex:
        """Give the index of these ids, which are those of this one but for some places."""
        known, gone = self._known, list(self._gone)
        if known is None or len(gone) + len(places) > _MOST_GONE:
            return RowIndex(ids)
        for id in self._ids[places].tolist():
            insort(gone, known[id])
        return RowIndex(ids, known, tuple(gone))

    def _look(self, id: str) -> int | None:
        if id not in self._found:
            found = np.flatnonzero(self._ids == id)
            self._found[id] = int(found[0]) if len(found) else None
        return self._found[id]

    def _dict(self) -> dict[str, int]:
        if self._known is None:
            self._known = _places(self._ids)
        return self._known


def _places(ids: Array) -> dict[str, int]:
    return dict(zip(ids.tolist(), range(len(ids)), strict=True))
