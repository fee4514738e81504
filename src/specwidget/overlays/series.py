"""Series of values over time, asked for in columns: given, or computed as they are looked at.

A computed series is made in chunks, of which the last few are kept; a chunk is computed with some
samples more on either side (its halo), so that where chunks meet nothing shows.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from specwidget._check import shown
from specwidget.audio.source import AudioSource, ChannelSpec, read_channel
from specwidget.errors import ParameterError, ParameterTypeError
from specwidget.overlays.reduction import Listed, Summary, TimeAxis, Uniform, columns_of
from specwidget.tiles.pyramid import bit_reversed

__all__ = ["Computed", "ComputedSeries", "Drawn", "Given", "Series"]

KEPT_BYTES = 32 << 20
# The frame of a function is taken to reach no further than this to either side, in samples.
_NEAR = 1024


@dataclass(frozen=True, eq=False)
class Drawn:
    """What is known of a series between two times.

    Attributes
    ----------
    columns : np.ndarray, float32 [shape=(3, n)]
        Minimum, maximum and mean; NaN where there is nothing.
    complete : bool
        False if some of it has still to be computed, and is NaN so far.
    """

    columns: NDArray[np.float32]
    complete: bool = True


class Series(Protocol):
    """Values over time."""

    def read(self, start: float, end: float, n: int, *, patience: float) -> Drawn:
        """Return `n` columns between two times, in seconds; soon, after `patience` seconds."""


class Given:
    """A series of which all values are there.

    Parameters
    ----------
    times : array-like [shape=(n,)]
        Seconds, ascending.
    values : array-like [shape=(n,)]
        Real numbers; NaN for a gap.
    """

    def __init__(self, times: NDArray[np.float64], values: NDArray[np.float32]) -> None:
        self._axis: TimeAxis = Listed(times)
        if len(times) > 1:
            step = float(times[-1] - times[0]) / (len(times) - 1)
            even = times[0] + step * np.arange(len(times))
            if step > 0.0 and np.abs(even - times).max() < 1e-6 * step:
                self._axis = Uniform(float(times[0]), step, len(times))
        self._summary = Summary(values)

    def read(self, start: float, end: float, n: int, *, patience: float) -> Drawn:
        """Return `n` columns between two times."""
        return Drawn(columns_of(self._summary, self._axis, start, end, n))


class Computed:
    """One or several series that a function makes of samples, one value in a hop.

    Parameters
    ----------
    f : callable
        ``f(y, sr)`` returns values [shape=(n,) or (n_series, n)], of which value i belongs to
        sample ``i * hop_length``. Samples that are no numbers are zeros to it, and gaps in the
        series.
    source : AudioSource
        The recording.
    channel : int or "mix"
        Of which channel.
    hop_length : int > 0
        Samples from one value to the next.
    halo : int >= 0
        How many samples before and after a value's own have a say in it.
    n_series : int > 0, optional
        How many series there are; by default as many as the function gives the first time.
    chunk : int > 0
        How many values are computed at a time.
    name : str
        What it is called, in messages.
    """

    def __init__(
        self,
        f: Callable[[NDArray[np.float32], float], Any],
        source: AudioSource,
        channel: ChannelSpec,
        *,
        hop_length: int,
        halo: int,
        n_series: int | None,
        chunk: int,
        name: str,
    ) -> None:
        self._f = f
        self._source = source
        self._channel = channel
        self._hop = hop_length
        self._lead = -(-halo // hop_length)
        self._chunk = chunk
        self.n_series = n_series
        self._name = name
        self.n_values = 1 + source.n_samples // hop_length
        self.axis = Uniform(0.0, hop_length / source.sr, self.n_values)
        self._lock = Lock()
        self._kept: OrderedDict[int, NDArray[np.float32]] = OrderedDict()
        self._problem: Exception | None = None

    def values(
        self, row: int, first: int, stop: int, *, patience: float
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_], bool]:
        """Return values ``[first, stop)`` of one series, NaN where they are not yet known.

        Returns
        -------
        values : np.ndarray, float32 [shape=(stop - first,)]
        meant : np.ndarray, bool [shape=(stop - first,)]
            Which of them are to be computed: all, or, of more than can be kept, evenly spread
            chunks.
        complete : bool
            Whether these were computed.
        """
        until = time.monotonic() + patience
        with self._lock:
            if self._problem is not None:
                raise self._problem
            chunks = range(first // self._chunk, -(-stop // self._chunk))
            most = max(2, KEPT_BYTES // (4 * self._chunk * (self.n_series or 1)))
            stride = -(-len(chunks) // most)
            wanted = [number for number in chunks if number % stride == 0]
            missing = [number for number in wanted if number not in self._kept]
            for number in wanted:
                if number in self._kept:
                    self._kept.move_to_end(number)
            done = 0
            for place in bit_reversed(len(missing)):
                if done and time.monotonic() > until:
                    break
                self._keep(missing[place], most)
                done += 1
            out = np.full(stop - first, np.nan, np.float32)
            meant = np.zeros(stop - first, np.bool_)
            for number in wanted:
                begin = number * self._chunk
                a, b = max(first, begin), min(stop, begin + self._chunk)
                meant[a - first : b - first] = True
                kept = self._kept.get(number)
                if kept is not None:
                    out[a - first : b - first] = kept[row, a - begin : b - begin]
            return out, meant, done == len(missing)

    def _keep(self, number: int, most: int) -> None:
        first = number * self._chunk
        try:
            self._kept[number] = self.compute(first, min(first + self._chunk, self.n_values))
        except Exception as problem:
            # It would be raised again at every look.
            self._problem = problem
            raise
        if len(self._kept) > most:
            self._kept.popitem(last=False)

    def compute(self, first: int, stop: int) -> NDArray[np.float32]:
        """Return values ``[first, stop)`` of all series [shape=(n_series, stop - first)].

        Raises
        ------
        ParameterError, ParameterTypeError
            The function gives something else than a value in a hop.
        """
        lead = min(first, self._lead)
        begin = (first - lead) * self._hop
        end = min((stop - 1 + self._lead) * self._hop + 1, self._source.n_samples)
        y = read_channel(self._source, begin, end, self._channel)
        odd = np.flatnonzero(~np.isfinite(y))
        y[odd] = 0.0
        found = self._checked(self._f(y, self._source.sr), len(y), lead + stop - first)
        found[:, self._reached(odd, found.shape[1])] = np.nan
        at_end = end == self._source.n_samples
        out = np.full((len(found), stop - first), np.nan, np.float32)
        part = found[:, lead : lead + stop - first]
        if part.shape[1] < stop - first and not at_end:
            raise ParameterError(
                f"{self._name}: f returned {found.shape[1]} values for {len(y)} samples, fewer "
                f"than one every hop_length={self._hop}; give the hop_length of f, and a halo as "
                "long as its frames"
            )
        out[:, : part.shape[1]] = part
        out[~np.isfinite(out)] = np.nan
        return out

    def _reached(self, odd: NDArray[np.intp], n: int) -> NDArray[np.bool_]:
        """Return which of `n` values have a sample that is no number near them."""
        near = min(self._lead * self._hop, _NEAR)
        centres = np.arange(n) * self._hop
        first = np.searchsorted(odd, centres - near)
        last = np.searchsorted(odd, centres + near, "right")
        return np.asarray(first < last)

    def _checked(self, found: Any, n_samples: int, wanted: int) -> NDArray[np.float32]:
        values = np.asarray(found)
        if values.dtype.kind not in "fiub":
            raise ParameterTypeError(
                f"{self._name}: f returned {shown(found)}; let it return real numbers, one every "
                f"hop_length={self._hop} samples"
            )
        rows = np.atleast_2d(values)
        most = n_samples // self._hop + 2
        if self.n_series is None and rows.ndim == 2:
            self.n_series = len(rows)
        if rows.ndim != 2 or len(rows) != self.n_series or rows.shape[1] > most:
            shape = f"({self.n_series}, {wanted})" if (self.n_series or 1) > 1 else f"({wanted},)"
            raise ParameterError(
                f"{self._name}: f returned shape={values.shape} for {n_samples} samples; with "
                f"hop_length={self._hop} it should be about {shape}"
            )
        return rows.astype(np.float32)


@dataclass(frozen=True)
class ComputedSeries:
    """One of the series that a function makes."""

    computed: Computed
    row: int

    def read(self, start: float, end: float, n: int, *, patience: float) -> Drawn:
        """Return `n` columns between two times; what takes longer than `patience` s is NaN."""
        axis = self.computed.axis
        begin, past = axis.before(np.array([start, end])).tolist()
        if begin == past and begin in (0, axis.n):
            return Drawn(np.full((3, n), np.nan, np.float32))
        # A value more at either end, for the lines that lead out of the view.
        first, stop = max(0, begin - 1), min(axis.n, past + 1)
        values, meant, complete = self.computed.values(self.row, first, stop, patience=patience)
        part: TimeAxis = Uniform(first * axis.step, axis.step, stop - first)
        if not meant.all():
            part = Listed(part.times(np.flatnonzero(meant)))
            values = values[meant]
        return Drawn(columns_of(Summary(values, lasting=False), part, start, end, n), complete)


def as_values(name: str, values: Iterable[Any]) -> NDArray[np.float32]:
    """Return values as an array [shape=(n,) or (n_series, n)], NaN where one is not finite."""
    try:
        array = np.asarray(values)
        if array.dtype.kind == "O":
            array = array.astype(np.float64)
    except (TypeError, ValueError):
        array = np.empty(0, "U1")
    if array.dtype.kind not in "fiub" or array.ndim not in (1, 2):
        raise ParameterTypeError(
            f"{name}={shown(values)} is no series; give real numbers [shape=(n,) or (n_series, n)]"
        )
    with np.errstate(over="ignore"):
        out = array.astype(np.float32)
    out[~np.isfinite(out)] = np.nan
    return out
