"""Short-time spectra as complex numbers: those of ``librosa.stft``, to the bit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from specwidget.audio.signal import Signal
from specwidget.transforms.framing import Framing
from specwidget.transforms.valued import any_between, finite_samples

__all__ = ["frames_of", "spectra"]

_BLOCK_VALUES = 1 << 17


def frames_of(
    signal: Signal, framing: Framing, start: int, stop: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return frames, and which of them lie over samples that are not finite.

    Such samples count as zero.

    Returns
    -------
    frames : np.ndarray, float32 [shape=(stop - start, n_fft)]
        Without a window; not to be written to.
    bad : np.ndarray, bool [shape=(stop - start,)]
    """
    if stop <= start:
        return np.empty((0, framing.n_fft), np.float32), np.empty(0, bool)
    samples, places = finite_samples(signal, *Framing.frame_range(framing, start, stop))
    frames = np.lib.stride_tricks.sliding_window_view(samples, framing.n_fft)[:: framing.hop]
    first = np.arange(start, stop) * framing.hop - framing.n_fft // 2
    return frames, any_between(places, first, first + framing.n_fft)


def spectra(
    frames: NDArray[np.float32], *windows: NDArray[np.float64], scale: float = 1.0
) -> Iterator[tuple[int, list[NDArray[np.complex64]]]]:
    """Yield ``(first frame, spectra for each window)`` of samples times `scale`, by and by.

    Each spectrum is complex64 [shape=(n, n_fft // 2 + 1)].
    """
    import scipy.fft

    step = max(1, _BLOCK_VALUES // frames.shape[1])
    for first in range(0, len(frames), step):
        block = frames[first : first + step]
        if scale != 1.0:
            block = block * np.float32(scale)
        with np.errstate(over="ignore", invalid="ignore"):
            made = [
                scipy.fft.rfft(window * block, axis=1, overwrite_x=True).astype(np.complex64)
                for window in windows
            ]
        yield first, made
