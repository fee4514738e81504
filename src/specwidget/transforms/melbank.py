"""The mel filter bank, equal to ``librosa.filters.mel``, kept as narrow bands.

Of the weights of a mel filter bank all but two in a hundred are zero: only those that are not
are kept and multiplied, a few neighbouring filters at a time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["COLUMNS", "MelBank", "hz_to_mel", "mel_bank", "mel_frequencies", "mel_to_hz"]

COLUMNS = 32
"""How many frames are multiplied with the filters at once."""

# Filters that are multiplied together, and their weights, zeros included.
_GROUP = 16
_GROUP_WEIGHTS = 2048
_HZ_PER_MEL = 200.0 / 3.0
_LOG_HZ = 1000.0
_LOG_MEL = _LOG_HZ / _HZ_PER_MEL
_LOG_STEP = math.log(6.4) / 27.0


def hz_to_mel(hz: NDArray[np.float64] | float, htk: bool = False) -> NDArray[np.float64]:
    """Return frequencies in mel: Slaney's scale, or HTK's."""
    hz = np.asarray(hz, dtype=np.float64)
    if htk:
        return np.asarray(2595.0 * np.log10(1.0 + hz / 700.0))
    above = _LOG_MEL + np.log(np.maximum(hz, _LOG_HZ) / _LOG_HZ) / _LOG_STEP
    return np.where(hz >= _LOG_HZ, above, hz / _HZ_PER_MEL)


def mel_to_hz(mel: NDArray[np.float64] | float, htk: bool = False) -> NDArray[np.float64]:
    """Return mels in Hz, the inverse of `hz_to_mel`."""
    mel = np.asarray(mel, dtype=np.float64)
    if htk:
        return np.asarray(700.0 * (10.0 ** (mel / 2595.0) - 1.0))
    above = _LOG_HZ * np.exp(_LOG_STEP * (np.maximum(mel, _LOG_MEL) - _LOG_MEL))
    return np.where(mel >= _LOG_MEL, above, _HZ_PER_MEL * mel)


def mel_frequencies(n: int, fmin: float, fmax: float, htk: bool = False) -> NDArray[np.float64]:
    """Return `n` frequencies evenly spaced in mel from `fmin` to `fmax`, in Hz [shape=(n,)]."""
    ends = hz_to_mel(np.array([fmin, fmax]), htk)
    return mel_to_hz(np.linspace(ends[0], ends[1], n), htk)


@dataclass(frozen=True)
class MelBank:
    """A mel filter bank in narrow bands.

    Attributes
    ----------
    centres : np.ndarray, float64 [shape=(n_mels,)]
        The peak of every filter, in Hz, ascending.
    n_fft_bins : int
        How many FFT bins it takes.
    starts : tuple of int
        The first FFT bin of every filter.
    bands : tuple of np.ndarray, float32
        The weights of every filter, from its first bin on.
    groups : tuple of (int, int, int, int, np.ndarray)
        For some filters ``[m0, m1)`` side by side: the FFT bins ``[b0, b1)`` under them, and
        their weights, float32 [shape=(m1 - m0, b1 - b0)].
    """

    centres: NDArray[np.float64]
    n_fft_bins: int
    starts: tuple[int, ...]
    bands: tuple[NDArray[np.float32], ...]
    groups: tuple[tuple[int, int, int, int, NDArray[np.float32]], ...]

    def __call__(self, power: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return power by filter [shape=(n, n_mels)] of power by bin [shape=(n, n_fft_bins)]."""
        return self.sums(np.ascontiguousarray(power.T)).T

    def sums(self, power: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return power by filter [shape=(n_mels, n)] of power by bin [shape=(n_fft_bins, n)].

        What is in one column changes no other, not even in its last bit, and it is the same
        in any column that is a multiple of `COLUMNS` further on.
        """
        n_bins, n = power.shape
        blocks = -(-n // COLUMNS)
        if n < blocks * COLUMNS:
            padded = np.zeros((n_bins, blocks * COLUMNS), np.float32)
            padded[:, :n] = power
            power = padded
        out = np.empty((len(self.bands), blocks * COLUMNS), np.float32)
        # BLAS computes a column by its place and by how many there are: always as many here.
        columns = power.reshape(n_bins, blocks, COLUMNS).transpose(1, 0, 2)
        sums = out.reshape(len(self.bands), blocks, COLUMNS).transpose(1, 0, 2)
        with np.errstate(invalid="ignore", over="ignore"):
            for m0, m1, b0, b1, weights in self.groups:
                np.matmul(weights, columns[:, b0:b1], out=sums[:, m0:m1])
        return out[:, :n]

    def dense(self) -> NDArray[np.float32]:
        """Return the filter bank as librosa lays it out [shape=(n_mels, n_fft_bins)]."""
        out = np.zeros((len(self.bands), self.n_fft_bins), np.float32)
        for row, start, band in zip(out, self.starts, self.bands, strict=True):
            row[start : start + len(band)] = band
        return out


@lru_cache(maxsize=16)
def mel_bank(
    sr: float,
    n_fft: int,
    n_mels: int,
    fmin: float,
    fmax: float,
    htk: bool,
    norm: str | float | None,
) -> MelBank:
    """Return the filter bank of ``librosa.filters.mel`` for these parameters."""
    bins = np.fft.rfftfreq(n_fft, 1.0 / sr)
    edges = mel_frequencies(n_mels + 2, fmin, fmax, htk)
    starts, bands = [], []
    for m in range(n_mels):
        left, centre, right = edges[m : m + 3]
        first = int(np.searchsorted(bins, left, "right"))
        last = int(np.searchsorted(bins, right, "left"))
        inside = bins[first:last]
        weights = np.minimum((inside - left) / (centre - left), (right - inside) / (right - centre))
        starts.append(first)
        bands.append(_normalised(np.maximum(weights, 0.0).astype(np.float32), right - left, norm))
    return MelBank(edges[1:-1], len(bins), tuple(starts), tuple(bands), _groups(starts, bands))


def _normalised(
    band: NDArray[np.float32], width: float, norm: str | float | None
) -> NDArray[np.float32]:
    """Return the weights of a filter, scaled by its width or to a norm of 1."""
    if norm is None or not len(band):
        return band
    if norm == "slaney":
        return (band * np.float64(2.0 / width)).astype(np.float32)
    size = np.linalg.norm(band.astype(np.float64), ord=float(norm))
    if size < np.finfo(np.float32).tiny:
        return band
    return (band / size).astype(np.float32)


def _groups(
    starts: list[int], bands: list[NDArray[np.float32]]
) -> tuple[tuple[int, int, int, int, NDArray[np.float32]], ...]:
    groups = []
    m0 = 0
    while m0 < len(bands):
        m1, (b0, b1) = m0 + 1, _under(starts, bands, m0, m0 + 1)
        while m1 < len(bands) and m1 - m0 < _GROUP:
            wider = _under(starts, bands, m0, m1 + 1)
            if (m1 + 1 - m0) * (wider[1] - wider[0]) > _GROUP_WEIGHTS:
                break
            m1, (b0, b1) = m1 + 1, wider
        weights = np.zeros((m1 - m0, b1 - b0), np.float32)
        for m in range(m0, m1):
            weights[m - m0, starts[m] - b0 : starts[m] - b0 + len(bands[m])] = bands[m]
        groups.append((m0, m1, b0, b1, weights))
        m0 = m1
    return tuple(groups)


def _under(
    starts: list[int], bands: list[NDArray[np.float32]], m0: int, m1: int
) -> tuple[int, int]:
    """Return the FFT bins under the filters ``[m0, m1)``."""
    ends = [start + len(band) for start, band in zip(starts[m0:m1], bands[m0:m1], strict=True)]
    return min(starts[m0:m1]), max(ends)
