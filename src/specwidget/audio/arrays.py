"""Samples that are in memory, or mapped into it; converted to float32 as they are read.

The array is kept by reference: what is written into it later is what is read later.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from specwidget._check import shown
from specwidget.audio.base import BaseSource
from specwidget.audio.condition import Condition
from specwidget.audio.mapped import MappedFile
from specwidget.errors import AudioDataError, AudioFileError, ParameterTypeError

__all__ = ["ArraySource", "as_samples", "check_shape", "converter"]

MAX_CHANNELS = 1024
_HASHED_BYTES = 1 << 26
_PEAK_VALUES = 1 << 22
Convert = Callable[[NDArray[Any]], NDArray[np.float32]]


class ArraySource(BaseSource):
    """An array as a recording.

    Parameters
    ----------
    samples : np.ndarray [shape=(n_channels, n)]
        As `as_samples` returns them.
    sr : int or float > 0
        Samples per second.
    name : str
        What the recording is called.
    condition : Condition, optional
        What is known to be wrong with it.
    """

    def __init__(
        self,
        samples: NDArray[Any],
        sr: float,
        name: str = "array",
        condition: Condition | None = None,
    ) -> None:
        super().__init__(name, sr, samples.shape[0], samples.shape[1], 1.0, condition)
        self._samples = samples
        self._mapped = MappedFile.of(samples)
        self._refuse_if_cut()
        self._convert = converter(samples.dtype, lambda: _bits_used(samples))
        self._floats = samples.dtype.kind == "f"
        if self._floats:
            self.peak = self._sampled_peak()

    def fingerprint(self) -> str | None:
        """Return a key of samples that nobody can write to, or None."""
        if self._mapped is not None:
            return self._mapped.fingerprint(self._samples, self.sr)
        if self._samples.nbytes > _HASHED_BYTES or not _is_frozen(self._samples):
            return None
        digest = hashlib.blake2b(np.ascontiguousarray(self._samples).data, digest_size=16)
        digest.update(f"{self._samples.shape} {self._samples.dtype.str} {self.sr}".encode())
        return digest.hexdigest()

    def _fetch(self, start: int, stop: int) -> NDArray[np.float32]:
        self._refuse_if_cut()
        block = self._convert(np.asarray(self._samples[:, start:stop]))
        if self._floats:
            self._condition.note_not_finite(block, start, self.sr, self.name)
        return block

    def _sampled_peak(self) -> float:
        """Return the largest finite absolute sample, of evenly spaced places if there are many."""
        run = max(1, _PEAK_VALUES // self.n_channels // 64)
        n_runs = min(64, -(-self.n_samples // run))
        peak = 0.0
        for start in np.linspace(0, max(0, self.n_samples - run), n_runs).astype(np.int64):
            block = np.abs(np.asarray(self._samples[:, start : start + run]))
            self._condition.note_not_finite(block, int(start), self.sr, self.name)
            peak = max(peak, float(block[np.isfinite(block)].max(initial=0.0)))
        return peak

    def _refuse_if_cut(self) -> None:
        # To touch what is no longer in a mapped file kills the process.
        if self._mapped is not None and self._mapped.is_cut():
            raise AudioFileError(
                f"{self._mapped.path}: was cut short while it was mapped into memory; map it again"
            )


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
    check_shape(samples.shape, samples.dtype)
    return samples.reshape(1, -1) if samples.ndim == 1 else samples


def check_shape(shape: tuple[int, ...], dtype: np.dtype[Any], turned: str = "audio.T") -> None:
    """Raise for an array that is no audio.

    Parameters
    ----------
    shape : tuple of int
        Its shape.
    dtype : np.dtype
        Its type.
    turned : str
        What is given in its stead where rows and columns have changed places.

    Raises
    ------
    AudioDataError
        It has another shape than (n,) or (n_channels, n), or values that are no real numbers.
    """
    if dtype.kind not in "fiu":
        way_out = {
            "b": "convert it: audio.astype(np.float32)",
            "c": "take its real part: audio.real",
            "O": "convert it: np.asarray(audio, dtype=np.float32)",
        }.get(dtype.kind, "give float or integer samples")
        raise AudioDataError(f"audio has dtype={dtype}, which is no real number; {way_out}")
    if len(shape) not in (1, 2):
        raise AudioDataError(
            f"audio has shape={shape}; give (n,) or (n_channels, n), for example audio[0]"
        )
    if 0 in shape:
        raise AudioDataError(f"audio has shape={shape}: no samples; give at least one sample")
    if len(shape) == 2 and shape[0] > shape[1] and shape[0] > 32:
        raise AudioDataError(
            f"audio has shape={shape}, which looks like (n, n_channels); give {turned}"
        )
    if len(shape) == 2 and shape[0] > MAX_CHANNELS:
        raise AudioDataError(
            f"audio has shape={shape}: {shape[0]} channels; give at most {MAX_CHANNELS}"
        )


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


def converter(dtype: np.dtype[Any], bits_used: Callable[[], int]) -> Convert:
    """Return the function that makes float32 in [-1, 1) of an array's values.

    Parameters
    ----------
    dtype : np.dtype
        Of the array.
    bits_used : callable
        Tells how many bits the values of a wide integer type make use of.
    """
    if dtype.kind == "f":
        return _from_float
    bits = dtype.itemsize * 8
    offset = 0.0
    if dtype.kind == "u" and bits <= 16:
        offset = float(1 << (bits - 1))
    elif bits == 64 or dtype.kind == "u":
        bits = bits_used()
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


def _is_frozen(samples: NDArray[Any]) -> bool:
    """Whether nobody can write into an array, nor into what it is a view of."""
    base: Any = samples
    while isinstance(base, np.ndarray):
        if base.flags.writeable:
            return False
        base = base.base
    return base is None or isinstance(base, bytes)
