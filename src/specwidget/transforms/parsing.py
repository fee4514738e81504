"""From JSON to a transform: what comes in is not trusted; it becomes a transform or an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from specwidget._check import shown
from specwidget.errors import ParameterError, ParameterTypeError
from specwidget.transforms.base import Transform
from specwidget.transforms.chroma import Chroma
from specwidget.transforms.constantq import Cqt, Vqt
from specwidget.transforms.framing import MAX_N_FFT
from specwidget.transforms.mel import MelSpectrogram
from specwidget.transforms.mfcc import Mfcc
from specwidget.transforms.pcen import Pcen
from specwidget.transforms.reassigned import Reassigned
from specwidget.transforms.stft import Stft
from specwidget.transforms.windows import WindowLike

__all__ = ["transform_from_json"]

_KNOWN: dict[str, Any] = {
    made.__name__: made for made in (Stft, MelSpectrogram, Cqt, Vqt, Pcen, Mfcc, Chroma, Reassigned)
}
_OF_PYTHON = ("FromFunction", "Frames")


def transform_from_json(message: Mapping[str, Any]) -> Transform:
    """Make a transform of what `to_json` returned, from a side that is not trusted.

    Parameters
    ----------
    message : mapping
        ``{"type": "Stft", "MelSpectrogram" or another, parameter: value, ...}``; missing
        parameters have their defaults. What is made of a function or an array is not among them.

    Raises
    ------
    ParameterError, ParameterTypeError
        The type or a parameter is unknown, or a value makes no sense.

    Examples
    --------
    >>> transform_from_json({"type": "Stft", "n_fft": 512}).hop
    128
    """
    if not isinstance(message, Mapping):
        raise ParameterTypeError(
            f"transform={shown(message)} is no mapping; give {{'type': 'Stft', ...}}"
        )
    parameters = dict(message)
    name = parameters.pop("type", None)
    if isinstance(name, str) and name in _OF_PYTHON:
        raise ParameterError(
            f"type={name!r} is made of a function or an array, which no message can carry; set it "
            "from Python: w.transform = ..."
        )
    if not isinstance(name, str) or name not in _KNOWN:
        raise ParameterError(f"type={shown(name)} is no transform; give one of {sorted(_KNOWN)}")
    made = _KNOWN[name]
    names = {field.name for field in fields(made)}
    for parameter in parameters:
        if parameter not in names:
            raise ParameterError(
                f"{shown(parameter)} is no parameter of {name}; it has {sorted(names)}"
            )
    window = parameters.get("window")
    if window is not None:
        parameters["window"] = _json_window(window)
    transform: Transform = made(**parameters)
    return transform


def _json_window(window: object) -> WindowLike:
    """Return a window of a message in the form that the dataclass takes, its size bounded."""
    if isinstance(window, list):
        if len(window) > MAX_N_FFT:
            raise ParameterError(f"window has {len(window)} items; give at most {MAX_N_FFT}")
        return tuple(window)
    if isinstance(window, str) and len(window) > 64:
        raise ParameterError(f"window={shown(window)} is no name of a window; give 'hann'")
    return window  # type: ignore[return-value]  # checked by window_spec
