"""What a person does with annotations that are there, from Python.

Invariant: each method is one step of the history, for one annotation or 100,000, and changes
nothing if it makes no sense for any of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Literal, cast

from specwidget import settings
from specwidget._check import check_number, shown
from specwidget.annotations import Change
from specwidget.annotations.cutting import duplicate, merge, split
from specwidget.annotations.geometry import GEOMETRY_KINDS, GeometryKind
from specwidget.annotations.operations import Add
from specwidget.annotations.revising import Plan
from specwidget.annotations.shaping import (
    EDGES,
    Edge,
    convert,
    mark,
    move_boundary,
    nudge,
    relabel,
    rename,
)
from specwidget.annotations.tsv import read_tsv, shifted, write_tsv
from specwidget.errors import AnnotationError, ParameterError, ParameterTypeError
from specwidget.labelling import Labelling

__all__ = ["Handling"]

_Ids = str | Iterable[str]


class Handling(Labelling):
    """The part of a widget that cuts, joins, moves and judges its annotations."""

    def _revise(self, ids: _Ids | None, plan: Plan) -> Change:
        wanted = ids if ids is None or isinstance(ids, str) else _listed(ids)
        return self._change(lambda: self._table.revise(plan, wanted))

    def relabel(self, which: _Ids | Mapping[str, str], label: str | None = None) -> None:
        """Give annotations another label.

        Parameters
        ----------
        which : str, iterable of str, or Mapping
            Ids; or the labels that there are and those that shall stand for them.
        label : str, optional
            The label, where ids are given.

        Raises
        ------
        AnnotationError
            There is no such annotation, or the set has no such label.

        Examples
        --------
        >>> import numpy as np
        >>> from specwidget import SpecWidget
        >>> w = SpecWidget(np.zeros(16000), sr=8000)
        >>> a, b = w.add(0.1, 0.2, "sogn"), w.add(0.5, 0.6, "sogn")
        >>> w.relabel(a, "call")
        >>> w.relabel({"sogn": "song"})
        >>> list(w.annotations["label"])
        ['call', 'song']
        """
        if isinstance(which, Mapping):
            if label is not None:
                raise ParameterError(f"label={shown(label)} is one too many; the mapping has them")
            self._revise(None, partial(rename, names=which))
            return
        if label is None:
            raise ParameterError("label=None is no label; give one, or '' for none")
        self._revise(which, partial(relabel, label=label))

    def split(self, ids: _Ids, time: float) -> list[str]:
        """Cut annotations in two at a time inside each of them.

        The first part keeps the id and the note; all else stands in both.

        Parameters
        ----------
        ids : str or iterable of str
        time : float
            Seconds.

        Returns
        -------
        list of str
            Ids of the second parts.

        Raises
        ------
        AnnotationError
            The time does not lie inside one of them.

        Examples
        --------
        >>> import numpy as np
        >>> from specwidget import SpecWidget
        >>> w = SpecWidget(np.zeros(16000), sr=8000)
        >>> _ = w.split(w.add(0.5, 1.5, "song"), 1.0)
        >>> w.annotations[["start", "end", "label"]]
           start  end label
        0    0.5  1.0  song
        1    1.0  1.5  song
        """
        time = check_number("time", time)
        return self._revise(ids, partial(split, time=time)).added_ids

    def merge(self, ids: Iterable[str]) -> str:
        """Make one annotation of several of a tier.

        The one that begins first stays, with its label; it becomes as long as all of them, and as
        high: where one has the full band, so has it. Its score is the lowest of theirs, its note
        all of theirs, and its channel theirs, or all channels where they have several.

        Parameters
        ----------
        ids : iterable of str
            Two or more.

        Returns
        -------
        str
            The id of the one that stays.

        Raises
        ------
        AnnotationError
            They are fewer than two, lie in several tiers, or one labels the whole recording.

        Examples
        --------
        >>> import numpy as np
        >>> from specwidget import SpecWidget
        >>> w = SpecWidget(np.zeros(16000), sr=8000)
        >>> _ = w.merge([w.add(0.5, 0.9, "song"), w.add(0.8, 1.5, "call")])
        >>> w.annotations[["start", "end", "label"]]
           start  end label
        0    0.5  1.5  song
        """
        wanted = _listed(ids)
        if len(set(wanted)) < 2:
            raise AnnotationError(
                f"there is nothing to merge in {shown(wanted)}; name two annotations or more"
            )
        self._revise(wanted, merge)
        return next(id for id in wanted if id in self._table)

    def duplicate(self, ids: _Ids, *, by: float = 0.0, **columns: Any) -> list[str]:
        """Copy annotations.

        Parameters
        ----------
        ids : str or iterable of str
        by : float
            Seconds by which the copies stand later; as far as all of them stay inside the
            recording.
        **columns
            What the copies have instead, such as ``tier="second opinion"``.

        Returns
        -------
        list of str
            Ids of the copies.

        Raises
        ------
        AnnotationError
            There is no such annotation, or a copy would lie where it may not.

        Examples
        --------
        >>> import numpy as np
        >>> from specwidget import SpecWidget
        >>> w = SpecWidget(np.zeros(16000), sr=8000)
        >>> _ = w.duplicate(w.add(0.5, 0.9, "song"), by=0.5)
        >>> w.annotations[["start", "end", "label"]]
           start  end label
        0    0.5  0.9  song
        1    1.0  1.4  song
        """
        by = check_number("by", by)
        return self._revise(ids, partial(duplicate, by=by, cells=columns)).added_ids

    def nudge(
        self, ids: _Ids, by: float = 0.0, *, freq: float = 0.0, edge: Edge | None = None
    ) -> None:
        """Move annotations, together, as far as all of them stay inside the recording.

        Parameters
        ----------
        ids : str or iterable of str
        by : float
            Seconds; less than 0 moves to the left.
        freq : float
            Hertz by which their bands move.
        edge : "start" or "end", optional
            Move this edge alone; not past the other one. Points move as a whole.

        Raises
        ------
        AnnotationError
            They all label the whole recording, or none has a band to move.

        Examples
        --------
        >>> import numpy as np
        >>> from specwidget import SpecWidget
        >>> w = SpecWidget(np.zeros(16000), sr=8000)
        >>> song = w.add(0.5, 1.0, "song")
        >>> w.nudge(song, 0.25)
        >>> w.nudge(song, 10, edge="end")
        >>> w.annotations[["start", "end"]]
           start  end
        0   0.75  2.0
        """
        by, freq = check_number("by", by), check_number("freq", freq)
        if edge is not None:
            settings.chosen("edge", edge, EDGES)
        self._revise(ids, partial(nudge, by=by, freq=freq, edge=edge))

    def convert(
        self,
        ids: _Ids,
        kind: GeometryKind,
        *,
        width: float = 0.1,
        band: tuple[float, float] | None = None,
        at: Literal["start", "centre", "end"] = "start",
    ) -> None:
        """Make annotations of another kind of them.

        Parameters
        ----------
        ids : str or iterable of str
        kind : "interval", "point", "box" or "recording"
            Intervals, points and labels of the recording have no band afterwards.
        width : float
            Seconds that a point lasts which becomes an interval or a box.
        band : (float, float), optional
            Hertz of what has no band and becomes a box; the full band by default.
        at : "start", "centre" or "end"
            Where the point is that something becomes.

        Raises
        ------
        AnnotationError
            There is no such annotation, or the band is not of this recording.

        Examples
        --------
        >>> import numpy as np
        >>> from specwidget import SpecWidget
        >>> w = SpecWidget(np.zeros(16000), sr=8000)
        >>> song = w.add(0.5, 1.0, "song")
        >>> w.convert(song, "box", band=(1000, 3000))
        >>> w.annotations[["start", "end", "low_freq", "high_freq"]]
           start  end  low_freq  high_freq
        0    0.5  1.0    1000.0     3000.0
        """
        settings.chosen("kind", kind, GEOMETRY_KINDS)
        settings.chosen("at", at, ("start", "centre", "end"))
        width = check_number("width", width, 0.0, unit="s")
        nyquist = self._table.nyquist
        low, high = settings.span_of("band", (0.0, nyquist) if band is None else band)
        plan = partial(convert, kind=kind, width=width, band=(low, high), at=at)
        self._revise(ids, plan)

    def move_boundary(self, time: float, ids: _Ids | None = None) -> None:
        """Move the boundary nearest to a time there.

        Where annotations of one tier touch at this boundary, it is one, and moves for all of them.

        Parameters
        ----------
        time : float
            Seconds.
        ids : str or iterable of str, optional
            Whose boundaries; those of all annotations by default.

        Raises
        ------
        AnnotationError
            There is no boundary, or the time lies outside the recording.

        Examples
        --------
        >>> import numpy as np
        >>> from specwidget import SpecWidget
        >>> w = SpecWidget(np.zeros(16000), sr=8000)
        >>> _ = w.add(0.0, 1.0, "song"), w.add(1.0, 2.0, "call")
        >>> w.move_boundary(1.25)
        >>> w.annotations[["start", "end"]]
           start   end
        0   0.00  1.25
        1   1.25  2.00
        """
        self._revise(ids, partial(move_boundary, time=check_number("time", time)))

    def accept(
        self,
        ids: _Ids | None = None,
        *,
        min_score: float | None = None,
        max_score: float | None = None,
    ) -> None:
        """Accept annotations: those named, or drafts by their scores.

        Parameters
        ----------
        ids : str or iterable of str, optional
        min_score, max_score : float, optional
            Of the drafts among them, or among all: those with a score of at least ``min_score``,
            and below ``max_score``.

        Raises
        ------
        ParameterError
            Nothing is said of which.

        Examples
        --------
        >>> import numpy as np
        >>> from specwidget import SpecWidget
        >>> w = SpecWidget(np.zeros(16000), sr=8000)
        >>> w.annotations = [(0.1, 0.2, "song", 0.9), (0.5, 0.6, "song", 0.3)]
        >>> w.accept(min_score=0.8)
        >>> w.reject(max_score=0.5)
        >>> list(w.annotations["status"])
        ['accepted', 'rejected']
        """
        self._mark("accepted", ids, min_score, max_score)

    def reject(
        self,
        ids: _Ids | None = None,
        *,
        min_score: float | None = None,
        max_score: float | None = None,
    ) -> None:
        """Reject annotations: those named, or drafts by their scores, as `accept` does."""
        self._mark("rejected", ids, min_score, max_score)

    def copy(self, ids: _Ids | None = None) -> str:
        r"""Write annotations as a table that a spreadsheet understands, and `paste` too.

        Parameters
        ----------
        ids : str or iterable of str, optional
            All annotations by default.

        Returns
        -------
        str
            Tab-separated text with a line of names: start, end, label, low_freq, high_freq, tier,
            channel, score, source, status, annotator, note, and columns of your own. A text that a
            spreadsheet would take for a formula has an apostrophe in front.

        Raises
        ------
        AnnotationError
            There is no such annotation.

        Examples
        --------
        >>> import numpy as np
        >>> from specwidget import SpecWidget
        >>> w = SpecWidget(np.zeros(16000), sr=8000)
        >>> song = w.add(0.5, 1.0, "song")
        >>> w.copy(song).splitlines()[1].split("\t")[:3]
        ['0.5', '1', 'song']
        """
        return write_tsv(self._table.rows(ids), self._table.extras)

    def paste(self, text: str, at: float | None = None) -> list[str]:
        r"""Add annotations from a table, such as `copy` writes or a spreadsheet gives.

        Parameters
        ----------
        text : str
            Lines of cells, parted by tabs, semicolons or commas. The first line names the columns,
            in any order; without such a line they are start, end, label, low_freq, high_freq and
            so on, as in Audacity's label tracks. Decimal commas are understood; columns of other
            names are passed over.
        at : float, optional
            Seconds at which the first of them shall start; where the table has it by default.

        Returns
        -------
        list of str
            Ids of the new annotations.

        Raises
        ------
        AnnotationError
            The text is no such table, or its rows make no sense; nothing was added.

        Examples
        --------
        >>> import numpy as np
        >>> from specwidget import SpecWidget
        >>> w = SpecWidget(np.zeros(16000), sr=8000)
        >>> _ = w.paste("label;start;end\nsong;0,25;0,5\n", at=1.0)
        >>> w.annotations[["start", "end", "label"]]
           start   end label
        0    1.0  1.25  song
        """
        if not isinstance(text, str):
            raise ParameterTypeError(f"text={shown(text)} is no text; give a str")
        rows = read_tsv(text, self._table.extras)
        if at is not None:
            rows = shifted(rows, check_number("at", at))
        return self._change(lambda: self._table.apply(map(Add, rows))).added_ids

    def _mark(self, status: str, ids: _Ids | None, low: float | None, high: float | None) -> None:
        if ids is None and low is None and high is None:
            raise ParameterError(
                "ids=None, and no min_score or max_score, says nothing; to take all, give "
                "w.annotations['id']"
            )
        low = None if low is None else check_number("min_score", low)
        high = None if high is None else check_number("max_score", high)
        by_score = low is not None or high is not None
        plan = partial(mark, status=status, low=low, high=high, drafts_only=by_score)
        self._revise(ids, plan)


def _listed(ids: object) -> list[str]:
    if isinstance(ids, str):
        return [ids]
    if not isinstance(ids, Iterable):
        raise ParameterTypeError(
            f"ids={shown(ids)} is no list of ids; give ids of annotations, such as "
            "w.annotations['id'][:3]"
        )
    return cast("list[str]", list(ids))
