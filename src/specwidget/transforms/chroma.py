"""Chroma, the energy in each pitch class, as ``librosa.feature.chroma_stft`` gives it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from specwidget._check import check_bool, check_int, check_number
from specwidget.audio.signal import Signal
from specwidget.errors import ParameterError, ParameterTypeError
from specwidget.transforms.framing import Framing
from specwidget.transforms.rows import IndexRows
from specwidget.transforms.spectra import frames_of, spectra
from specwidget.transforms.units import Units
from specwidget.transforms.valued import Valued, checked_norm

__all__ = ["Chroma"]

MAX_WEIGHTS = 1 << 20
_NAMES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")


@dataclass(frozen=True, kw_only=True)
class Chroma(IndexRows, Valued, Framing):
    """Energy in each pitch class, whatever its octave; a row for each, C the lowest.

    Equal to ``librosa.feature.chroma_stft(y=y, sr=sr, tuning=0.0, ...)`` with the same parameters.
    librosa's ``tuning=None``, its default, is estimated of the whole recording: give
    ``librosa.estimate_tuning(y=y, sr=sr)``.

    Parameters
    ----------
    n_fft, hop_length, win_length, window
        As for `Stft`; `hop_length` is 512 by default.
    norm : number > 0, inf, or None
        The norm by which every frame is divided: by its largest value with ``inf``.
    tuning : float
        By what part of a row all are moved from A = 440 Hz.
    n_chroma : int in 1..512
        How many rows an octave has.
    ctroct, octwidth : float, float or None
        Octaves near `ctroct`, counted from A0 = 27.5 Hz, count most; all alike if `octwidth` is
        None.
    base_c : bool
        Whether the lowest row is C, or A.

    Raises
    ------
    ParameterError, ParameterTypeError
        A parameter has a value or a type that makes no sense.

    Notes
    -----
    Samples that are not finite count as zero, and frames over them are NaN; librosa refuses such a
    recording.

    Examples
    --------
    >>> Chroma().units(sr=22050).row_names[:4]
    ('C', 'C♯', 'D', 'D♯')
    """

    hop_length: int | None = 512
    norm: float | None = np.inf
    tuning: float = 0.0
    n_chroma: int = 12
    ctroct: float = 5.0
    octwidth: float | None = 2.0
    base_c: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set("norm", checked_norm("norm", self.norm))
        if self.tuning is None:
            raise ParameterTypeError(
                "tuning=None would be estimated of the whole recording; give a number, such as "
                "0.0 or librosa.estimate_tuning(y=y, sr=sr)"
            )
        self._set("n_chroma", check_int("n_chroma", self.n_chroma, 1, 512))
        self._set("tuning", check_number("tuning", self.tuning, -1e3, 1e3))
        self._set("ctroct", check_number("ctroct", self.ctroct, -1e3, 1e3))
        if self.octwidth is not None:
            self._set("octwidth", check_number("octwidth", self.octwidth, 1e-3, 1e3))
        self._set("base_c", check_bool("base_c", self.base_c))
        if self.n_chroma * self.n_fft > MAX_WEIGHTS:
            raise ParameterError(
                f"n_chroma={self.n_chroma} and n_fft={self.n_fft} make too many weights; give at "
                f"most n_chroma={MAX_WEIGHTS // self.n_fft}"
            )

    def n_rows(self, sr: float) -> int:
        """Return how many values a frame has: `n_chroma`."""
        return self.n_chroma

    def units(self, sr: float) -> Units:
        """Return what values and rows mean: 1 is the most, where frames have a norm of 1."""
        names = None
        if self.n_chroma == 12:
            names = _NAMES if self.base_c else _NAMES[9:] + _NAMES[:9]
        return Units(
            name="chroma",
            unit="",
            limits=None if self.norm is None else (0.0, 1.0),
            row_label="pitch class",
            row_names=names,
        )

    def values(
        self, signal: Signal, start: int, stop: int, *, exact: bool = True
    ) -> NDArray[np.float32]:
        """Return frames ``[start, stop)`` [shape=(n_chroma, stop - start)]."""
        import librosa.util

        weights = _weights(self, float(signal.sr))
        frames, bad = frames_of(signal, self, start, stop)
        values = np.empty((self.n_chroma, len(frames)), np.float32)
        for first, (spectrum,) in spectra(frames, self.frame_window()):
            with np.errstate(over="ignore", invalid="ignore"):
                power = np.square(np.abs(spectrum))
                # Not by BLAS, whose own threads would wait for each other.
                np.einsum("cf,tf->ct", weights, power, out=values[:, first : first + len(power)])
        if self.norm is not None:
            # What was finite may be too large to be squared.
            bad |= ~np.isfinite(values).all(axis=0)
            values[:, bad] = 0.0
            values = librosa.util.normalize(values, norm=self.norm, axis=0)
        values[:, bad] = np.nan
        return values


@lru_cache(maxsize=8)
def _weights(chroma: Chroma, sr: float) -> NDArray[np.float32]:
    """Return what each FFT bin gives to each row [shape=(n_chroma, n_fft // 2 + 1)]."""
    import librosa.filters

    weights: NDArray[np.float32] = librosa.filters.chroma(
        sr=sr,
        n_fft=chroma.n_fft,
        n_chroma=chroma.n_chroma,
        tuning=chroma.tuning,
        ctroct=chroma.ctroct,
        octwidth=chroma.octwidth,
        base_c=chroma.base_c,
    )
    return weights
