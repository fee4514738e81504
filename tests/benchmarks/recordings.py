"""Recordings of any length and format, in files."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

__all__ = ["DAY", "HOUR", "SR", "Recordings", "length", "recorded"]

SR = 44100
HOUR, DAY = 3600.0, 86_400.0
_ROOM = 4 << 30

Recordings: TypeAlias = Callable[[str, float], Path]
"""Gives the path of a recording of a format, such as "wav", and of so many seconds."""


def length(seconds: float) -> str:
    """Return a length in words."""
    if seconds < 60:
        return f"{seconds:g} s"
    return f"{seconds / 60:g} min" if seconds < HOUR else f"{seconds / HOUR:g} h"


def recorded(folder: Path, suffix: str, seconds: float) -> Path:
    """Write a recording, unless it is there already."""
    path = folder / f"{seconds:g}s.{suffix}"
    if path.exists():
        return path
    if suffix == "wav" and shutil.disk_usage(folder).free < 2 * SR * seconds + _ROOM:
        pytest.skip(f"a recording of {length(seconds)} does not fit on the disk of {folder}")
    # More than 4 GiB need another header.
    kind: dict[str, Any] = {"format": "RF64"} if suffix == "wav" and seconds > 20_000 else {}
    with soundfile.SoundFile(path, "w", SR, 1, **kind) as file:
        left, number = round(seconds * SR), 0
        while left > 0:
            sound = _minute(number)[:left]
            # Much at a time is more than the Vorbis encoder can take.
            for start in range(0, len(sound), SR):
                file.write(sound[start : start + SR])
            left, number = left - len(sound), number + 1
    return path


def _minute(number: int) -> NDArray[np.int16]:
    """Return noise at -40 dB that falls with frequency, and a chirp every second."""
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(60 * SR).astype(np.float32)
    noise[1:] += 0.9 * noise[:-1]
    place = np.arange(60 * SR) % SR
    chirps = 0.1 * np.sin(place**2 * 5e-6) * (place < SR // 10)
    sound = np.rint((0.007 * noise + chirps) * 32768).astype(np.int16)
    return np.roll(sound, 1000 * number)
