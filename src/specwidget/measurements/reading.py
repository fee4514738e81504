"""A recording read in blocks that are kept for a while, so that neighbours are not read again."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from specwidget.audio.source import AudioSource

__all__ = ["KeptBlocks"]

_BLOCK_VALUES = 1 << 19
_KEPT_BYTES = 64 << 20


class KeptBlocks:
    """A source that reads another one in blocks, and keeps the last few. For one thread.

    Parameters
    ----------
    source : AudioSource
        Where the samples come from.

    Examples
    --------
    >>> from specwidget.audio import open_audio
    >>> kept = KeptBlocks(open_audio(np.arange(10.0), sr=10))
    >>> kept.read(3, 6)
    array([[3., 4., 5.]], dtype=float32)
    """

    def __init__(self, source: AudioSource) -> None:
        self._source = source
        self.sr = source.sr
        self.n_samples = source.n_samples
        self.n_channels = source.n_channels
        self.name = source.name
        self.peak = source.peak
        self._block = max(1, _BLOCK_VALUES // source.n_channels)
        self._most = max(2, _KEPT_BYTES // (4 * self._block * source.n_channels))
        self._blocks: OrderedDict[int, NDArray[np.float32]] = OrderedDict()

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """Return samples ``[start, stop)``, clipped to the recording [shape=(n_channels, n)]."""
        start, stop = max(0, start), min(stop, self.n_samples)
        if stop <= start:
            return np.empty((self.n_channels, 0), np.float32)
        parts = []
        for number in range(start // self._block, (stop - 1) // self._block + 1):
            first = number * self._block
            block = self._kept(number)
            parts.append(block[:, max(0, start - first) : stop - first])
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def _kept(self, number: int) -> NDArray[np.float32]:
        block = self._blocks.get(number)
        if block is None:
            first = number * self._block
            block = self._source.read(first, min(first + self._block, self.n_samples))
            self._blocks[number] = block
            if len(self._blocks) > self._most:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(number)
        return block
