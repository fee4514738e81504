"""What one change did to the rows: those that went, those that changed, those that came.

Invariant: a delta holds all that differs, before and after, so the inverse is the same delta read
backwards, and applying both gives exactly the state there was, order and dtypes included.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np

from specwidget.annotations.columns import (
    Columns,
    Extras,
    Places,
    column_json,
    differences,
)
from specwidget.annotations.extras import same_dtype
from specwidget.annotations.index import RowIndex

__all__ = ["Change", "Delta", "Source", "State"]

Source: TypeAlias = Literal["python", "widget"]


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """All rows at one revision.

    Parameters
    ----------
    columns : Columns
    extras : Mapping
        The user's own columns and their dtypes.
    places : RowIndex
        Id -> place of the row.
    """

    columns: Columns
    extras: Extras
    places: RowIndex = field(repr=False)

    @classmethod
    def of(cls, columns: Columns, extras: Extras) -> State:
        """Index the rows by their ids."""
        return cls(columns, extras, RowIndex(columns["id"]))

    def applied(self, delta: Delta) -> State:
        """Give the state after a change that was made for this one."""
        columns = self.columns
        if delta.columns_changed:
            columns = columns.with_extras(delta.extras_after)
        columns = columns.without(delta.removed_at).inserted(delta.added, delta.added_at)
        places = self.places
        ids = columns["id"]
        stay = len(ids) - len(delta.added)
        if len(delta.added) and delta.added_at[0] < stay:
            places = RowIndex(ids)
        else:
            if len(delta.removed):
                places = places.without(ids[:stay], delta.removed_at)
            if len(delta.added):
                places = places.extended(ids)
        if len(delta.after):
            columns = columns.put(delta.after, places.find(delta.after.ids))
        return State(columns, delta.extras_after, places)


@dataclass(frozen=True, slots=True, eq=False)
class Delta:
    """The difference between two states.

    Parameters
    ----------
    removed, removed_at : Columns, ndarray
        Rows that went, and the places they had, ascending.
    before, after : Columns
        Rows that stay and change, by the same ids: ``id``, ``label`` and the columns that differ.
    added, added_at : Columns, ndarray
        Rows that came, and the places they have, ascending.
    extras_before, extras_after : Mapping
        The user's own columns and their dtypes.
    size_after : int
        Number of all rows after the change.
    """

    removed: Columns
    removed_at: Places
    before: Columns
    after: Columns
    added: Columns
    added_at: Places
    extras_before: Extras
    extras_after: Extras
    size_after: int

    def __len__(self) -> int:
        return len(self.removed) + len(self.after) + len(self.added)

    def __bool__(self) -> bool:
        return len(self) > 0 or self.columns_changed

    @property
    def columns_changed(self) -> bool:
        """Whether the user's own columns are others, or have other dtypes, or another order."""
        before, after = self.extras_before, self.extras_after
        return list(before) != list(after) or not all(
            same_dtype(before[name], after[name]) for name in before
        )

    @property
    def ids(self) -> list[str]:
        """Ids of the rows it touches."""
        return [*self.removed.ids, *self.after.ids, *self.added.ids]

    def inverse(self) -> Delta:
        """Give the delta that undoes this one."""
        return Delta(
            removed=self.added,
            removed_at=self.added_at,
            before=self.after,
            after=self.before,
            added=self.removed,
            added_at=self.removed_at,
            extras_before=self.extras_after,
            extras_after=self.extras_before,
            size_after=self.size_after - len(self.added) + len(self.removed),
        )

    def ops(self) -> list[dict[str, Any]]:
        """Give the operations, in JSON: what goes, what changes, what comes.

        An added row has its place, ``at``, unless it comes last.
        """
        ops: list[dict[str, Any]] = [{"op": "remove", "id": id} for id in self.removed.ids]
        changes = self._changes()
        ids = self.after.ids
        ops += [{"op": "update", "id": ids[row], "set": changes[row]} for row in sorted(changes)]
        last = self.size_after - len(self.added)
        for row, at in zip(self.added.rows_json(), self.added_at.tolist(), strict=True):
            last_now = at >= last
            ops.append({"op": "add", "row": row} | ({} if last_now else {"at": at}))
            last += 1
        return ops

    def _changes(self) -> dict[int, dict[str, Any]]:
        """Say of each row that stays which cells have which new value."""
        changes: dict[int, dict[str, Any]] = {}
        for name, mask in differences(self.before, self.after).items():
            rows = np.flatnonzero(mask)
            values = column_json(name, self.after[name][rows])
            for row, value in zip(rows.tolist(), values, strict=True):
                changes.setdefault(row, {})[name] = value
        before, after = self.before.arrays, self.after.arrays
        for name in after.keys() - before.keys():
            for row, value in enumerate(column_json(name, after[name])):
                if value is not None:
                    changes.setdefault(row, {})[name] = value
        for name in before.keys() - after.keys():
            for row, value in enumerate(column_json(name, before[name])):
                if value is not None:
                    changes.setdefault(row, {})[name] = None
        return changes


@dataclass(frozen=True, eq=False)
class Change:
    """What a table did at once: one step, several on the way through its history, or none.

    Parameters
    ----------
    revision : int
        Of the table after it.
    deltas : tuple of Delta
        What it did, one after the other.
    label : str
        In words for people, such as ``"move 3 annotations"``.
    source : {"python", "widget"}
        Who asked for it.
    """

    revision: int
    deltas: tuple[Delta, ...] = field(repr=False)
    label: str
    source: Source = "python"

    def __bool__(self) -> bool:
        return any(self.deltas)

    @property
    def size(self) -> int:
        """Number of rows it touched, known without making the operations."""
        return sum(len(delta) for delta in self.deltas)

    @property
    def ids(self) -> list[str]:
        """Ids of the rows it touched."""
        return list(dict.fromkeys(id for delta in self.deltas for id in delta.ids))

    @property
    def added_ids(self) -> list[str]:
        """Ids of the rows that came."""
        return [id for delta in self.deltas for id in delta.added.ids]

    @property
    def columns_changed(self) -> bool:
        """Whether the user's own columns are others now."""
        return any(delta.columns_changed for delta in self.deltas)

    @cached_property
    def ops(self) -> tuple[dict[str, Any], ...]:
        """The operations, complete, as JSON."""
        return tuple(op for delta in self.deltas for op in delta.ops())

    @cached_property
    def inverse(self) -> tuple[dict[str, Any], ...]:
        """The operations that undo it, as JSON."""
        return tuple(op for delta in reversed(self.deltas) for op in delta.inverse().ops())
