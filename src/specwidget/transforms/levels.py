"""The 256 levels of dB that a tile's bytes stand for, from amplitudes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["AMIN_POWER", "Levels"]

AMIN_POWER = 1e-10
"""The least power that librosa's amplitude_to_db and power_to_db tell from nothing."""


@dataclass(frozen=True, slots=True)
class Levels:
    """An even scale of dB with ref=1.0, from level 0 to level 255.

    Attributes
    ----------
    least, most : float
        The amplitudes that values are clipped to.
    per_e : float
        By how many levels an amplitude e times as large is higher.
    of_one : float
        The level of an amplitude of 1.

    Examples
    --------
    >>> levels = Levels.over((-255.0, 0.0))
    >>> levels.exact(np.array([1e-9, 1e-5, 0.1, 1.0, 10.0])).round(6)
    array([155., 155., 235., 255., 255.])
    """

    least: float
    most: float
    per_e: float
    of_one: float

    @classmethod
    def over(cls, range_db: tuple[float, float]) -> Levels:
        """Return the levels from ``range_db[0]`` to ``range_db[1]``."""
        low, high = range_db
        per_db = 255.0 / (high - low)
        least = max(math.sqrt(AMIN_POWER), 10.0 ** (low / 20.0))
        most = max(least, 10.0 ** (high / 20.0))
        return cls(least, most, per_db * 20.0 / math.log(10.0), -low * per_db)

    @property
    def per_db(self) -> float:
        """Levels in a dB."""
        return self.per_e * math.log(10.0) / 20.0

    def exact(self, amplitudes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the levels of amplitudes, not rounded."""
        return np.log(np.clip(amplitudes, self.least, self.most)) * self.per_e + self.of_one

    def quantise(self, amplitudes: NDArray[np.float32], out: NDArray[np.uint8]) -> None:
        """Put the levels of amplitudes, rounded to the nearest, in `out`; overwrites them."""
        np.clip(amplitudes, np.float32(self.least), np.float32(self.most), out=amplitudes)
        np.log(amplitudes, out=amplitudes)
        amplitudes *= np.float32(self.per_e)
        amplitudes += np.float32(self.of_one + 0.5)
        out[...] = amplitudes
