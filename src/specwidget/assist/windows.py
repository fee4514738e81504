"""A function of samples, applied to a long sound window by window.

Invariant: what is found in the overlap of two windows comes out once. A window answers for what is
centred nearer to its own middle than to that of its neighbours; what two windows place a little
differently, on either side of that border, is taken from the window in which it lies deeper.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from specwidget.assist.results import Row, rows_of
from specwidget.assist.sound import Sound

__all__ = ["Scan", "Window", "exhausted", "scan_windows", "windows"]

Scan = Generator[float, None, list[Row]]
"""Yields what fraction is done, and returns the rows; closing it ends the work."""

# Times of the same point, found in two windows, differ by no more than this.
_SAME_POINT = 0.05


@dataclass(frozen=True)
class Window:
    """One window of a sound, and what of it the window answers for.

    Attributes
    ----------
    start, stop : int
        Samples.
    own_start, own_stop : float
        Samples; infinite at the ends of the sound.
    """

    start: int
    stop: int
    own_start: float
    own_stop: float


def windows(n_samples: int, size: int, overlap: int) -> list[Window]:
    """Return windows that cover a sound.

    All but the last have `size` samples, and each begins `overlap` samples before the end of the
    one before.

    Examples
    --------
    >>> [(w.start, w.stop, w.own_stop) for w in windows(10, 6, 2)]
    [(0, 6, 5.0), (4, 10, inf)]
    """
    starts = [0]
    while starts[-1] + size < n_samples:
        starts.append(starts[-1] + size - overlap)
    borders = [start + overlap / 2.0 for start in starts[1:]]
    return [
        Window(start, min(start + size, n_samples), left, right)
        for start, left, right in zip(
            starts, [-math.inf, *borders], [*borders, math.inf], strict=True
        )
    ]


def exhausted(scan: Scan) -> list[Row]:
    """Do all the work of a scan at once."""
    while True:
        try:
            next(scan)
        except StopIteration as end:
            rows: list[Row] = end.value
            return rows


def scan_windows(
    f: Callable[[Any, float], object], name: str, sound: Sound, *, window: float, overlap: float
) -> Scan:
    """Apply ``f(y, sr)`` to a sound in windows of so many seconds.

    Parameters
    ----------
    f : callable
        Gets samples [shape=(n,)] and their rate; returns rows, see `rows_of`, or yields them one by
        one.
    name : str
        Its name, for messages.
    sound : Sound
        What to look through.
    window, overlap : float
        Seconds.
    """
    size = max(1, round(window * sound.sr))
    every = windows(sound.n_samples, size, min(size - 1, round(overlap * sound.sr)))
    found: list[list[Row]] = []
    for place, one in enumerate(every):
        yield place / len(every)
        y = sound.read(one.start, one.stop)
        begin, length = sound.start + one.start / sound.sr, (one.stop - one.start) / sound.sr
        result = f(y, sound.sr)
        if isinstance(result, Generator):
            rows = yield from _drawn(result, name, begin, length, place / len(every))
        else:
            rows = rows_of(result, name, begin, length)
        found.append(rows)
    return once(found, every, sound.sr, sound.start)


def _drawn(
    results: Generator[object, None, object], name: str, begin: float, length: float, done: float
) -> Generator[float, None, list[Row]]:
    """Take results as they come; each is a moment to end the work."""
    rows: list[Row] = []
    with closing(results):
        for result in results:
            rows += rows_of([result], name, begin, length, first=len(rows))
            yield done
    return rows


def once(found: list[list[Row]], every: list[Window], sr: float, start: float) -> list[Row]:
    """Return what was found in windows of a sound that begins at `start` s, each thing once.

    Rows are in order of time.
    """
    kept: list[Row] = []
    near: list[_Near] = []
    for place, (rows, window) in enumerate(zip(found, every, strict=True)):
        for row in rows:
            centre = ((row["start"] + row["end"]) / 2.0 - start) * sr
            owned = window.own_start <= centre < window.own_stop
            if owned and not any(_shares(place, every)):
                kept.append(row)
            elif owned or _doubtful(centre, _tolerance(row) * sr, place, every):
                depth = min(centre - window.start, window.stop - centre)
                near.append(_Near(centre / sr, place, row, (not owned, -depth)))
    kept += _without_twins(near)
    return sorted(kept, key=lambda row: (row["start"], row["end"]))


@dataclass(frozen=True)
class _Near:
    """What a neighbouring window may have, too."""

    centre: float
    place: int
    row: Row
    rank: tuple[bool, float]


def _doubtful(centre: float, slack: float, place: int, every: list[Window]) -> bool:
    """Say whether a neighbour that has seen the same may have placed it beyond the border."""
    window = every[place]
    left, right = _shares(place, every)
    return (left and abs(centre - window.own_start) <= slack) or (
        right and abs(centre - window.own_stop) <= slack
    )


def _shares(place: int, every: list[Window]) -> tuple[bool, bool]:
    """Say whether a window overlaps with the one before, and with the one after."""
    window = every[place]
    left = place > 0 and every[place - 1].stop > window.start
    right = place + 1 < len(every) and window.stop > every[place + 1].start
    return left, right


def _without_twins(near: list[_Near]) -> list[Row]:
    """Leave out what another window has too: its owner's stays, or that which lies deeper."""
    chosen: list[_Near] = []
    for item in sorted(near, key=lambda item: (item.rank, item.place)):
        slack = _tolerance(item.row)
        first = bisect_left(chosen, item.centre - slack, key=_by_centre)
        last = bisect_right(chosen, item.centre + slack, key=_by_centre)
        twins = (other for other in chosen[first:last] if other.place != item.place)
        if not any(_alike(item.row, other.row) for other in twins):
            insort(chosen, item, key=_by_centre)
    return [item.row for item in chosen]


def _by_centre(item: _Near) -> float:
    return item.centre


def _tolerance(row: Row) -> float:
    """Return how far apart two windows may find the centre of one thing, in seconds."""
    return max(_SAME_POINT, float(row["end"] - row["start"]) / 4.0)


def _alike(row: Row, other: Row) -> bool:
    """Say whether two rows that are near in time have one label and share frequencies."""
    if row.get("label") != other.get("label"):
        return False
    (low, high), (other_low, other_high) = _band(row), _band(other)
    return low < other_high and other_low < high


def _band(row: Row) -> tuple[float, float]:
    low, high = row.get("low_freq"), row.get("high_freq")
    return -math.inf if low is None else low, math.inf if high is None else high
