"""A picture that has been computed already."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from specwidget._check import check_int, shown
from specwidget.audio.signal import Signal
from specwidget.errors import ParameterError, ParameterTypeError, TransformError
from specwidget.transforms.framing import MAX_HOP
from specwidget.transforms.given import GivenRows

__all__ = ["Frames"]


class Frames(GivenRows):
    """An array that is shown as it is: what another program computed, or a model returned.

    Parameters
    ----------
    array : array-like, real [shape=(n_bins, n_frames)]
        The lowest row first; frame f is centred at sample ``f * hop_length``. A NumPy array, a
        memory map, or what is indexed like one, such as an array of zarr or h5py, which is read
        where it is looked at.
    hop_length : int in 1..1048576
        Samples from one frame to the next.
    frequencies : array-like, optional
        The centre of every row in Hz, ascending; without, rows are numbered.
    name : str
        What a value is called.
    unit : str
        The unit of values, such as "dB".
    limits : (float, float), optional
        The least and the most that values are drawn at; by default what some of them span.

    Raises
    ------
    ParameterError, ParameterTypeError
        A parameter has a value or a type that makes no sense; or, where it is used, the recording
        has not as many frames.
    TransformError
        Where it is used: the array cannot be read.

    Examples
    --------
    >>> import numpy as np
    >>> from specwidget import Frames, SpecWidget
    >>> probability = np.linspace(0, 1, 22).reshape(2, 11)
    >>> w = SpecWidget(np.ones(1000), sr=8000, transform=Frames(probability, hop_length=100))
    >>> w.spectrogram(start=0.0, end=0.02).round(2)
    array([[0.  , 0.05],
           [0.52, 0.57]], dtype=float32)
    """

    def __init__(
        self,
        array: Any,
        *,
        hop_length: int,
        frequencies: object = None,
        name: str = "value",
        unit: str = "",
        limits: tuple[float, float] | None = None,
    ) -> None:
        super().__init__(frequencies, name, unit, limits)
        if not hasattr(array, "shape") or not hasattr(array, "__getitem__"):
            array = _as_array(array)
        shape = tuple(array.shape)
        kind = np.dtype(getattr(array, "dtype", np.float64)).kind
        if len(shape) != 2 or 0 in shape:
            raise ParameterError(f"array has shape {shape}; give one of (n_bins, n_frames)")
        if kind not in "fiub":
            raise ParameterTypeError(
                f"array has values of type {array.dtype}; give real numbers"
                + (", such as np.abs(array)" if kind == "c" else "")
            )
        if self._given_rows not in (None, shape[0]):
            raise ParameterError(
                f"frequencies has {self._given_rows} numbers and array {shape[0]} rows; give one "
                "for each"
            )
        self._array = array
        self._shape = int(shape[0]), int(shape[1])
        self._hop = check_int("hop_length", hop_length, 1, MAX_HOP)

    @property
    def hop(self) -> int:
        """Samples from the centre of one frame to that of the next: `hop_length`."""
        return self._hop

    @property
    def span(self) -> int:
        """Values that are read for one frame."""
        return self._shape[0]

    def n_rows(self, sr: float) -> int:
        """Return how many values a frame has."""
        return self._shape[0]

    def n_frames(self, n_samples: int) -> int:
        """Return how many frames there are: ``1 + n_samples // hop_length``, or one less.

        Raises
        ------
        ParameterError
            The array has another number of frames than such a recording.
        """
        wanted, have = 1 + n_samples // self._hop, self._shape[1]
        if abs(have - wanted) > 1:
            raise ParameterError(
                f"array has {have} frames, and a recording of {n_samples} samples has {wanted}, "
                f"1 + n_samples // hop_length, with hop_length={self._hop}; give the hop_length of "
                "the array, and the array of this recording"
            )
        return min(have, wanted)

    def frame_range(self, start: int, stop: int) -> tuple[int, int]:
        """Return the samples from the centre of the first frame to that of the last."""
        return start * self._hop, max(start, stop - 1) * self._hop + (stop > start)

    def values(
        self, signal: Signal, start: int, stop: int, *, exact: bool = True
    ) -> NDArray[np.float32]:
        """Return frames ``[start, stop)`` [shape=(n_bins, stop - start)]."""
        try:
            part = np.asarray(self._array[:, start:stop])
        except Exception as problem:
            raise TransformError(
                f"the array of Frames cannot be read: {type(problem).__name__}: {problem}"
            ) from problem
        with np.errstate(over="ignore"):
            return part.astype(np.float32)

    def to_json(self) -> dict[str, Any]:
        """Return what can be told of it in JSON: not the array itself."""
        return {**super().to_json(), "hop_length": self._hop}

    def _key(self) -> tuple[object, ...]:
        return (id(self._array), self._hop)


def _as_array(array: object) -> NDArray[Any]:
    try:
        return np.asarray(array)
    except ValueError:
        raise ParameterTypeError(
            f"array={shown(array)} is no array of two axes; give one of (n_bins, n_frames)"
        ) from None
