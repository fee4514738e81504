"""The band of a box, and nothing else, of a sound: a linear-phase filter.

The gain is one within the band, one half at its two edges, and next to nothing beyond; no time is
shifted. The edge of the filter is an eighth of the band wide, though never narrower than 50 Hz or
half the band. An edge at 0 Hz or at half the sampling rate does not cut.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["Bandpass", "bandpass"]

_EDGE_SHARE = 1.0 / 8.0
_WIDEST_EDGE_SHARE = 1.0 / 2.0
_NARROWEST_EDGE = 50.0
# A windowed sinc of n taps has edges as wide as 4 sr / n with a Hann window.
_TAPS_PER_EDGE = 4.0
_MAX_HALO = 1 << 16
_BLOCK = 1 << 15


@dataclass(frozen=True, eq=False)
class Bandpass:
    """A filter for one band.

    Attributes
    ----------
    taps : np.ndarray, float64 [shape=(2 * halo + 1,)]
        Its impulse response, symmetrical.
    """

    taps: NDArray[np.float64]

    @property
    def halo(self) -> int:
        """How many samples before and after a sample have a say in it."""
        return len(self.taps) // 2

    def __call__(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the filtered samples, without the `halo` at either end [shape=(n - 2 * halo,)]."""
        import scipy.fft

        lost = 2 * self.halo
        wanted = len(samples) - lost
        if wanted <= 0:
            return np.empty(0, np.float32)
        # Blocks that stay in the processor's cache, or one if that is shorter.
        n = min(
            max(_BLOCK, 1 << (4 * lost).bit_length()),
            scipy.fft.next_fast_len(len(samples), real=True),
        )
        response = scipy.fft.rfft(self.taps.astype(np.float32), n)
        out = np.empty(wanted, np.float32)
        for start in range(0, wanted, n - lost):
            # What wraps around falls into the ends, which are not taken.
            block = samples[start : start + n]
            with np.errstate(invalid="ignore", over="ignore"):
                filtered = scipy.fft.irfft(scipy.fft.rfft(block, n) * response, n)
            stop = min(start + n - lost, wanted)
            out[start:stop] = filtered[lost : lost + stop - start]
        return out


@lru_cache(maxsize=64)
def bandpass(low: float, high: float, sr: float) -> Bandpass | None:
    """Return the filter for a band, in Hz; None if the band is all there is.

    Examples
    --------
    >>> bandpass(0.0, 4000.0, 8000) is None
    True
    >>> y = np.sin(2 * np.pi * 1000 * np.arange(4000) / 8000).astype(np.float32)
    >>> inside, outside = bandpass(900, 1100, 8000), bandpass(2000, 3000, 8000)
    >>> float(abs(inside(y)).max().round(2)), float(abs(outside(y)).max().round(2))
    (1.0, 0.0)
    """
    nyquist = sr / 2.0
    if low <= 0.0 and high >= nyquist:
        return None
    width = min(high, nyquist) - max(low, 0.0)
    edge = max(_EDGE_SHARE * width, min(_WIDEST_EDGE_SHARE * width, _NARROWEST_EDGE))
    halo = min(_MAX_HALO, max(1, math.ceil(_TAPS_PER_EDGE * sr / max(edge, 1e-9) / 2.0)))
    taps = _lowpass(high, sr, halo) if high < nyquist else _impulse(halo)
    if low > 0.0:
        taps = taps - _lowpass(low, sr, halo)
    return Bandpass(taps)


def _lowpass(cut: float, sr: float, halo: int) -> NDArray[np.float64]:
    n = np.arange(-halo, halo + 1)
    taps = np.sinc(2.0 * cut / sr * n) * (0.5 + 0.5 * np.cos(np.pi * n / (halo + 1)))
    return np.asarray(taps / taps.sum())


def _impulse(halo: int) -> NDArray[np.float64]:
    taps = np.zeros(2 * halo + 1)
    taps[halo] = 1.0
    return taps
