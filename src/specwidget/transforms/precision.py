"""Where float32 is not enough: which frames have to be computed again in float64.

The rounding of a float32 FFT is noise of an even level over the bins of a frame, in proportion to
the norm of the frame. It matters in the bins that are not far above it, within the range that is
drawn, if it could carry their value over the edge between two levels. The rule looks at one frame
at a time, so a frame's levels do not depend on its neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from specwidget.transforms.levels import Levels

__all__ = ["REACH", "TONAL", "Precision", "framed", "norm_bounds", "rounding_noise"]

TOLERANCE_DB = 0.01
"""By how much a level may be off, besides being rounded to the nearest."""

REACH = np.float32(1.0 / (10.0 ** (TOLERANCE_DB / 20.0) - 1.0))
"""Amplitudes of this many times the noise and more are within the tolerance."""

TONAL = np.float32(16.0)
"""Of a pure tone, and of nothing else, a few bins have this much more noise."""

_FAST_PRIMES = (2, 3, 5, 7, 11)
_NOISE = 5e-7
_NOISE_OF_OTHERS = 1e-6

# The highest bins take up what rounding there is of a constant, or of anything slow.
_NYQUIST = 5.0
# The most bins of a frame that are looked at one by one; of how many bins it may be one.
_FEW = 32
_FEW_IN = 16

# What the sums of float32 energies may lack.
_SLACK = 1.001


@lru_cache(maxsize=32)
def rounding_noise(n_fft: int) -> NDArray[np.float32]:
    """Return the rounding noise in the bins of a float32 FFT of a frame whose norm is 1.

    This is some eight times its standard deviation. Lengths with a large prime factor are
    computed by a longer way, and have more of it.

    Returns
    -------
    np.ndarray, float32 [shape=(n_fft // 2 + 1,)]
        Amplitudes, read-only.

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
    noise.flags.writeable = False
    return noise


def framed(samples: NDArray[Any], n_fft: int, hop: int) -> NDArray[Any]:
    """Return the whole frames in contiguous samples, without copying [shape=(n_frames, n_fft)].

    Examples
    --------
    >>> framed(np.arange(5.0), 3, 2)
    array([[0., 1., 2.],
           [2., 3., 4.]])
    """
    n_frames = max(0, 1 + (len(samples) - n_fft) // hop)
    strides = (hop * samples.itemsize, samples.itemsize)
    return np.ndarray((n_frames, n_fft), samples.dtype, samples, 0, strides)


def norm_bounds(
    samples: NDArray[np.float32], window: NDArray[np.float64], hop: int
) -> NDArray[np.float32]:
    """Return what the norms of the windowed frames do not exceed, at a part of their cost.

    Parameters
    ----------
    samples : np.ndarray, float32 [shape=(n,)]
        They have a whole frame at least.
    window : np.ndarray, float64 [shape=(n_fft,)]
        The window.
    hop : int > 0
        Samples from one frame to the next.

    Returns
    -------
    np.ndarray, float32 [shape=(1 + (n - n_fft) // hop,)]
        Each depends on the samples of its frame only. Infinite where they are not finite, or
        too large to be squared.

    Examples
    --------
    >>> norm_bounds(np.ones(9, np.float32), np.array([0.0, 1.0, 1.0, 0.0, 0.0]), 2).round(2)
    array([2., 2., 2.], dtype=float32)
    """
    n_fft = len(window)
    n_frames = 1 + (len(samples) - n_fft) // hop
    # A frame consists of whole pieces, as long as the hop, and of the beginning of one more.
    piece = min(hop, n_fft)
    whole, rest = divmod(n_fft, piece)
    loudest = np.square(window[: whole * piece].reshape(whole, piece)).max(axis=1)
    pieces = framed(samples, piece, hop)[: n_frames + whole - 1]
    squares = np.correlate(np.vecdot(pieces, pieces).astype(np.float64), loudest, "valid")
    if rest:
        ends = framed(samples[whole * piece :], rest, hop)[:n_frames]
        squares += np.square(window[-rest:]).max() * np.vecdot(ends, ends)
    bounds = (np.sqrt(squares) * _SLACK).astype(np.float32)
    bounds[np.isnan(bounds)] = np.inf
    return bounds


@dataclass(frozen=True, eq=False)
class Precision:
    """What tells the frames that float32 is not enough for.

    Attributes
    ----------
    noise : np.ndarray, float32 [shape=(n_bins,)]
        The amplitude of the noise in every bin, for a frame whose norm is 1: the same in all
        but the last two if values are amplitudes.
    levels : Levels
        What the values will be rounded to.
    power : int > 0
        1 if values are amplitudes, 2 if they are power.
    """

    noise: NDArray[np.float32]
    levels: Levels
    power: int = 1

    @cached_property
    def harmless(self) -> float:
        """The norm up to which a frame's noise carries nothing from one level to another."""
        lowest = self.levels.exact(np.array(self.levels.least))
        margin = REACH if lowest <= 0.0 else REACH * TONAL
        return float(self.levels.least / (margin * self.noise.max()))

    @property
    def few(self) -> int:
        """More doubtful bins than this in a frame are not looked at one by one."""
        return min(_FEW, len(self.noise) // _FEW_IN)

    @property
    def within(self) -> float:
        """By how many levels a value may be off, rounding included."""
        return 0.5 + TOLERANCE_DB * self.levels.per_db

    def least(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the least amplitude of every frame of contiguous values [shape=(n,)]."""
        return np.minimum.reduceat(values.reshape(-1), _firsts(*values.shape))

    def suspects(
        self,
        values: NDArray[np.float32],
        norms: NDArray[np.float32],
        least: NDArray[np.float32] | None,
    ) -> NDArray[np.intp]:
        """Return all frames that may be doubtful, and few others.

        Parameters
        ----------
        values : np.ndarray, float32 [shape=(n, n_bins)]
            The amplitude or the power in every bin.
        norms : np.ndarray, float32 [shape=(n,)]
            What the norms of the windowed frames do not exceed.
        least : np.ndarray, float32 [shape=(n,)], optional
            The least amplitude of every frame; of power nothing is known.
        """
        limits = norms * REACH
        if least is None:
            near = np.multiply.outer(self.noise, limits) ** self.power > values.T
            return np.flatnonzero(near.any(axis=0))
        near = least < limits * self.noise[0]
        near |= np.minimum(values[:, -2], values[:, -1]) < limits * self.noise[-1]
        return np.flatnonzero(near)

    def doubtful(
        self, values: NDArray[np.float32], norms: NDArray[np.float32]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return for which frames float32 is not enough, and for which not in many bins.

        Parameters
        ----------
        values : np.ndarray, float32 [shape=(n, n_bins)]
            The amplitude or the power in every bin.
        norms : np.ndarray, float32 [shape=(n,)]
            What the norms of the windowed frames do not exceed.
        """
        wrong, wide = np.zeros((2, len(norms)), bool)
        amplitudes = values if self.power == 1 else np.sqrt(values)
        near = np.where(norms > self.harmless, norms * REACH, np.float32(0.0))
        faint = np.float32(self.levels.least) - TONAL * self.noise.max() * norms
        doubtful = amplitudes < np.multiply.outer(near, self.noise)
        if np.count_nonzero(doubtful) > self.few * (1 + len(norms) // 4):
            doubtful &= amplitudes > faint[:, None]
            wide = np.count_nonzero(doubtful, axis=1) > self.few
            doubtful[wide] = False
        frames, bins = np.divmod(np.flatnonzero(doubtful), len(self.noise))
        found = amplitudes[frames, bins]
        audible = found > faint[frames]
        frames, bins, found = frames[audible], bins[audible], found[audible]
        if frames.size:
            wide |= np.bincount(frames, minlength=len(norms)) > self.few
            wrong[frames[self._is_torn(found, norms[frames] * self.noise[bins])]] = True
        # What is not finite says nothing of other frames.
        return wrong | wide, wide & np.isfinite(norms)

    def _is_torn(self, found: NDArray[np.float32], slack: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Return where an amplitude within the slack is not of the level of the one found."""
        around = np.empty((3, len(found)))
        slack = np.where(found < self.levels.least, TONAL * slack, slack)
        np.subtract(found, slack, out=around[0])
        around[1] = found
        np.add(found, slack, out=around[2])
        low, middle, high = self.levels.exact(around)
        middle = np.rint(middle)
        torn: NDArray[np.bool_] = (high > middle + self.within) | (low < middle - self.within)
        return torn


@lru_cache(maxsize=32)
def _firsts(n: int, n_bins: int) -> NDArray[np.intp]:
    """Return where the values of every frame begin."""
    return np.arange(0, n * n_bins, n_bins)
