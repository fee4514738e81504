"""The mel spectrogram, as ``librosa.feature.melspectrogram`` gives it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from specwidget._check import check_bool, check_int, check_number, shown
from specwidget.errors import ParameterError
from specwidget.transforms.base import FrameTransform
from specwidget.transforms.engine import Engine
from specwidget.transforms.melbank import MelBank, mel_bank
from specwidget.transforms.units import Units
from specwidget.transforms.valued import checked_norm

__all__ = ["MelSpectrogram"]

MAX_MELS = 4096
MAX_HZ = 1e9


@dataclass(frozen=True, kw_only=True)
class MelSpectrogram(FrameTransform):
    """Power spectrogram summed by mel filters, in dB.

    Equal to ``librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=sr, ...), ref=1.0,
    top_db=None)`` with the same parameters and ``power=2.0``.

    Parameters
    ----------
    n_fft : int in 2..65536
        Samples in a frame, and length of the FFT.
    hop_length : int in 1..1048576, optional
        Samples from one frame to the next; ``win_length // 4`` if None.
    win_length : int in 1..n_fft, optional
        Length of the window, which is centred in the frame; `n_fft` if None.
    window : str, number, tuple, array-like or callable
        As in librosa.
    n_mels : int in 1..4096
        How many filters.
    fmin : float >= 0
        Lower end of the lowest filter, in Hz.
    fmax : float > fmin, optional
        Upper end of the highest filter, in Hz; half the sampling rate if None.
    htk : bool
        HTK's mel scale in place of Slaney's.
    norm : "slaney", None, or number > 0
        Filters scaled by the width of their band; not at all; or to this norm (1, 2,
        ``inf``) of 1.

    Raises
    ------
    ParameterError, ParameterTypeError
        A parameter has a value or a type that makes no sense.

    Examples
    --------
    >>> mel = MelSpectrogram(n_mels=4, fmax=4000)
    >>> mel.frequencies(sr=22050).round()
    array([ 469.,  938., 1521., 2466.])
    """

    hop_length: int | None = 512
    n_mels: int = 128
    fmin: float = 0.0
    fmax: float | None = None
    htk: bool = False
    norm: str | float | None = "slaney"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set("n_mels", check_int("n_mels", self.n_mels, 1, MAX_MELS))
        self._set("fmin", check_number("fmin", self.fmin, 0.0, MAX_HZ, unit="Hz"))
        if self.fmax is not None:
            self._set("fmax", check_number("fmax", self.fmax, 0.0, MAX_HZ, unit="Hz"))
            if self.fmax <= self.fmin:
                raise ParameterError(
                    f"fmax={self.fmax:g} is not above fmin={self.fmin:g}; make it larger"
                )
        self._set("htk", check_bool("htk", self.htk))
        self._set("norm", _checked_norm(self.norm))

    def bank(self, sr: float) -> MelBank:
        """Return the filter bank at a sampling rate of `sr` Hz.

        Raises
        ------
        ParameterError
            `fmin` is not below half the sampling rate, and `fmax` was not given.
        """
        fmax = float(sr) / 2.0 if self.fmax is None else self.fmax
        if fmax <= self.fmin:
            raise ParameterError(
                f"fmin={self.fmin:g} is not below half the sampling rate, {fmax:g} Hz; "
                "give a smaller fmin"
            )
        return mel_bank(float(sr), self.n_fft, self.n_mels, self.fmin, fmax, self.htk, self.norm)

    def n_rows(self, sr: float) -> int:
        """Return how many values a frame has: `n_mels`."""
        return self.n_mels

    def frequencies(self, sr: float) -> NDArray[np.float64]:
        """Return the peak of every filter in Hz, ascending [shape=(n_mels,)]."""
        return self.bank(sr).centres.copy()

    def band(self, sr: float) -> tuple[float, float]:
        """Return `fmin` and `fmax`, or half the sampling rate, in Hz."""
        return self.fmin, sr / 2.0 if self.fmax is None else self.fmax

    def units(self, sr: float) -> Units:
        """Return what values mean: dB of power."""
        return Units(ref_factor=10.0, full_scale=_full_scale_db(self, float(sr)))

    def _engine(self, sr: float) -> Engine:
        return Engine(self.frame_window(), self.hop, self.bank(sr))


def _checked_norm(norm: object) -> str | float | None:
    if norm == "slaney":
        return "slaney"
    if isinstance(norm, str) and norm != "inf":
        raise ParameterError(f"norm={shown(norm)} is unknown; give 'slaney', None, 1, 2 or inf")
    return checked_norm("norm", norm)


@lru_cache(maxsize=32)
def _full_scale_db(mel: MelSpectrogram, sr: float) -> float:
    """Return the largest response of a filter to a full-scale sine, found at FFT bins."""
    spectrum = np.abs(np.fft.rfft(mel.frame_window())) / 2.0
    lobe = np.square(spectrum[: min(len(spectrum), 17)])
    lobe = np.concatenate([lobe[:0:-1], lobe])
    bands = mel.bank(sr).bands
    peak = max((float(np.convolve(band, lobe).max()) for band in bands if len(band)), default=0.0)
    return 10.0 * math.log10(peak) if peak > 0.0 else 0.0
