"""Where float32 is not enough: which frames have to be computed again in float64.

The rounding of a float32 FFT is noise of an even level over the bins of a frame, in proportion to
the frame's energy. It matters in the bins that are not far above it and within the range that is
drawn. The rule looks at one frame at a time, so a frame's numbers do not depend on its neighbours.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["doubtful_frames", "rounding_noise"]

TOLERANCE_DB = 0.01
"""By how much a bin may be off."""

_RATIO = 10.0 ** (TOLERANCE_DB / 20.0) - 1.0

# Of a pure tone, and of nothing else, a few bins have this much more noise.
_TONAL = np.float32(16.0)

_FAST_PRIMES = (2, 3, 5, 7, 11)


def rounding_noise(n_fft: int) -> float:
    """Return the rounding noise in a bin of a float32 FFT, as a part of the norm of the frame.

    This is five times its standard deviation. Lengths with a large prime factor are computed by
    a longer way, and have more of it.

    Examples
    --------
    >>> rounding_noise(2048), rounding_noise(2039)
    (3e-07, 7e-07)
    """
    for prime in _FAST_PRIMES:
        while n_fft % prime == 0:
            n_fft //= prime
    return 3e-7 if n_fft == 1 else 7e-7


def doubtful_frames(
    values: NDArray[np.float32],
    norms: NDArray[np.float32],
    noise: NDArray[np.float32],
    least: float,
) -> NDArray[np.intp]:
    """Return the numbers of the frames that float32 is not enough for.

    Parameters
    ----------
    values : np.ndarray, float32 [shape=(n, n_bins)]
        The amplitude in every bin.
    norms : np.ndarray, float32 [shape=(n,)]
        The norm of every windowed frame.
    noise : np.ndarray, float32 [shape=(n_bins,)]
        The noise in every bin, for a frame with a norm of 1.
    least : float
        The amplitude at the lower end of the range: smaller ones are not told apart.
    """
    loudest = norms * noise.max()
    if not (loudest * np.float32(1.0 + 1.0 / _RATIO) > least).any():
        return np.empty(0, np.intp)
    rows = np.flatnonzero(values.min(axis=1) < loudest / np.float32(_RATIO))
    some = values if rows.size == len(values) else values[rows]
    error = norms[rows, None] * noise
    floor = np.float32(least) - _TONAL * error
    doubtful = (some < error / np.float32(_RATIO)) & (some > floor)
    return np.compress(doubtful.any(axis=1), rows)
