"""Which sample of a recording a decoded frame begins with, wherever decoding began.

Time stamps tell, where they are fine enough: as many a second as samples, or so fine that they
cannot be mistaken for those of the frame before or after. Otherwise samples are counted: once
through all packets, with marks on the way from which counting can begin.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, islice, pairwise
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from specwidget.audio.tracks import Track

if TYPE_CHECKING:
    from av import AudioFrame, Packet

__all__ = ["Clock", "Counts", "Stamps", "head_of"]

Placed: TypeAlias = "tuple[int | None, AudioFrame | None]"
"""A frame and the sample it begins with, if known; None for a frame that cannot be decoded."""

_HEAD_PACKETS = 64
_WARM_UP = 8
_MARK_EVERY = 16
_OPUS_GRID = 400
# Decoders that make as many samples of each packet, though FFmpeg does not say so.
_CONSTANT = frozenset({"ac3", "eac3", "dca"})


class Clock(Protocol):
    """Places the frames of a track."""

    def seek_points(self, sample: int) -> Iterable[int | None]:
        """Yield time stamps to seek to for a sample, each earlier; None is a fresh track."""

    def frames(self, track: Track, point: int | None) -> Iterator[Placed]:
        """Decode a track that was sent to a seek point."""

    def end(self, position: int, frame: AudioFrame) -> int:
        """Return the sample that follows a frame, if that is the last."""


@dataclass(frozen=True)
class Head:
    """The first packets of a track, and what they were decoded into.

    Attributes
    ----------
    packets : tuple of (Packet[Any], list of AudioFrame)
        In order.
    sr : int
        Samples per second, as decoded.
    n_channels : int
        As decoded.
    ended : bool
        Whether these are all.
    """

    packets: tuple[tuple[Packet[Any], list[AudioFrame]], ...]
    sr: int
    n_channels: int
    ended: bool

    @property
    def frames(self) -> list[AudioFrame]:
        """All frames, in order."""
        return [frame for _, frames in self.packets for frame in frames]


def head_of(track: Track) -> Head | None:
    """Decode the first packets of a fresh track; None if there is no sound in them."""
    packets = []
    for packet in islice(track.packets(), _HEAD_PACKETS):
        packets.append((packet, track.decode(packet) or []))
    frames = [frame for _, found in packets for frame in found]
    if not frames:
        return None
    common, _ = Counter((f.sample_rate, f.layout.nb_channels) for f in frames).most_common(1)[0]
    return Head(tuple(packets), *common, ended=len(packets) < _HEAD_PACKETS)


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

    @classmethod
    def of(cls, track: Track, head: Head) -> Stamps | None:
        """Return the clock of a track whose stamps are fine enough, or None."""
        frames, time_base = head.frames, track.stream.time_base
        if time_base is None or not track.is_stamped or any(f.pts is None for f in frames):
            return None
        per_tick = Fraction(time_base) * head.sr
        exact = per_tick.numerator == 1
        if not exact and (head.ended or len(frames) < _WARM_UP):
            return None
        grid = 1 if exact else math.gcd(*(f.samples for f in frames[1:-1]))
        if track.stream.codec_context.name.endswith("opus") and not exact:
            grid = math.gcd(grid, head.sr // _OPUS_GRID)
        if not exact and grid < 2 * per_tick:
            return None
        position, offsets = 0, []
        for frame in frames:
            offsets.append((frame.pts or 0) * per_tick - position)
            position += frame.samples
        low, high = min(offsets), max(offsets)
        clock = cls(time_base, head.sr, (low + high) / 2, grid, frames[0].samples % grid)
        return clock if high - low <= per_tick and clock._goes_on(frames) else None

    @property
    def exact(self) -> bool:
        """Whether stamps are as fine as samples."""
        return self._grid == 1

    def _goes_on(self, frames: Iterable[AudioFrame]) -> bool:
        """Whether each frame but the first begins where the one before ended."""
        return all(
            self._position(one) + one.samples == self._position(other)
            for one, other in pairwise(islice(frames, 1, None))
        )

    def _position(self, frame: AudioFrame) -> int:
        """Return the sample that a frame with a time stamp begins with."""
        place = (frame.pts or 0) * self._per_tick - self._origin
        grid, phase = self._grid, self._phase
        if grid == 1:
            return math.floor(place)
        # Of the first frame the beginning was cut off: its end is where it should be.
        cut = frame.samples if frame.samples % grid and place < grid else 0
        return phase + grid * round((place + cut - phase) / grid) - cut

    def seek_points(self, sample: int) -> Iterable[int | None]:
        """Yield time stamps to seek to for a sample, each earlier; None is a fresh track."""
        for before in (self._pre_roll, 16 * self._pre_roll):
            if sample > 2 * before:
                yield math.floor((sample - before + self._origin) / self._per_tick)
        yield math.floor((self._origin - self._pre_roll) / self._per_tick)
        yield None

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


class Counts:
    """Frames are where the number of samples before them says.

    Parameters
    ----------
    marks : list of (int, int)
        Time stamps of packets, rising, and the samples before what they are decoded into.
    sr : int
        Samples per second.
    """

    def __init__(self, marks: list[tuple[int, int]], sr: int) -> None:
        self._stamps = [stamp for stamp, _ in marks]
        self._samples = [sample for _, sample in marks]
        self._at: dict[int | None, int] = {**dict(marks)}
        self._pre_roll = sr // 4

    @classmethod
    def of(cls, track: Track, head: Head) -> tuple[Counts, int]:
        """Count the packets of a track that stands behind its head.

        They are decoded only where that cannot be spared.

        Returns
        -------
        Counts
            The clock.
        int
            How many samples there are, by the packets.
        """
        rule = None if head.ended else _rule(track, head)
        marks: list[tuple[int, int]] = []
        position = 0
        if rule is not None:
            # What the decoder held back at the beginning, or cut off, it never gives.
            position = sum(f.samples for f in head.frames) - sum(rule(p) for p, _ in head.packets)
        since = _MARK_EVERY
        rest = ((packet, None) for packet in track.packets())
        for packet, known in chain(head.packets, rest):
            pts, since = packet.pts, since + 1
            if pts is not None and since >= _MARK_EVERY and (not marks or pts > marks[-1][0]):
                marks.append((pts, position))
                since = 0
            if rule is not None:
                position += rule(packet) if packet.size else 0
            else:
                frames = (track.decode(packet) or []) if known is None else known
                position += sum(frame.samples for frame in frames)
        return cls(marks, head.sr), position

    def seek_points(self, sample: int) -> Iterable[int | None]:
        """Yield time stamps to seek to for a sample, each earlier; None is a fresh track."""
        last = bisect_right(self._samples, sample - self._pre_roll) - 1
        for place in (last - 1, last - 8, last - 64):
            if place > 0:
                yield self._stamps[place]
        yield None

    def frames(self, track: Track, point: int | None) -> Iterator[Placed]:
        """Decode a track that was sent to a seek point."""
        position = 0 if point is None else None
        page: int | None = None
        for packet in track.packets_from(point):
            mark = self._at.get(packet.pts) if packet.size else None
            page = packet.pos if page is None else page
            # In the first page of Ogg that was sought, time stamps are a guess.
            if track.is_paged and packet.pos == page and point is not None:
                mark = None
            if mark is not None and mark >= 0:
                position = mark
            found = track.decode(packet)
            for frame in (None,) if found is None else found:
                yield position, frame
                if frame is not None and position is not None:
                    position += frame.samples

    def end(self, position: int, frame: AudioFrame) -> int:
        """Return the sample that follows a frame, if that is the last."""
        return position + frame.samples


def _rule(track: Track, head: Head) -> Callable[[Packet[Any]], int] | None:
    """Return what tells how many samples a packet is decoded into, without decoding, or None."""
    context = track.stream.codec_context
    common, _ = Counter(
        sum(f.samples for f in frames) for _, frames in head.packets[_WARM_UP:]
    ).most_common(1)[0]
    rules: list[Callable[[Packet[Any]], int]] = []
    if context.name.startswith("pcm_"):
        packet, frames = head.packets[0]
        n = sum(frame.samples for frame in frames)
        if n and packet.size % n == 0:
            frame_bytes = packet.size // n
            rules.append(lambda packet: packet.size // frame_bytes)
    if context.name.endswith("opus"):
        rules.append(lambda packet: _opus_samples(bytes(packet)[:2], head.sr))
    per_tick = Fraction(track.stream.time_base or 1) * head.sr
    if per_tick.numerator == 1:
        rules.append(lambda packet: (packet.duration or 0) // per_tick.denominator)
    if context.frame_size or context.name in _CONSTANT:
        rules.append(lambda packet: common)
    for rule in rules:
        if all(
            rule(packet) == sum(frame.samples for frame in frames)
            for packet, frames in head.packets[_WARM_UP:]
        ):
            return rule
    return None


def _opus_samples(head: bytes, sr: int) -> int:
    """Return how many samples an Opus packet holds, by its first two bytes."""
    if not head:
        return 0
    config = head[0] >> 3
    if config < 12:
        tenths = (100, 200, 400, 600)[config & 3]
    elif config < 16:
        tenths = (100, 200)[config & 1]
    else:
        tenths = (25, 50, 100, 200)[config & 3]
    code = head[0] & 3
    n_frames = 1 if code == 0 else 2 if code < 3 else (head[1] & 63 if len(head) > 1 else 0)
    return sr * tenths * n_frames // 10_000
