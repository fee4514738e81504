"""Arrays that lie elsewhere and are read by pieces: HDF5, Zarr, Dask, xarray.

Nothing is read but what is asked for: no sample is looked at when such an array is opened.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from specwidget.audio.arrays import check_shape, converter
from specwidget.audio.base import BaseSource
from specwidget.errors import AudioDataError, AudioFileError

__all__ = ["LazySource", "is_lazy"]


def is_lazy(audio: object) -> bool:
    """Whether something is an array that knows of chunks, as those do that are not in memory."""
    return all(hasattr(audio, name) for name in ("shape", "dtype", "chunks", "__getitem__"))


class LazySource(BaseSource):
    """An array that is read by slices.

    Parameters
    ----------
    array : array-like [shape=(n,) or (n_channels, n)]
        Has ``shape``, ``dtype``, and gives by a slice what ``np.asarray`` takes.
    sr : int or float > 0
        Samples per second.

    Raises
    ------
    AudioDataError
        It has another shape, no samples, or values that are no real numbers.
    """

    def __init__(self, array: Any, sr: float) -> None:
        shape = tuple(int(n) for n in array.shape)
        dtype = np.dtype(array.dtype)
        check_shape(
            shape,
            dtype,
            "an object with sr, n_samples, n_channels and read(start, stop), which turns what it "
            "reads",
        )
        self._convert = converter(dtype, lambda: _bits_told(dtype))
        self._array, self._flat = array, len(shape) == 1
        self._floats = dtype.kind == "f"
        # None of these libraries promises that what is read by one thread may be closed by another.
        self._lock = threading.Lock()
        super().__init__(
            _name(array),
            sr,
            1 if self._flat else shape[0],
            shape[-1],
            None if self._floats else 1.0,
        )

    def _fetch(self, start: int, stop: int) -> NDArray[np.float32]:
        try:
            with self._lock:
                where = slice(start, stop)
                part = self._array[where] if self._flat else self._array[:, where]
                block = np.asarray(part).reshape(self.n_channels, -1)
        except OSError as error:
            raise self._failed(start, stop, error) from error
        except Exception as error:  # whatever another library raises becomes a reason
            reason = str(error) or type(error).__name__
            raise AudioFileError(self._cannot(start, stop, reason)) from error
        if block.shape[1] != stop - start:
            raise AudioFileError(self._cannot(start, stop, f"{block.shape[1]} samples were given"))
        out = self._convert(block)
        if self._floats:
            self._condition.note_not_finite(out, start, self.sr, self.name)
        return out


def _name(array: Any) -> str:
    """Return what an array is called, where that is the same the next time."""
    name = getattr(array, "name", None)
    # A root of Zarr is "/", and Dask calls an array by a key of its graph.
    is_name = isinstance(name, str) and name.strip("/") and not hasattr(array, "dask")
    return str(name) if is_name else type(array).__name__


def _bits_told(dtype: np.dtype[Any]) -> int:
    """Return 32 for integers of 32 bits; of wider ones nothing tells what full scale is."""
    if dtype.itemsize <= 4:
        return 32
    raise AudioDataError(
        f"audio has dtype={dtype}, of which nothing tells what full scale is without reading all "
        "of it; store it as int16, int32 or float32"
    )
