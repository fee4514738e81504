"""Frames to power to quantised dB, in blocks that stay in the processor's cache.

Blocks begin at multiples of `BLOCK` frames from the first frame given, so that the same frame
gives the same bits however a recording is cut, as long as cuts are made at such multiples.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["AMIN_POWER", "frames_of", "magnitudes", "pooled_levels", "power_db", "powers"]

AMIN_POWER = 1e-10
"""The least power that librosa's amplitude_to_db and power_to_db tell from nothing."""

_BLOCK_BYTES = 256 * 1024

Project = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""From power by FFT bin [shape=(n, n_fft // 2 + 1)] to power by bin [shape=(n, n_bins)]."""


def frames_of(samples: NDArray[np.float32], n_fft: int, hop: int) -> NDArray[np.float32]:
    """Return the whole frames in `samples`, without copying [shape=(n_frames, n_fft)]."""
    if samples.shape[0] < n_fft:
        return np.empty((0, n_fft), np.float32)
    return np.lib.stride_tricks.sliding_window_view(samples, n_fft)[::hop]


def magnitudes(
    frames: NDArray[np.float32], window: NDArray[np.float64]
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield ``(first frame, |FFT|)`` block by block [shape=(n, n_fft // 2 + 1)].

    The numbers are those of ``np.abs(librosa.stft(...))``: window and FFT in float64,
    rounded to complex64.
    """
    block = _block_frames(frames.shape[1], 8)
    for start in range(0, frames.shape[0], block):
        with np.errstate(invalid="ignore", over="ignore"):
            spectrum = np.fft.rfft(window * frames[start : start + block], axis=1)
            yield start, np.abs(spectrum.astype(np.complex64))


def powers(
    frames: NDArray[np.float32], window: NDArray[np.float64]
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield ``(first frame, |FFT| ** 2)`` block by block [shape=(n, n_fft // 2 + 1)].

    What is yielded is overwritten by the next block.
    """
    import scipy.fft

    n_frames, n_fft = frames.shape
    block = _block_frames(n_fft, 8)
    windowed = np.empty((block, n_fft))
    power = np.empty((block, n_fft // 2 + 1), np.float32)
    square = np.empty_like(power)
    for start in range(0, n_frames, block):
        part = frames[start : start + block]
        n = part.shape[0]
        with np.errstate(invalid="ignore", over="ignore", under="ignore"):
            np.multiply(part, window, out=windowed[:n])
            spectrum = scipy.fft.rfft(windowed[:n], axis=1, overwrite_x=True)
            np.square(spectrum.real, out=power[:n], casting="same_kind")
            np.square(spectrum.imag, out=square[:n], casting="same_kind")
            power[:n] += square[:n]
        yield start, power[:n]


def pooled_levels(
    samples: NDArray[np.float32],
    window: NDArray[np.float64],
    hop: int,
    n_bins: int,
    range_db: tuple[float, float],
    pool: int,
    project: Project | None = None,
) -> NDArray[np.uint8]:
    """Return quantised dB, the maximum over every `pool` frames [shape=(n_columns, n_bins)].

    Parameters
    ----------
    samples : np.ndarray, float32 [shape=(n,)]
        Samples that cover whole frames.
    window : np.ndarray, float64 [shape=(n_fft,)]
        The window, padded to the frame.
    hop : int > 0
        Samples from one frame to the next.
    n_bins : int > 0
        Bins of the result.
    range_db : (float, float)
        The dB that levels 0 and 255 stand for.
    pool : int > 0
        Frames in a column; the last column may have fewer.
    project : callable, optional
        From power by FFT bin to power by bin of the result.
    """
    frames = frames_of(samples, window.shape[0], hop)
    levels = np.zeros((-(-frames.shape[0] // pool), n_bins), np.uint8)
    for start, power in powers(frames, window):
        values = power if project is None else project(power)
        block = _quantised(values, range_db)
        _pool_into(levels, block, start, pool)
    return levels


def _quantised(power: NDArray[np.float32], range_db: tuple[float, float]) -> NDArray[np.uint8]:
    """Return power as levels of dB, overwriting it. NaN gives 0."""
    low, high = range_db
    scale = 255.0 / (high - low)
    least = max(AMIN_POWER, 10.0 ** (low / 10.0))
    most = max(least, 10.0 ** (high / 10.0))
    np.fmax(power, np.float32(least), out=power)
    np.minimum(power, np.float32(most), out=power)
    np.log(power, out=power)
    power *= np.float32(scale * 10.0 / math.log(10.0))
    power += np.float32(0.5 - low * scale)
    np.clip(power, 0.0, 255.0, out=power)
    return power.astype(np.uint8)


def _pool_into(levels: NDArray[np.uint8], block: NDArray[np.uint8], start: int, pool: int) -> None:
    """Raise the columns of `levels` to the frames of `block`, which begins at frame `start`."""
    if pool == 1:
        levels[start : start + block.shape[0]] = block
        return
    stop = start + block.shape[0]
    first, last = start // pool, -(-stop // pool)
    edges = np.maximum(np.arange(first, last) * pool, start) - start
    columns = np.maximum.reduceat(block, edges, axis=0)
    np.maximum(levels[first:last], columns, out=levels[first:last])


def _block_frames(n_fft: int, itemsize: int) -> int:
    """Return how many frames make a block: a power of two, in 1..64."""
    return 1 << max(0, min(6, (_BLOCK_BYTES // (n_fft * itemsize)).bit_length() - 1))


def power_db(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``librosa.power_to_db(power, ref=1.0, top_db=None)``, overwriting `power`."""
    np.maximum(power, np.float32(AMIN_POWER), out=power)
    np.log10(power, out=power)
    power *= np.float32(10.0)
    return power
