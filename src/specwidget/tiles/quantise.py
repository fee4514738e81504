"""Values as bytes: one scale for all tiles of a layer, so that there are no seams."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from specwidget.transforms.valued import as_levels

__all__ = ["Quantiser"]

_BELOW_FULL_SCALE = 140.0
_ABOVE_FULL_SCALE = 10.0
_HEAD_ROOM = 6.0


@dataclass(frozen=True, slots=True)
class Quantiser:
    """The values that the levels 0 and 255 stand for; the others lie evenly between.

    Examples
    --------
    >>> quantiser = Quantiser(-100.0, 2.0)
    >>> quantiser.encode(np.array([-200.0, -100.0, -50.1, 2.0, np.nan]))
    array([  0,   0, 125, 255,   0], dtype=uint8)
    >>> quantiser.decode(np.array([125], dtype=np.uint8))
    array([-50.], dtype=float32)
    """

    low: float
    high: float

    @classmethod
    def around(cls, full_scale_db: float, peak: float | None) -> Quantiser:
        """Return the range in dB for a recording.

        Parameters
        ----------
        full_scale_db : float
            What a sine of amplitude 1 reads.
        peak : float, optional
            Largest absolute sample; above 1 it asks for more room at the top.
        """
        above = _ABOVE_FULL_SCALE
        if peak is not None and peak > 0.0:
            above = max(above, 20.0 * math.log10(peak) + _HEAD_ROOM)
        return cls(full_scale_db - _BELOW_FULL_SCALE, full_scale_db + above)

    @property
    def step(self) -> float:
        """By how much one level is above the one below."""
        return (self.high - self.low) / 255.0

    def encode(self, values: NDArray[np.floating]) -> NDArray[np.uint8]:
        """Return the nearest levels of values; beyond the range its ends, NaN gives 0."""
        return as_levels(values, (self.low, self.high))

    def decode(self, levels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the values that levels stand for."""
        return (levels * np.float32(self.step) + np.float32(self.low)).astype(np.float32)
