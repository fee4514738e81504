"""What FFmpeg decodes and libsndfile does not: M4A, AAC, WMA, WebM, the sound of video files.

A sample is the same whether it is sought or come upon: a recording is decoded in segments, and each
of them always from the same packet on, with a decoder that remembers nothing. Needs PyAV, the extra
``codecs``.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from specwidget.audio.base import BaseSource
from specwidget.audio.blobs import Blob
from specwidget.audio.clocks import Clock, Head, Placed, head_of
from specwidget.audio.condition import Condition, outside
from specwidget.audio.counts import Counts
from specwidget.audio.handles import Handles
from specwidget.audio.stamps import Stamps
from specwidget.audio.tracks import Track, as_float
from specwidget.errors import AudioFileError

__all__ = ["CodecSource"]

_SEGMENT_SECONDS = 2
_TAIL_SECONDS = 3
# An edit list may be rounded to milliseconds, and is then less exact than the packets.
_ROUNDING = 0.002
_LAST_FRAME = 4096
# Damage makes one or two; stamps that were taken from a clock make more.
_MOST_JUMPS = 4


class _Handle:
    """A track that is being decoded, and what was decoded and not yet asked for."""

    def __init__(self, blob: Blob, clock: Clock, sr: int, track: Track | None = None) -> None:
        self._blob, self._clock = blob, clock
        self._track = Track(blob) if track is None else track
        self._frames: Iterator[Placed] = iter(())
        self._left: Placed | None = None
        self._length = sr * _SEGMENT_SECONDS
        self._segment = -1
        self.position = -1

    def close(self) -> None:
        self._track.close()

    def read(self, start: int, out: NDArray[np.float32]) -> list[tuple[int, int]]:
        """Fill what can be had of `out` from sample `start` on; return the stretches filled."""
        stop = start + out.shape[1]
        filled: list[tuple[int, int]] = []
        while start < stop:
            segment = start // self._length
            end = min(stop, (segment + 1) * self._length)
            part = out[:, : end - start]
            if segment == self._segment and 0 <= self.position <= start:
                filled += self._fill(start, part)
            else:
                filled += self._begin(segment, start, part)
            start, out = end, out[:, end - start :]
        return filled

    def _begin(self, segment: int, start: int, out: NDArray[np.float32]) -> list[tuple[int, int]]:
        """Decode a segment from its beginning."""
        filled: list[tuple[int, int]] = []
        for point in self._clock.seek_points(segment * self._length):
            self._go_to(point)
            filled = self._fill(start, out)
            # A decoder that was set down behind the place is set down anew, before it.
            if filled and filled[0][0] == start:
                break
        self._segment = segment
        return filled

    def end(self, start: int) -> int:
        """Return where the track ends; 0 if it does so before `start`, or its time stamps jump."""
        for point in self._clock.seek_points(start):
            self._go_to(point)
            next_, end, jumps = -1, 0, 0
            for position, frame in self._frames:
                if position is None or frame is None:
                    next_ = -1
                    continue
                jumps += -1 < next_ != position
                if jumps > _MOST_JUMPS:
                    return 0
                next_ = position + frame.samples
                end = self._clock.end(position, frame)
            if end > start:
                return end
        return 0

    def _go_to(self, point: int | None) -> None:
        self.position, self._segment, self._left = -1, -1, None
        if point is None:
            self._track.close()
            self._track = Track(self._blob)
        elif not self._track.seek(point):
            self._frames = iter(())
            return
        self._frames = self._clock.frames(self._track, point)

    def _fill(self, start: int, out: NDArray[np.float32]) -> list[tuple[int, int]]:
        stop = start + out.shape[1]
        filled: list[tuple[int, int]] = []
        while self.position < stop:
            placed = self._left or next(self._frames, None)
            self._left = None
            if placed is None:
                self.position = -1
                break
            position, frame = placed
            if position is None or frame is None:
                continue
            first, last = max(start, position), min(stop, position + frame.samples)
            if first < last and frame.layout.nb_channels == out.shape[0]:
                block = as_float(frame)
                out[:, first - start : last - start] = block[:, first - position : last - position]
                filled.append((first, last))
            self.position = min(stop, position + frame.samples)
            if position + frame.samples > stop:
                self._left = placed
        return filled


class CodecSource(BaseSource):
    """A sound track that FFmpeg decodes.

    Parameters
    ----------
    blob : Blob
        The file.

    Raises
    ------
    ImportError
        PyAV is not installed.
    AudioFileError
        There is no sound in it that FFmpeg can decode.
    """

    def __init__(self, blob: Blob) -> None:
        self._blob = blob
        track = Track(blob)
        head = head_of(track)
        if head is None:
            raise AudioFileError(
                f"{blob.name}: its sound cannot be decoded ({track.codec}); it may be protected, "
                "damaged, or its download was cut short"
            )
        condition = Condition()
        if track.n_tracks > 1:
            condition.warn(f"{blob.name}: has {track.n_tracks} sound tracks; the main one is shown")
        super().__init__(blob.name, head.sr, head.n_channels, 0, None, condition)
        self._told = False
        self._codec = track.codec
        declared = track.declared(head.sr)
        clock, handle, self.n_samples = _timed(blob, track, head)
        if self.n_samples <= 0:
            raise AudioFileError(f"{blob.name}: it holds no samples; give a file that has some")
        self._handles: Handles[_Handle] = Handles(lambda: _Handle(blob, clock, head.sr), handle)
        self._compare(declared)

    def fingerprint(self) -> str | None:
        key = self._blob.fingerprint()
        return key and f"{key}-{self._codec}-{self.sr}-{self.n_samples}"

    def _fetch(self, start: int, stop: int) -> NDArray[np.float32]:
        news = self._blob.news()
        if news is not None:
            self._condition.warn(f"{self.name}: {news}")
        out = np.full((self.n_channels, stop - start), np.nan, np.float32)
        try:
            with self._handles.use(start) as handle:
                filled = handle.read(start, out)
        except OSError as error:
            if news is None:
                raise self._failed(start, stop, error) from error
            raise AudioFileError(self._cannot(start, stop, news)) from error
        if self._codec.startswith("pcm_f") and filled:
            first, last = filled[0][0] - start, filled[-1][1] - start
            self._condition.note_not_finite(out[:, first:last], start + first, self.sr, self.name)
        missing = outside(filled, start, stop)
        for first, last in missing:
            self._condition.mark(first, last, "cannot be decoded: damaged, or not in the file")
        if missing:
            if not self._told:
                self._told = True
                self._condition.warn(
                    f"{self.name}: what is at {missing[0][0] / self.sr:.3f} s, for one, cannot be "
                    "decoded, and is left out"
                )
            if missing == [(start, stop)]:
                raise AudioFileError(
                    self._cannot(start, stop, news or "nothing can be decoded there")
                )
        return out

    def _compare(self, declared: int) -> None:
        """Tell if the recording is a second shorter, or longer, than the file says."""
        if not declared or abs(declared - self.n_samples) <= self.sr:
            return
        self._condition.warn(
            f"{self.name}: its header says {declared / self.sr:.3f} s, and there are "
            f"{self.n_samples / self.sr:.3f} s"
        )
        self._condition.mark(self.n_samples, declared, "missing: the file was cut short")


def _timed(blob: Blob, track: Track, head: Head) -> tuple[Clock, _Handle, int]:
    """Return how the frames of a track are placed, a handle, and how many samples there are."""
    declared = track.declared(head.sr)
    clock = Stamps.of(track, head)
    if clock is not None and declared:
        handle = _Handle(blob, clock, head.sr, track)
        end = handle.end(max(0, declared - _TAIL_SECONDS * head.sr))
        if clock.exact and _ROUNDING * head.sr < end - declared <= _LAST_FRAME:
            end = declared
        if end > 0:
            return clock, handle, end
    track.close()
    track = Track(blob)
    counts, counted = Counts.of(track, head_of(track) or head)
    handle = _Handle(blob, counts, head.sr, track)
    end = handle.end(max(0, counted - _TAIL_SECONDS * head.sr))
    return counts, handle, end or counted
