"""Whether rows make sense: in themselves, and for this recording and its labels.

Invariant: rows are checked as they would stand after a change, never a change by itself. What is a
rounding error beyond a bound is put on the bound; all else that makes no sense is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from specwidget.annotations.cells import Mask
from specwidget.annotations.columns import Columns
from specwidget.annotations.labels import LabelSet
from specwidget.annotations.problems import Names, refuse, show
from specwidget.annotations.schema import Array

__all__ = ["Bounds", "check_labels", "check_rows"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a recording has room for.

    Parameters
    ----------
    recording : str
        The recording's key.
    duration : float
        Seconds.
    n_channels : int
    nyquist : float
        Hertz; half the sampling rate.
    """

    recording: str
    duration: float
    n_channels: int
    nyquist: float

    @property
    def half_sample(self) -> float:
        """Seconds by which a time may miss a bound."""
        return 0.25 / self.nyquist

    @property
    def hertz_tolerance(self) -> float:
        """Hertz by which a frequency may miss a bound."""
        return min(0.5, 1e-3 * self.nyquist)


def check_rows(rows: Columns, bounds: Bounds, labels: LabelSet, names: Names) -> Columns:
    """Check rows, and put on the bounds what misses them by a rounding error.

    Parameters
    ----------
    rows : Columns
        As they would stand.
    bounds : Bounds
    labels : LabelSet
    names : callable
        Words for the row at a place.

    Returns
    -------
    Columns

    Raises
    ------
    AnnotationError
        The message names rows and values.
    """
    if not len(rows):
        return rows
    checker = _Checker(rows, bounds, names)
    times = checker.times()
    freqs = checker.frequencies()
    checker.rest()
    check_labels(rows, labels, names)
    return rows.replaced({**times, **freqs})


def check_labels(rows: Columns, labels: LabelSet, names: Names) -> None:
    """Check that the labels are of the set, which an open set lets all be."""
    if labels.open:
        return
    known = {"", *labels.names}
    texts: list[str] = rows["label"].tolist()
    if set(texts) <= known:
        return
    unknown = np.fromiter((text not in known for text in texts), np.bool_, len(texts))
    first = [show(name) for name in labels.names[:8]] + ["..."] * (len(labels) > 8)
    refuse(
        "label is not in the set",
        unknown,
        names,
        lambda place: f"label={show(texts[place])}",
        f"give one of {', '.join(first) or 'none'}, or pass allow_new_labels=True",
    )


class _Checker:
    """The checks of the numbers; each refuses, or gives arrays that are within bounds."""

    def __init__(self, rows: Columns, bounds: Bounds, names: Names) -> None:
        self.rows = rows
        self.bounds = bounds
        self.names = names

    def _refuse(self, problem: str, bad: Mask, columns: str, way_out: str) -> None:
        if bad.any():
            self._say(problem, bad, columns.split(), way_out)

    def _say(self, problem: str, bad: Mask, columns: list[str], way_out: str) -> NoReturn:
        def values(place: int) -> str:
            return ", ".join(f"{name}={show(self.rows[name][place])}" for name in columns)

        refuse(problem, bad, self.names, values, way_out)

    def times(self) -> dict[str, Array]:
        start, end = self.rows["start"], self.rows["end"]
        slack, duration = self.bounds.half_sample, self.bounds.duration
        both = "start end"
        way = "give both, or neither to label the whole recording"
        self._refuse(
            "only one of start and end is there", np.isnan(start) ^ np.isnan(end), both, way
        )
        infinite = np.isinf(start) | np.isinf(end)
        self._refuse("a time is infinite", infinite, both, "give seconds")
        early = (start < -slack) | (end < -slack)
        self._refuse("a time is negative", early, both, "give seconds from 0")
        way = "give end >= start; they are equal for a point"
        self._refuse("end is before start", end < start, both, way)
        late = (start > duration + slack) | (end > duration + slack)
        way = f"give seconds up to its duration, {show(float(duration))}"
        self._refuse("a time is beyond the end of the recording", late, both, way)
        return {name: _clipped(self.rows[name], duration) for name in ("start", "end")}

    def frequencies(self) -> dict[str, Array]:
        low, high = self.rows["low_freq"], self.rows["high_freq"]
        slack, nyquist = self.bounds.hertz_tolerance, self.bounds.nyquist
        both = "low_freq high_freq"
        infinite = np.isinf(low) | np.isinf(high)
        way = "give hertz, or NaN for no bound"
        self._refuse("a frequency is infinite", infinite, both, way)
        negative = (low < -slack) | (high < -slack)
        self._refuse("a frequency is negative", negative, both, "give hertz from 0")
        self._refuse("low_freq is above high_freq", low > high, both, "give low_freq <= high_freq")
        above = (low > nyquist + slack) | (high > nyquist + slack)
        way = f"give hertz up to half the sampling rate, {show(float(nyquist))}"
        self._refuse("a frequency is beyond what the recording holds", above, both, way)
        return {name: _clipped(self.rows[name], nyquist) for name in ("low_freq", "high_freq")}

    def rest(self) -> None:
        last = self.bounds.n_channels - 1
        way = f"give 0 to {last}, or NA for all" if last else "give 0, or NA for all"
        beyond = self.rows["channel"] > last
        self._refuse("the recording has no such channel", beyond, "channel", way)
        infinite = np.isinf(self.rows["score"])
        self._refuse("score is infinite", infinite, "score", "give a number, or NaN for none")


def _clipped(values: Array, high: float) -> Array:
    """Put values on [0, high], -0.0 on 0.0; give the very array if all were there."""
    clipped = np.clip(values, 0.0, high) + 0.0
    unchanged = (clipped == values) | np.isnan(values)
    if unchanged.all() and not np.signbit(values[~np.isnan(values)]).any():
        return values
    return clipped
