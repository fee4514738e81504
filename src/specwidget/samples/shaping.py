"""Noise and filters for the generators of the sample sounds.

Invariant: NumPy alone, and the same numbers on every machine up to rounding. `RandomState` is used
because NumPy has frozen its streams for good; filters work on the spectrum, with zero phase.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["add", "curve", "filtered", "noise", "smooth", "spectrum_of"]

Signal = NDArray[np.float64]


def noise(n: int, seed: int) -> Signal:
    """White Gaussian noise of unit variance [shape=(n,)]."""
    return np.asarray(np.random.RandomState(seed).standard_normal(n), dtype=np.float64)


def filtered(y: Signal, sr: float, response: Callable[[Signal], Signal]) -> Signal:
    """`y` with its spectrum multiplied by ``response(frequencies in Hz)``."""
    n = y.size
    size = 1 << (2 * n - 1).bit_length()
    frequencies = np.asarray(np.fft.rfftfreq(size, 1.0 / sr), dtype=np.float64)
    spectrum = np.fft.rfft(y, size) * response(frequencies)
    return np.asarray(np.fft.irfft(spectrum, size)[:n], dtype=np.float64)


def spectrum_of(*points: tuple[float, float]) -> Callable[[Signal], Signal]:
    """A response that runs through ``(Hz, dB)`` points, straight on a log-frequency axis."""
    hz = np.log(np.array([p[0] for p in points], dtype=np.float64))
    db = np.array([p[1] for p in points], dtype=np.float64)

    def response(frequencies: Signal) -> Signal:
        level = np.interp(np.log(np.maximum(frequencies, 1.0)), hz, db)
        return np.asarray(10.0 ** (level / 20.0), dtype=np.float64)

    return response


def smooth(y: Signal, width: int) -> Signal:
    """`y` averaged under a Hann bump of `width` samples; the ends are held, not faded."""
    if width < 3:
        return y
    bump = np.hanning(width + 2)[1:-1]
    padded = np.pad(y, (width // 2, width - 1 - width // 2), mode="edge")
    size = 1 << (padded.size + width).bit_length()
    product = np.fft.rfft(padded, size) * np.fft.rfft(bump / bump.sum(), size)
    return np.asarray(np.fft.irfft(product, size)[width - 1 : width - 1 + y.size])


def curve(n: int, sr: float, points: ArrayLike, rounding: float = 0.0) -> Signal:
    """A track through ``(seconds, value)`` points, its corners rounded over `rounding` seconds."""
    seconds, values = np.asarray(points, dtype=np.float64).T
    track = np.interp(np.arange(n) / sr, seconds, values)
    return smooth(np.asarray(track, dtype=np.float64), round(rounding * sr))


def add(into: Signal, y: Signal, at: int) -> None:
    """Add `y` to `into` from sample `at` on; what falls outside is dropped."""
    start, stop = max(at, 0), min(at + y.size, into.size)
    if stop > start:
        into[start:stop] += y[start - at : stop - at]
