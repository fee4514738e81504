"""The annotations of one recording.

Invariant: every change goes through here, is one step with an exact inverse, bumps the revision by
one, and happens as a whole or not at all. What is given out can be kept: nothing in it changes
later. All methods may be called from any thread; the lock is never held while calling out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from specwidget.annotations.base import RuledRows, names_in, refuse_overlap
from specwidget.annotations.checks import check_labels
from specwidget.annotations.columns import Columns
from specwidget.annotations.delta import Change, Delta, Source, State
from specwidget.annotations.editing import plan_ops
from specwidget.annotations.frames import plan_frame, to_rows
from specwidget.annotations.operations import Add, Remove, Update, op_from_json
from specwidget.annotations.planning import Rules
from specwidget.annotations.problems import quoted
from specwidget.annotations.revising import Plan, plan_revision
from specwidget.annotations.times import utc_now
from specwidget.annotations.wording import describe

__all__ = ["AnnotationTable"]


class AnnotationTable(RuledRows):
    """The ordered set of annotations of one recording, with its history.

    It is made as `RuledRows` is.

    Notes
    -----
    A row is, in Python as in JSON, a plain dict from column to value: ``None`` for NA and NaN,
    seconds and hertz as numbers, the times of creation and change in ISO 8601. A row keeps its
    place; a new one comes last.
    """

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
        names = quoted(rows.ids)
        check_labels(rows, self._labels, names)
        self._tiers.check(rows, names)
        if self._overlap != "allow":
            refuse_overlap(state, ids)
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
                    self._locked.check(rows, quoted(rows.ids))
        for rows in (rows for delta in deltas for rows in (delta.added, delta.after)):
            self._labels = self._labels.with_labels(
                name for name in names_in(rows, "label") if name
            )
            self._tiers = self._tiers.with_tiers(names_in(rows, "tier"))
        self._state = state
        self._revision += 1


def _rows(state: State, ids: Sequence[str]) -> Columns:
    """Give those of some rows that are there."""
    places = state.places.find(ids)
    return state.columns.take(places[places >= 0])


def _listed(ids: Iterable[str]) -> list[str]:
    return [ids] if isinstance(ids, str) else list(ids)
