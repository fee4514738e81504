"""The annotations of one recording.

Invariant: every change goes through here, is one step with an exact inverse, bumps the revision by
one, and happens as a whole or not at all. What is given out can be kept: nothing in it changes
later. All methods may be called from any thread; the lock is never held while calling out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from threading import Lock
from typing import Any

import pandas as pd

from specwidget.annotations.checks import Bounds, check_labels
from specwidget.annotations.columns import Columns
from specwidget.annotations.delta import Change, Delta, Source, State
from specwidget.annotations.editing import plan_ops
from specwidget.annotations.frames import frame_of, plan_frame, to_rows
from specwidget.annotations.labels import LabelSet
from specwidget.annotations.operations import Add, Remove, Update, op_from_json
from specwidget.annotations.planning import Rules
from specwidget.annotations.problems import Names, show
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
    ) -> None:
        self._bounds = Bounds(recording, float(duration), int(n_channels), float(nyquist))
        self._labels = LabelSet.parse(labels)
        self._lock = Lock()
        self._revision = 0
        self._state = State.of(Columns.blank(0, {}), {})
        self._undo: list[tuple[Delta, str]] = []
        self._redo: list[tuple[Delta, str]] = []

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
            self._labels = _with_labels_of(labels, columns)

    @property
    def undo_label(self) -> str | None:
        """What `undo` would undo, such as ``"add song"``; ``None`` if there is nothing."""
        with self._lock:
            return self._undo[-1][1] if self._undo else None

    @property
    def redo_label(self) -> str | None:
        """What `redo` would do again; ``None`` if there is nothing."""
        with self._lock:
            return self._redo[-1][1] if self._redo else None

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
            ``rev``, ``columns`` (name -> list of JSON scalars), ``undo`` and ``redo``.
        """
        with self._lock:
            state, revision = self._state, self._revision
            undo = self._undo[-1][1] if self._undo else None
            redo = self._redo[-1][1] if self._redo else None
        return {"rev": revision, "columns": state.columns.to_json(), "undo": undo, "redo": redo}

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

    def undo(self, *, source: Source = "python") -> Change:
        """Take back the last change, whoever made it.

        Raises
        ------
        AnnotationError
            If there is none.
        """
        with self._lock:
            return self._step(self._undo, self._redo, "undo", source)

    def redo(self, *, source: Source = "python") -> Change:
        """Make the change again that was taken back last.

        Raises
        ------
        AnnotationError
            If there is none.
        """
        with self._lock:
            return self._step(self._redo, self._undo, "redo", source)

    def forget_history(self) -> None:
        """Make what there is the beginning: there is nothing to undo or redo."""
        with self._lock:
            self._undo.clear()
            self._redo.clear()

    def _change(self, plan: Callable[[State, Rules], Delta], source: Source) -> Change:
        with self._lock:
            delta = plan(self._state, Rules(self._bounds, self._labels, utc_now()))
            if not delta:
                return Change(self._revision, delta, "", source)
            label = describe(delta)
            self._commit(delta)
            self._undo.append((delta, label))
            self._redo.clear()
            return Change(self._revision, delta, label, source)

    def _step(
        self,
        stack: list[tuple[Delta, str]],
        other: list[tuple[Delta, str]],
        verb: str,
        source: Source,
    ) -> Change:
        if not stack:
            raise AnnotationError(f"nothing to {verb}")
        delta, label = stack[-1]
        back = delta.inverse()
        for rows in (back.after, back.added):
            ids = rows.ids
            check_labels(rows, self._labels, _quoted(ids))
        self._commit(back)
        stack.pop()
        other.append((back, label))
        return Change(self._revision, back, label, source)

    def _commit(self, delta: Delta) -> None:
        """Take the state after a change, which has been checked."""
        labels = _with_labels_of(_with_labels_of(self._labels, delta.added), delta.after)
        self._state = self._state.applied(delta)
        self._labels = labels
        self._revision += 1


def _quoted(ids: Sequence[str]) -> Names:
    return lambda place: f"row {show(ids[place])}"


def _listed(ids: Iterable[str]) -> list[str]:
    return [ids] if isinstance(ids, str) else list(ids)


def _with_labels_of(labels: LabelSet, rows: Columns) -> LabelSet:
    return labels.with_labels(name for name in dict.fromkeys(rows["label"].tolist()) if name)
