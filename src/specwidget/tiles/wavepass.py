"""The pass over a recording for its waveforms, and for where they change most.

One for all transforms. Each sample is read once for all channels that are wanted at the time.
"""

from __future__ import annotations

import math
import time
from functools import partial

import numpy as np
from numpy.typing import NDArray

from specwidget.audio.source import ChannelSpec
from specwidget.tiles.base import Step
from specwidget.tiles.claims import Claims
from specwidget.tiles.damage import GRAIN, PatchedSource
from specwidget.tiles.grid import MOST_SHARED
from specwidget.tiles.overview import Overview, stored_level
from specwidget.tiles.reading import Reader, Stretch
from specwidget.tiles.shelf import Shelf, once
from specwidget.tiles.summary import largest_changes, not_finite, pooled, summary
from specwidget.tiles.targets import Targets

__all__ = ["WavePass"]

COARSE_LEVEL = 10
GRAIN_LEVEL = 13
STEP_LEVEL = 19
CHANGE_LEVEL = 9
CHANGE_BYTES = 8 << 20
# Reading is dear if it takes longer than so many times the search for the largest change: then
# frames are computed as samples are read, rather than everything read for the waveform first.
DEAR = 8.0
_MEASURED = 3
_BUSY = 8


class _Clock:
    """What some work takes: of the processor, or, where it mostly waits, of time."""

    def __init__(self) -> None:
        self._processor, self._time = time.thread_time(), time.perf_counter()

    def since(self, before: _Clock) -> float:
        """Return the seconds, as they would be on a machine that does nothing else."""
        return max(self._processor - before._processor, (self._time - before._time) / _BUSY)


class WavePass:
    """Reads a recording piece by piece.

    Parameters
    ----------
    source : PatchedSource
        The recording.
    shelf : Shelf, optional
        Where what was found is kept.

    Attributes
    ----------
    level : int
        Of the columns that are kept of the whole recording.
    """

    def __init__(self, source: PatchedSource, shelf: Shelf | None = None) -> None:
        n, channels = source.n_samples, source.n_channels
        self.source = source
        self.shelf = Shelf(source) if shelf is None else shelf
        self.level = stored_level(n, 12 * channels, COARSE_LEVEL)
        self.grain = max(self.level, GRAIN_LEVEL)
        self._changes: Overview | None = None
        if channels <= MOST_SHARED:
            level = CHANGE_LEVEL
            while (n >> level) * channels * 2 > CHANGE_BYTES:
                level += 1
            self._changes = Overview(
                0, n, level, max(level, self.grain), (channels,), np.float16, "changes"
            )
        together = max(0, math.ceil(math.log2(channels)) - 1) if channels <= MOST_SHARED else 0
        self._step_level = max(STEP_LEVEL - together, self.grain)
        if self._changes is not None:
            self._step_level = max(self._step_level, self._changes.grain)
            self._restore = once(partial(self.shelf.restore, self._changes))
        self._reader = Reader(source)
        self._claims = Claims()
        self._targets: dict[ChannelSpec, Targets] = {}
        self._measured: list[tuple[float, float]] = []

    @property
    def is_dear(self) -> bool:
        """Whether reading takes so long that it is done once only, as far as is known."""
        if len(self._measured) < _MEASURED:
            return False
        reading, searching = (min(times) for times in zip(*self._measured, strict=True))
        return bool(reading > DEAR * searching)

    @property
    def changes(self) -> Overview | None:
        """The largest change from one sample to the next, in every channel.

        None where there are too many channels.
        """
        if self._changes is not None:
            self._restore()
        return self._changes

    def overview(self, start: int, stop: int, level: int, name: str | None = None) -> Overview:
        """Return an empty overview of one channel, over samples ``[start, stop)``."""
        return Overview(start, stop, level, max(level, GRAIN_LEVEL), (3,), np.float32, name)

    def targets(self, channel: ChannelSpec) -> Targets:
        """Return what is wanted of a channel."""
        return self._targets.setdefault(channel, Targets())

    def step(self, start: int, stop: int, wanting: Overview) -> Step | None:
        """Return the reading of a piece that an overview lacks, of samples ``[start, stop)``.

        None if others are at the last pieces already, or there are none.
        """
        level = self._step_level

        def lacks(piece: int) -> int | None:
            if piece << level >= stop:
                return None
            found = wanting.lacks(max(start, piece << level), stop)
            return None if found is None else found >> level

        piece = self._claims.take(start >> level, lacks)
        return None if piece is None else lambda: self._do(piece)

    def _do(self, piece: int) -> None:
        try:
            start = piece << self._step_level
            stop = min(start + (1 << self._step_level), self.source.n_samples)
            began = _Clock()
            stretch = self._reader.read(start, stop, dear=self.is_dear)
            read = _Clock()
            self._look_for_changes(stretch, start, stop)
            if len(self._measured) < _MEASURED and stop - start == 1 << self._step_level:
                self._measured.append((read.since(began), _Clock().since(read)))
            self.take(stretch, start, stop)
        finally:
            self._claims.release(piece)

    def _look_for_changes(self, stretch: Stretch, start: int, stop: int) -> None:
        changes = self.changes
        if changes is None or stretch.block is None or changes.covers(start, stop):
            return
        found = [largest_changes(channel, changes.level) for channel in stretch.block]
        most = np.float32(np.finfo(np.float16).max)
        changes.put(start, stop, np.minimum(found, most).T)
        self.shelf.keep(changes)

    def take(self, stretch: Stretch, start: int, stop: int) -> None:
        """Take what is wanted of the samples ``[start, stop)`` of a stretch."""
        for channel, targets in list(self._targets.items()):
            for overview, first, last in targets.lacking(start, stop):
                samples = stretch.signal(channel).read(first, last)
                overview.put(first, last, self.columns(samples, first, overview.level))
                self.shelf.keep(overview)

    def columns(self, samples: NDArray[np.float32], start: int, level: int) -> NDArray[np.float32]:
        """Return the columns of samples from `start` on; remember those that are not finite."""
        fine = min(level, STEP_LEVEL)
        found = summary(samples, fine)
        with np.errstate(over="ignore", invalid="ignore"):
            is_finite = np.isfinite(np.vecdot(samples, samples))
        if not is_finite:
            for first, last in not_finite(samples, GRAIN):
                self.source.note(start + first, start + last)
        return pooled(found, level - fine, len(samples), fine)
