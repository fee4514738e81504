"""Many values as few columns: the least, the largest and the mean in each.

Invariant: what is no number is nothing: a column of nothing else is NaN. A column between two
values lies on the straight line that joins them, unless one of them is NaN: so gaps stay gaps,
and a series is drawn by joining the columns, from whatever distance it is seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Listed", "Summary", "TimeAxis", "Uniform", "columns_of"]

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_BLOCK = 256
_AT_A_TIME = 1 << 20


class TimeAxis(Protocol):
    """When values are: ascending times, in seconds."""

    def before(self, times: NDArray[np.float64]) -> Ints:
        """Return how many values lie before each of some times [shape as `times`]."""

    def times(self, places: Ints) -> NDArray[np.float64]:
        """Return the times of values."""


@dataclass(frozen=True)
class Uniform:
    """Evenly spaced times: value i is at ``first + i * step`` seconds.

    Examples
    --------
    >>> Uniform(0.0, 0.5, 10).before(np.array([0.0, 0.5, 0.6, 99.0]))
    array([ 0,  1,  2, 10])
    """

    first: float
    step: float
    n: int

    def before(self, times: NDArray[np.float64]) -> Ints:
        """Return how many values lie before each of some times."""
        # A time that was computed from a value's number still finds that value.
        places = np.ceil((times - self.first) / self.step - 1e-9)
        return np.clip(places, 0, self.n).astype(np.int64)

    def times(self, places: Ints) -> NDArray[np.float64]:
        """Return the times of values."""
        return np.asarray(self.first + self.step * places, np.float64)


@dataclass(frozen=True, eq=False)
class Listed:
    """Any ascending times [shape=(n,)]."""

    at: NDArray[np.float64]

    def before(self, times: NDArray[np.float64]) -> Ints:
        """Return how many values lie before each of some times."""
        return np.searchsorted(self.at, times).astype(np.int64)

    def times(self, places: Ints) -> NDArray[np.float64]:
        """Return the times of values."""
        return self.at[places]


@dataclass(frozen=True, eq=False)
class _Totals:
    """Of some stretches: least and largest value, their sum and number [shape=(n,) each]."""

    low: Floats
    high: Floats
    total: NDArray[np.float64]
    count: Ints

    def over(self, cuts: Ints) -> _Totals:
        """Return the totals of the stretches ``[cuts[i], cuts[i + 1])``; empty ones have none."""
        n = len(cuts) - 1
        full = np.diff(cuts) > 0
        out = _Totals(
            np.full(n, np.nan, np.float32),
            np.full(n, np.nan, np.float32),
            np.zeros(n),
            np.zeros(n, np.int64),
        )
        if full.any():
            at = cuts[:-1][full] - cuts[0]
            part = slice(cuts[0], cuts[-1])
            out.low[full] = np.fmin.reduceat(self.low[part], at)
            out.high[full] = np.fmax.reduceat(self.high[part], at)
            out.total[full] = np.add.reduceat(self.total[part], at)
            out.count[full] = np.add.reduceat(self.count[part], at)
        return out

    def taken(self, starts: Ints, stops: Ints) -> _Totals:
        """Return the totals of the stretches ``[starts[i], stops[i])``, in any places."""
        places = _spread(starts, stops)
        some = _Totals(self.low[places], self.high[places], self.total[places], self.count[places])
        return some.over(np.concatenate([[0], np.cumsum(stops - starts)]))


def _of_values(values: Floats) -> _Totals:
    number = ~np.isnan(values)
    return _Totals(
        values, values, np.where(number, values, 0.0).astype(np.float64), number.astype(np.int64)
    )


class Summary:
    """Values that are summed up by columns.

    Parameters
    ----------
    values : np.ndarray, float32 [shape=(n,)]
        NaN where there is nothing.
    lasting : bool
        Whether it is asked more than once: then what every few values come to is kept, at the first
        time that many of them are wanted.
    """

    def __init__(self, values: Floats, *, lasting: bool = True) -> None:
        self._values = values
        self._lasting = lasting

    @cached_property
    def _blocks(self) -> _Totals:
        n = len(self._values)
        return self._totals(np.append(np.arange(0, n, _BLOCK), n))

    def _totals(self, cuts: Ints) -> _Totals:
        """Return totals of stretches that follow each other, some of them at a time."""
        parts = []
        first = 0
        while first < len(cuts) - 1:
            # Sums take more memory than the values do.
            last = int(np.searchsorted(cuts, cuts[first] + _AT_A_TIME, "right")) - 1
            some = cuts[first : max(last, first + 1) + 1]
            parts.append(_of_values(self._values[some[0] : some[-1]]).over(some - some[0]))
            first = max(last, first + 1)
        return _Totals(
            *(
                np.concatenate([getattr(part, name) for part in parts])
                for name in ("low", "high", "total", "count")
            )
        )

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, places: Ints) -> Floats:
        return self._values[places]

    def over(self, cuts: Ints) -> NDArray[np.float32]:
        """Return minimum, maximum and mean of ``[cuts[i], cuts[i + 1])`` [shape=(3, n)]."""
        if not self._lasting or cuts[-1] - cuts[0] < 8 * _BLOCK * (len(cuts) - 1):
            return _packed(self._totals(cuts))
        first = -(-cuts[:-1] // _BLOCK)
        last = np.maximum(first, cuts[1:] // _BLOCK)
        whole = self._blocks.taken(first, last)
        # What of a column lies in blocks that are not all its own: at its two ends.
        starts = np.stack([cuts[:-1], np.minimum(last * _BLOCK, cuts[1:])], axis=1)
        stops = np.stack([np.minimum(first * _BLOCK, cuts[1:]), cuts[1:]], axis=1)
        starts, stops = starts.ravel(), np.maximum(starts, stops).ravel()
        places = _spread(starts, stops)
        cut = np.concatenate([[0], np.cumsum(stops - starts)])
        ends = _of_values(self._values[places]).over(cut)
        return _packed(
            _Totals(
                np.fmin(whole.low, np.fmin(ends.low[::2], ends.low[1::2])),
                np.fmax(whole.high, np.fmax(ends.high[::2], ends.high[1::2])),
                whole.total + ends.total[::2] + ends.total[1::2],
                whole.count + ends.count[::2] + ends.count[1::2],
            )
        )


def _spread(starts: Ints, stops: Ints) -> Ints:
    """Return all the places of the stretches ``[starts[i], stops[i])``, one after the other."""
    lengths = stops - starts
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(starts - (ends - lengths), lengths) + np.arange(total)


def _packed(totals: _Totals) -> NDArray[np.float32]:
    mean = np.full(len(totals.count), np.nan, np.float32)
    np.divide(totals.total, totals.count, out=mean, where=totals.count > 0, casting="unsafe")
    return np.stack([totals.low, totals.high, mean])


def columns_of(
    summary: Summary, axis: TimeAxis, start: float, end: float, n: int
) -> NDArray[np.float32]:
    """Return a series as `n` columns of equal width between two times [shape=(3, n)].

    Column i holds the values at times ``[start + i * w, start + (i + 1) * w)``: their minimum,
    maximum and mean.

    Examples
    --------
    >>> values = np.array([1, 3, np.nan, 5, 4], np.float32)
    >>> columns_of(Summary(values), Uniform(0.0, 1.0, 5), 0.0, 6.0, 3)
    array([[1., 5., 4.],
           [3., 5., 4.],
           [2., 5., 4.]], dtype=float32)
    """
    edges = np.linspace(start, end, n + 1)
    cuts = axis.before(edges)
    out = summary.over(cuts)
    between = np.flatnonzero((cuts[1:] == cuts[:-1]) & (cuts[1:] > 0) & (cuts[1:] < len(summary)))
    if len(between):
        right = cuts[1:][between]
        left = right - 1
        t0, t1 = axis.times(left), axis.times(right)
        middle = (edges[:-1] + edges[1:])[between] / 2.0
        share = np.divide(middle - t0, t1 - t0, out=np.zeros(len(middle)), where=t1 > t0)
        line = summary[left] * (1.0 - share) + summary[right] * share
        out[:, between] = line.astype(np.float32)
    return out
