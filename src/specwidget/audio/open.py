"""The one door for audio: whatever a person has becomes an `AudioSource`, or an error says why."""

from __future__ import annotations

import math
import numbers
import os
from typing import IO, Any, TypeGuard

from specwidget._check import shown
from specwidget.audio.arrays import ArraySource, as_samples
from specwidget.audio.base import BaseSource
from specwidget.audio.blobs import Blob, BytesBlob, FileBlob, StreamBlob
from specwidget.audio.files import open_blob
from specwidget.audio.inspection import refuse_what_is_no_file
from specwidget.audio.lazy import LazySource, is_lazy
from specwidget.audio.objects import ObjectSource, is_source
from specwidget.audio.remote import is_url, local_path, remote_blob
from specwidget.audio.resampled import ResampledSource
from specwidget.audio.source import AudioSource
from specwidget.errors import ParameterError, ParameterTypeError

__all__ = ["open_audio"]


def open_audio(audio: object, sr: float | None = None) -> AudioSource:
    """Open a recording.

    Parameters
    ----------
    audio : str, path, bytes, file object, array-like, (sr, array) or object with read
        A file, by its path, by a URL that fsspec knows (``https://``, ``s3://``, ``gs://``,
        ``memory://``, ``zip://a.wav::https://...``), by its bytes, or as a binary file object:
        WAV, RF64, W64, FLAC, OGG, Opus, MP3, AIFF and what else libsndfile decodes; with the
        extra ``codecs`` also M4A, AAC, WMA, WebM and the sound of videos. URLs need the extra
        ``remote``, and are read by range.

        Samples [shape=(n,) or (n_channels, n)], kept by reference: a NumPy array, also a
        memmap; what converts to one (torch, array API, DLPack); or what is read by slices (an
        HDF5 dataset, a Zarr, Dask or xarray array), of which only what is seen is read. Or such
        samples with their rate.

        An object with `sr`, `n_samples`, `n_channels` and ``read(start, stop)``, which returns
        float32 [shape=(n_channels, stop - start)]. It may have `name`, `peak`, `warning`,
        `damage` and `fingerprint`, as `AudioSource` describes them; unless it has
        ``thread_safe = True``, it is asked by one thread at a time.

        Float samples are taken as they are. Integers are scaled to [-1, 1): signed ones by their
        width, uint8 and uint16 as offset binary; int64, uint64 and uint32 count as 16-bit
        samples where all values fit 16 bits, and as 32-bit ones otherwise.
    sr : int or float > 0, optional
        Samples per second. Needed for an array. For a file, None keeps its own rate; another
        rate resamples it as ``librosa.load`` does, which reads the whole file into memory.

    Returns
    -------
    AudioSource
        Of a file whose header lies, or that was cut short, what is there is in it, and its
        `warning` and `damage` tell what is not.

    Raises
    ------
    AudioFileError
        The file is missing, empty, cannot be read or decoded; or needs a package that is not
        installed, which is named.
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
    if isinstance(audio, BaseSource):
        return _of_own_rate(audio, rate)
    if isinstance(audio, (str, os.PathLike)):
        return _at_rate(open_blob(_blob_at(os.fspath(audio))), rate)
    if isinstance(audio, (bytes, bytearray, memoryview)):
        return _at_rate(open_blob(BytesBlob(bytes(audio))), rate)
    if is_source(audio):
        return _of_own_rate(ObjectSource(audio), rate)
    if _is_binary_file(audio):
        return _at_rate(open_blob(StreamBlob(audio)), rate)
    if isinstance(audio, tuple):
        return _open_pair(audio, rate)
    return _open_array(audio, rate)


def _blob_at(place: str | bytes) -> Blob:
    if not isinstance(place, str):
        raise ParameterTypeError(f"audio={shown(place)} is no path of text; give a str or a Path")
    if is_url(place):
        path = local_path(place)
        if path is None:
            return remote_blob(place)
    else:
        path = os.path.expanduser(place)
    refuse_what_is_no_file(path, place)
    return FileBlob(path, place)


def _is_binary_file(audio: object) -> TypeGuard[IO[bytes]]:
    return all(callable(getattr(audio, name, None)) for name in ("read", "seek", "tell"))


def _at_rate(source: BaseSource, rate: float | None) -> AudioSource:
    return source if rate is None or rate == source.sr else ResampledSource(source, rate)


def _of_own_rate(source: BaseSource, rate: float | None) -> AudioSource:
    if rate is not None and rate != source.sr:
        raise ParameterError(
            f"sr={rate} differs from the source's own rate, {source.sr}; leave sr out"
        )
    return source


def _open_array(audio: object, rate: float | None) -> AudioSource:
    samples = None if is_lazy(audio) else as_samples(audio)
    if rate is None:
        raise ParameterError(
            "sr=None: an array does not know its sampling rate; give sr in Hz, such as sr=22050"
        )
    return LazySource(audio, rate) if samples is None else ArraySource(samples, rate)


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
    return _open_array(audio[1], own)


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
