"""Rows of a picture that are no frequencies, and frequencies that somebody gives."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from specwidget._check import check_number, shown
from specwidget.errors import ParameterError, ParameterTypeError

__all__ = ["IndexRows", "band_of", "checked_frequencies"]

_MOST = 1 << 16


class IndexRows:
    """Rows by number: row i covers ``[i, i + 1]``."""

    def n_rows(self, sr: float) -> int:
        """Return how many values a frame has."""
        raise NotImplementedError

    def frequencies(self, sr: float) -> NDArray[np.float64]:
        """Return the centres of the rows, which are no frequencies: 0.5, 1.5 and so on."""
        return np.arange(self.n_rows(sr), dtype=np.float64) + 0.5

    def band(self, sr: float) -> tuple[float, float]:
        """Return 0 and the number of rows."""
        return 0.0, float(self.n_rows(sr))


def checked_frequencies(frequencies: object) -> NDArray[np.float64]:
    """Return frequencies of rows in Hz, which must ascend.

    Raises
    ------
    ParameterError, ParameterTypeError
        They are no list of finite numbers, or do not ascend from 0 Hz or above.
    """
    try:
        values = np.array(frequencies, dtype=np.float64)
    except (TypeError, ValueError):
        raise ParameterTypeError(
            f"frequencies={shown(frequencies)} is no list of numbers; give one in Hz for every row"
        ) from None
    if values.ndim != 1 or not 1 <= len(values) <= _MOST:
        raise ParameterError(
            f"frequencies has shape {values.shape}; give one number in Hz for every row"
        )
    check_number("frequencies[0]", float(values[0]), 0.0, unit="Hz")
    if not np.isfinite(values).all() or not (np.diff(values) > 0.0).all():
        raise ParameterError(
            "frequencies do not ascend; sort them together with the rows, the lowest first"
        )
    values.flags.writeable = False
    return values


def band_of(frequencies: NDArray[np.float64]) -> tuple[float, float]:
    """Return the band of rows with these centres: each ends midway to its neighbour.

    Examples
    --------
    >>> band_of(np.array([0.0, 10.0, 20.0]))
    (0.0, 25.0)
    """
    if len(frequencies) == 1:
        centre = float(frequencies[0])
        return 0.0, max(2.0 * centre, 1.0)
    low = 1.5 * frequencies[0] - 0.5 * frequencies[1]
    high = 1.5 * frequencies[-1] - 0.5 * frequencies[-2]
    return max(0.0, float(low)), float(high)
