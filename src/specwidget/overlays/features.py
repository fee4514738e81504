"""The series that come with the package, on librosa's functions, by their names.

Away from the two ends of a chunk, and there too where the function looks no further than its halo,
values are those that librosa gives for the whole recording.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["FEATURES", "Axis", "Feature"]

Axis: TypeAlias = Literal["own", "frequency"]
"""What a series is drawn against: an axis of its own, or that of the spectrogram."""

Values = NDArray[np.floating]

FRAME_LENGTH = 2048
_PITCH_RATE = 22050.0


@dataclass(frozen=True, kw_only=True)
class Feature:
    """A series of librosa's.

    Attributes
    ----------
    f : callable
        ``f(y, sr, hop_length, **options)`` returns one value in a hop.
    unit : str
    axis : "own" or "frequency"
    limits : callable
        From the sampling rate to the ends of the axis, or to None where they are not known.
    halo : callable
        From the sampling rate to the samples around a value that have a say in it.
    chunk : int
        How many values are computed at a time.
    """

    f: Callable[..., Values]
    unit: str = ""
    axis: Axis = "own"
    limits: Callable[[float], tuple[float, float] | None] = lambda sr: None
    halo: Callable[[float], int] = lambda sr: FRAME_LENGTH
    chunk: int = 1024


def _rms(y: NDArray[np.float32], sr: float, hop_length: int, **options: Any) -> Values:
    import librosa

    rms: Values = librosa.feature.rms(y=y, hop_length=hop_length, **options)[0]
    return rms


def _zero_crossing_rate(
    y: NDArray[np.float32], sr: float, hop_length: int, **options: Any
) -> Values:
    import librosa

    rate: Values = librosa.feature.zero_crossing_rate(y, hop_length=hop_length, **options)[0]
    return rate


def _spectral_centroid(
    y: NDArray[np.float32], sr: float, hop_length: int, **options: Any
) -> Values:
    import librosa

    found: Values = librosa.feature.spectral_centroid(y=y, sr=sr, hop_length=hop_length, **options)[
        0
    ]
    return found


def _pitch(y: NDArray[np.float32], sr: float, hop_length: int, **options: Any) -> Values:
    """Return the pitch by probabilistic YIN, NaN where there is none."""
    import librosa

    chosen = {
        "fmin": 65.40639132514966,  # the notes C2 and C7, as librosa proposes
        "fmax": 2093.004522404789,
        "frame_length": _pitch_frame(sr),
        **options,
    }
    f0: Values = librosa.pyin(np.nan_to_num(y), sr=sr, hop_length=hop_length, **chosen)[0]
    return f0


def _pitch_frame(sr: float) -> int:
    """Return librosa's frame length at its own rate, and one as long in seconds at higher ones."""
    return FRAME_LENGTH << max(0, math.floor(math.log2(sr / _PITCH_RATE)))


FEATURES: Final[Mapping[str, Feature]] = {
    "rms": Feature(f=_rms),
    "zero_crossing_rate": Feature(f=_zero_crossing_rate),
    "spectral_centroid": Feature(
        f=_spectral_centroid, unit="Hz", axis="frequency", limits=lambda sr: (0.0, sr / 2.0)
    ),
    # The most likely course of a pitch depends on what goes before and after.
    "pitch": Feature(
        f=_pitch, unit="Hz", axis="frequency", halo=lambda sr: round(1.5 * sr), chunk=256
    ),
}
