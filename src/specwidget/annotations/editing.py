"""Operations become one change.

Invariant: the operations are followed in order, so a later one sees what an earlier one did, and
only the rows they leave behind are judged. An operation on a row that is not there is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from specwidget.annotations.cells import read_cells
from specwidget.annotations.columns import Columns, Extras, Places
from specwidget.annotations.delta import Delta, Source, State
from specwidget.annotations.extras import coerce, is_missing, with_room
from specwidget.annotations.operations import Add, Op, Update
from specwidget.annotations.planning import NOTHING, Rules, conclude, free_ids, settle
from specwidget.annotations.problems import Names, quoted, show
from specwidget.annotations.schema import COLUMNS, NAMES
from specwidget.errors import AnnotationError

__all__ = ["plan_ops"]

_OWN_TIMES = ("created_at", "updated_at")


def plan_ops(state: State, ops: Iterable[Op], rules: Rules, source: Source) -> Delta:
    """Follow operations, and say what they change.

    Parameters
    ----------
    state : State
        What there is.
    ops : iterable of Op
    rules : Rules
    source : {"python", "widget"}
        The times of creation and change are not for the widget to say.

    Returns
    -------
    Delta

    Raises
    ------
    AnnotationError
        If the rows they lead to make no sense; the message names rows and values.
    """
    draft = _Draft(state, source)
    for op in ops:
        draft.follow(op)
    draft.refuse_unknown()
    extras = draft.extras_after()
    removed_at = np.sort(state.places.find(draft.removed))
    kept_at = state.places.find(draft.updated)
    kept = added = NOTHING.with_extras(extras)
    names, added_names = quoted(list(draft.updated)), draft.names_of_added()
    if draft.updated:
        base = state.columns.take(kept_at)
        if draft.renewed:
            base = _renewed(base, draft.renewed, extras)
        kept = settle(_overlaid(base, list(draft.updated.values()), extras, names), rules, names)
    if draft.added:
        cells = list(draft.added.values())
        blank = Columns.blank(len(cells), extras)
        added = settle(_overlaid(blank, cells, extras, added_names), rules, added_names)
    stay = len(state.columns) - len(removed_at)
    added, added_at, asked = _placed(added, [draft.at.get(id) for id in draft.added], stay)
    return conclude(
        state,
        rules,
        extras=extras,
        removed_at=removed_at,
        kept_at=kept_at,
        kept=kept,
        kept_names=names,
        added=added,
        added_at=added_at,
        added_names=_at(added_names, asked),
    )


class _Draft:
    """What operations come to, by id: cells that came, cells that changed, rows that went."""

    def __init__(self, state: State, source: Source) -> None:
        self.state = state
        self.source = source
        self.added: dict[str, dict[str, Any]] = {}
        self.updated: dict[str, dict[str, Any]] = {}
        self.removed: dict[str, None] = {}
        self.renewed: set[str] = set()
        self.at: dict[str, int | None] = {}
        self._named: set[str] = set()
        self._unknown: dict[str, None] = {}

    def follow(self, op: Op) -> None:
        if isinstance(op, Add):
            self._add(self._cells(op.row), op.at)
        elif isinstance(op, Update):
            self._update(op.id, self._cells(op.set))
        elif op.id in self.added:
            del self.added[op.id]
        elif self._is_there(op.id):
            self.updated.pop(op.id, None)
            self.renewed.discard(op.id)
            self.removed[op.id] = None

    def _cells(self, cells: Mapping[str, Any]) -> dict[str, Any]:
        for name in cells:
            if name not in COLUMNS and name not in self.state.extras:
                known = [*NAMES, *self.state.extras]
                raise AnnotationError(
                    f"there is no column {show(name)}; there are {', '.join(known)}. "
                    "Assign a DataFrame to have columns of your own"
                )
        if self.source == "widget":
            return {name: cell for name, cell in cells.items() if name not in _OWN_TIMES}
        return dict(cells)

    def _add(self, row: dict[str, Any], at: int | None) -> None:
        ids, given = read_cells(COLUMNS["id"], [row.get("id")], lambda _: "a new row")
        id = str(ids[0])
        if not given[0] or not id:
            id = free_ids(1, self.added, self.state.places)[0]
        else:
            self._named.add(id)
        row["id"] = id
        if id in self.removed:
            del self.removed[id]
            self.renewed.add(id)
            self.updated[id] = row
        elif id in self.added or id in self.state.places:
            raise AnnotationError(
                f"there is an annotation with the id {show(id)} already; "
                "give another, or none to have one made"
            )
        else:
            self.added[id] = row
            self.at[id] = at

    def _update(self, id: str, cells: dict[str, Any]) -> None:
        if cells.pop("id", id) != id:
            raise AnnotationError(f"the id of row {show(id)} cannot be changed; ids are for life")
        if id in self.added:
            self.added[id].update(cells)
        elif self._is_there(id):
            self.updated.setdefault(id, {}).update(cells)

    def _is_there(self, id: str) -> bool:
        if id in self.state.places and id not in self.removed:
            return True
        self._unknown[id] = None
        return False

    def refuse_unknown(self) -> None:
        if self._unknown:
            unknown = list(self._unknown)
            more = f", and {len(unknown) - 5} more" if len(unknown) > 5 else ""
            raise AnnotationError(
                f"no annotation has the id {', '.join(show(id) for id in unknown[:5])}{more}; "
                "the ids are in the column 'id'"
            )

    def extras_after(self) -> Extras:
        """Give a column room for a missing value where one comes in."""
        extras = dict(self.state.extras)
        new = [*self.added.values(), *(self.updated[id] for id in self.renewed)]
        for name, dtype in extras.items():
            if any(is_missing(row.get(name)) for row in new) or any(
                name in cells and is_missing(cells[name]) for cells in self.updated.values()
            ):
                extras[name] = with_room(dtype)
        return extras

    def names_of_added(self) -> Names:
        ids = list(self.added)
        if len(ids) == 1 and ids[0] not in self._named:
            return lambda _: "the new row"
        return lambda place: (
            f"row {show(ids[place])}" if ids[place] in self._named else f"new row {place}"
        )


def _renewed(base: Columns, renewed: set[str], extras: Extras) -> Columns:
    """Begin anew with the rows that were removed and added again."""
    places = np.array([n for n, id in enumerate(base.ids) if id in renewed], dtype=np.int64)
    blank = Columns.blank(len(places), extras)
    return base.put(blank.replaced({"id": base["id"][places]}), places)


def _overlaid(base: Columns, rows: list[dict[str, Any]], extras: Extras, names: Names) -> Columns:
    """Put cells over rows; a missing value empties a cell that can be empty."""
    arrays = {}
    for name in dict.fromkeys(name for cells in rows for name in cells):
        places = np.array([n for n, cells in enumerate(rows) if name in cells], dtype=np.int64)
        values = [rows[place][name] for place in places]
        array = base[name].copy()
        spec = COLUMNS.get(name)
        if spec is None:
            for place, value in zip(places, values, strict=True):
                try:
                    array[place] = coerce(name, value, extras[name])
                except AnnotationError as error:
                    raise AnnotationError(f"{names(int(place))}: {error}") from None
        else:
            cells, given = read_cells(spec, values, _at(names, places))
            stored = given | spec.nullable
            array[places[stored]] = cells[stored]
        arrays[name] = array
    return base.replaced(arrays)


def _at(names: Names, places: Places) -> Names:
    return lambda n: names(int(places[n]))


def _placed(rows: Columns, at: list[int | None], stay: int) -> tuple[Columns, Places, Places]:
    """Find where rows stand in the end, if each is put in at its place one after the other.

    Gives them in the order of these places, the places, and which row each one was.
    """
    if all(place is None for place in at):
        asked = np.arange(len(rows), dtype=np.int64)
        return rows, stay + asked, asked
    order = [-1] * stay
    for row, place in enumerate(at):
        order.insert(len(order) if place is None else place, row)
    places = np.flatnonzero(np.array(order) >= 0)
    asked = np.array([order[place] for place in places], dtype=np.int64)
    return rows.take(asked), places, asked
