"""Frames to amplitude to quantised dB, in blocks that stay in the processor's cache.

A frame gives the same bytes however a recording is cut, as long as cuts are made at multiples of
`_BLOCK_FRAMES`, or of a smaller power of two throughout: a matrix product may depend, in its last
bit, on the number of rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from specwidget.transforms.levels import AMIN_POWER, Levels
from specwidget.transforms.melbank import MelBank
from specwidget.transforms.precision import doubtful_frames, rounding_noise

__all__ = ["Engine", "max_pooled"]

_BLOCK_BYTES = 1 << 20
_BLOCK_FRAMES = 128


@dataclass(frozen=True, eq=False)
class Engine:
    """What is needed to compute frames.

    Attributes
    ----------
    window : np.ndarray, float64 [shape=(n_fft,)]
        The window, padded to the frame.
    hop : int > 0
        Samples from one frame to the next.
    bank : MelBank, optional
        Filters that sum the FFT bins to those of the result.
    """

    window: NDArray[np.float64]
    hop: int
    bank: MelBank | None = None

    @property
    def n_fft_bins(self) -> int:
        """How many bins the FFT has."""
        return len(self.window) // 2 + 1

    @property
    def n_bins(self) -> int:
        """How many bins the result has."""
        return self.n_fft_bins if self.bank is None else len(self.bank.bands)

    def decibels(self, samples: NDArray[np.float32], *, exact: bool) -> NDArray[np.float32]:
        """Return dB (ref=1.0) of the whole frames in `samples` [shape=(n_bins, n_frames)]."""
        frames = self._frames(samples)
        out = np.empty((self.n_bins, frames.shape[0]), np.float32)
        blocks = self._exact_blocks(frames) if exact else self._blocks(frames)
        for start, magnitude, _ in blocks:
            with np.errstate(invalid="ignore", over="ignore"):
                power = np.square(magnitude, out=magnitude)
                values = _power_db(power if self.bank is None else self.bank(power))
            out[:, start : start + len(values)] = values.T
        return out

    def levels(
        self, samples: NDArray[np.float32], range_db: tuple[float, float], pool: int = 1
    ) -> NDArray[np.uint8]:
        """Return quantised dB, the maxima over `pool` frames [shape=(n_columns, n_bins)].

        Parameters
        ----------
        samples : np.ndarray, float32 [shape=(n,)]
            Samples that cover whole frames.
        range_db : (float, float)
            The dB that levels 0 and 255 stand for; beyond it values are clipped, NaN gives 0.
        pool : int > 0
            Frames in a column, a power of two; the last column may have fewer.
        """
        frames = self._frames(samples)
        levels = np.empty((-(-frames.shape[0] // pool), self.n_bins), np.uint8)
        column = np.zeros(self.n_bins, np.float32)
        block = self._block_frames()
        scale = Levels.over(range_db)
        for start, values in self._sure_blocks(frames, scale):
            if pool <= block:
                pooled = max_pooled(values, pool)
                first = start // pool
                scale.quantise(pooled, levels[first : first + len(pooled)])
                continue
            np.maximum(column, values.max(axis=0), out=column)
            stop = start + len(values)
            if stop % pool == 0 or stop == frames.shape[0]:
                scale.quantise(column, levels[start // pool])
                column[:] = 0.0
        return levels

    def _block_frames(self) -> int:
        """Return how many frames make a block: a power of two."""
        fit = 1 << max(0, (_BLOCK_BYTES // (4 * len(self.window))).bit_length() - 1)
        return fit if self.bank is None else min(fit, _BLOCK_FRAMES)

    def _frames(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the whole frames in `samples`, without copying [shape=(n_frames, n_fft)]."""
        n_fft = len(self.window)
        if samples.shape[0] < n_fft:
            return np.empty((0, n_fft), np.float32)
        return np.lib.stride_tricks.sliding_window_view(samples, n_fft)[:: self.hop]

    def _exact_blocks(
        self, frames: NDArray[np.float32]
    ) -> Iterator[tuple[int, NDArray[np.float32], None]]:
        """Yield ``(first frame, magnitudes, None)``, in float64 rounded to complex64.

        The numbers are those of ``np.abs(librosa.stft(...))``, to the bit.
        """
        import scipy.fft

        block = self._block_frames()
        for start in range(0, frames.shape[0], block):
            with np.errstate(invalid="ignore", over="ignore"):
                windowed = self.window * frames[start : start + block]
                spectrum = scipy.fft.rfft(windowed, axis=1, overwrite_x=True)
                yield start, np.abs(spectrum.astype(np.complex64)), None

    def _blocks(
        self, frames: NDArray[np.float32]
    ) -> Iterator[tuple[int, NDArray[np.float32], NDArray[np.float32]]]:
        """Yield ``(first frame, magnitudes, norms of the windowed frames)``, in float32.

        What is yielded is overwritten by the next block.
        """
        import scipy.fft

        n_frames, n_fft = frames.shape
        block = min(self._block_frames(), max(1, n_frames))
        window = self.window.astype(np.float32)
        windowed = np.empty((block, n_fft), np.float32)
        magnitude = np.empty((block, self.n_fft_bins), np.float32)
        for start in range(0, n_frames, block):
            part = frames[start : start + block]
            n = len(part)
            with np.errstate(invalid="ignore", over="ignore", under="ignore"):
                np.multiply(part, window, out=windowed[:n])
                norms = np.sqrt(np.vecdot(windowed[:n], windowed[:n]))
                spectrum = scipy.fft.rfft(windowed[:n], axis=1, overwrite_x=True)
                np.abs(spectrum, out=magnitude[:n])
            yield start, magnitude[:n], norms

    def _sure_blocks(
        self, frames: NDArray[np.float32], scale: Levels
    ) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Yield ``(first frame, amplitudes)``, by float64 where float32 is not enough."""
        noise = self._amplitudes(rounding_noise(len(self.window))[None])[0]
        for start, magnitude, norms in self._blocks(frames):
            with np.errstate(invalid="ignore", over="ignore", under="ignore"):
                values = self._amplitudes(magnitude)
                rows = doubtful_frames(values, norms, noise, scale)
                if rows.size:
                    self._correct(frames[start : start + len(magnitude)], rows, magnitude)
                    values = self._amplitudes(magnitude)
                if not np.isfinite(norms).all():
                    values[np.isnan(values)] = 0.0
            yield start, values

    def _amplitudes(self, magnitude: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the amplitude in every bin of the result."""
        if self.bank is None:
            return magnitude
        power = self.bank(np.square(magnitude))
        return np.sqrt(power, out=power)

    def _correct(
        self,
        frames: NDArray[np.float32],
        rows: NDArray[np.intp],
        magnitude: NDArray[np.float32],
    ) -> None:
        """Put the magnitudes of some frames, computed in float64, in their rows."""
        import scipy.fft

        n_fft = frames.shape[1]
        step = max(1, _BLOCK_BYTES // (32 * n_fft))
        windowed = np.empty((min(step, len(rows)), n_fft))
        for first in range(0, len(rows), step):
            some = rows[first : first + step]
            np.multiply(frames[some], self.window, out=windowed[: len(some)])
            spectrum = scipy.fft.rfft(windowed[: len(some)], axis=1, overwrite_x=True)
            magnitude[some] = np.abs(spectrum.astype(np.complex64))


def _power_db(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``librosa.power_to_db(power, ref=1.0, top_db=None)``, overwriting `power`."""
    np.maximum(power, np.float32(AMIN_POWER), out=power)
    np.log10(power, out=power)
    power *= np.float32(10.0)
    return power


def max_pooled(columns: NDArray[Any], pool: int) -> NDArray[Any]:
    """Return the maxima over every `pool` columns, along the first axis.

    Examples
    --------
    >>> max_pooled(np.array([3, 1, 4, 1, 5]), 2)
    array([3, 4, 5])
    """
    if pool == 1:
        return columns
    whole = len(columns) // pool
    groups = columns[: whole * pool].reshape(whole, pool, *columns.shape[1:])
    pooled: NDArray[Any] = groups.max(axis=1)
    if whole * pool == len(columns):
        return pooled
    return np.concatenate([pooled, columns[whole * pool :].max(axis=0, keepdims=True)])
