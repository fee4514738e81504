"""Frames to amplitude to quantised dB, in blocks that stay near the processor.

A frame gives the same bytes however a recording is cut, as long as cuts are made at multiples of
32 frames, or of a smaller power of two where frames are very long.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from specwidget.transforms.levels import AMIN_POWER, Levels
from specwidget.transforms.melbank import MelBank
from specwidget.transforms.pooling import max_pooled
from specwidget.transforms.precision import framed
from specwidget.transforms.sure import SureFrames

__all__ = ["Engine", "max_pooled"]

# What is done at once: samples in frames, for levels and for decibels.
_BATCH_SAMPLES = 1 << 21
_BLOCK_SAMPLES = 1 << 17


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
    def n_bins(self) -> int:
        """How many bins the result has."""
        return len(self.window) // 2 + 1 if self.bank is None else len(self.bank.bands)

    def decibels(self, samples: NDArray[np.float32], *, exact: bool) -> NDArray[np.float32]:
        """Return dB (ref=1.0) of the whole frames in `samples` [shape=(n_bins, n_frames)]."""
        import scipy.fft

        samples = np.ascontiguousarray(samples)
        frames = framed(samples, len(self.window), self.hop)
        window = self.window if exact else self.window.astype(np.float32)
        out = np.empty((self.n_bins, len(frames)), np.float32)
        block = max(1, _BLOCK_SAMPLES // len(self.window))
        with np.errstate(all="ignore"):
            for start in range(0, len(frames), block):
                windowed = window * frames[start : start + block]
                # Frames side by side: then the result is written row by row.
                spectrum = scipy.fft.rfft(windowed.T, axis=0)
                magnitude = np.abs(spectrum.astype(np.complex64, copy=False))
                power = np.square(magnitude, out=magnitude)
                values = power if self.bank is None else self.bank.sums(power)
                out[:, start : start + len(windowed)] = _power_db(values)
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
            The dB that levels 0 and 255 stand for; beyond it values are clipped, and frames
            with samples that are not finite have the least level.
        pool : int > 0
            Frames in a column, a power of two; the last column may have fewer.
        """
        samples = np.ascontiguousarray(samples)
        n_frames = len(framed(samples, len(self.window), self.hop))
        shape = -(-n_frames // pool), self.n_bins
        if not n_frames:
            return np.empty(shape, np.uint8)
        batch = 1 << max(0, (_BATCH_SAMPLES // len(self.window)).bit_length() - 1)
        with np.errstate(all="ignore"):
            # Longer ones NumPy would fill with more than a frame, for nothing.
            np.setbufsize(max(16, min(4096, len(self.window) // 8 * 16)))
            frames = SureFrames(samples, self.window, self.hop, self.bank, Levels.over(range_db))
            new = np.empty if pool == 1 else np.zeros
            levels = new(shape, np.uint8, frames.order)
            for start in range(0, n_frames, batch):
                stop = min(start + batch, n_frames)
                if pool == 1:
                    frames.quantise(start, stop, levels[start:stop])
                    continue
                fine = np.empty((stop - start, self.n_bins), np.uint8, frames.order)
                frames.quantise(start, stop, fine)
                pooled = frames.pooled(fine, pool)
                columns = levels[start // pool : start // pool + len(pooled)]
                np.maximum(columns, pooled, out=columns)
        return levels


def _power_db(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``librosa.power_to_db(power, ref=1.0, top_db=None)``, overwriting `power`."""
    np.maximum(power, np.float32(AMIN_POWER), out=power)
    np.log10(power, out=power)
    power *= np.float32(10.0)
    return power
