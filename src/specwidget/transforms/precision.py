"""Where float32 is not enough: which frames have to be computed again in float64.

The rounding of a float32 FFT is noise of an even level over the bins of a frame, in proportion to
the norm of the frame. It matters in the bins that are not far above it, within the range that is
drawn, if it could carry their value over the edge between two levels. The rule looks at one frame
at a time, so a frame's levels do not depend on its neighbours.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from specwidget.transforms.levels import Levels

__all__ = ["doubtful_frames", "rounding_noise"]

TOLERANCE_DB = 0.01
"""By how much a level may be off, besides being rounded to the nearest."""

# Amplitudes of this many times the noise and more are within the tolerance.
_REACH = np.float32(1.0 / (10.0 ** (TOLERANCE_DB / 20.0) - 1.0))
_FAST_PRIMES = (2, 3, 5, 7, 11)
_NOISE = 5e-7
_NOISE_OF_OTHERS = 1e-6

# The highest bins take up what rounding there is of a constant, or of anything slow.
_NYQUIST = 5.0
# Of a pure tone, and of nothing else, a few bins have this much more noise.
_TONAL = np.float32(16.0)
# More doubtful bins than this in a frame are not looked at one by one.
_FEW = 32


def rounding_noise(n_fft: int) -> NDArray[np.float32]:
    """Return the rounding noise in the bins of a float32 FFT of a frame whose norm is 1.

    This is some eight times its standard deviation. Lengths with a large prime factor are
    computed by a longer way, and have more of it.

    Returns
    -------
    np.ndarray, float32 [shape=(n_fft // 2 + 1,)]
        Amplitudes.

    Examples
    --------
    >>> noise = rounding_noise(2048)
    >>> bool(noise[0] < noise[-1]), bool(noise[0] < rounding_noise(2039)[0])
    (True, True)
    """
    rest = n_fft
    for prime in _FAST_PRIMES:
        while rest % prime == 0:
            rest //= prime
    noise = np.full(n_fft // 2 + 1, _NOISE if rest == 1 else _NOISE_OF_OTHERS, np.float32)
    noise[-2:] *= np.float32(_NYQUIST)
    return noise


def doubtful_frames(
    values: NDArray[np.float32],
    norms: NDArray[np.float32],
    noise: NDArray[np.float32],
    levels: Levels,
) -> NDArray[np.intp]:
    """Return the numbers of the frames that float32 is not enough for.

    Parameters
    ----------
    values : np.ndarray, float32 [shape=(n, n_bins)]
        The amplitude in every bin.
    norms : np.ndarray, float32 [shape=(n,)]
        The norm of every windowed frame.
    noise : np.ndarray, float32 [shape=(n_bins,)]
        The noise in every bin, for a frame whose norm is 1.
    levels : Levels
        What the values will be rounded to.
    """
    loudest = norms * noise.max()
    none = np.empty(0, np.intp)
    # NaN in one frame says nothing of the others.
    if not np.fmax.reduce(loudest) * _REACH > levels.least:
        return none
    rows = np.flatnonzero(values.min(axis=1) < loudest * _REACH)
    if not rows.size:
        return none
    some = values if rows.size == len(values) else values[rows]
    doubtful = some < np.multiply.outer(norms[rows] * _REACH, noise)
    doubtful &= some > (np.float32(levels.least) - _TONAL * loudest[rows])[:, None]
    wrong = np.zeros(len(rows), bool)
    if np.count_nonzero(doubtful) > _FEW:
        wrong = np.count_nonzero(doubtful, axis=1) > _FEW
        doubtful[wrong] = False
    places, bins = np.divmod(np.flatnonzero(doubtful), len(noise))
    if places.size:
        slack = norms[rows[places]] * noise[bins]
        wrong[places[_is_torn(some[places, bins], slack, levels)]] = True
    return np.compress(wrong, rows)


def _is_torn(
    found: NDArray[np.float32], slack: NDArray[np.float32], levels: Levels
) -> NDArray[np.bool_]:
    """Return where an amplitude within the slack is not of the level of the one found."""
    around = np.empty((3, len(found)))
    slack = np.where(found < levels.least, _TONAL * slack, slack)
    np.subtract(found, slack, out=around[0])
    around[1] = found
    np.add(found, slack, out=around[2])
    low, middle, high = levels.exact(around)
    middle = np.rint(middle)
    reach = 0.5 + TOLERANCE_DB * levels.per_db
    torn: NDArray[np.bool_] = (high > middle + reach) | (low < middle - reach)
    return torn
