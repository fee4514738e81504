"""Samples that are in memory, or mapped into it; converted to float32 as they are read.

The array is kept by reference: what is written into it later is what is read later.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from specwidget._check import shown
from specwidget.errors import AudioDataError, ParameterTypeError

__all__ = ["ArraySource", "as_samples"]

MAX_CHANNELS = 1024
_PEAK_VALUES = 1 << 22
_Convert = Callable[[NDArray[Any]], NDArray[np.float32]]


class ArraySource:
    """An array as a recording.

    Parameters
    ----------
    samples : np.ndarray [shape=(n_channels, n)]
        As `as_samples` returns them.
    sr : int or float > 0
        Samples per second.
    name : str
        What the recording is called.
    """

    def __init__(self, samples: NDArray[Any], sr: float, name: str = "array") -> None:
        self._samples = samples
        self._convert = _converter(samples)
        self.sr = sr
        self.n_channels: int = samples.shape[0]
        self.n_samples: int = samples.shape[1]
        self.name = name
        self.peak: float | None = 1.0
        self.warning: str | None = None
        if samples.dtype.kind == "f":
            self.peak, finite = _peak(samples)
            if not finite:
                self.warning = (
                    "audio holds NaN or infinite samples; no sound is shown where they are"
                )

    def __repr__(self) -> str:
        return f"<{self.name}: {self.n_channels} x {self.n_samples} samples at {self.sr} Hz>"

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """Return samples ``[start, stop)``, clipped to the recording [shape=(n_channels, n)]."""
        start, stop = max(0, start), max(0, stop)
        return self._convert(np.asarray(self._samples[:, start:stop]))


def as_samples(audio: object) -> NDArray[Any]:
    """Return an array of samples as a 2-D NumPy array, not copied where that can be helped.

    Parameters
    ----------
    audio : array-like [shape=(n,) or (n_channels, n)]
        A NumPy array, or anything that converts by ``__array__`` or DLPack.

    Returns
    -------
    np.ndarray [shape=(n_channels, n)]
        Float or integer, of native byte order.

    Raises
    ------
    AudioDataError
        It has another shape, no samples, or values that are no real numbers.
    ParameterTypeError
        It does not convert to an array.
    """
    samples = audio if isinstance(audio, np.ndarray) else _from_foreign(audio)
    if isinstance(samples, np.ma.MaskedArray) and np.ma.is_masked(samples):
        raise AudioDataError("audio is a masked array; fill it first: audio.filled(0)")
    kind = samples.dtype
    if kind.kind not in "fiu":
        way_out = {
            "b": "convert it: audio.astype(np.float32)",
            "c": "take its real part: audio.real",
            "O": "convert it: np.asarray(audio, dtype=np.float32)",
        }.get(kind.kind, "give float or integer samples")
        raise AudioDataError(f"audio has dtype={kind}, which is no real number; {way_out}")
    shape = samples.shape
    if samples.ndim not in (1, 2):
        raise AudioDataError(
            f"audio has shape={shape}; give (n,) or (n_channels, n), for example audio[0]"
        )
    if 0 in shape:
        raise AudioDataError(f"audio has shape={shape}: no samples; give at least one sample")
    if samples.ndim == 2 and shape[0] > shape[1] and shape[0] > 32:
        raise AudioDataError(
            f"audio has shape={shape}, which looks like (n, n_channels); give audio.T"
        )
    if samples.ndim == 2 and shape[0] > MAX_CHANNELS:
        raise AudioDataError(
            f"audio has shape={shape}: {shape[0]} channels; give at most {MAX_CHANNELS}"
        )
    return samples.reshape(1, -1) if samples.ndim == 1 else samples


def _from_foreign(audio: Any) -> NDArray[Any]:
    """Convert a tensor of another library: torch, JAX, the array API, DLPack."""
    if isinstance(audio, (str, list, tuple, dict, set)) or not (
        hasattr(audio, "__array__") or hasattr(audio, "__dlpack__")
    ):
        raise ParameterTypeError(
            f"audio={shown(audio)} is of type {type(audio).__name__}; give a path, the bytes of "
            "a file, an array (np.asarray(audio) makes one of a list), or (sr, array)"
        )
    reasons = []
    for convert in (np.asarray, np.from_dlpack):
        try:
            array = convert(audio)
        except Exception as error:  # whatever another library raises becomes a reason
            reasons.append(str(error))
        else:
            if array.dtype.kind != "O" or not hasattr(audio, "__dlpack__"):
                return array
    raise AudioDataError(
        f"audio of type {type(audio).__name__} does not convert to a NumPy array "
        f"({'; '.join(reasons)}); for a torch tensor give audio.detach().cpu().numpy()"
    )


def _converter(samples: NDArray[Any]) -> _Convert:
    """Return the function that makes float32 in [-1, 1) of the array's values."""
    dtype = samples.dtype
    if dtype.kind == "f":
        return _from_float
    bits = dtype.itemsize * 8
    offset = 0.0
    if dtype.kind == "u" and bits <= 16:
        offset = float(1 << (bits - 1))
    elif bits == 64 or dtype.kind == "u":
        bits = _bits_used(samples)
    scale = 2.0 ** (1 - bits)

    def convert(block: NDArray[Any]) -> NDArray[np.float32]:
        if bits <= 16:
            values = block.astype(np.float32)
            values -= np.float32(offset)
            values *= np.float32(scale)
            return values
        return (block * scale).astype(np.float32)

    return convert


def _from_float(block: NDArray[Any]) -> NDArray[np.float32]:
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        return np.ascontiguousarray(block, dtype=np.float32)


def _bits_used(samples: NDArray[Any]) -> int:
    """Return 16 or 32: as how many bits the values of a wide integer array make sense."""
    low = high = 0
    step = max(1, _PEAK_VALUES // samples.shape[0])
    for start in range(0, samples.shape[1], step):
        block = samples[:, start : start + step]
        low, high = min(low, int(block.min())), max(high, int(block.max()))
    if low >= -(1 << 15) and high < 1 << 15:
        return 16
    if low >= -(1 << 31) and high < 1 << 31:
        return 32
    raise AudioDataError(
        f"audio has dtype={samples.dtype} and values from {low} to {high}, more than 32 bits "
        "hold; scale it to floats in -1..1"
    )


def _peak(samples: NDArray[Any]) -> tuple[float, bool]:
    """Return the largest finite absolute sample, and whether all are finite.

    Looks at evenly spaced places if there are many samples.
    """
    n_channels, n_samples = samples.shape
    run = max(1, _PEAK_VALUES // n_channels // 64)
    n_runs = min(64, -(-n_samples // run))
    peak, all_finite = 0.0, True
    for start in np.linspace(0, max(0, n_samples - run), n_runs).astype(np.int64):
        block = np.abs(np.asarray(samples[:, start : start + run]))
        finite = block[np.isfinite(block)]
        all_finite = all_finite and finite.size == block.size
        if finite.size:
            peak = max(peak, float(finite.max()))
    return peak, all_finite
