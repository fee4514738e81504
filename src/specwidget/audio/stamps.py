"""Frames that are where their time stamps say.

Stamps are as many a second as samples; or so fine, and frames so steady, that the true place of a
frame cannot be mistaken for another. Nothing has to be read before a place is sought.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from specwidget.audio.clocks import STEADY, WARM_UP, Head, Placed
from specwidget.audio.tracks import Track

if TYPE_CHECKING:
    from av import AudioFrame

__all__ = ["Stamps"]

_OPUS_GRID = 400


class Stamps:
    """Frames are where their time stamps say, to the sample.

    Parameters
    ----------
    time_base : Fraction
        Seconds of one tick.
    sr : int
        Samples per second.
    origin : Fraction
        Where sample 0 is, in samples of the time stamps.
    grid, phase : int
        Frames begin at ``phase`` plus multiples of ``grid``.
    """

    def __init__(
        self, time_base: Fraction, sr: int, origin: Fraction, grid: int, phase: int
    ) -> None:
        self._per_tick = time_base * sr
        self._origin, self._grid, self._phase = origin, grid, phase
        self._pre_roll = sr // 4
        self._one = self._per_tick.denominator * origin.denominator
        self._tick = self._per_tick.numerator * origin.denominator
        self._zero = origin.numerator * self._per_tick.denominator

    @classmethod
    def of(cls, track: Track, head: Head) -> Stamps | None:
        """Return the clock of a track whose stamps are fine enough, or None."""
        frames, time_base = head.frames, track.stream.time_base
        if time_base is None or not track.is_stamped or any(f.pts is None for f in frames):
            return None
        per_tick = Fraction(time_base) * head.sr
        exact = per_tick.numerator == 1
        if not exact and (head.ended or len(frames) < WARM_UP):
            return None
        grid = 1 if exact else _grid(track, head)
        if not exact and grid < 2 * per_tick:
            return None
        low, high, run = _steady_run(frames, per_tick)
        # Damage ends a run; where a short one ends, the stamps were taken from a clock.
        if run < min(len(frames), WARM_UP):
            return None
        return cls(time_base, head.sr, (low + high) / 2, grid, frames[0].samples % grid)

    @property
    def exact(self) -> bool:
        """Whether stamps are as fine as samples."""
        return self._grid == 1

    def _position(self, frame: AudioFrame) -> int:
        """Return the sample that a frame with a time stamp begins with."""
        # Whole numbers, in parts of a sample: fractions take as long as decoding.
        place, one = (frame.pts or 0) * self._tick - self._zero, self._one
        grid, phase = self._grid, self._phase
        if grid == 1:
            return place // one
        # Of the first frame the beginning was cut off: its end is where it should be.
        cut = frame.samples if frame.samples % grid and place < grid * one else 0
        steps = (2 * (place + (cut - phase) * one) + grid * one) // (2 * grid * one)
        return phase + grid * steps - cut

    def seek_points(self, sample: int) -> Iterable[int | None]:
        """Yield time stamps to seek to for a sample, each earlier."""
        for before in (self._pre_roll, 16 * self._pre_roll):
            if sample > 2 * before:
                yield math.floor((sample - before + self._origin) / self._per_tick)
        # The beginning, with what lies before it; or, where nothing does, without.
        yield math.floor((self._origin - self._pre_roll) / self._per_tick)
        yield math.floor(self._origin / self._per_tick)

    def frames(self, track: Track, point: int | None) -> Iterator[Placed]:
        """Decode a track that was sent to a seek point."""
        position: int | None = None
        for packet in track.packets_from(point):
            found = track.decode(packet)
            for frame in (None,) if found is None else found:
                if frame is not None and frame.pts is not None:
                    position = self._position(frame)
                yield position, frame
                if frame is not None and position is not None:
                    position += frame.samples

    def end(self, position: int, frame: AudioFrame) -> int:
        """Return the sample that follows a frame, if that is the last."""
        n = frame.samples
        if self._grid == 1 and frame.duration:
            n = min(n, math.floor(frame.duration * self._per_tick))
        return position + n


def _grid(track: Track, head: Head) -> int:
    """Return what the beginnings of all frames but the first are apart by multiples of, or 0."""
    context = track.stream.codec_context
    if context.name.endswith("opus"):
        return head.sr // _OPUS_GRID
    if not context.frame_size and context.name not in STEADY:
        return 0
    return math.gcd(*(frame.samples for frame in head.frames[1:-1]))


def _steady_run(frames: list[AudioFrame], per_tick: Fraction) -> tuple[Fraction, Fraction, int]:
    """Return between what stamps are ahead of counting, and for how many frames that is so."""
    low = high = Fraction(frames[0].pts or 0) * per_tick
    position = 0
    for run, frame in enumerate(frames):
        ahead = (frame.pts or 0) * per_tick - position
        if max(high, ahead) - min(low, ahead) > per_tick:
            return low, high, run
        low, high = min(low, ahead), max(high, ahead)
        position += frame.samples
    return low, high, len(frames)
