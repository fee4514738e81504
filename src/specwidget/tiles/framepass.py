"""The pass over a recording for its spectrograms, under one transform.

Each sample is read once for all channels that are wanted at the time, and, where reading is dear,
for their waveforms too.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from specwidget.audio.source import ChannelSpec
from specwidget.tiles.base import Step
from specwidget.tiles.claims import Claims
from specwidget.tiles.grid import FrameGrid
from specwidget.tiles.overview import Overview
from specwidget.tiles.quantise import Quantiser
from specwidget.tiles.reading import Reader, Stretch
from specwidget.tiles.shelf import spectrogram_name
from specwidget.tiles.targets import Targets
from specwidget.tiles.wavepass import WavePass
from specwidget.transforms.base import Transform
from specwidget.transforms.engine import max_pooled

__all__ = ["FramePass"]


class FramePass:
    """Computes the frames of a recording piece by piece.

    Parameters
    ----------
    waves : WavePass
        The pass for the waveforms of the same recording.
    transform : Transform
        What makes frames of samples.
    drawn : Quantiser
        The values that bytes stand for.
    """

    def __init__(self, waves: WavePass, transform: Transform, drawn: Quantiser) -> None:
        self.waves = waves
        self.source = waves.source
        self.transform = transform
        self.drawn = drawn
        self.limits = (drawn.low, drawn.high)
        self.grid = FrameGrid.of(self.source, transform)
        self.n_bins = transform.n_rows(self.source.sr)
        self.name = spectrogram_name(transform, drawn)
        self._reader = Reader(self.source)
        self._claims = Claims()
        self._targets: dict[ChannelSpec, Targets] = {}

    def overview(self, start: int, stop: int, level: int, name: str | None = None) -> Overview:
        """Return an empty overview of one channel, over frames ``[start, stop)``."""
        return Overview(start, stop, level, self.grid.grain, (self.n_bins,), np.uint8, name)

    def targets(self, channel: ChannelSpec) -> Targets:
        """Return what is wanted of a channel."""
        return self._targets.setdefault(channel, Targets())

    def samples(self, start: int, stop: int) -> tuple[int, int]:
        """Return the samples of the recording from the centre of a frame to that of another."""
        hop, n_samples = self.transform.hop, self.source.n_samples
        last = n_samples if stop >= self.grid.pyramid.n_units else min(stop * hop, n_samples)
        return min(start * hop, last), last

    def step(self, start: int, stop: int, wanting: Overview) -> Step | None:
        """Return the computing of a piece that an overview lacks, of frames ``[start, stop)``.

        None if others are at the last pieces already, or there are none.
        """
        grain = self.grid.grain

        def lacks(piece: int) -> int | None:
            if piece << grain >= stop:
                return None
            found = wanting.lacks(max(start, piece << grain), stop)
            return None if found is None else found >> grain

        piece = self._claims.take(start >> grain, lacks)
        return None if piece is None else lambda: self._do(piece)

    def _do(self, piece: int) -> None:
        try:
            start = piece << self.grid.grain
            stop = min(start + (1 << self.grid.grain), self.grid.pyramid.n_units)
            first, last = self.transform.frame_range(start, stop)
            dear = self.waves.is_dear
            begin, end = self._wave_grains(start, stop) if dear else (first, first)
            stretch = self._reader.read(min(first, begin), max(last, end), dear=dear)
            if begin < end:
                self.waves.take(stretch, begin, end)
            self._take(stretch, start, stop)
        finally:
            self._claims.release(piece)

    def _wave_grains(self, start: int, stop: int) -> tuple[int, int]:
        """Return the samples of the waveform that go with frames; pieces leave nothing out."""
        first, last = self.samples(start, stop)
        grain = self.waves.grain
        end = last if last == self.source.n_samples else last >> grain << grain
        return first >> grain << grain, end

    def _take(self, stretch: Stretch, start: int, stop: int) -> None:
        for channel, targets in list(self._targets.items()):
            lacking = targets.lacking(start, stop)
            if not lacking:
                continue
            finest = min(lacking[0][0].level, self.grid.grain)
            signal = stretch.signal(channel)
            columns = self.transform.columns(signal, start, stop, self.limits, 1 << finest)
            for overview, first, last in lacking:
                some: NDArray[np.uint8] = columns[(first - start) >> finest :]
                some = some[: -(-(last - first) >> finest)]
                overview.put(first, last, max_pooled(some, 1 << max(0, overview.level - finest)))
                self.waves.shelf.keep(overview)
