"""The stretch of sound that an assistant is given: a signal of its own, from sample 0.

Outside of the stretch there are zeros, though the recording may go on: what is found depends on
what the assistant was asked to look at, and on nothing else. Samples that are no numbers, or cannot
be read, are zeros too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from specwidget.audio.source import AudioSource, ChannelSpec, read_channel

__all__ = ["Sound", "sound_of"]


@dataclass(frozen=True)
class Sound:
    """Samples ``[first, stop)`` of one channel of a recording.

    Attributes
    ----------
    source : AudioSource
        The recording.
    channel : int or "mix"
        One of its channels, or the mean of all.
    first, stop : int
        Samples of the recording.
    """

    source: AudioSource
    channel: ChannelSpec
    first: int
    stop: int

    @property
    def sr(self) -> float:
        """Samples per second."""
        return self.source.sr

    @property
    def n_samples(self) -> int:
        """Length in samples."""
        return self.stop - self.first

    @property
    def start(self) -> float:
        """Where it begins in the recording, in seconds."""
        return self.first / self.sr

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.n_samples / self.sr

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """Return samples ``[start, stop)``, zeros outside the stretch [shape=(stop - start,)]."""
        begin, end = max(start, 0), min(stop, self.n_samples)
        if (begin, end) == (start, stop):
            y = read_channel(self.source, self.first + start, self.first + stop, self.channel)
            return np.nan_to_num(y, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
        out = np.zeros(max(0, stop - start), np.float32)
        if end > begin:
            out[begin - start : end - start] = self.read(begin, end)
        return out

    def pieces(self, size: int) -> Iterator[tuple[int, int]]:
        """Yield ``(start, stop)`` of pieces of `size` samples, the last one shorter."""
        for start in range(0, self.n_samples, size):
            yield start, min(start + size, self.n_samples)


def sound_of(y: NDArray[np.float32], sr: float) -> Sound:
    """Return samples of one channel [shape=(n,)] as a sound."""
    from specwidget.audio import open_audio

    source = open_audio(y, sr)
    return Sound(source, "mix", 0, source.n_samples)
