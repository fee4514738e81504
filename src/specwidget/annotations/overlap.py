"""Annotations that may not lie over one another, and how one is cut back to where there is room.

Two rows collide if they are of one tier, share a channel (NA is all of them), both have a length,
and share more than a nanosecond and, where they have a band, a part of it. Points, labels of the
whole recording and rejected rows collide with nothing. ``js/src/overlap.ts`` is the same rule for
what a person sees while dragging; ``tests/protocol/overlap.json`` holds both to it.

Invariant: rows are judged one after the other. What is not judged stands; a judged row stands from
its turn on, as it was cut. Cutting changes the times of the judged row alone, and only shortens it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from specwidget.annotations.cells import Mask
from specwidget.annotations.collisions import LEAST, collisions, near_rows
from specwidget.annotations.columns import Columns, Places
from specwidget.annotations.problems import Names, refuse, show
from specwidget.errors import AnnotationError

__all__ = ["POLICIES", "Policy", "judged_rows", "kept_edges", "part"]

Policy: TypeAlias = Literal["allow", "forbid", "trim"]
POLICIES: Final[tuple[Policy, ...]] = ("allow", "forbid", "trim")

Span: TypeAlias = tuple[float, float]

_ENOUGH: Final = 100
_MOST_PAIRS: Final = 2**23
_PLACE: Final = ("start", "end", "low_freq", "high_freq", "tier", "channel")
_NEEDED: Final = {"id", "label", "status", *_PLACE}

NEITHER, START, END = 0, 1, 2


def judged_rows(before: Columns, masks: dict[str, Mask]) -> Mask:
    """Say which of the rows that stay have to be judged.

    Parameters
    ----------
    before : Columns
        The rows as they are.
    masks : dict
        For each column that changes anywhere: in which rows.

    Returns
    -------
    ndarray of bool [shape=(n,)]
        Those that get another place, or are rejected no more.
    """
    judged = np.zeros(len(before), dtype=np.bool_)
    for name in _PLACE:
        if name in masks:
            judged |= masks[name]
    if "status" in masks:
        judged |= masks["status"] & (before["status"] == "rejected")
    return judged


def kept_edges(before: Columns, after: Columns) -> npt.NDArray[np.int8]:
    """Say which end of each row stays while the other moves; a cut leaves it where it is."""
    starts, ends = before["start"] == after["start"], before["end"] == after["end"]
    return np.where(starts & ~ends, START, np.where(ends & ~starts, END, NEITHER)).astype(np.int8)


def part(
    resting: Columns,
    is_resting: Mask | None,
    judged: Columns,
    edges: npt.NDArray[np.int8],
    policy: Policy,
    names: Names,
) -> Columns:
    """Judge rows against those that stand, and against one another.

    Parameters
    ----------
    resting : Columns
        Rows that stand, among others.
    is_resting : ndarray of bool, optional
        Which of them stand; all, if left out.
    judged : Columns
        Rows as they would stand, in the order in which they are judged.
    edges : ndarray of int8
        What `kept_edges` says of each.
    policy : {"allow", "forbid", "trim"}
    names : callable
        Words for the judged row at a place.

    Returns
    -------
    Columns
        The judged rows, cut back where the policy says so.

    Raises
    ------
    AnnotationError
        If rows collide that may not, or there is no room for one.
    """
    if policy == "allow" or not len(judged):
        return judged
    near = near_rows(resting, is_resting, judged)
    pool = Columns({name: np.concatenate([resting[name][near], judged[name]]) for name in _NEEDED})
    first = len(near)
    most = _ENOUGH if policy == "forbid" else _MOST_PAIRS
    pairs = collisions(pool, first, most)
    if not len(pairs[0]):
        return judged
    if policy == "forbid":
        _refuse_collisions(pool, first, pairs, names)
    if len(pairs[0]) > most:
        raise AnnotationError(
            f"more than {most} pairs of annotations overlap, which is too many to cut them back; "
            "part them first, or set overlap to 'allow'"
        )
    return _Cutting(pool, first, pairs, edges, names).cut(judged)


# --- what becomes of it --------------------------------------------------------------------------

_WAY_OUT: Final = "give other times, another tier or another channel, or set overlap to 'allow'"


def _refuse_collisions(
    pool: Columns, first: int, pairs: tuple[Places, Places], names: Names
) -> None:
    partner: dict[int, int] = {}
    for one, two in zip(*(places.tolist() for places in pairs), strict=True):
        for row, other in ((one, two), (two, one)):
            if row >= first:
                partner[row] = min(other, partner.get(row, other))
    _refuse("annotations may not overlap here", pool, first, partner, names)


def _refuse(problem: str, pool: Columns, first: int, partner: dict[int, int], names: Names) -> None:
    bad = np.zeros(len(pool) - first, dtype=np.bool_)
    bad[[row - first for row in partner]] = True

    def words(place: int) -> str:
        row, other = place + first, partner[place + first]
        name = show(pool["label"][other]) if pool["label"][other] else "an annotation"
        them = f"{name} at {_times(pool, other)}, id {show(pool['id'][other])}"
        return f"{_times(pool, row)}, over {them}"

    refuse(problem, bad, names, words, _WAY_OUT)


def _times(rows: Columns, place: int) -> str:
    return f"{rows['start'][place]:.6g}-{rows['end'][place]:.6g} s"


@dataclass(frozen=True, slots=True)
class _Cutting:
    """Rows that collide, and what they are cut back to."""

    pool: Columns
    first: int
    pairs: tuple[Places, Places]
    edges: npt.NDArray[np.int8]
    names: Names

    def cut(self, judged: Columns) -> Columns:
        spans: dict[int, Span] = {}
        for row, others in sorted(self._earlier().items()):
            span = self._span(row, {})
            taken = [self._span(other, spans) for other in others]
            free = free_stretches(span, taken)
            if not free:
                problem = "there is no room for it"
                _refuse(problem, self.pool, self.first, {row: others[0]}, self.names)
            spans[row] = chosen(free, span, int(self.edges[row - self.first]))
        start, end = judged["start"].copy(), judged["end"].copy()
        for row, (low, high) in spans.items():
            start[row - self.first], end[row - self.first] = low, high
        return judged.replaced({"start": start, "end": end})

    def _earlier(self) -> dict[int, list[int]]:
        """Give, for each judged row, those it collides with that stand when its turn comes."""
        earlier: defaultdict[int, list[int]] = defaultdict(list)
        for one, two in zip(*(places.tolist() for places in self.pairs), strict=True):
            earlier[max(one, two)].append(min(one, two))
        return earlier

    def _span(self, row: int, spans: dict[int, Span]) -> Span:
        own = float(self.pool["start"][row]), float(self.pool["end"][row])
        return spans.get(row, own)


def free_stretches(span: Span, taken: Sequence[Span]) -> list[Span]:
    """Give what is left of a stretch of time where others are taken, in order."""
    free: list[Span] = []
    at, stop = span
    for start, end in sorted(taken):
        if min(start, stop) - at > LEAST:
            free.append((at, min(start, stop)))
        at = max(at, end)
    if stop - at > LEAST:
        free.append((at, stop))
    return free


def chosen(free: Sequence[Span], span: Span, edge: int) -> Span:
    """Choose where a row stays: at the end that was not moved, or else where most of it is."""
    if edge == START and free[0][0] == span[0]:
        return free[0]
    if edge == END and free[-1][1] == span[1]:
        return free[-1]
    return max(free, key=lambda stretch: stretch[1] - stretch[0])
