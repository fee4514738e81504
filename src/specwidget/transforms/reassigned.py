"""The reassigned spectrogram: the power of ``librosa.reassigned_spectrogram``, on its own grid."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from specwidget._check import check_bool, check_number
from specwidget.audio.signal import Signal
from specwidget.errors import ParameterError
from specwidget.transforms.framing import Framing
from specwidget.transforms.spectra import frames_of, spectra
from specwidget.transforms.stft import Stft
from specwidget.transforms.units import Units
from specwidget.transforms.valued import Valued, power_to_db

__all__ = ["Reassigned"]

MAX_OVERLAP = 1 << 22


@dataclass(frozen=True, kw_only=True)
class Reassigned(Valued, Framing):
    """Power of the short-time Fourier transform, moved to where it is, in dB.

    ``librosa.reassigned_spectrogram`` gives for every cell of the transform a magnitude, and the
    frequency and the time that it is of. Here the power of every cell, its squared magnitude, is
    added to the cell with the nearest frame and the nearest bin to these, and the sums are read in
    dB, as ``librosa.power_to_db(sums, ref=1.0, top_db=None)``. A time beyond the samples of its
    own frame is none of theirs, and counts as that of the first or last of them; a frequency
    beyond 0 Hz or half the sampling rate as that. Cells whose frequency or time is NaN are left
    out.

    Parameters
    ----------
    n_fft, hop_length, win_length, window
        As for `Stft`.
    reassign_frequencies, reassign_times : bool
        What is moved; one of them at least.
    ref_power : float >= 0
        Cells of less power, squared magnitude, have neither frequency nor time.
    fill_nan : bool
        Whether such cells stay where they are, rather than being left out.

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
    >>> from specwidget import Reassigned
    >>> Reassigned(n_fft=512).hop
    128
    """

    reassign_frequencies: bool = True
    reassign_times: bool = True
    ref_power: float = 1e-6
    fill_nan: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("reassign_frequencies", "reassign_times", "fill_nan"):
            self._set(name, check_bool(name, getattr(self, name)))
        if not (self.reassign_frequencies or self.reassign_times):
            raise ParameterError(
                "reassign_frequencies and reassign_times are both False; take Stft, or one of them"
            )
        self._set("ref_power", check_number("ref_power", self.ref_power, 0.0, 1e30))
        least = -(-self.n_fft * self.n_fft // MAX_OVERLAP)
        if self.reassign_times and self.hop < least:
            raise ParameterError(
                f"hop_length={self.hop} lets every frame of n_fft={self.n_fft} depend on "
                f"{self.n_fft // self.hop:,} others; give hop_length={least} or more"
            )

    @property
    def span(self) -> int:
        """Samples that the work for one frame is in proportion to: it takes three FFTs."""
        return 8 * self.n_fft

    def n_rows(self, sr: float) -> int:
        """Return how many values a frame has: ``1 + n_fft // 2``."""
        return 1 + self.n_fft // 2

    def frequencies(self, sr: float) -> NDArray[np.float64]:
        """Return the centre of every bin in Hz [shape=(1 + n_fft // 2,)]."""
        return np.asarray(np.fft.rfftfreq(self.n_fft, 1.0 / sr), dtype=np.float64)

    def band(self, sr: float) -> tuple[float, float]:
        """Return the lowest and the highest frequency in Hz: 0 and half the sampling rate."""
        return 0.0, sr / 2.0

    def units(self, sr: float) -> Units:
        """Return what values mean: dB of power. All the power of a sine comes to one bin."""
        if self.reassign_frequencies:
            window = self.frame_window()
            power = self.n_fft * float(np.dot(window, window)) / 4.0
            return Units(ref_factor=10.0, full_scale=10.0 * math.log10(power))
        plain = Stft(n_fft=self.n_fft, win_length=self.win_length, window=self.window)
        return Units(ref_factor=10.0, full_scale=plain.units(sr).full_scale)

    def frame_range(self, start: int, stop: int) -> tuple[int, int]:
        """Return the samples under the frames whose power may come to frames ``[start, stop)``."""
        if stop <= start:
            return super().frame_range(start, stop)
        reach = self._reach
        return super().frame_range(start - reach, stop + reach)

    @property
    def _reach(self) -> int:
        """By how many frames power is moved at the most."""
        return -(-(self.n_fft // 2) // self.hop) if self.reassign_times else 0

    def values(
        self, signal: Signal, start: int, stop: int, *, exact: bool = True
    ) -> NDArray[np.float32]:
        """Return frames ``[start, stop)`` in dB, ref=1.0 [shape=(n_bins, stop - start)]."""
        first = max(0, start - self._reach)
        last = min(self.n_frames(signal.n_samples), stop + self._reach)
        frames, bad = frames_of(signal, self, first, last)
        sums = np.zeros((max(0, stop - start), 1 + self.n_fft // 2))
        for at, (plain, by_slope, by_time) in spectra(frames, *self._windows()):
            found, place = self._moved(plain, by_slope, by_time, signal.sr)
            place[0] += np.arange(first + at, first + at + len(plain))[:, np.newaxis]
            np.clip(place[0], 0, self.n_frames(signal.n_samples) - 1, out=place[0])
            found &= (place[0] >= start) & (place[0] < stop)
            if found.any():
                rows, bins = place[:, found]
                low, high = rows.min(), rows.max() + 1
                power = np.square(np.abs(plain[found]).astype(np.float64))
                part = sums[low - start : high - start]
                cells = (rows - low) * part.shape[1] + bins
                part += np.bincount(cells, power, part.size).reshape(part.shape)
        with np.errstate(over="ignore"):
            values = power_to_db(np.ascontiguousarray(sums.T, dtype=np.float32))
        values[:, bad[start - first : stop - first]] = np.nan
        return values

    def _windows(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return the window, its slope, and the window times the time from its middle."""
        window = self.frame_window()
        slope = (np.roll(window, -1) - np.roll(window, 1)) / 2.0
        times = np.arange(self.n_fft) - 0.5 * (self.n_fft - 1)
        return window, slope, window * times

    def _moved(
        self,
        plain: NDArray[np.complex64],
        by_slope: NDArray[np.complex64],
        by_time: NDArray[np.complex64],
        sr: float,
    ) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
        """Return which cells have a place, and by how many frames they move, and to which bin."""
        place = np.zeros((2, *plain.shape), np.intp)
        bins = np.arange(plain.shape[1], dtype=np.float64)
        with np.errstate(all="ignore"):
            weak = np.abs(plain) < self.ref_power**0.5
            hz = np.broadcast_to(bins, plain.shape)
            if self.reassign_frequencies:
                hz = bins - np.imag(by_slope / plain) * (0.5 * self.n_fft / np.pi)
            later = np.zeros(plain.shape)
            if self.reassign_times:
                later = np.real(by_time / plain).astype(np.float64)
            lost = weak | np.isnan(hz) | np.isnan(later)
            place[1] = np.floor(np.clip(np.where(lost, bins, hz), 0.0, 0.5 * self.n_fft) + 0.5)
            np.clip(np.where(lost, 0.0, later), -(self.n_fft // 2), self.n_fft // 2, out=later)
            place[0] = np.floor(later / self.hop + 0.5)
        np.minimum(place[1], plain.shape[1] - 1, out=place[1])
        return (np.full(plain.shape, True) if self.fill_nan else ~lost), place
