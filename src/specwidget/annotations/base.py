"""What a table of annotations holds, and the rules that its rows keep to.

Invariant: the rows are of one revision, and keep to the rules: a rule that they would break is
refused. What is given out can be kept: nothing in it changes later. Nothing here changes a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd

from specwidget.annotations.checks import Bounds, check_labels
from specwidget.annotations.columns import Columns
from specwidget.annotations.delta import State
from specwidget.annotations.frames import frame_of
from specwidget.annotations.history import History
from specwidget.annotations.kinds import declared_dtypes, kinds_json
from specwidget.annotations.labels import LabelSet
from specwidget.annotations.overlap import Policy, part
from specwidget.annotations.problems import quoted, show
from specwidget.annotations.revising import places_of
from specwidget.annotations.tiers import Locked, Tiers
from specwidget.errors import AnnotationError

__all__ = ["RuledRows", "names_in", "refuse_overlap"]


class RuledRows:
    """The rows of one recording, the rules for them, and what was done to them.

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
            check_labels(columns, labels, quoted(columns.ids))
            self._labels = labels.with_labels(names_in(columns, "label"))

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
            tiers.check(columns, quoted(columns.ids))
            self._tiers = tiers.with_tiers(names_in(columns, "tier"))

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
                refuse_overlap(self._state, self._state.columns.ids)
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

    def rows(self, ids: str | Iterable[str] | None = None) -> list[dict[str, Any]]:
        """Give all rows in order, or those named, in the order in which they are.

        Raises
        ------
        AnnotationError
            If there is no such row.
        """
        state = self._state
        rows = state.columns if ids is None else state.columns.take(places_of(state, ids))
        return rows.rows_json()

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


def refuse_overlap(state: State, ids: Sequence[str]) -> None:
    """Refuse a state in which rows lie over others."""
    places = state.places.find(ids)
    places = places[places >= 0]
    is_resting = np.ones(len(state.columns), dtype=np.bool_)
    is_resting[places] = False
    rows = state.columns.take(places)
    edges = np.zeros(len(rows), dtype=np.int8)
    part(state.columns, is_resting, rows, edges, "forbid", quoted(rows.ids))


def names_in(rows: Columns, column: str) -> list[str]:
    """Give the different texts of a column, if it is there; not "", which is none."""
    texts = rows[column].tolist() if column in rows.arrays else []
    return [text for text in dict.fromkeys(texts) if text]
