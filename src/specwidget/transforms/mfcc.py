"""Mel-frequency cepstral coefficients, as ``librosa.feature.mfcc`` gives them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from specwidget._check import check_int, check_number, shown
from specwidget.audio.signal import Signal
from specwidget.errors import ParameterError
from specwidget.transforms.framing import Framing
from specwidget.transforms.mel import MAX_MELS, MelSpectrogram
from specwidget.transforms.rows import IndexRows
from specwidget.transforms.units import Units
from specwidget.transforms.valued import Valued

__all__ = ["Mfcc"]


@dataclass(frozen=True, kw_only=True)
class Mfcc(IndexRows, Valued, Framing):
    """Mel-frequency cepstral coefficients; a row for each.

    Equal to ``librosa.feature.mfcc(S=S, n_mfcc=..., dct_type=..., norm=..., lifter=...)`` of ``S =
    librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=sr, ...), top_db=None)``. Given `y`
    in place of `S`, librosa lifts what is more than 80 dB below the loudest cell of the whole
    recording (``top_db=80``); here a frame depends on nothing but its own samples.

    Parameters
    ----------
    n_fft, hop_length, win_length, window
        As for `Stft`; `hop_length` is 512 by default.
    n_mfcc : int in 1..n_mels
        How many coefficients, from the 0th.
    dct_type : 1, 2 or 3
        Kind of the discrete cosine transform.
    norm : "ortho" or None
        Whether the cosines have a norm of 1.
    lifter : float >= 0
        Weight of the higher coefficients; 0 for none.
    n_mels, fmin, fmax, htk, mel_norm
        As for `MelSpectrogram`; `mel_norm` is its `norm`.

    Raises
    ------
    ParameterError, ParameterTypeError
        A parameter has a value or a type that makes no sense.

    Examples
    --------
    >>> mfcc = Mfcc(n_mfcc=13)
    >>> mfcc.n_rows(sr=22050), mfcc.units(sr=22050).row_label
    (13, 'coefficient')
    """

    hop_length: int | None = 512
    n_mfcc: int = 20
    dct_type: int = 2
    norm: str | None = "ortho"
    lifter: float = 0.0
    n_mels: int = 128
    fmin: float = 0.0
    fmax: float | None = None
    htk: bool = False
    mel_norm: str | float | None = "slaney"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set("n_mels", check_int("n_mels", self.n_mels, 1, MAX_MELS))
        self._set("n_mfcc", check_int("n_mfcc", self.n_mfcc, 1, self.n_mels))
        self._set("dct_type", check_int("dct_type", self.dct_type, 1, 3))
        if self.dct_type == 1 and self.n_mels == 1:
            raise ParameterError("dct_type=1 takes two filters and more; make n_mels larger")
        if self.norm not in ("ortho", None):
            raise ParameterError(f"norm={shown(self.norm)} is unknown; give 'ortho' or None")
        self._set("lifter", check_number("lifter", self.lifter, 0.0, 1e9))
        mel = self.mel()
        for name, value in (("fmin", mel.fmin), ("fmax", mel.fmax), ("htk", mel.htk)):
            self._set(name, value)
        self._set("mel_norm", mel.norm)

    def mel(self) -> MelSpectrogram:
        """Return the mel spectrogram that the coefficients are of."""
        return MelSpectrogram(
            n_fft=self.n_fft,
            hop_length=self.hop_length,
            win_length=self.win_length,
            window=self.window,
            n_mels=self.n_mels,
            fmin=self.fmin,
            fmax=self.fmax,
            htk=self.htk,
            norm=self.mel_norm,
        )

    def n_rows(self, sr: float) -> int:
        """Return how many values a frame has: `n_mfcc`."""
        return self.n_mfcc

    def units(self, sr: float) -> Units:
        """Return what values and rows mean."""
        self.mel().bank(sr)
        return Units(name="MFCC", unit="", row_label="coefficient")

    def values(
        self, signal: Signal, start: int, stop: int, *, exact: bool = True
    ) -> NDArray[np.float32]:
        """Return frames ``[start, stop)`` [shape=(n_mfcc, stop - start)]."""
        import scipy.fft

        db = self.mel().values(signal, start, stop)
        kind: Any = self.dct_type
        values: NDArray[np.float32] = scipy.fft.dct(db, axis=0, type=kind, norm=self.norm)
        values = values[: self.n_mfcc]
        if self.lifter > 0.0:
            places = np.arange(1, 1 + self.n_mfcc, dtype=np.float32)
            weights = np.sin(np.pi * places / self.lifter)
            values *= 1 + (self.lifter / 2) * weights[:, np.newaxis]
        return values
