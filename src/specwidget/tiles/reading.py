"""Stretches of a recording that are read once, for all of its channels.

Where reading is dear, what was read last is kept by each thread, so that going on needs no seek.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from specwidget.audio.signal import BlockSignal, ChannelSignal, Signal
from specwidget.audio.source import AudioSource, ChannelSpec, channel_data
from specwidget.tiles.grid import MOST_SHARED

__all__ = ["Reader", "Stretch"]

# As much is kept at the end of a stretch; the next one begins no earlier, as a rule.
_KEPT = 1 << 16
# Threads come and go; what the last few have kept is enough.
_READERS = 4


@dataclass(frozen=True)
class Stretch:
    """Some samples of all channels, which may begin before the recording and end beyond.

    Attributes
    ----------
    source : AudioSource
        The recording.
    start : int
        The first sample.
    block : np.ndarray, float32 [shape=(n_channels, n)], optional
        The samples, zeros outside the recording; None where there are too many channels to read
        all of them together: each is read by itself then.
    """

    source: AudioSource
    start: int
    block: NDArray[np.float32] | None

    def signal(self, channel: ChannelSpec) -> Signal:
        """Return one channel; what is not in the stretch is read where it is asked for."""
        whole = ChannelSignal(self.source, channel)
        if self.block is None:
            return whole
        return BlockSignal(whole, self.start, channel_data(self.block, channel))


class Reader:
    """Reads stretches, on any thread.

    Parameters
    ----------
    source : AudioSource
        The recording.
    """

    def __init__(self, source: AudioSource) -> None:
        self._source = source
        self._shares = source.n_channels <= MOST_SHARED
        self._kept: dict[int, tuple[int, NDArray[np.float32]]] = {}

    def read(self, start: int, stop: int, *, dear: bool = False) -> Stretch:
        """Return the samples ``[start, stop)``.

        Parameters
        ----------
        start, stop : int
            May lie outside the recording.
        dear : bool
            Whether to go on where this thread has stopped, rather than to read again.
        """
        if not self._shares:
            return Stretch(self._source, start, None)
        first, last = max(start, 0), min(stop, self._source.n_samples)
        if first >= last:
            empty = np.zeros((self._source.n_channels, stop - start), np.float32)
            return Stretch(self._source, start, empty)
        me = threading.get_ident()
        at, kept = self._kept.pop(me, (0, None))
        if dear and kept is not None and at <= first < at + kept.shape[1] < last:
            fresh = self._source.read(at + kept.shape[1], last)
            block = np.concatenate([kept[:, first - at :], fresh], axis=1)
        else:
            block = self._source.read(first, last)
        if dear:
            tail = block[:, -_KEPT:].copy()
            self._kept[me] = (last - tail.shape[1], tail)
            for thread in list(self._kept)[:-_READERS]:
                self._kept.pop(thread, None)
        if (first, last) != (start, stop):
            block = np.pad(block, ((0, 0), (first - start, stop - last)))
        return Stretch(self._source, start, block)
