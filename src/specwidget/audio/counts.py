"""Frames that are where the number of samples before them says.

All packets are gone through once, and decoded only where what they hold cannot be told otherwise;
marks on the way are where counting can begin.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import chain
from typing import TYPE_CHECKING, Any

from specwidget.audio.clocks import STEADY, WARM_UP, Head, Placed
from specwidget.audio.tracks import Track

if TYPE_CHECKING:
    from av import AudioFrame, Packet

__all__ = ["Counts"]

_MARK_EVERY = 16


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
            for packet, given in head.packets[: 2 * WARM_UP]:
                position += _n_samples(given) - rule(packet)
        since = _MARK_EVERY
        for packet, known in chain(head.packets, ((packet, None) for packet in track.packets())):
            pts, since = packet.pts, since + 1
            if pts is not None and since >= _MARK_EVERY and (not marks or pts > marks[-1][0]):
                marks.append((pts, position))
                since = 0
            if rule is not None:
                position += rule(packet) if packet.size else 0
            else:
                position += _n_samples(track.decode(packet) if known is None else known)
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
    sizes = [(packet, _n_samples(given)) for packet, given in head.packets[WARM_UP:]]
    common, _ = Counter(n for _, n in sizes).most_common(1)[0]
    rules: list[Callable[[Packet[Any]], int]] = []
    if context.name.startswith("pcm_") and common:
        frame_bytes = next(packet.size for packet, n in sizes if n == common) // common
        rules.append(lambda packet: packet.size // max(1, frame_bytes))
    if context.name.endswith("opus"):
        rules.append(lambda packet: _opus_samples(bytes(packet)[:2], head.sr))
    per_tick = Fraction(track.stream.time_base or 1) * head.sr
    if per_tick.numerator == 1:
        rules.append(lambda packet: (packet.duration or 0) // per_tick.denominator)
    if context.frame_size or context.name in STEADY:
        rules.append(lambda packet: common)
    for rule in rules:
        wrong = [place for place, (packet, n) in enumerate(sizes) if rule(packet) != n]
        # A few may be damaged.
        if len(wrong) < len(sizes) // 4 and not any(place < WARM_UP for place in wrong):
            return rule
    return None


def _n_samples(frames: list[AudioFrame] | None) -> int:
    return sum(frame.samples for frame in frames or ())


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
