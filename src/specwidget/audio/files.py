"""Audio files through libsndfile, read where they are asked, handles kept open.

Every failure is an `AudioFileError` that names the path and the reason. A handle is used by one
thread at a time; one that failed is closed and never used again.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import LifoQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from specwidget.audio.inspection import looks_like, refuse_what_is_no_audio
from specwidget.errors import AudioFileError

__all__ = ["FileSource", "load_resampled"]

_HANDLES = 2
_PRE_ROLL = 4 * 1152
_MAX_SAMPLES = 1 << 52
_FLOAT_SUBTYPES = frozenset({"FLOAT", "DOUBLE"})
_LOSSY = frozenset({"VORBIS", "OPUS", "MPEG_LAYER_I", "MPEG_LAYER_II", "MPEG_LAYER_III"})
_PEAK_RUN = 4096
_PEAK_RUNS = 16


class FileSource:
    """A file that libsndfile decodes: WAV, RF64, FLAC, OGG, Opus, MP3, AIFF and more.

    Parameters
    ----------
    file : str, path or bytes
        A path, or what is in a file.

    Raises
    ------
    AudioFileError
        There is no such file, it is empty, or it cannot be decoded.
    """

    def __init__(self, file: str | os.PathLike[str] | bytes) -> None:
        self.name = "bytes" if isinstance(file, bytes) else os.fspath(file)
        found = file if isinstance(file, bytes) else os.path.expanduser(self.name)
        refuse_what_is_no_audio(found, self.name)
        # Handles are opened later too, and the working directory may be another one then.
        self._file: str | bytes = found if isinstance(found, bytes) else os.path.abspath(found)
        handle = _open(self._file, self.name)
        self._pre_roll = _PRE_ROLL if handle.subtype in _LOSSY else 0
        self.sr: float = handle.samplerate
        self.n_channels: int = handle.channels
        self.n_samples: int = _declared_length(handle, self._file, self.name)
        self.warning: str | None = None
        subtype: str = handle.subtype
        if not _is_readable(handle, self.n_samples - 1):
            handle.close()
            handle = None
            declared = self.n_samples
            self.n_samples = self._readable_length()
            self.warning = (
                f"{self.name}: only the first {self.n_samples / self.sr:.3f} s of "
                f"{declared / self.sr:.3f} s can be read; the file is damaged or was cut short"
            )
        self._handles: LifoQueue[Any] = LifoQueue()
        for kept in [None] * (_HANDLES - 1) + [handle]:
            self._handles.put(kept)
        self.peak: float | None = None if subtype in _LOSSY else 1.0
        if subtype in _FLOAT_SUBTYPES:
            self.peak = self._sampled_peak()

    def __repr__(self) -> str:
        return f"<{self.name}: {self.n_channels} x {self.n_samples} samples at {self.sr} Hz>"

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """Return samples ``[start, stop)``, clipped to the recording [shape=(n_channels, n)].

        Raises
        ------
        AudioFileError
            The file cannot be read there.
        """
        start, stop = max(0, start), min(stop, self.n_samples)
        if stop <= start:
            return np.zeros((self.n_channels, 0), np.float32)
        with self._handle() as handle:
            try:
                block = _read(handle, start, stop, self._pre_roll)
            except Exception as error:  # libsndfile, cffi or a BytesIO: one kind for callers
                raise AudioFileError(self._place(start, stop, str(error))) from error
            if len(block) != stop - start:
                raise AudioFileError(
                    self._place(start, stop, f"it ends after {len(block)} of them")
                )
        return np.ascontiguousarray(block.T)

    @contextmanager
    def _handle(self) -> Iterator[Any]:
        handle = self._handles.get()
        try:
            if handle is None:
                handle = _open(self._file, self.name)
            yield handle
        except BaseException:
            if handle is not None:
                handle.close()
            handle = None
            raise
        finally:
            self._handles.put(handle)

    def _place(self, start: int, stop: int, reason: str) -> str:
        return (
            f"{self.name}: samples {start} to {stop} (at {start / self.sr:.3f} s) cannot be read: "
            f"{reason}. The file may be damaged, cut short, or may have changed while it was open"
        )

    def _readable_length(self) -> int:
        """Return how many samples there are up to the first that cannot be read."""
        low, high = 0, self.n_samples - 1
        while low < high:
            middle = (low + high) // 2
            # A handle that has failed once is of no use for another try.
            handle = _open(self._file, self.name)
            low, high = (middle + 1, high) if _is_readable(handle, middle) else (low, middle)
            handle.close()
        if low == 0:
            raise AudioFileError(
                f"{self.name}: its header can be read, its samples cannot; the file is damaged, "
                "or its download was cut short: copy or download it again"
            )
        return low

    def _sampled_peak(self) -> float:
        """Return the largest finite absolute sample of a few evenly spaced places, at least 1."""
        n_runs = min(_PEAK_RUNS, -(-self.n_samples // _PEAK_RUN))
        peak = 1.0
        for start in np.linspace(0, max(0, self.n_samples - _PEAK_RUN), n_runs).astype(int):
            with suppress(AudioFileError):  # whoever looks there is told
                block = np.abs(self.read(int(start), int(start) + _PEAK_RUN))
                peak = max(peak, float(block[np.isfinite(block)].max(initial=0.0)))
        return peak


def load_resampled(source: FileSource, sr: float) -> NDArray[np.float32]:
    """Return a whole file at another rate, as ``librosa.load(path, sr=sr, mono=False)`` does.

    Returns
    -------
    np.ndarray, float32 [shape=(n_channels, ceil(n * sr / source.sr))]
    """
    import soxr

    samples = np.empty((source.n_channels, source.n_samples), np.float32)
    step = max(1, (1 << 20) // source.n_channels)
    for start in range(0, source.n_samples, step):
        samples[:, start : start + step] = source.read(start, start + step)
    n_samples = int(np.ceil(source.n_samples * float(sr) / source.sr))
    out = np.zeros((source.n_channels, n_samples), np.float32)
    for channel, row in zip(samples, out, strict=True):
        made = soxr.resample(channel, source.sr, sr, quality="soxr_hq")
        n = min(len(made), n_samples)
        row[:n] = made[:n]
    return out


def _read(handle: Any, start: int, stop: int, pre_roll: int) -> NDArray[np.float32]:
    """Read ``[start, stop)`` [shape=(n, n_channels)], decoding a little before for lossy files."""
    lead = 0
    if handle.tell() != start:
        lead = min(start, pre_roll)
        handle.seek(start - lead)
    block: NDArray[np.float32] = handle.read(stop - start + lead, dtype="float32", always_2d=True)
    return block[lead:]


def _open(file: str | bytes, name: str) -> Any:
    import soundfile

    try:
        return soundfile.SoundFile(io.BytesIO(file) if isinstance(file, bytes) else file)
    except Exception as error:  # soundfile raises four kinds, depending on what is wrong
        reason = str(error).removeprefix(f"Error opening {file!r}: ").rstrip(".")
        raise AudioFileError(
            f"{name}: cannot be decoded: {reason or type(error).__name__}. {looks_like(file)}"
            "Formats that are read: WAV, RF64, FLAC, OGG, Opus, MP3, AIFF and what else "
            "soundfile.available_formats() lists; convert others, for example by ffmpeg"
        ) from error


def _declared_length(handle: Any, file: str | bytes, name: str) -> int:
    """Return the number of samples that an open file says it has, if that makes sense."""
    n_samples: int = handle.frames
    if n_samples > _MAX_SAMPLES:
        raise AudioFileError(
            f"{name}: its header does not say how long it is; write it anew, "
            "for example: ffmpeg -i in.flac out.flac"
        )
    if n_samples > 0:
        return n_samples
    size = len(file) if isinstance(file, bytes) else os.path.getsize(file)
    if size > 1024:
        raise AudioFileError(
            f"{name}: its header says 0 samples, but the file has {size} bytes: it was not closed "
            "when it was written; mend the header, for example: ffmpeg -i in.wav out.wav"
        )
    raise AudioFileError(f"{name}: it holds no samples; give a file that has some")


def _is_readable(handle: Any, sample: int) -> bool:
    try:
        handle.seek(sample)
        return len(handle.read(1, dtype="float32")) == 1
    except Exception:  # whatever it is: this sample cannot be had
        return False
