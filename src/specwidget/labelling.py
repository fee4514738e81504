"""What can be done with the annotations of a widget, from Python and by its views.

Invariant: annotations change only through `AnnotationTable`, under one lock together with the
message that tells of the change, so that views hear of changes in the order of their revisions;
callbacks run after the lock is free.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd
import traitlets
from ipywidgets import CallbackDispatcher

from specwidget import settings
from specwidget._check import check_int
from specwidget.annotations import (
    POLICIES,
    AnnotationTable,
    Change,
    LabelSet,
    Locked,
    Tiers,
    to_rows,
)
from specwidget.errors import AnnotationError
from specwidget.keymap import Keymap
from specwidget.routing import Router

__all__ = ["Labelling"]


class Labelling(traitlets.HasTraits):
    """The part of a widget that keeps its annotations."""

    revision = traitlets.Int(0, help="Grows with every change of annotations.").tag(sync=True)
    overlap = settings.Choice(POLICIES, "allow", help="Whether annotations may overlap.").tag(
        sync=True
    )
    tiers = settings.Names(help="Lanes, in the order in which they are shown.").tag(sync=True)
    hidden_labels = settings.Names(blank=True, help="Labels that are not shown.").tag(sync=True)
    hidden_tiers = settings.Names(blank=True, help="Lanes that are not shown.").tag(sync=True)
    locked_labels = settings.Names(blank=True, help="Labels that only Python changes.").tag(
        sync=True
    )
    locked_tiers = settings.Names(blank=True, help="Lanes that only Python changes.").tag(sync=True)
    min_score = settings.OptionalNumber(help="Lower scores are not shown.").tag(sync=True)
    keymap = Keymap(help="Keys that differ from the default.").tag(sync=True)

    _labels: Any = traitlets.List().tag(sync=True)
    _open_labels = traitlets.Bool().tag(sync=True)

    _table: AnnotationTable
    _router: Router
    _publishing: threading.RLock
    _listeners: CallbackDispatcher

    @property
    def annotations(self) -> pd.DataFrame:
        """The annotations as a fresh DataFrame, one row each; seconds and hertz.

        Assigning a DataFrame replaces the rows: rows are matched by ``id``, so that a small change
        stays one, and one undo takes it back. Columns of your own are kept and travel along. What
        makes no sense raises `AnnotationError`, and nothing is changed.
        """
        return self._table.to_dataframe()

    @annotations.setter
    def annotations(self, rows: object) -> None:
        if rows is None:
            raise AnnotationError(
                "annotations=None is no table; to remove all, assign w.annotations.iloc[:0]"
            )
        frame = to_rows(rows)
        self._change(lambda: self._table.replace(frame))

    def add(
        self,
        start: float | None = None,
        end: float | None = None,
        label: str = "",
        **columns: Any,
    ) -> str:
        """Add one annotation.

        Parameters
        ----------
        start, end : float, optional
            Seconds. Equal for a point; both left out for a label of the whole recording.
        label : str
            Its label; "" for none yet.
        **columns
            Other columns: ``low_freq`` and ``high_freq`` in Hz make it a box; ``score``, ``note``,
            ``channel``, ``status`` and so on, and columns of your own.

        Returns
        -------
        str
            The id of the new row.

        Raises
        ------
        AnnotationError
            The annotation makes no sense; nothing was changed.

        Examples
        --------
        >>> import numpy as np
        >>> from specwidget import SpecWidget
        >>> w = SpecWidget(np.zeros(16000), sr=8000)
        >>> song = w.add(start=0.5, end=1.5, label="song", low_freq=1000, high_freq=3000)
        >>> w.annotations.set_index("id").loc[song, "high_freq"]
        np.float64(3000.0)
        """
        if start is not None and end is None:
            end = start
        change = self._change(
            lambda: self._table.add_row(start=start, end=end, label=label, **columns)
        )
        return change.ids[0]

    def update(self, id: str, **columns: Any) -> None:
        """Change some columns of one annotation.

        Raises
        ------
        AnnotationError
            There is no such row, or the row that would result makes no sense.
        """
        self._change(lambda: self._table.update_row(id, **columns))

    def remove(self, ids: str | Iterable[str]) -> None:
        """Remove one annotation, or several.

        Raises
        ------
        AnnotationError
            There is no such row; nothing was removed.
        """
        wanted = [ids] if isinstance(ids, str) else list(ids)
        self._change(lambda: self._table.remove_rows(wanted))

    def undo(self, steps: int = 1) -> None:
        """Take back the last change of the annotations, or the last few, whoever made them.

        Raises
        ------
        AnnotationError
            There are not so many, or what would come back makes no sense any more: a label that
            the set has no longer, or rows that overlap and may not.
        """
        steps = check_int("steps", steps, 1)
        self._change(lambda: self._table.undo(steps))

    def redo(self, steps: int = 1) -> None:
        """Make the last undone change again, or the last few.

        Raises
        ------
        AnnotationError
            There are not so many, or what would come back makes no sense any more.
        """
        steps = check_int("steps", steps, 1)
        self._change(lambda: self._table.redo(steps))

    def goto(self, step: int) -> None:
        """Go to what there was after a step of the `history`; 0 is the beginning.

        Raises
        ------
        AnnotationError
            There is no such step, or what would come back makes no sense any more.
        """
        step = check_int("step", step, 0)
        self._change(lambda: self._table.goto(step))

    @property
    def history(self) -> pd.DataFrame:
        """All that was done to the annotations, from mouse, keys and Python, one row a step.

        ``step`` counts from 1, ``text`` says what was done, ``source`` where ("widget" or
        "python"), ``time`` when, ``rows`` to how many; what is ``undone`` can be done again.

        Examples
        --------
        >>> import numpy as np
        >>> from specwidget import SpecWidget
        >>> w = SpecWidget(np.zeros(16000), sr=8000)
        >>> song = w.add(start=0.5, end=1.5, label="song")
        >>> w.update(song, end=1.6)
        >>> w.undo()
        >>> w.history[["step", "text", "undone"]]
           step         text  undone
        0     1     add song   False
        1     2  resize song    True
        """
        return self._table.history()

    def on_annotations_change(
        self, callback: Callable[[Change], object], *, remove: bool = False
    ) -> None:
        """Call ``callback(change)`` after every change, from the mouse or from Python.

        Parameters
        ----------
        callback : callable
            Gets a `Change` with ``revision``, ``ops`` and ``inverse``. An exception in it is
            logged, and hinders nobody else. The trait ``revision`` can be observed as well.
        remove : bool
            Take the callback out again.
        """
        self._listeners.register_callback(callback, remove=remove)

    @property
    def labels(self) -> LabelSet:
        """The label set; assign names, a dict, or another set to change it.

        Raises
        ------
        AnnotationError
            Annotations carry a label that the new set has not.
        """
        return self._table.labels

    @labels.setter
    def labels(self, labels: object) -> None:
        self._table.labels = LabelSet.parse(labels, open=self._table.labels.open)
        self._show_labels()

    @property
    def table(self) -> AnnotationTable:
        """The table behind `annotations`."""
        return self._table

    def edit(self, ops: Iterable[object], edit_id: str) -> Change:
        """Apply operations that a person made in a view, and tell all views."""
        return self._change(lambda: self._table.apply(ops, source="widget"), edit_id)

    def step(self, action: str, edit_id: str, step: int | None = None) -> Change:
        """Undo, redo or go to a step as a person asked in a view, and tell all views."""
        table = self._table
        if step is not None:
            return self._change(lambda: table.goto(step, source="widget"), edit_id)
        go = table.undo if action == "undo" else table.redo
        return self._change(lambda: go(source="widget"), edit_id)

    def _change(self, make: Callable[[], Change], edit_id: str | None = None) -> Change:
        with self._publishing:
            labels, tiers = self._table.labels, self._table.tiers
            change = make()
            if self._table.labels != labels:
                self._show_labels()
            if self._table.tiers != tiers:
                self.tiers = list(self._table.tiers.names)
            if change or edit_id is not None:
                self._router.send_change(change, edit_id)
        if change:
            self.revision = self._table.revision
            self._listeners(change)
        return change

    def _show_labels(self) -> None:
        self._labels = self._table.labels.to_json()

    @traitlets.validate("overlap")
    def _overlap_in_force(self, proposal: dict[str, Any]) -> Any:
        self._table.overlap = proposal["value"]
        return proposal["value"]

    @traitlets.validate("tiers")
    def _tiers_in_force(self, proposal: dict[str, Any]) -> list[str]:
        with self._publishing:
            self._table.tiers = Tiers(tuple(proposal["value"]), self._table.tiers.open)
            return list(self._table.tiers.names)

    @traitlets.observe("locked_labels", "locked_tiers")
    def _locks_changed(self, change: dict[str, Any]) -> None:
        self._table.locked = Locked(frozenset(self.locked_labels), frozenset(self.locked_tiers))
