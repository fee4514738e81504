"""From the bytes of a file to a source: which of the ways to read it is taken."""

from __future__ import annotations

from specwidget.audio.base import BaseSource
from specwidget.audio.blobs import Blob, Mended
from specwidget.audio.codecs import CodecSource
from specwidget.audio.flac import mended_flac
from specwidget.audio.inspection import looks_like, needs_codecs, refuse_what_is_no_audio
from specwidget.audio.mp3 import mended_mp3
from specwidget.audio.riff import read_layout
from specwidget.audio.sndfile import SoundFileSource
from specwidget.audio.sndhandle import decoding_errors
from specwidget.audio.wav import WavSource
from specwidget.errors import AudioFileError

__all__ = ["open_blob"]


def open_blob(blob: Blob) -> BaseSource:
    """Open what is in a file.

    Plain WAV is read as it lies; what libsndfile decodes, it decodes; the rest is for PyAV, where
    that is installed.

    Parameters
    ----------
    blob : Blob
        The file.

    Raises
    ------
    AudioFileError
        It is empty, no audio, or cannot be decoded; or PyAV would be needed.
    """
    try:
        refuse_what_is_no_audio(blob)
        layout = read_layout(blob)
        if layout is not None:
            return WavSource(blob, layout)
        return _decoded(blob)
    except AudioFileError:
        raise
    except OSError as error:
        raise AudioFileError(f"{blob.name}: cannot be read: {error}") from error


def _decoded(blob: Blob) -> BaseSource:
    """Return a source for a file that has to be decoded."""
    kind = needs_codecs(blob)
    if kind and not kind.startswith("FLAC"):
        return _by_codecs(blob, f"it looks like {kind}")
    mended = mended_flac(blob) or mended_mp3(blob) or Mended(blob)
    try:
        return SoundFileSource(mended)
    except AudioFileError as error:
        return _by_codecs(blob, str(error).removeprefix(f"{blob.name}: "), error)
    except OSError:
        raise
    except decoding_errors() as error:
        reason = str(getattr(error, "error_string", error)).rstrip(".")
        return _by_codecs(blob, f"cannot be decoded: {reason or type(error).__name__}", error)


def _by_codecs(blob: Blob, reason: str, cause: Exception | None = None) -> BaseSource:
    """Return a source for what libsndfile does not decode, for the given reason."""
    try:
        return CodecSource(blob)
    except ImportError as error:
        raise AudioFileError(
            f"{blob.name}: {reason}. {looks_like(blob)}"
            "WAV, RF64, FLAC, OGG, Opus, MP3, AIFF and what else soundfile.available_formats() "
            "lists are read; M4A, AAC, WMA, WebM, the sound of videos and more are, after: "
            "pip install 'specwidget[codecs]'"
        ) from (cause or error)
    except AudioFileError as error:
        if cause is None:
            raise
        raise AudioFileError(
            f"{blob.name}: {reason}. {looks_like(blob)}Neither libsndfile nor FFmpeg reads it; if "
            "it is a recording, copy or download it again"
        ) from error
