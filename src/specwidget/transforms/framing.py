"""The framing that all short-time transforms share, with librosa's names.

Frame f is centred at sample ``f * hop``; outside the recording the samples are zeros
(librosa's ``center=True, pad_mode="constant"``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from specwidget._check import check_int
from specwidget.errors import ParameterError
from specwidget.transforms.windows import WindowLike, frame_window, window_spec

__all__ = ["MAX_HOP", "MAX_N_FFT", "Framing", "parameters_as_json"]

MAX_N_FFT = 65536
MAX_HOP = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Framing:
    """How a recording is cut into windowed frames.

    Parameters
    ----------
    n_fft : int in 2..65536
        Samples in a frame, and length of the FFT.
    hop_length : int in 1..1048576, optional
        Samples from one frame to the next; ``win_length // 4`` if None.
    win_length : int in 1..n_fft, optional
        Length of the window, which is centred in the frame; `n_fft` if None.
    window : str, number, tuple, array-like or callable
        As in librosa. Names and ``(name, parameter)`` are kept as they are, samples become
        a tuple.

    Raises
    ------
    ParameterError, ParameterTypeError
        A parameter has a value or a type that makes no sense.
    """

    n_fft: int = 2048
    hop_length: int | None = None
    win_length: int | None = None
    window: WindowLike = "hann"

    def __post_init__(self) -> None:
        self._set("n_fft", check_int("n_fft", self.n_fft, 2, MAX_N_FFT))
        if self.hop_length is not None:
            self._set("hop_length", check_int("hop_length", self.hop_length, 1, MAX_HOP))
        if self.win_length is not None:
            length = check_int("win_length", self.win_length, 1)
            if length > self.n_fft:
                raise ParameterError(
                    f"win_length={length} is longer than n_fft={self.n_fft}; "
                    "make win_length smaller or n_fft larger"
                )
            self._set("win_length", length)
        self._set("window", window_spec(self.window, self.win_length or self.n_fft))

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    @property
    def hop(self) -> int:
        """Samples from the centre of one frame to that of the next, `hop_length` resolved."""
        if self.hop_length is not None:
            return self.hop_length
        return max(1, (self.win_length or self.n_fft) // 4)

    @property
    def span(self) -> int:
        """Samples under one frame: `n_fft`."""
        return self.n_fft

    def frame_window(self) -> NDArray[np.float64]:
        """Return the window, padded to the frame, read-only [shape=(n_fft,)]."""
        spec: Any = self.window
        return frame_window(spec, self.win_length or self.n_fft, self.n_fft)

    def n_frames(self, n_samples: int) -> int:
        """Return how many frames librosa makes of `n_samples` samples, with ``center=True``.

        Examples
        --------
        >>> Framing(n_fft=2048, hop_length=512).n_frames(44100)
        87
        """
        return 1 + (n_samples - self.n_fft % 2) // self.hop

    def frame_range(self, start: int, stop: int) -> tuple[int, int]:
        """Return the samples ``(start, stop)`` that frames ``[start, stop)`` cover.

        They may lie before sample 0 and beyond the end, where samples count as zero.

        Examples
        --------
        >>> Framing(n_fft=2048, hop_length=512).frame_range(0, 2)
        (-1024, 1536)
        """
        first = start * self.hop - self.n_fft // 2
        return first, first + max(0, stop - start - 1) * self.hop + self.n_fft * (stop > start)

    def to_json(self) -> dict[str, Any]:
        """Return the parameters as JSON-able values, with the class's name as ``type``.

        `transform_from_json` makes an equal transform of it.
        """
        return parameters_as_json(self)


def parameters_as_json(transform: Any) -> dict[str, Any]:
    """Return a dataclass's fields as JSON-able values, with its class's name as ``type``.

    Tuples become lists, and infinity becomes ``"inf"``.
    """
    values = {field.name: getattr(transform, field.name) for field in fields(transform)}
    for name, value in values.items():
        if isinstance(value, tuple):
            values[name] = list(value)
        elif value == math.inf:
            values[name] = "inf"
    return {"type": type(transform).__name__, **values}
