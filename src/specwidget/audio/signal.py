"""One channel of a recording, as a transform reads it: samples everywhere, zeros outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from specwidget.audio.source import AudioSource, ChannelSpec, read_channel

__all__ = ["BlockSignal", "ChannelSignal", "Signal"]


class Signal(Protocol):
    """Samples of one channel; sample 0 is the first of the recording."""

    @property
    def sr(self) -> float:
        """Samples per second."""

    @property
    def n_samples(self) -> int:
        """Length in samples."""

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """Return samples ``[start, stop)``, zeros outside the recording [shape=(stop - start,)]."""


@dataclass(frozen=True)
class ChannelSignal:
    """A channel of a source, or the mix of all, read where it is asked."""

    source: AudioSource
    channel: ChannelSpec

    @property
    def sr(self) -> float:
        """Samples per second."""
        return self.source.sr

    @property
    def n_samples(self) -> int:
        """Length in samples."""
        return self.source.n_samples

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """Return samples ``[start, stop)``, zeros outside the recording [shape=(stop - start,)]."""
        return read_channel(self.source, start, stop, self.channel)


@dataclass(frozen=True)
class BlockSignal:
    """A stretch of a channel that has been read already; anything else is read of `beyond`.

    Attributes
    ----------
    beyond : Signal
        The whole channel.
    start : int
        The first sample of the block, maybe before the recording's.
    block : np.ndarray, float32 [shape=(n,)]
        Samples, zeros outside the recording.
    """

    beyond: Signal
    start: int
    block: NDArray[np.float32]

    @property
    def sr(self) -> float:
        """Samples per second."""
        return self.beyond.sr

    @property
    def n_samples(self) -> int:
        """Length in samples."""
        return self.beyond.n_samples

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """Return samples ``[start, stop)``, zeros outside the recording [shape=(stop - start,)]."""
        if start < self.start or stop > self.start + len(self.block):
            return self.beyond.read(start, stop)
        return self.block[start - self.start : stop - self.start]
