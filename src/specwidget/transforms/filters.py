"""The filters of constant-Q transforms: librosa's, at the rates of their octaves.

What they would take is found before they are made, and is bounded.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from specwidget.errors import ParameterError
from specwidget.transforms.octaves import Octave, early_factor, octaves_below

__all__ = ["FilterBank", "FilterSpec", "filter_bank"]

MAX_REACH = 1 << 20
MAX_FACTOR = 1 << 12
MAX_VALUES = 1 << 22


@dataclass(frozen=True, kw_only=True)
class FilterSpec:
    """What the filters depend on, by librosa's names; all resolved but `gamma`."""

    sr: float
    hop_length: int
    fmin: float
    n_bins: int
    bins_per_octave: int
    intervals: str | tuple[float, ...]
    gamma: float | None
    filter_scale: float
    norm: float | None
    sparsity: float
    window: Any
    scale: bool


@dataclass(frozen=True, eq=False)
class FilterBank:
    """The filters of a transform at one sampling rate.

    Attributes
    ----------
    frequencies : np.ndarray, float64 [shape=(n_bins,)]
        Their centres in Hz, ascending.
    lengths : np.ndarray, float64 [shape=(n_bins,)]
        Their lengths in samples of the recording.
    factors : tuple of int
        By how much the recording is decimated, once after the other.
    early : int
        The first of them where the highest octave needs it, else 1.
    octaves : tuple of Octave
        The highest first.
    full_scale : float
        What a sine of amplitude 1 reads at the most, in dB.
    """

    frequencies: NDArray[np.float64]
    lengths: NDArray[np.float64]
    factors: tuple[int, ...]
    early: int
    octaves: tuple[Octave, ...]
    full_scale: float


def filter_bank(spec: FilterSpec) -> FilterBank:
    """Make the filters.

    Raises
    ------
    ParameterError
        They reach beyond half the sampling rate, or would be too long, or too many.
    """
    import librosa
    from librosa.filters import wavelet_lengths
    from librosa.version import version

    per_octave = spec.bins_per_octave
    # librosa would raise the highest frequency to infinity before it looks at it.
    if math.log2(spec.fmin) + (spec.n_bins - 1) // per_octave >= math.log2(spec.sr / 2.0):
        raise _too_high(spec)
    frequencies = librosa.interval_frequencies(
        spec.n_bins,
        fmin=spec.fmin,
        intervals=spec.intervals,
        bins_per_octave=per_octave,
        sort=True,
    )
    alpha = _relative_bandwidths(frequencies, per_octave)
    shape = {"filter_scale": spec.filter_scale, "window": spec.window, "gamma": spec.gamma}
    lengths, cutoff = wavelet_lengths(freqs=frequencies, sr=spec.sr, alpha=alpha, **shape)
    if not cutoff <= spec.sr / 2.0:
        raise _too_high(spec)
    n_octaves = -(-spec.n_bins // per_octave)
    early = early_factor(spec.sr / 2.0, cutoff, spec.hop_length, n_octaves)
    rows = [
        slice(max(0, spec.n_bins - (i + 1) * per_octave), spec.n_bins - i * per_octave)
        for i in range(n_octaves)
    ]
    rate = spec.sr / float(early)
    tops = [float(frequencies[bins.stop - 1]) for bins in rows]
    # From 1.0 on, librosa halves the rate only below octaves that leave it room.
    is_old = version.startswith("0.")
    below = octaves_below(spec.hop_length // early, n_octaves, None if is_old else tops, rate)
    factors = [early << stage for stage, _ in below]
    _check_size(spec, [lengths[bins] / by for bins, by in zip(rows, factors, strict=True)])
    if lengths.max() > MAX_REACH or factors[-1] > MAX_FACTOR:
        raise ParameterError(
            f"the filters from fmin={spec.fmin:g} Hz reach over {lengths.max():,.0f} samples, and "
            f"over {n_octaves} octaves; make fmin larger, or n_bins or filter_scale smaller"
        )
    octaves, gains = [], np.empty(spec.n_bins)
    for bins, (stage, hop) in zip(rows, below, strict=True):
        own = {"freqs": frequencies[bins], "alpha": alpha[bins], "sr": rate / 2.0**stage}
        basis, n_fft, gains[bins] = _spectra(spec, own | shape)
        basis.data *= np.sqrt(2.0**stage)
        octaves.append(Octave(bins, stage + (early > 1), hop, n_fft, basis))
    gains *= np.sqrt(lengths) if spec.scale else lengths
    return FilterBank(
        frequencies,
        lengths,
        ((early,) if early > 1 else ()) + (2,) * max(stage for stage, _ in below),
        early,
        tuple(octaves),
        20.0 * math.log10(float(gains.max())),
    )


def _relative_bandwidths(frequencies: NDArray[np.float64], per_octave: int) -> NDArray[np.float64]:
    """Return the bandwidth of every filter by its frequency, from those of its neighbours."""
    if len(frequencies) == 1:
        square = np.array([(2.0 ** (1 / per_octave)) ** 2])
    else:
        square = 2.0 ** (2 / (1 / np.gradient(np.log2(frequencies))))
    return (square - 1.0) / (square + 1.0)


def _spectra(spec: FilterSpec, own: dict[str, Any]) -> tuple[Any, int, NDArray[np.float64]]:
    """Return the sparse spectra of some filters, their length, and half of what each sums to."""
    import librosa
    import scipy.fft

    filters, lengths = librosa.filters.wavelet(pad_fft=True, norm=spec.norm, **own)
    gains = np.abs(filters).sum(axis=1, dtype=np.float64) / 2.0
    n_fft = filters.shape[1]
    filters *= lengths[:, np.newaxis] / float(n_fft)
    fft = librosa.get_fftlib() if hasattr(librosa, "get_fftlib") else scipy.fft
    spectra = fft.fft(filters, n=n_fft, axis=1)[:, : n_fft // 2 + 1]
    sparse = librosa.util.sparsify_rows(spectra, quantile=spec.sparsity, dtype=np.complex64)
    return sparse, n_fft, gains


def _check_size(spec: FilterSpec, octaves: list[NDArray[np.float64]]) -> None:
    """Refuse filters, given their lengths octave by octave, that are too short or too many."""
    if min(sizes.max() for sizes in octaves) <= 1.0:
        raise ParameterError(
            f"filter_scale={spec.filter_scale:g} leaves filters of one sample at most; "
            "make it larger"
        )
    values = sum(len(sizes) * 2.0 ** math.ceil(math.log2(sizes.max())) for sizes in octaves)
    if values > MAX_VALUES:
        raise ParameterError(
            f"the filters would have {values:,.0f} values, and at most {MAX_VALUES:,} can be used; "
            "make fmin larger, bins_per_octave or filter_scale smaller, or hop_length a multiple "
            f"of {1 << len(octaves)}"
        )


def _too_high(spec: FilterSpec) -> ParameterError:
    return ParameterError(
        f"the highest of n_bins={spec.n_bins} filters from fmin={spec.fmin:g} Hz reaches beyond "
        f"half the sampling rate, {spec.sr / 2.0:g} Hz; make n_bins or fmin smaller"
    )
