"""The annotations of one recording.

Invariant: every change goes through here, is one step with an exact inverse, bumps the revision by
one, and happens as a whole or not at all. What is given out can be kept: nothing in it changes
later. All methods may be called from any thread; the lock is never held while calling out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd

from specwidget.annotations.checks import Bounds, check_labels
from specwidget.annotations.columns import Columns
from specwidget.annotations.delta import Change, Delta, Source, State
from specwidget.annotations.editing import plan_ops
from specwidget.annotations.frames import frame_of, plan_frame, to_rows
from specwidget.annotations.history import History
from specwidget.annotations.kinds import declared_dtypes, kinds_json
from specwidget.annotations.labels import LabelSet
from specwidget.annotations.operations import Add, Remove, Update, op_from_json
from specwidget.annotations.overlap import Policy, part
from specwidget.annotations.planning import Rules
from specwidget.annotations.problems import Names, show
from specwidget.annotations.revising import Plan, plan_revision
from specwidget.annotations.tiers import Locked, Tiers
from specwidget.annotations.times import utc_now
from specwidget.annotations.wording import describe
from specwidget.errors import AnnotationError

__all__ = ["AnnotationTable"]


class AnnotationTable:
    """The ordered set of annotations of one recording, with its history.

    Parameters
    ----------
    recording : str
        The recording's key, as in the column ``recording``.
    duration : float
        Seconds.
    n_channels : int
    nyquist : float
        Hertz; half the sampling rate.
    labels : LabelSet, optional
        Which labels there are. Without it, any.
    tiers : Tiers, optional
        Which lanes there are. Without it, any.
    overlap : {"allow", "forbid", "trim"}, default="allow"
        What happens to an annotation that would lie over another of its lane.
    extra_columns : Mapping, optional
        Columns of the user's that are always there: name -> ``float``, ``int``, ``str``, ``bool``
        or a list of texts to choose from.

    Notes
    -----
    A row is, in Python as in JSON, a plain dict from column to value: ``None`` for NA and NaN,
    seconds and hertz as numbers, the times of creation and change in ISO 8601. A row keeps its
    place; a new one comes last.
    """

    def __init__(
        self,
        recording: str,
        duration: float,
        n_channels: int,
        nyquist: float,
        labels: LabelSet | None = None,
        *,
        tiers: Tiers | None = None,
        overlap: Policy = "allow",
        extra_columns: object = None,
    ) -> None:
        self._bounds = Bounds(recording, float(duration), int(n_channels), float(nyquist))
        self._labels = LabelSet.parse(labels)
        self._tiers = Tiers() if tiers is None else tiers
        self._overlap: Policy = overlap
        self._declared = declared_dtypes(extra_columns)
        self._locked = Locked()
        self._lock = Lock()
        self._revision = 0
        self._state = State.of(Columns.blank(0, self._declared), self._declared)
        self._history = History()

    # --- looking ---------------------------------------------------------------------------------

    @property
    def revision(self) -> int:
        """How many changes there have been."""
        return self._revision

    @property
    def labels(self) -> LabelSet:
        """The labels; an open set takes up those that annotations bring.

        Another set is refused with an `AnnotationError` if it is not open and annotations have
        other labels.
        """
        return self._labels

    @labels.setter
    def labels(self, labels: LabelSet) -> None:
        with self._lock:
            columns = self._state.columns
            check_labels(columns, labels, _quoted(columns.ids))
            self._labels = labels.with_labels(name for name in _names(columns, "label") if name)

    @property
    def tiers(self) -> Tiers:
        """The lanes; an open set takes up those that annotations bring.

        Another set is refused with an `AnnotationError` if it is not open and annotations lie in
        other lanes.
        """
        return self._tiers

    @tiers.setter
    def tiers(self, tiers: Tiers) -> None:
        with self._lock:
            columns = self._state.columns
            tiers.check(columns, _quoted(columns.ids))
            self._tiers = tiers.with_tiers(dict.fromkeys(columns["tier"].tolist()))

    @property
    def overlap(self) -> Policy:
        """What happens to an annotation that would lie over another of its lane.

        A stricter policy is refused with an `AnnotationError` if annotations overlap already.
        """
        return self._overlap

    @overlap.setter
    def overlap(self, policy: Policy) -> None:
        with self._lock:
            if policy != "allow":
                _refuse_overlap(self._state, self._state.columns.ids)
            self._overlap = policy

    @property
    def locked(self) -> Locked:
        """What the widget may not change; Python may."""
        return self._locked

    @locked.setter
    def locked(self, locked: Locked) -> None:
        self._locked = locked

    @property
    def extras(self) -> dict[str, dict[str, Any]]:
        """What the user's own columns hold, as JSON; see `kinds_json`."""
        return kinds_json(self._state.extras)

    @property
    def undo_label(self) -> str | None:
        """What `undo` would undo, such as ``"add song"``; ``None`` if there is nothing."""
        with self._lock:
            return self._history.undo_text

    @property
    def redo_label(self) -> str | None:
        """What `redo` would do again; ``None`` if there is nothing."""
        with self._lock:
            return self._history.redo_text

    def history(self) -> pd.DataFrame:
        """Give all steps there were, the first one first, with those that are undone.

        Returns
        -------
        DataFrame
            ``step`` (from 1), ``text``, ``source``, ``time``, ``rows`` and ``undone``.
        """
        with self._lock:
            return self._history.frame()

    def history_json(self, most: int) -> dict[str, Any]:
        """Give the steps nearest to the present one, at most so many, for a view.

        Returns
        -------
        dict
            ``entries``, and ``at``, the step that was done last.
        """
        with self._lock:
            return {"entries": self._history.entries(most), "at": self._history.at}

    @property
    def nyquist(self) -> float:
        """Hertz; half the sampling rate of the recording."""
        return self._bounds.nyquist

    def __len__(self) -> int:
        return len(self._state.columns)

    def __contains__(self, id: object) -> bool:
        return id in self._state.places

    def ids(self) -> list[str]:
        """Give the ids of all rows, in order."""
        return self._state.columns.ids

    def rows(self) -> list[dict[str, Any]]:
        """Give all rows, in order."""
        return self._state.columns.rows_json()

    def row(self, id: str) -> dict[str, Any]:
        """Give one row.

        Parameters
        ----------
        id : str

        Returns
        -------
        dict

        Raises
        ------
        AnnotationError
            If there is no such row.
        """
        state = self._state
        place = state.places.get(id) if isinstance(id, str) else None
        if place is None:
            raise AnnotationError(
                f"no annotation has the id {show(id)}; the ids are in the column 'id'"
            )
        return state.columns.take(slice(place, place + 1)).rows_json()[0]

    def to_dataframe(self) -> pd.DataFrame:
        """Give all rows as a DataFrame of its own.

        Returns
        -------
        DataFrame
            The columns of `NAMES`, then the user's own in their dtypes. ``start``, ``end``,
            ``low_freq``, ``high_freq`` and ``score`` are float64, ``channel`` is Int64,
            ``status`` a category of three, ``created_at`` and ``updated_at`` are
            datetime64[ns, UTC], and the others ``pd.StringDtype("python")``, without missing
            values. Without rows, too.
        """
        return frame_of(self._state)

    def snapshot(self) -> dict[str, Any]:
        """Give all there is to know for a view that begins.

        Returns
        -------
        dict
            ``rev``, ``columns`` (a `Columns`), ``extras`` (as `kinds_json` gives them), ``undo``
            and ``redo``.
        """
        with self._lock:
            state, revision = self._state, self._revision
            undo, redo = self._history.undo_text, self._history.redo_text
        return {
            "rev": revision,
            "columns": state.columns,
            "extras": kinds_json(state.extras),
            "undo": undo,
            "redo": redo,
        }

    # --- changing --------------------------------------------------------------------------------

    def apply(self, ops: Iterable[object], *, source: Source = "python") -> Change:
        """Carry out operations, all or none.

        Parameters
        ----------
        ops : iterable of Add, Update, Remove or Mapping
            Operations, also as JSON.
        source : {"python", "widget"}, default="python"
            Who asks. The widget cannot set the times of creation and change.

        Returns
        -------
        Change
            Without operations, and with the revision as it was, if nothing had to be done.

        Raises
        ------
        AnnotationError
            If the rows would make no sense; nothing is changed.
        """
        known = [op_from_json(op) for op in ops]
        return self._change(lambda state, rules: plan_ops(state, known, rules, source), source)

    def add_row(self, **columns: Any) -> Change:
        """Add a row. Columns that are left out get their default; with a score it is a draft.

        Parameters
        ----------
        **columns
            Values by column; without ``start`` and ``end`` the whole recording is labelled.

        Returns
        -------
        Change
            The new id is ``change.ids[0]``.
        """
        return self.apply([Add(columns)])

    def update_row(self, id: str, /, **columns: Any) -> Change:
        """Give some columns of one row other values; ``None`` empties a cell."""
        return self.apply([Update(id, columns)])

    def update_rows(self, ids: Iterable[str], /, **columns: Any) -> Change:
        """Give some columns of several rows the same values, in one step."""
        return self.apply([Update(id, columns) for id in _listed(ids)])

    def remove_rows(self, ids: Iterable[str]) -> Change:
        """Remove rows, in one step."""
        return self.apply([Remove(id) for id in dict.fromkeys(_listed(ids))])

    def replace(self, annotations: object, *, source: Source = "python") -> Change:
        """Make the rows those of a DataFrame, by the fewest operations.

        Parameters
        ----------
        annotations : DataFrame, or what `to_rows` reads
            ``start``, ``end`` and ``label`` are required. Rows are matched by ``id``; one without
            an id is new, one that is not there is removed. In a row that stays, columns of ours
            that are left out stay as they are. Rows that stay keep their order.
        source : {"python", "widget"}, default="python"
            Who asks.

        Returns
        -------
        Change

        Raises
        ------
        AnnotationError
            If columns are missing or rows make no sense; nothing is changed.
        """
        frame = to_rows(annotations)
        return self._change(lambda state, rules: plan_frame(state, frame, rules), source)

    def revise(
        self, plan: Plan, ids: str | Iterable[str] | None = None, *, source: Source = "python"
    ) -> Change:
        """Carry out a plan for some rows, or for all, in one step.

        Parameters
        ----------
        plan : callable
            Such as `shaping.nudge`: gets the rows and the bounds of the recording.
        ids : str or iterable of str, optional
        source : {"python", "widget"}, default="python"
            Who asks.

        Raises
        ------
        AnnotationError
            If there is no such row, or the plan makes no sense for them; nothing is changed.
        """
        return self._change(lambda state, rules: plan_revision(state, ids, plan, rules), source)

    def undo(self, steps: int = 1, *, source: Source = "python") -> Change:
        """Take back the last change, whoever made it; or the last few, as one.

        Raises
        ------
        AnnotationError
            If there are not so many, or what comes back would make no sense any more.
        """
        with self._lock:
            return self._go(self._history.target("undo", steps), source)

    def redo(self, steps: int = 1, *, source: Source = "python") -> Change:
        """Make the change again that was taken back last; or the last few, as one.

        Raises
        ------
        AnnotationError
            If there are not so many, or what comes back would make no sense any more.
        """
        with self._lock:
            return self._go(self._history.target("redo", steps), source)

    def goto(self, step: int, *, source: Source = "python") -> Change:
        """Go back, or forth, to what there was after a step; 0 is the beginning.

        Raises
        ------
        AnnotationError
            If there is no such step, or what comes back would make no sense any more.
        """
        with self._lock:
            return self._go(step, source)

    def forget_history(self) -> None:
        """Make what there is the beginning: there is nothing to undo or redo."""
        with self._lock:
            self._history.clear()

    def _change(self, plan: Callable[[State, Rules], Delta], source: Source) -> Change:
        with self._lock:
            now = utc_now()
            delta = plan(
                self._state,
                Rules(self._bounds, self._labels, now, self._overlap, self._tiers, self._declared),
            )
            if not delta:
                return Change(self._revision, (), "", source)
            text = describe(delta, self._state)
            self._commit((delta,), self._state.applied(delta), source)
            self._history.record(delta, text, source, now)
            return Change(self._revision, (delta,), text, source)

    def _go(self, step: int, source: Source) -> Change:
        deltas, text = self._history.path(step)
        state = self._state
        for delta in deltas:
            state = state.applied(delta)
        ids = list(dict.fromkeys(id for delta in deltas for id in delta.ids))
        rows = _rows(state, ids)
        names = _quoted(rows.ids)
        check_labels(rows, self._labels, names)
        self._tiers.check(rows, names)
        if self._overlap != "allow":
            _refuse_overlap(state, ids)
        if deltas:
            self._commit(tuple(deltas), state, source)
        self._history.go(step)
        return Change(self._revision, tuple(deltas), text, source)

    def _commit(self, deltas: tuple[Delta, ...], state: State, source: Source) -> None:
        """Take the state after a change, which has been checked."""
        if source == "widget" and self._locked:
            for delta in deltas:
                for there in (self._state, state):
                    rows = _rows(there, delta.ids)
                    self._locked.check(rows, _quoted(rows.ids))
        for rows in (rows for delta in deltas for rows in (delta.added, delta.after)):
            self._labels = self._labels.with_labels(name for name in _names(rows, "label") if name)
            self._tiers = self._tiers.with_tiers(_names(rows, "tier"))
        self._state = state
        self._revision += 1


def _rows(state: State, ids: Sequence[str]) -> Columns:
    """Give those of some rows that are there."""
    places = state.places.find(ids)
    return state.columns.take(places[places >= 0])


def _refuse_overlap(state: State, ids: Sequence[str]) -> None:
    """Refuse a state in which rows lie over others."""
    places = state.places.find(ids)
    places = places[places >= 0]
    is_resting = np.ones(len(state.columns), dtype=np.bool_)
    is_resting[places] = False
    rows = state.columns.take(places)
    edges = np.zeros(len(rows), dtype=np.int8)
    part(state.columns, is_resting, rows, edges, "forbid", _quoted(rows.ids))


def _names(rows: Columns, column: str) -> Iterable[str]:
    return dict.fromkeys(rows[column].tolist()) if column in rows.arrays else ()


def _quoted(ids: Sequence[str]) -> Names:
    return lambda place: f"row {show(ids[place])}"


def _listed(ids: Iterable[str]) -> list[str]:
    return [ids] if isinstance(ids, str) else list(ids)
