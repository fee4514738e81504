"""What each measurement is: small functions, each with its definition and where it comes from.

Spectral measurements are of the energy of every bin of the box, summed over its frames, and so of
the same numbers as the picture. Levels are in dBFS as AES17 has it: a sine that reaches full scale
reads 0 dB, in its peak as in its root mean square. Where a definition gives no number, as for the
entropy of silence, it is NaN.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "centroid",
    "entropy",
    "frequency_quantile",
    "peak_db",
    "peak_frequency",
    "rms_db",
    "snr_db",
    "zero_crossing_rate",
]

Spectrum = NDArray[np.float64]


def frequency_quantile(energy: Spectrum, frequencies: Spectrum, share: float) -> float:
    """Return the frequency below which a share of the energy lies, in Hz.

    It is the first bin at which the energy, summed from the lowest bin of the box upwards, comes to
    `share` of all: 0.5 gives the center frequency, 0.05 and 0.95 the ends of the 90 % bandwidth.

    Source: Raven Pro User's Manual (Cornell Lab of Ornithology), "Center Freq", "Freq 5%",
    "Freq 95%", "BW 90%".

    Examples
    --------
    >>> frequency_quantile(np.array([1.0, 1.0, 8.0]), np.array([0.0, 10.0, 20.0]), 0.5)
    20.0
    """
    total = np.cumsum(energy)
    if not 0.0 < total[-1] < math.inf:
        return math.nan
    return float(frequencies[int(np.searchsorted(total, share * total[-1]))])


def peak_frequency(loudest: Spectrum, frequencies: Spectrum) -> float:
    """Return the frequency of the loudest cell of the box, in Hz.

    `loudest` is the largest power of every bin. Where a parabola through the decibels of that bin
    and its two neighbours has its top: within half a bin of the loudest cell.

    Source: Raven Pro User's Manual, "Peak Freq", which is the bin; the parabola: J. O. Smith,
    Spectral Audio Signal Processing, "Quadratic Interpolation of Spectral Peaks".

    Examples
    --------
    >>> peak_frequency(np.array([0.0, 1.0, 4.0, 4.0, 1.0]), np.arange(5) * 100.0)
    250.0
    """
    if not 0.0 < float(np.max(loudest)) < math.inf:
        return math.nan
    k = int(np.argmax(loudest))
    if not 0 < k < len(loudest) - 1 or min(loudest[k - 1], loudest[k + 1]) <= 0.0:
        return float(frequencies[k])
    left, top, right = np.log(loudest[k - 1 : k + 2])
    bend = left - 2.0 * top + right
    shift = 0.0 if bend == 0.0 else 0.5 * (left - right) / bend
    return float(frequencies[k] + shift * (frequencies[k + 1] - frequencies[k]))


def centroid(energy: Spectrum, frequencies: Spectrum) -> float:
    """Return the mean of the frequencies, weighted by their energy, in Hz.

    Source: ISO/IEC 15938-4 (MPEG-7 Audio), SpectralCentroid. (``librosa.feature.spectral_centroid``
    weights by magnitude and gives one number a frame.)

    Examples
    --------
    >>> centroid(np.array([1.0, 3.0]), np.array([100.0, 200.0]))
    175.0
    """
    total = float(energy.sum())
    return float(energy @ frequencies) / total if 0.0 < total < math.inf else math.nan


def entropy(energy: Spectrum) -> float:
    """Return how evenly the energy is spread over the bins, in bits.

    The sum of ``-p * log2(p)`` over the bins of the box, with p the share of a bin in the energy:
    0 if all of it is in one bin, ``log2(n_bins)`` if all have as much.

    Source: Raven Pro User's Manual, "Agg Entropy (bits)".

    Examples
    --------
    >>> entropy(np.ones(8)), entropy(np.array([0.0, 1.0]))
    (3.0, 0.0)
    """
    total = float(energy.sum())
    if not 0.0 < total < math.inf:
        return math.nan
    share = energy[energy > 0.0] / total
    return abs(float(-(share @ np.log2(share))))


def rms_db(mean_square: float) -> float:
    """Return the root mean square in dBFS: ``10 * log10(2 * mean(y ** 2))``.

    Source: AES17-2020, RMS level: relative to that of a sine of full scale. Silence reads -inf.

    Examples
    --------
    >>> rms_db(0.5), round(rms_db(0.005))
    (0.0, -20)
    """
    return _decibels(2.0 * mean_square)


def peak_db(peak: float) -> float:
    """Return the largest absolute sample in dBFS: ``20 * log10(max(abs(y)))``.

    Source: AES17-2020, peak level, of the samples themselves. Silence reads -inf.

    Examples
    --------
    >>> peak_db(1.0), round(peak_db(0.1))
    (0.0, -20)
    """
    return _decibels(peak * peak)


def snr_db(mean_square: float, noise: float) -> float:
    """Return by how much the sound is louder than its surroundings, in dB.

    ``10 * log10((S - N) / N)`` with S the mean square of the annotation and N that of its
    surroundings: as long before it and as long after it as it lasts itself, in the same band,
    without what lies outside the recording. What is no louder than its surroundings reads -inf.

    Source: Raven Knowledge Base, "Signal-to-Noise Ratio (SNR) - user protocol", with the
    surroundings that a person would choose there fixed to equal times.

    Examples
    --------
    >>> round(snr_db(11.0, 1.0), 6), snr_db(1.0, 1.0)
    (10.0, -inf)
    """
    if math.isnan(mean_square) or math.isnan(noise) or mean_square == noise == 0.0:
        return math.nan
    return math.inf if noise == 0.0 else _decibels(max(0.0, mean_square - noise) / noise)


def zero_crossing_rate(crossings: int, n_samples: int) -> float:
    """Return how many of the samples have another sign than the one before: twice f / sr of a tone.

    Source: ``librosa.feature.zero_crossing_rate``, over the whole annotation in place of a frame.

    Examples
    --------
    >>> zero_crossing_rate(50, 1000)
    0.05
    """
    return crossings / n_samples if n_samples else math.nan


def _decibels(power: float) -> float:
    if math.isnan(power):
        return math.nan
    return 10.0 * math.log10(power) if power > 0.0 else -math.inf
