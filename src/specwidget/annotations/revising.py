"""From a plan for some rows to the change of the table.

Invariant: a plan is pure: rows and bounds go in, what shall become of the rows comes out. It is
checked and settled like every other change, and is one step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from specwidget.annotations.checks import Bounds
from specwidget.annotations.columns import Columns, Places
from specwidget.annotations.delta import Delta, State
from specwidget.annotations.planning import NOTHING, Rules, conclude, free_ids, settle
from specwidget.annotations.problems import quoted, show
from specwidget.errors import AnnotationError, ParameterTypeError

__all__ = ["Plan", "Revision", "places_of", "plan_revision"]


@dataclass(frozen=True, slots=True)
class Revision:
    """What shall become of some rows; those it does not name stay as they are.

    Parameters
    ----------
    kept : Columns, optional
        Rows as they would stand.
    kept_at : ndarray of int, optional
        Which rows these are; all, if left out.
    removed_at : ndarray of int, optional
        Rows that go.
    added : Columns, optional
        Rows that come, at the end; they get ids and times of creation of their own.
    """

    kept: Columns | None = None
    kept_at: Places | None = None
    removed_at: Places | None = None
    added: Columns | None = None


Plan: TypeAlias = Callable[[Columns, Bounds], Revision]


def places_of(state: State, ids: object) -> Places:
    """Find the rows that a person names.

    Parameters
    ----------
    state : State
    ids : str, iterable of str, or None
        None is for all rows.

    Returns
    -------
    ndarray of int
        Each row once, in the order given.

    Raises
    ------
    ParameterTypeError, AnnotationError
        If it is something else, or there is no such row.
    """
    if ids is None:
        return np.arange(len(state.columns), dtype=np.int64)
    if not isinstance(ids, str) and not isinstance(ids, Iterable):
        raise ParameterTypeError(
            f"ids={show(ids)} is no list of ids; give ids of annotations, such as "
            "w.annotations['id'][:3]"
        )
    wanted = list(dict.fromkeys([ids] if isinstance(ids, str) else ids))
    places = state.places.find(wanted)
    if (places < 0).any():
        unknown = [wanted[n] for n in np.flatnonzero(places < 0)[:5]]
        raise AnnotationError(
            f"no annotation has the id {', '.join(map(show, unknown))}; "
            "the ids are in the column 'id'"
        )
    return places


def plan_revision(state: State, ids: object, plan: Plan, rules: Rules) -> Delta:
    """Say what a plan changes.

    Parameters
    ----------
    state : State
        What there is.
    ids : str, iterable of str, or None
        The rows that the plan is for.
    plan : callable
    rules : Rules

    Returns
    -------
    Delta

    Raises
    ------
    AnnotationError
        If the plan refuses the rows, or what it makes of them makes no sense.
    """
    places = places_of(state, ids)
    rows = state.columns.take(places)
    revision = plan(rows, rules.bounds) if len(rows) else Revision()
    none = np.zeros(0, dtype=np.int64)
    removed_at = none if revision.removed_at is None else revision.removed_at
    kept_at = np.arange(len(rows)) if revision.kept_at is None else revision.kept_at
    kept, added = revision.kept, revision.added
    if kept is None:
        kept, kept_at = NOTHING.with_extras(state.extras), none
    names = quoted(kept.ids)
    if len(kept):
        kept = settle(kept, rules, names)
    if added is None or not len(added):
        added = NOTHING.with_extras(state.extras)
    else:
        added = settle(_fresh(added, state), rules, _new)
    stay = len(state.columns) - len(removed_at)
    return conclude(
        state,
        rules,
        extras=state.extras,
        removed_at=np.sort(places[removed_at]),
        kept_at=places[kept_at],
        kept=kept,
        kept_names=names,
        added=added,
        added_at=np.arange(stay, stay + len(added), dtype=np.int64),
        added_names=_new,
    )


def _new(place: int) -> str:
    return f"new row {place}"


def _fresh(rows: Columns, state: State) -> Columns:
    """Give copies of rows ids and times of their own."""
    ids = np.empty(len(rows), dtype=object)
    ids[:] = free_ids(len(rows), state.places)
    unset = np.full(len(rows), np.datetime64("NaT"), dtype="datetime64[ns]")
    return rows.replaced({"id": ids, "created_at": unset, "updated_at": unset})
