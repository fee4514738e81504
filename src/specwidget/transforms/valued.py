"""What the transforms share that say how to compute values, and nothing faster.

Their bytes are their values, quantised. Samples that are not finite count as zero, and the frames
that they lie under are NaN.
"""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np
from numpy.typing import NDArray

from specwidget._check import check_number
from specwidget.audio.signal import Signal
from specwidget.transforms.engine import max_pooled
from specwidget.transforms.levels import AMIN_POWER

__all__ = [
    "Valued",
    "any_between",
    "as_levels",
    "checked_norm",
    "finite_samples",
    "power_to_db",
]


class Valued:
    """Columns of bytes by way of values."""

    def values(
        self, signal: Signal, start: int, stop: int, *, exact: bool = True
    ) -> NDArray[np.float32]:
        """Return frames ``[start, stop)`` [shape=(n_bins, stop - start)]."""
        raise NotImplementedError

    def columns(
        self,
        signal: Signal,
        start: int,
        stop: int,
        limits: tuple[float, float],
        pool: int = 1,
    ) -> NDArray[np.uint8]:
        """Return frames as bytes, maxima over `pool` frames [shape=(n_columns, n_bins)]."""
        values = self.values(signal, start, stop, exact=False)
        return max_pooled(as_levels(values, limits).T, pool)


def as_levels(values: NDArray[np.floating], limits: tuple[float, float]) -> NDArray[np.uint8]:
    """Return the nearest of 256 even levels of values.

    Parameters
    ----------
    values : np.ndarray
        Beyond `limits` they are clipped; NaN gives 0.
    limits : (float, float)
        What the levels 0 and 255 stand for.

    Examples
    --------
    >>> as_levels(np.array([-200.0, -100.0, -50.1, 2.0, np.nan]), (-100.0, 2.0))
    array([  0,   0, 125, 255,   0], dtype=uint8)
    """
    low, high = limits
    levels = np.clip(np.where(np.isnan(values), low, values), low, high)
    levels -= low
    levels /= (high - low) / 255.0
    return np.asarray(np.rint(levels, out=levels), dtype=np.uint8)


def checked_norm(name: str, norm: object) -> float | None:
    """Return a norm as librosa's `normalize` takes it, ``"inf"`` of a message as infinity.

    Raises
    ------
    ParameterError, ParameterTypeError
        It is neither None, nor infinity, nor a number above 0.
    """
    if norm is None:
        return None
    if norm == "inf" or (isinstance(norm, numbers.Real) and norm == math.inf):
        return math.inf
    return check_number(name, norm, 1e-3, 1e3)


def power_to_db(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``librosa.power_to_db(power, ref=1.0, top_db=None)``, overwriting `power`."""
    np.maximum(power, np.float32(AMIN_POWER), out=power)
    np.log10(power, out=power)
    power *= np.float32(10.0)
    return power


def finite_samples(
    signal: Signal, start: int, stop: int
) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Return samples ``[start, stop)``, and where zeros stand for what is not finite."""
    samples = signal.read(start, stop)
    finite = np.isfinite(samples)
    if finite.all():
        return samples, np.empty(0, np.intp)
    return np.where(finite, samples, np.float32(0.0)), np.flatnonzero(~finite) + start


def any_between(
    places: NDArray[np.intp], first: NDArray[Any], last: NDArray[Any]
) -> NDArray[np.bool_]:
    """Return whether any of `places`, ascending, lies in ``[first, last)``, elementwise.

    Examples
    --------
    >>> any_between(np.array([3, 8]), np.array([0, 3, 4]), np.array([3, 4, 9]))
    array([False,  True,  True])
    """
    found: NDArray[np.bool_] = np.searchsorted(places, first) < np.searchsorted(places, last)
    return found
