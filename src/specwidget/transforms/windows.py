"""Analysis windows: periodic, in float64, equal bit for bit to ``librosa.filters.get_window``.

The windows that people use most are sums of cosines and are made here; scipy.signal is imported
for the rest only, since that import costs more than a picture.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from specwidget._check import check_number, shown
from specwidget.errors import ParameterError, ParameterTypeError

__all__ = ["WindowLike", "WindowSpec", "frame_window", "window_spec", "window_values"]

WindowSpec: TypeAlias = str | float | tuple[Any, ...]
"""A window in hashable form: a name, a Kaiser beta, ``(name, parameter, ...)``, or its samples."""

WindowLike: TypeAlias = WindowSpec | Sequence[Any] | ArrayLike | Callable[[int], ArrayLike]
"""Whatever librosa takes for a window."""

_COSINES: dict[str, tuple[float, ...]] = {
    "boxcar": (1.0,),
    "hann": (0.5, 0.5),
    "hamming": (0.54, 1.0 - 0.54),
    "blackman": (0.42, 0.50, 0.08),
    "nuttall": (0.3635819, 0.4891775, 0.1365995, 0.0106411),
    "blackmanharris": (0.35875, 0.48829, 0.14128, 0.01168),
    "flattop": (0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368),
}
_ALIASES: dict[str, str] = {
    "box": "boxcar", "ones": "boxcar", "rect": "boxcar", "rectangular": "boxcar",
    "han": "hann", "ham": "hamming", "hamm": "hamming", "black": "blackman", "blk": "blackman",
    "nut": "nuttall", "nutl": "nuttall", "bkh": "blackmanharris", "blackharr": "blackmanharris",
    "flat": "flattop", "flt": "flattop",
}  # fmt: skip


def window_spec(window: WindowLike, win_length: int) -> WindowSpec:
    """Return `window` in hashable form, checked for windows of `win_length` samples.

    Parameters
    ----------
    window : str, number, tuple, array-like or callable
        As in librosa: a name of `scipy.signal.get_window`, ``(name, parameter, ...)``, a
        number (the beta of a Kaiser window), the `win_length` samples of the window, or a
        function that makes them of their number.
    win_length : int > 0
        Length of the window in samples.

    Returns
    -------
    str, float or tuple
        Names and ``(name, ...)`` as they are; samples as a tuple of floats.

    Raises
    ------
    ParameterError
        No window has this name or these parameters; or the samples are not `win_length`
        finite real numbers, or are all zero.
    ParameterTypeError
        It is nothing that describes a window.

    Examples
    --------
    >>> window_spec("hann", 4)
    'hann'
    >>> window_spec(np.ones(4), 4)
    (1.0, 1.0, 1.0, 1.0)
    """
    spec = _hashable(window, win_length)
    values = window_values(spec, win_length)
    if not np.isfinite(values).all() or not values.any():
        raise ParameterError(
            f"window={shown(window)} has values that are not finite, or only zeros; "
            "give finite numbers that are not all zero"
        )
    return spec


@lru_cache(maxsize=32)
def window_values(spec: WindowSpec, win_length: int) -> NDArray[np.float64]:
    """Return the samples of a window, read-only [shape=(win_length,)].

    Parameters
    ----------
    spec : str, float or tuple
        A window as `window_spec` returns it.
    win_length : int > 0
        Length in samples.

    Raises
    ------
    ParameterError
        scipy knows no such window.

    Examples
    --------
    >>> window_values("hann", 4).tolist()
    [0.0, 0.5, 1.0, 0.5]
    """
    if isinstance(spec, tuple) and not isinstance(spec[0], str):
        values = np.array(spec, dtype=np.float64)
    elif isinstance(spec, str) and _ALIASES.get(spec, spec) in _COSINES:
        values = _cosine_sum(win_length, _COSINES[_ALIASES.get(spec, spec)])
    else:
        values = _scipy_window(spec, win_length)
    values.flags.writeable = False
    return values


@lru_cache(maxsize=32)
def frame_window(spec: WindowSpec, win_length: int, n_fft: int) -> NDArray[np.float64]:
    """Return a window padded with zeros to the centre of a frame, read-only [shape=(n_fft,)]."""
    left = (n_fft - win_length) // 2
    values = np.zeros(n_fft)
    values[left : left + win_length] = window_values(spec, win_length)
    values.flags.writeable = False
    return values


def _hashable(window: WindowLike, win_length: int) -> WindowSpec:
    if isinstance(window, str):
        return window
    if isinstance(window, numbers.Real) and not isinstance(window, bool):
        return float(window)
    if isinstance(window, (tuple, list)) and window and isinstance(window[0], str):
        return (window[0], *(_parameter(value) for value in window[1:]))
    if callable(window):
        window = window(win_length)
    if isinstance(window, (tuple, list)) or hasattr(window, "__array__"):
        return _sample_tuple(window, win_length)
    raise ParameterTypeError(
        f"window={shown(window)} is no window; give a name such as 'hann', "
        f"(name, parameter) such as ('kaiser', 14.0), or an array of {win_length} samples"
    )


def _parameter(value: object) -> float | tuple[float, ...]:
    if isinstance(value, (tuple, list)):
        return tuple(check_number("window", item) for item in value)
    return check_number("window", value)


def _sample_tuple(window: ArrayLike, win_length: int) -> tuple[float, ...]:
    try:
        values = np.asarray(window)
    except ValueError:  # of rows of different lengths
        values = np.empty(0, object)
    if values.dtype.kind not in "fiu" or values.shape != (win_length,):
        raise ParameterError(
            f"window has shape {values.shape} and type {values.dtype}; "
            f"give win_length={win_length} real numbers, or a name such as 'hann'"
        )
    return tuple(values.astype(np.float64).tolist())


def _cosine_sum(win_length: int, weights: tuple[float, ...]) -> NDArray[np.float64]:
    if win_length <= 1 or len(weights) == 1:
        return np.ones(win_length)
    angle = np.linspace(-np.pi, np.pi, win_length + 1)
    values = np.zeros(win_length + 1)
    for order, weight in enumerate(weights):
        values += weight * np.cos(order * angle)
    return values[:-1].copy()


def _scipy_window(spec: WindowSpec, win_length: int) -> NDArray[np.float64]:
    import scipy.signal

    try:
        values = scipy.signal.get_window(spec, win_length, fftbins=True)
    except (ValueError, TypeError) as error:
        raise ParameterError(
            f"window={shown(spec)}: {error}; give a name that scipy.signal.get_window knows, "
            "such as 'hann', or ('kaiser', 14.0)"
        ) from None
    return np.array(values, dtype=np.float64)
