"""The multirate filter bank behind constant-Q transforms: librosa's filters, octave by octave.

Every octave is computed of the recording decimated once more, so that its filters stay short. A
stretch of the decimated recording is that of the whole one: to its noise of -120 dB if what is
read reaches beyond it as far as the low-pass filter does; to the bit if it begins where a block of
the resampler's own would begin, too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Octave",
    "block_samples",
    "decimated",
    "early_factor",
    "octave_response",
    "octaves_below",
    "stretches",
]

Read = Callable[[int, int], NDArray[np.float32]]
Stretch = tuple[int, int]

# How far, in samples that come out, the low-pass filter of any quality reaches.
_REACH = 128
# Samples that come out of one block of soxr's, by quality and factor.
_BLOCKS = {
    "soxr_vhq": {2: 758, 4: 748, 8: 742, 16: 738, 32: 736},
    "soxr_hq": {2: 830, 4: 820, 8: 814, 16: 810, 32: 808},
    "soxr_mq": {2: 866, 4: 856, 8: 850, 16: 846, 32: 842},
    "soxr_lq": {2: 470, 4: 468, 8: 466, 16: 464, 32: 464},
    "soxr_qq": {2: 1, 4: 1, 8: 1, 16: 1, 32: 1},
}
_FFT_VALUES = 1 << 17


@dataclass(frozen=True, eq=False)
class Octave:
    """The filters of one octave.

    Attributes
    ----------
    bins : slice
        Which bins of the transform they are.
    stage : int
        After how many decimations they are applied.
    hop : int
        Samples between frames at that rate.
    n_fft : int
        Length of their FFT.
    basis : scipy.sparse.csr_matrix, complex64 [shape=(n_filters, n_fft // 2 + 1)]
        Their spectra.
    """

    bins: slice
    stage: int
    hop: int
    n_fft: int
    basis: Any

    def needs(self, start: int, stop: int) -> Stretch:
        """Return the samples, at the rate of its stage, under frames ``[start, stop)``."""
        first = start * self.hop - self.n_fft // 2
        return first, first + (stop - start - 1) * self.hop + self.n_fft


def octave_response(
    octave: Octave, samples: NDArray[np.float32], n_frames: int
) -> NDArray[np.complex64]:
    """Return what an octave's filters make of `n_frames` frames [shape=(n_filters, n_frames)].

    The samples are those of `Octave.needs`, padded with zeros outside the recording.
    """
    import scipy.fft

    out = np.empty((octave.basis.shape[0], n_frames), np.complex64)
    frames = np.lib.stride_tricks.sliding_window_view(samples, octave.n_fft)[:: octave.hop]
    step = max(1, _FFT_VALUES // octave.n_fft)
    for first in range(0, n_frames, step):
        block = frames[first : first + step].astype(np.float64)
        spectrum = scipy.fft.rfft(block, axis=1, overwrite_x=True).astype(np.complex64)
        out[:, first : first + step] = octave.basis.dot(spectrum.T)
    return out


def stretches(
    wanted: Sequence[Stretch], factors: Sequence[int], n_samples: int, quality: str, exact: bool
) -> list[Stretch]:
    """Return the stretches that must be known at every stage, the recording itself first.

    Parameters
    ----------
    wanted : sequence of (int, int)
        What is asked for of every stage: one more than there are `factors`.
    factors : sequence of int
        By how much each stage decimates the one before it.
    n_samples : int
        Length of the recording; nothing beyond its ends is returned.
    quality : str
        soxr's.
    exact : bool
        Whether the samples will be those of the whole recording's decimation to the bit.
    """
    lengths = [n_samples]
    for factor in factors:
        lengths.append(-(-lengths[-1] // factor))
    found: list[Stretch] = []
    for stage in range(len(factors), -1, -1):
        first, last = wanted[stage]
        if found:
            factor = factors[stage]
            block = block_samples(quality, factor) if exact else 1
            margin = _REACH + (block if block > 1 else 0)
            first = min(first, (found[-1][0] - margin) * factor) // (block * factor)
            first *= block * factor
            last = max(last, (found[-1][1] + margin) * factor)
        first = min(max(first, 0), lengths[stage])
        found.append((first, max(first, min(last, lengths[stage]))))
    return found[::-1]


def decimated(
    samples: NDArray[np.float32], have: Stretch, want: Stretch, factor: int, quality: str
) -> NDArray[np.float32]:
    """Return a stretch of the next stage of a longer one of this, scaled as librosa does."""
    import soxr

    out = np.zeros(want[1] - want[0], np.float32)
    if not len(samples):
        return out
    first = have[0] // factor
    made = soxr.resample(samples, factor, 1, quality=quality)
    part = made[want[0] - first : want[1] - first]
    out[: len(part)] = part
    out /= np.sqrt(1.0 / factor)
    return out


@lru_cache(maxsize=64)
def block_samples(quality: str, factor: int) -> int:
    """Return how many samples come out of one block of soxr's; 1 where that is not known."""
    block = _BLOCKS.get(quality, {}).get(factor, 1)
    return block if block == 1 or _is_block(block, quality, factor) else 1


def _is_block(block: int, quality: str, factor: int) -> bool:
    """Return whether decimation that begins with a block gives the same numbers to the bit."""
    import soxr

    rng = np.random.default_rng(0)
    noise = rng.standard_normal(8 * block * factor).astype(np.float32)
    whole = soxr.resample(noise, factor, 1, quality=quality)
    part = soxr.resample(noise[2 * block * factor :], factor, 1, quality=quality)
    margin = block + _REACH
    return bool(np.array_equal(part[margin:-margin], whole[2 * block + margin : -margin]))


def octaves_below(
    hop: int, n_octaves: int, tops: Sequence[float] | None = None, rate: float = 0.0
) -> list[tuple[int, int]]:
    """Return, octave by octave from the top, its stage and its hop: an odd hop is not halved.

    Parameters
    ----------
    hop : int > 0
        Samples between frames in the first octave.
    n_octaves : int
        How many.
    tops : sequence of float, optional
        The highest frequency of every octave. Below one whose own is more than a fifth of the
        rate, nothing is halved: librosa's rule from 1.0 on.
    rate : float
        Samples per second in the first octave.

    Examples
    --------
    >>> octaves_below(12, 4)
    [(0, 12), (1, 6), (2, 3), (2, 3)]
    >>> octaves_below(12, 3, tops=(3000.0, 1500.0, 750.0), rate=7000.0)
    [(0, 12), (0, 12), (1, 6)]
    """
    found, stage = [], 0
    for i in range(n_octaves):
        found.append((stage, hop))
        free = tops is None or i + 1 == n_octaves or tops[i + 1] <= rate / 5
        if hop % 2 == 0 and free:
            stage, hop, rate = stage + 1, hop // 2, rate / 2.0
    return found


def early_factor(nyquist: float, cutoff: float, hop: int, n_octaves: int) -> int:
    """Return by how much librosa decimates before the first octave: a power of two.

    As often as the highest filter leaves an octave and more free below half the rate, and the
    hop stays even for all octaves.
    """
    free = max(0, math.ceil(math.log2(nyquist / cutoff)) - 2)
    twos = (hop & -hop).bit_length() - 1
    return 1 << min(free, max(0, twos - n_octaves + 1))
