"""The 256 levels of dB that a tile's bytes stand for, from amplitudes.

Amplitudes are multiplied by a gain first, once and for all in the window: then the logarithm times
a constant is the level, and half a level more, so that leaving out the fraction rounds it.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["AMIN_POWER", "Levels"]

AMIN_POWER = 1e-10
"""The least power that librosa's amplitude_to_db and power_to_db tell from nothing."""

# A larger gain than this many octaves could take amplitudes out of the range of float32.
_MAX_OCTAVES = 32.0
_LARGEST = float(np.finfo(np.float32).max)


def _quick_log() -> tuple[Callable[..., Any], float]:
    """Return the logarithm that NumPy computes quickest here, and that of 2."""
    try:
        from numpy.lib.introspect import opt_func_info

        chosen = opt_func_info(func_name="^log2$", signature="^float32$")["log2"]["ff"]["current"]
    except (ImportError, LookupError, TypeError):
        return np.log, math.log(2.0)
    vectorised = sys.platform == "linux" and not str(chosen).startswith("baseline")
    return (np.log2, 1.0) if vectorised else (np.log, math.log(2.0))


_LOG, _LOG_OF_2 = _quick_log()


@dataclass(frozen=True, slots=True)
class Levels:
    """An even scale of dB with ref=1.0, from level 0 to level 255, of amplitudes times `gain`.

    Attributes
    ----------
    gain : float
        What amplitudes are multiplied by.
    least, most : float
        The amplitudes, times `gain`, that values are clipped to.
    per_octave : float
        By how many levels twice the amplitude is higher.
    offset : float
        The level and a half of an amplitude of 1, times `gain`: 0, but for strange ranges.

    Examples
    --------
    >>> levels = Levels.over((-255.0, 0.0))
    >>> levels.exact(levels.gain * np.array([1e-9, 1e-5, 0.1, 1.0, 10.0])).round(6)
    array([155., 155., 235., 255., 255.])
    """

    gain: float
    least: float
    most: float
    per_octave: float
    offset: float

    @classmethod
    def over(cls, range_db: tuple[float, float]) -> Levels:
        """Return the levels from ``range_db[0]`` to ``range_db[1]``."""
        low, high = range_db
        per_octave = 255.0 / (high - low) * 20.0 * math.log10(2.0)
        wanted = (255.0 * low / (low - high) + 0.5) / per_octave
        octaves = min(max(wanted, -_MAX_OCTAVES), _MAX_OCTAVES)
        gain = 2.0**octaves
        most = 10.0 ** (high / 20.0)
        least = min(max(math.sqrt(AMIN_POWER), 10.0 ** (low / 20.0)), most)
        return cls(gain, gain * least, gain * most, per_octave, (wanted - octaves) * per_octave)

    @property
    def per_db(self) -> float:
        """Levels in a dB."""
        return self.per_octave / (20.0 * math.log10(2.0))

    @property
    def lowest(self) -> int:
        """The level of silence."""
        return int(self.exact(np.array(self.least)) + 0.5)

    def exact(self, amplitudes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the levels of amplitudes times `gain`, not rounded."""
        clipped = np.clip(amplitudes, self.least, self.most)
        return np.log2(clipped) * self.per_octave + (self.offset - 0.5)

    def clip(self, values: NDArray[np.float32], power: int) -> NDArray[np.float32]:
        """Return amplitudes times `gain`, to the power of 1 or 2, no less nor more than there is.

        The values are overwritten.
        """
        most = min(self.most**power, _LARGEST)
        return np.clip(values, np.float32(self.least**power), np.float32(most), out=values)

    def quantise(self, values: NDArray[np.float32], out: NDArray[np.uint8], power: int) -> None:
        """Put the levels of values in range, rounded to the nearest, in `out`.

        Parameters
        ----------
        values : np.ndarray, float32
            Amplitudes times `gain`, to the power of `power`; they are overwritten.
        out : np.ndarray, uint8
            Of the same shape.
        power : int > 0
            1 for amplitudes, 2 for what is commonly called power.
        """
        _LOG(values, out=values)
        values *= np.float32(self.per_octave / (power * _LOG_OF_2))
        if self.offset:
            values += np.float32(self.offset)
        out[...] = values
