"""Which sample of a recording a decoded frame begins with, wherever decoding began.

Time stamps tell, where they are fine enough; otherwise samples are counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from specwidget.audio.tracks import Track

if TYPE_CHECKING:
    from av import AudioFrame, Packet

__all__ = ["STEADY", "WARM_UP", "Clock", "Head", "Placed", "head_of"]

Placed: TypeAlias = "tuple[int | None, AudioFrame | None]"
"""A frame and the sample it begins with, if known; None for a frame that cannot be decoded."""

STEADY = frozenset({"ac3", "eac3", "dca", "flac", "wmav1", "wmav2"})
"""Decoders whose frames are all as long, though FFmpeg does not say so."""

WARM_UP = 8
"""Packets after which a decoder gives for each as much as it holds."""

_HEAD_PACKETS = 64


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
    packets : tuple of (Packet, list of AudioFrame or None)
        In order; None for what is damaged.
    sr : int
        Samples per second, as decoded.
    n_channels : int
        As decoded.
    ended : bool
        Whether these are all.
    """

    packets: tuple[tuple[Packet[Any], list[AudioFrame] | None], ...]
    sr: int
    n_channels: int
    ended: bool

    @property
    def frames(self) -> list[AudioFrame]:
        """Frames in order, up to the first that is damaged."""
        whole = takewhile(lambda packet: packet[1] is not None, self.packets)
        return [frame for _, frames in whole for frame in frames or ()]


def head_of(track: Track) -> Head | None:
    """Decode the first packets of a fresh track; None if there is no sound in them."""
    packets = [(packet, track.decode(packet)) for packet in islice(track.packets(), _HEAD_PACKETS)]
    frames = [frame for _, found in packets for frame in found or ()]
    if not frames:
        return None
    common, _ = Counter((f.sample_rate, f.layout.nb_channels) for f in frames).most_common(1)[0]
    return Head(tuple(packets), *common, ended=len(packets) < _HEAD_PACKETS)
