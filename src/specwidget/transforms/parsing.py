"""From JSON to a transform: what comes in is not trusted; it becomes a transform or an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from specwidget._check import shown
from specwidget.errors import ParameterError, ParameterTypeError
from specwidget.transforms.base import Transform
from specwidget.transforms.framing import MAX_N_FFT
from specwidget.transforms.mel import MelSpectrogram
from specwidget.transforms.stft import Stft
from specwidget.transforms.windows import WindowLike

__all__ = ["transform_from_json"]

_KNOWN: dict[str, type[Stft] | type[MelSpectrogram]] = {
    "Stft": Stft,
    "MelSpectrogram": MelSpectrogram,
}


def transform_from_json(message: Mapping[str, Any]) -> Transform:
    """Make a transform of what `to_json` returned, from a side that is not trusted.

    Parameters
    ----------
    message : mapping
        ``{"type": "Stft" or "MelSpectrogram", parameter: value, ...}``; missing parameters
        have their defaults.

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
    return made(**parameters)


def _json_window(window: object) -> WindowLike:
    """Return a window of a message in the form that the dataclass takes, its size bounded."""
    if isinstance(window, list):
        if len(window) > MAX_N_FFT:
            raise ParameterError(f"window has {len(window)} items; give at most {MAX_N_FFT}")
        return tuple(window)
    if isinstance(window, str) and len(window) > 64:
        raise ParameterError(f"window={shown(window)} is no name of a window; give 'hann'")
    return window  # type: ignore[return-value]  # checked by window_spec
