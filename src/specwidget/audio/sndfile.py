"""Audio files through libsndfile, read where they are asked, handles kept open.

A place that cannot be decoded is narrowed down, so that what lies on both sides of it is there.
"""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from specwidget.audio.base import BaseSource
from specwidget.audio.blobs import Mended
from specwidget.audio.condition import Condition, outside
from specwidget.audio.handles import Handles
from specwidget.audio.narrowing import readable_length, unreadable
from specwidget.audio.ogg import lost_stretches
from specwidget.audio.sndhandle import GRANULE_RATES, LOSSY, SoundHandle, decoding_errors
from specwidget.audio.wav import sampled_peak
from specwidget.errors import AudioFileError

__all__ = ["SoundFileSource"]

_MAX_SAMPLES = 1 << 52
_FLOAT_SUBTYPES = frozenset({"FLOAT", "DOUBLE"})
_CHECKED = 1 << 17
_CHECK = 64


class _UndecodableError(Exception):
    """Some of a range cannot be decoded."""


class SoundFileSource(BaseSource):
    """A file that libsndfile decodes: FLAC, OGG, Opus, MP3, AIFF, WAV of all codings and more.

    Parameters
    ----------
    mended : Mended
        The file, and what is known of its length.

    Raises
    ------
    AudioFileError
        It has no samples, or none that can be read.
    soundfile.LibsndfileError
        It is none of what libsndfile decodes.
    """

    def __init__(self, mended: Mended) -> None:
        self._blob = blob = mended.blob
        handle = SoundHandle(mended)
        file = handle.file
        subtype: str = file.subtype
        super().__init__(
            blob.name,
            file.samplerate,
            file.channels,
            _declared_length(file, mended),
            None if subtype in LOSSY else 1.0,
        )
        self._kind = f"{file.format}-{subtype}"
        self._floats = subtype in _FLOAT_SUBTYPES
        # Decoders of Ogg go on behind a lost page as if nothing had been there.
        self._paged = subtype in GRANULE_RATES
        self._granule_rate = GRANULE_RATES.get(subtype)
        self._looked = self._told = False
        self._holes = Condition()
        self._lock = threading.Lock()
        self._handles: Handles[SoundHandle] = Handles(lambda: SoundHandle(mended), handle)
        self._keep_what_can_be_read()
        self._tell_length(mended)
        if self._floats:
            self.peak = None if blob.remote else sampled_peak(self)

    def fingerprint(self) -> str | None:
        key = self._blob.fingerprint()
        return key and f"{key}-{self._kind}-{self.sr}-{self.n_samples}"

    def _fetch(self, start: int, stop: int) -> NDArray[np.float32]:
        news = self._blob.news()
        if news is not None:
            self._condition.warn(f"{self.name}: {news}")
        try:
            parts = self._good_parts(start, stop)
            if parts not in ([], [(start, stop)]) or (not parts and self._paged):
                raise _UndecodableError("it is damaged")
            block = self._decode(start, stop, check=stop - start >= _CHECKED)
        except _UndecodableError as error:
            block = self._decode_around(start, stop, news or str(error))
        if self._floats:
            self._condition.note_not_finite(block, start, self.sr, self.name)
        return block

    def _decode(self, start: int, stop: int, *, check: bool = False) -> NDArray[np.float32]:
        """Return samples ``[start, stop)``, all of them [shape=(n_channels, n)]."""
        try:
            behind = [hole.stop for hole in self._holes.damage if hole.stop <= start]
            floor = max(behind, default=0) if self._paged else 0
            with self._handles.use(start) as handle:
                block = handle.read(start, stop, floor)
                if len(block) != stop - start:
                    raise _UndecodableError(f"it ends after {len(block)} of them")
                if check and self._paged:
                    first = max(start, stop - _CHECK)
                    again = handle.read(first, stop, floor)
                    if _differ(block[first - start :], again):
                        raise _UndecodableError("some of the file is missing there")
        except OSError as error:
            raise self._failed(start, stop, error) from error
        except decoding_errors() as error:
            raise _UndecodableError(str(error).rstrip(".")) from error
        return np.ascontiguousarray(block.T)

    def _decode_around(self, start: int, stop: int, reason: str) -> NDArray[np.float32]:
        """Return samples ``[start, stop)``, NaN where they cannot be had; keep those places."""
        out = np.full((self.n_channels, stop - start), np.nan, np.float32)
        good = 0

        def can_read(first: int, last: int) -> bool:
            nonlocal good
            try:
                block = self._decode(first, last, check=True)
            except _UndecodableError:
                return False
            out[:, first - start : last - start] = block
            good += last - first
            return True

        bad: list[tuple[int, int]] = []
        self._look_for_lost_pages()
        for stretch in self._good_parts(start, stop):
            if not can_read(*stretch):
                bad.extend(unreadable(*stretch, can_read))
        self._mark(bad)
        if good == 0:
            raise AudioFileError(
                self._cannot(start, stop, reason)
                + ". The file may be damaged, cut short, or may have changed while it was open"
            )
        # What failed as a whole may have failed for a moment, and is tried again.
        for first, last in bad:
            self._holes.mark(first, last, "")
        return out

    def _good_parts(self, start: int, stop: int) -> list[tuple[int, int]]:
        return outside(((hole.start, hole.stop) for hole in self._holes.damage), start, stop)

    def _mark(self, stretches: list[tuple[int, int]]) -> None:
        if not stretches:
            return
        for start, stop in stretches:
            self._condition.mark(start, stop, "cannot be decoded: the file is damaged")
        if not self._told:
            self._told = True
            self._condition.warn(
                f"{self.name}: is damaged, at {stretches[0][0] / self.sr:.3f} s for one; what "
                "cannot be decoded is left out"
            )

    def _look_for_lost_pages(self) -> None:
        """Find all that an Ogg file has lost, once, where a part of it has been missed."""
        with self._lock:
            if not self._paged or self._looked:
                return
            self._looked = True
            try:
                lost = lost_stretches(self._blob)
            except OSError as error:
                raise AudioFileError(f"{self.name}: cannot be read: {error}") from error
            end = self.n_samples
            if self._granule_rate is None:
                stretches = [(min(end, first), min(end, last)) for first, last in lost]
            else:
                # Behind a lost page of Opus, libsndfile finds no place any more.
                scale = self.sr / self._granule_rate
                stretches = [(math.floor(first * scale), end) for first, _ in lost[:1]]
            for start, stop in stretches:
                self._holes.mark(start, stop, "")
            self._mark(stretches)

    def _keep_what_can_be_read(self) -> None:
        """Shorten the recording to what there is of it."""
        declared = self.n_samples
        if self._is_readable(declared - 1):
            return
        self.n_samples = readable_length(declared, self._is_readable)
        if self.n_samples == 0:
            raise AudioFileError(
                f"{self.name}: its header can be read, its samples cannot; the file is damaged, "
                "or its download was cut short: copy or download it again"
            )
        self._condition.mark(self.n_samples, declared, "missing: the file was cut short")
        self._condition.warn(
            f"{self.name}: only the first {self.n_samples / self.sr:.3f} s of "
            f"{declared / self.sr:.3f} s can be read; the file is damaged or was cut short"
        )

    def _tell_length(self, mended: Mended) -> None:
        """Tell if the header says another length than there is, or more is there than is read."""
        declared, real = mended.declared or self.n_samples, mended.real
        said, there = declared / self.sr, real / self.sr
        if not real or (declared == real if mended.declared else real - declared < self.sr):
            return
        if not mended.declared:
            self._condition.warn(
                f"{self.name}: only the first {said:.3f} s of {there:.3f} s can be read"
            )
        elif declared > real:
            self._condition.warn(
                f"{self.name}: its header says {said:.3f} s, and it ends after {there:.3f} s: it "
                "was cut short"
            )
            missing = self.n_samples + declared - real
            self._condition.mark(self.n_samples, missing, "missing: the file was cut short")
        else:
            self._condition.warn(
                f"{self.name}: its header says {said:.3f} s, and there are {there:.3f} s; all of "
                "it is shown"
            )

    def _is_readable(self, sample: int) -> bool:
        try:
            self._decode(sample, sample + 1)
        except _UndecodableError:
            return False
        return True


def _differ(one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    """Whether two decodings of one place are of different sounds."""
    if one.shape != other.shape:
        return True
    return float(np.abs(one - other).max()) > 1e-3 + 0.05 * float(np.abs(other).max())


def _declared_length(file: Any, mended: Mended) -> int:
    """Return the number of samples that an open file says it has, if that makes sense."""
    blob = mended.blob
    n_samples: int = file.frames - mended.lead
    if n_samples > _MAX_SAMPLES:
        raise AudioFileError(
            f"{blob.name}: its header does not say how long it is; write it anew, "
            "for example: ffmpeg -i in.flac out.flac"
        )
    if n_samples > 0:
        # Where frames were counted, nobody's guess is longer.
        return min(n_samples, mended.real or n_samples)
    if blob.size > 1024:
        raise AudioFileError(
            f"{blob.name}: its header says 0 samples, but the file has {blob.size} bytes: it was "
            "not closed when it was written; mend the header, for example: ffmpeg -i in.wav out.wav"
        )
    raise AudioFileError(f"{blob.name}: it holds no samples; give a file that has some")
