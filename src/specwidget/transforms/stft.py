"""The short-time Fourier transform, as ``librosa.stft`` gives it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from specwidget.transforms.base import FrameTransform
from specwidget.transforms.units import Units

__all__ = ["Stft"]


@dataclass(frozen=True, kw_only=True)
class Stft(FrameTransform):
    """Magnitude of the short-time Fourier transform, in dB.

    Equal to ``librosa.amplitude_to_db(np.abs(librosa.stft(y, ...)), ref=1.0, top_db=None)``
    with the same parameters.

    Parameters
    ----------
    n_fft : int in 2..65536
        Samples in a frame, and length of the FFT.
    hop_length : int in 1..1048576, optional
        Samples from one frame to the next; ``win_length // 4`` if None.
    win_length : int in 1..n_fft, optional
        Length of the window, which is centred in the frame; `n_fft` if None.
    window : str, number, tuple, array-like or callable
        As in librosa: a name that `scipy.signal.get_window` knows, ``(name, parameter)``,
        or `win_length` samples.

    Raises
    ------
    ParameterError, ParameterTypeError
        A parameter has a value or a type that makes no sense.

    Examples
    --------
    >>> stft = Stft(n_fft=512, hop_length=128)
    >>> stft.n_rows(sr=22050), stft.n_frames(22050)
    (257, 173)
    >>> round(stft.units(sr=22050).full_scale, 2)
    42.14
    """

    def n_rows(self, sr: float) -> int:
        """Return how many values a frame has: ``1 + n_fft // 2``."""
        return 1 + self.n_fft // 2

    def frequencies(self, sr: float) -> NDArray[np.float64]:
        """Return the centre of every bin in Hz [shape=(1 + n_fft // 2,)]."""
        return np.asarray(np.fft.rfftfreq(self.n_fft, 1.0 / sr), dtype=np.float64)

    def units(self, sr: float) -> Units:
        """Return what values mean: dB of an amplitude."""
        full_scale = 20.0 * float(np.log10(_peak_response(self)))
        return Units(ref_factor=20.0, full_scale=full_scale)


@lru_cache(maxsize=32)
def _peak_response(stft: Stft) -> float:
    """Return half the largest magnitude of the window's spectrum."""
    return float(np.abs(np.fft.rfft(stft.frame_window(), 4 * stft.n_fft)).max()) / 2.0
