"""Spectrogram tiles: absolute dB as bytes, coarser levels pooled by maximum.

Level-0 tiles side by side are the quantised whole-file transform; a column of a coarser level is
the maximum of the level-0 columns under it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from specwidget.audio.signal import ChannelSignal
from specwidget.audio.source import ChannelSpec, check_channel
from specwidget.tiles.base import (
    Refinement,
    Tile,
    TileKey,
    UnwantedError,
    always_wanted,
)
from specwidget.tiles.describing import spectrogram_info
from specwidget.tiles.estimate import FrameSampler, even_frames, guided_frames, sampled
from specwidget.tiles.framepass import FramePass
from specwidget.tiles.overview import Overview
from specwidget.tiles.refining import FrameRefinement
from specwidget.tiles.shelf import once
from specwidget.tiles.targets import Target
from specwidget.transforms.engine import max_pooled

__all__ = ["SpectrogramTileset"]


class SpectrogramTileset:
    """The spectrogram tiles of one channel.

    Parameters
    ----------
    frames : FramePass
        What computes the frames of the recording.
    channel : int or "mix"
        Of which channel.
    """

    def __init__(self, frames: FramePass, channel: ChannelSpec) -> None:
        source = frames.source
        self._frames = frames
        self._grid = frames.grid
        self._channel = check_channel(channel, source.n_channels)
        self._signal = ChannelSignal(source, self._channel)
        self._sampler = FrameSampler(frames.transform, self._signal, frames.limits)
        self._targets = frames.targets(self._channel)
        name = None if frames.name is None else f"spec/{channel} {frames.name}"
        self._overview = frames.overview(0, self._grid.pyramid.n_units, self._grid.stored, name)
        self._restore = once(partial(frames.waves.shelf.restore, self._overview))

    def info(self) -> dict[str, Any]:
        """Return the geometry of the tiles, see `spectrogram_info`."""
        return spectrogram_info(self._frames.source, self._frames.transform, self._frames.drawn)

    def seconds(self, key: TileKey) -> tuple[float, float]:
        """Return the times that a tile begins and ends at.

        Raises
        ------
        ProtocolError
            There is no such tile.
        """
        start, stop = self._grid.pyramid.tile_units(key)
        per_second = self._frames.source.sr / self._grid.hop
        return (start - 0.5) / per_second, (stop - 0.5) / per_second

    def tile(self, key: TileKey, wanted: Callable[[], bool] = always_wanted) -> Tile:
        """Return a tile soon: exact, or an estimate where much lies under it.

        Parameters
        ----------
        key : TileKey
            Which.
        wanted : callable, optional
            Asked between the steps of a costly tile; False ends the work.

        Raises
        ------
        ProtocolError
            There is no such tile.
        AudioFileError
            The samples under it cannot be read.
        UnwantedError
            It was not wanted any more.
        """
        start, stop = self._grid.pyramid.tile_units(key)
        if stop - start <= self._grid.exact_frames:
            return _packed(self._columns(start, stop, key.level, wanted))
        self._restore()
        overview = self._overview
        if key.level >= overview.level and overview.covers(start, stop):
            return _packed(_coarser(overview, start, stop, key.level))
        return self._estimate(start, stop, key.level)

    def refinement(self, key: TileKey, tile: Tile) -> Refinement:
        """Return the way from an estimate that `tile` gave to the exact tile."""
        start, stop = self._grid.pyramid.tile_units(key)
        self._restore()
        overview = self._overview
        if key.level < overview.level:
            overview = self._frames.overview(start, stop, key.level)
        return FrameRefinement(
            self._frames,
            self._targets,
            Target(overview, start, stop),
            lambda: _packed(_coarser(overview, start, stop, key.level)),
            None if tile.guided else lambda: self._estimate(start, stop, key.level),
        )

    def _columns(
        self, start: int, stop: int, level: int, wanted: Callable[[], bool]
    ) -> NDArray[np.uint8]:
        """Return exact columns of frames ``[start, stop)`` [shape=(n_columns, n_bins)]."""
        frames = self._frames
        out = np.zeros((-(-(stop - start) >> level), frames.n_bins), np.uint8)
        for first, last in self._grid.pieces(start, stop):
            if not wanted():
                raise UnwantedError
            columns = frames.transform.columns(self._signal, first, last, frames.limits, 1 << level)
            place = (first - start) >> level
            part = out[place : place + len(columns)]
            np.maximum(part, columns, out=part)
        return out

    def _estimate(self, start: int, stop: int, level: int) -> Tile:
        """Return columns of some frames, and of all where all are known."""
        guidance = self._guidance(start, stop)
        if guidance is None:
            places = even_frames(start, stop, level)
        else:
            changes, bin_level = guidance
            places = guided_frames(start, stop, level, changes, self._grid.hop, bin_level)
        columns = sampled(places, self._sampler)
        self._put_known(columns, start, stop, level)
        return _packed(columns, exact=False, guided=guidance is not None)

    def _put_known(self, columns: NDArray[np.uint8], start: int, stop: int, level: int) -> None:
        """Put the exact columns, as far as they are known, in the place of estimates."""
        overview = self._overview
        if level < overview.level or not overview.n_known:
            return
        for column, first in zip(columns, range(start, stop, 1 << level), strict=True):
            last = min(first + (1 << level), stop)
            if overview.covers(first, last):
                overview.columns(first, last).max(axis=0, out=column)

    def _guidance(self, start: int, stop: int) -> tuple[NDArray[np.floating], int] | None:
        """Return the largest changes under frames, and their level, where they are known."""
        overview = self._frames.waves.changes
        first, last = self._frames.samples(start, stop)
        if overview is None or not overview.covers(first, last):
            return None
        changes = overview.columns(first, last)
        one = changes.max(axis=1) if self._channel == "mix" else changes[:, self._channel]
        return one, overview.level


def _coarser(overview: Overview, start: int, stop: int, level: int) -> NDArray[np.uint8]:
    """Return the columns of a level of an overview that knows them [shape=(n_columns, n_bins)]."""
    columns: NDArray[np.uint8] = overview.columns(start, stop)
    return max_pooled(columns, 1 << level - overview.level)


def _packed(columns: NDArray[np.uint8], *, exact: bool = True, guided: bool = False) -> Tile:
    """Return columns [shape=(n_columns, n_bins)] as a tile, lowest bin first."""
    return Tile(columns.T.tobytes(), len(columns), exact, guided)
