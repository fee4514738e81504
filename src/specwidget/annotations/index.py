"""Where the row of an id stands.

Invariant: an index tells of one array of ids, which never changes. It is a dict once many ids have
been asked for; for few, looking through the array costs less than the dict of 100,000 rows does,
which every row that comes or goes would make anew.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from specwidget.annotations.schema import Array

__all__ = ["RowIndex"]

_FEW = 8
_SMALL = 1_000


class RowIndex:
    """Id -> place of the row.

    Parameters
    ----------
    ids : ndarray of object [shape=(n,)]
        All different.
    known : dict, optional
        The same as a dict, where it is at hand.
    """

    __slots__ = ("_ids", "_known", "_looked")

    def __init__(self, ids: Array, known: dict[str, int] | None = None) -> None:
        self._ids = ids
        self._known = known
        self._looked = 0

    def get(self, id: object) -> int | None:
        """Give the place of a row, or None."""
        if not isinstance(id, str):
            return None
        if self._known is None and self._looked < _FEW and len(self._ids) > _SMALL:
            self._looked += 1
            found = np.flatnonzero(self._ids == id)
            return int(found[0]) if len(found) else None
        return self._dict().get(id)

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
        if len(wanted) <= _FEW:
            places = [self.get(id) for id in wanted]
            return np.array([-1 if place is None else place for place in places], dtype=np.int64)
        known = self._dict()
        return np.fromiter((known.get(id, -1) for id in wanted), np.int64, len(wanted))

    def extended(self, ids: Array) -> RowIndex:
        """Give the index of these ids, of which the first are those of this one."""
        if self._known is None:
            return RowIndex(ids)
        known = self._known.copy()
        known.update(zip(ids[len(known) :].tolist(), range(len(known), len(ids)), strict=True))
        return RowIndex(ids, known)

    def _dict(self) -> dict[str, int]:
        if self._known is None:
            self._known = dict(zip(self._ids.tolist(), range(len(self._ids)), strict=True))
        return self._known
