"""What a transform is, and what the short-time transforms to dB share.

A transform is a value: frozen, equal when its parameters are, safe to share between threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from specwidget.audio.signal import Signal
from specwidget.transforms.engine import Engine
from specwidget.transforms.framing import Framing
from specwidget.transforms.units import Units

__all__ = ["FrameTransform", "Transform"]


@runtime_checkable
class Transform(Protocol):
    """Parameters that turn samples into frames; calling one adds no state.

    Frames are counted from 0; ranges of frames and samples are ``[start, stop)``.
    """

    @property
    def hop(self) -> int:
        """Samples from the centre of one frame to that of the next."""

    @property
    def span(self) -> int:
        """Samples that the work for one frame is in proportion to."""

    def n_rows(self, sr: float) -> int:
        """Return how many values a frame has."""

    def frequencies(self, sr: float) -> NDArray[np.float64]:
        """Return the centre of every bin in Hz, ascending [shape=(n_bins,)].

        Rows that are no frequencies (`Units.row_label`) are centred at 0.5, 1.5 and so on.
        """

    def band(self, sr: float) -> tuple[float, float]:
        """Return the lower end of the lowest bin and the upper end of the highest."""

    def n_frames(self, n_samples: int) -> int:
        """Return how many frames a recording of `n_samples` has."""

    def frame_range(self, start: int, stop: int) -> tuple[int, int]:
        """Return the samples ``(start, stop)`` that frames ``[start, stop)`` come of, unclipped."""

    def units(self, sr: float) -> Units:
        """Return what values and rows mean."""

    def values(
        self, signal: Signal, start: int, stop: int, *, exact: bool = True
    ) -> NDArray[np.float32]:
        """Return frames ``[start, stop)``, at most `n_frames` [shape=(n_bins, stop - start)].

        They are those of the transform of the whole signal. dB have ``ref=1.0``. With
        ``exact=False`` they may be a little off, for speed.
        """

    def columns(
        self,
        signal: Signal,
        start: int,
        stop: int,
        limits: tuple[float, float],
        pool: int = 1,
    ) -> NDArray[np.uint8]:
        """Return frames as bytes, maxima over `pool` frames [shape=(n_columns, n_bins)].

        0 stands for ``limits[0]``, 255 for ``limits[1]``; what is beyond is clipped, NaN gives 0.
        `pool` is a power of two; the last column may have fewer frames.
        """

    def to_json(self) -> dict[str, Any]:
        """Return the parameters as JSON-able values, with the class's name as ``type``."""


@dataclass(frozen=True, kw_only=True)
class FrameTransform(Framing):
    """A short-time transform to dB, by the fast engine; its parameters are those of `Framing`."""

    def band(self, sr: float) -> tuple[float, float]:
        """Return the lowest and the highest frequency in Hz: 0 and half the sampling rate."""
        return 0.0, sr / 2.0

    def values(
        self, signal: Signal, start: int, stop: int, *, exact: bool = True
    ) -> NDArray[np.float32]:
        """Return frames ``[start, stop)`` in dB, ref=1.0 [shape=(n_bins, stop - start)]."""
        samples = signal.read(*self.frame_range(start, stop))
        return self.decibels(samples, signal.sr, exact=exact)

    def columns(
        self,
        signal: Signal,
        start: int,
        stop: int,
        limits: tuple[float, float],
        pool: int = 1,
    ) -> NDArray[np.uint8]:
        """Return frames as bytes, maxima over `pool` frames [shape=(n_columns, n_bins)]."""
        return self.levels(signal.read(*self.frame_range(start, stop)), signal.sr, limits, pool)

    def decibels(
        self, samples: NDArray[np.float32], sr: float, *, exact: bool = True
    ) -> NDArray[np.float32]:
        """Return dB (ref=1.0) of the whole frames in `samples`.

        Parameters
        ----------
        samples : np.ndarray, float32 [shape=(n,)]
            Samples that cover whole frames; nothing is padded.
        sr : number > 0
            Sampling rate in Hz.
        exact : bool
            True for librosa's numbers; False for a faster float32 transform, which is
            0.01 dB from them within 80 dB of a frame's loudest bin.

        Returns
        -------
        np.ndarray, float32 [shape=(n_bins, 1 + (n - n_fft) // hop)]
            Silence reads -100 dB, librosa's least value.

        Examples
        --------
        >>> from specwidget import Stft
        >>> Stft(n_fft=4, window="boxcar").decibels(np.ones(4, np.float32), 8).round(1).T
        array([[  12., -100., -100.]], dtype=float32)
        """
        return self._engine(sr).decibels(samples, exact=exact)

    def levels(
        self,
        samples: NDArray[np.float32],
        sr: float,
        range_db: tuple[float, float],
        pool: int = 1,
    ) -> NDArray[np.uint8]:
        """Return quantised dB, the maxima over `pool` frames [shape=(n_columns, n_bins)].

        Level 0 stands for ``range_db[0]``, 255 for ``range_db[1]``; what is beyond is clipped,
        NaN gives 0. `pool` is a power of two.
        """
        return self._engine(sr).levels(samples, range_db, pool)

    def _engine(self, sr: float) -> Engine:
        return Engine(self.frame_window(), self.hop)
