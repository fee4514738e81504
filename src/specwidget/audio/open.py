"""The one door for audio: whatever a person has becomes an `AudioSource`, or an error says why."""

from __future__ import annotations

import math
import numbers
import os
from typing import Any, TypeGuard

from specwidget._check import shown
from specwidget.audio.arrays import ArraySource, as_samples
from specwidget.audio.files import FileSource, load_resampled
from specwidget.audio.source import AudioSource
from specwidget.errors import ParameterError, ParameterTypeError

__all__ = ["open_audio"]


def open_audio(audio: object, sr: float | None = None) -> AudioSource:
    """Open a recording.

    Parameters
    ----------
    audio : str, path, bytes, array-like, (sr, array) or AudioSource
        A path; the bytes of a file; samples [shape=(n,) or (n_channels, n)] as a NumPy array or
        anything that converts to one (torch, array API, DLPack), kept by reference; such samples
        with their rate; or an object with `sr`, `n_samples`, `n_channels` and ``read(start,
        stop)``.

        Float samples are taken as they are. Integers are scaled to [-1, 1): signed ones by their
        width, uint8 and uint16 as offset binary; int64, uint64 and uint32 count as 16-bit
        samples where all values fit 16 bits, and as 32-bit ones otherwise.
    sr : int or float > 0, optional
        Samples per second. Needed for an array. For a file, None keeps its own rate; another
        rate resamples it as ``librosa.load`` does, which reads the whole file into memory.

    Returns
    -------
    AudioSource

    Raises
    ------
    AudioFileError
        The file is missing, empty, or cannot be decoded.
    AudioDataError
        The array's shape, type or values are not audio.
    ParameterError, ParameterTypeError
        `sr` is missing or makes no sense, or `audio` is none of the above.

    Examples
    --------
    >>> import numpy as np
    >>> source = open_audio(np.zeros((2, 8000)), sr=8000)
    >>> source.n_channels, source.n_samples, source.sr
    (2, 8000, 8000)
    """
    rate = None if sr is None else _checked_rate(sr)
    if isinstance(audio, (str, os.PathLike)):
        return _open_file(os.fspath(audio), rate)
    if isinstance(audio, (bytes, bytearray, memoryview)):
        return _open_file(bytes(audio), rate)
    if _is_source(audio):
        return _checked_source(audio, rate)
    if isinstance(audio, tuple):
        return _open_pair(audio, rate)
    samples = as_samples(audio)
    if rate is None:
        raise ParameterError(
            "sr=None: an array does not know its sampling rate; give sr in Hz, such as sr=22050"
        )
    return ArraySource(samples, rate)


def _open_file(file: str | bytes | os.PathLike[str], rate: float | None) -> AudioSource:
    if isinstance(file, os.PathLike):
        file = os.fspath(file)
    if not isinstance(file, (str, bytes)):
        raise ParameterTypeError(f"audio={shown(file)} is no path of text; give a str or a Path")
    source = FileSource(file)
    if rate is None or rate == source.sr:
        return source
    return ArraySource(load_resampled(source, rate), rate, source.name)


def _open_pair(audio: tuple[Any, ...], rate: float | None) -> AudioSource:
    if len(audio) != 2 or not isinstance(audio[0], numbers.Real):
        raise ParameterTypeError(
            f"audio={shown(audio)} is a tuple of {len(audio)}; give (sr, array), with sr in Hz"
        )
    own = _checked_rate(audio[0])
    if rate is not None and rate != own:
        raise ParameterError(
            f"sr={rate} differs from the rate in audio=({own}, array); give one of them"
        )
    return ArraySource(as_samples(audio[1]), own)


def _checked_rate(sr: object) -> float:
    """Return a sampling rate, as an int where it is integral."""
    if isinstance(sr, bool) or not isinstance(sr, numbers.Real):
        raise ParameterTypeError(
            f"sr={shown(sr)} is of type {type(sr).__name__}; give samples per second, "
            "such as sr=22050"
        )
    rate = float(sr)
    if not math.isfinite(rate) or rate <= 0:
        raise ParameterError(f"sr={sr} makes no sense; give samples per second, such as sr=22050")
    return int(rate) if rate.is_integer() else rate


def _is_source(audio: object) -> TypeGuard[Any]:
    return callable(getattr(audio, "read", None)) and all(
        hasattr(audio, name) for name in ("sr", "n_samples", "n_channels")
    )


def _checked_source(audio: Any, rate: float | None) -> AudioSource:
    if rate is not None and rate != audio.sr:
        raise ParameterError(
            f"sr={rate} differs from the source's own rate, {audio.sr}; leave sr out"
        )
    if isinstance(audio, AudioSource):
        return audio
    raise ParameterTypeError(
        f"audio of type {type(audio).__name__} has read() but lacks name or peak; add them "
        "(peak=None where it is not known)"
    )
