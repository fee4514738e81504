"""Waveform tiles: samples when close, minimum, maximum and RMS per column when far.

Samples that are not finite are left out of columns; a column of nothing else reads zero.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from specwidget.audio.signal import ChannelSignal
from specwidget.audio.source import AudioSource, ChannelSpec, check_channel
from specwidget.errors import ProtocolError
from specwidget.tiles.base import Refinement, Tile, TileKey, UnwantedError, always_wanted
from specwidget.tiles.estimate import wave_estimate
from specwidget.tiles.grid import ranges
from specwidget.tiles.overview import Overview
from specwidget.tiles.pyramid import Pyramid
from specwidget.tiles.refining import WaveRefinement
from specwidget.tiles.shelf import once
from specwidget.tiles.summary import pooled
from specwidget.tiles.targets import Target
from specwidget.tiles.wavepass import STEP_LEVEL, WavePass

__all__ = ["WaveformTileset", "waveform_info"]

SAMPLE_COLUMNS = 16384
TILE_COLUMNS = 2048
FIRST_LEVEL = 6

EXACT_SAMPLES = 1 << 21


def waveform_info(source: AudioSource) -> dict[str, Any]:
    """Return the geometry of the waveform tiles of a recording, JSON-able.

    Returns
    -------
    dict
        ``kind``, ``sr`` (Hz), ``n_samples``, ``levels`` (those that exist), ``sample_columns``
        and ``columns``. A tile of level 0 is float32 [shape=(sample_columns,)]: the samples; of
        a coarser level float32 [shape=(3, columns)]: minimum, maximum, RMS of ``2 ** level``
        samples.
    """
    return {
        "kind": "waveform",
        "sr": source.sr,
        "n_samples": source.n_samples,
        "levels": _levels(source.n_samples),
        "sample_columns": SAMPLE_COLUMNS,
        "columns": TILE_COLUMNS,
    }


class WaveformTileset:
    """The waveform tiles of one channel.

    Parameters
    ----------
    waves : WavePass
        What reads the whole recording.
    channel : int or "mix"
        Of which channel.
    """

    def __init__(self, waves: WavePass, channel: ChannelSpec) -> None:
        self.waves = waves
        self._source = waves.source
        self._signal = ChannelSignal(waves.source, check_channel(channel, self._source.n_channels))
        self._level_list = _levels(self._source.n_samples)
        self._targets = waves.targets(channel)
        name = f"wave/{channel}"
        self._overview = waves.overview(0, self._source.n_samples, waves.level, name)
        self._restore = once(partial(waves.shelf.restore, self._overview))

    def info(self) -> dict[str, Any]:
        """Return the geometry of the tiles, see `waveform_info`."""
        return waveform_info(self._source)

    def seconds(self, key: TileKey) -> tuple[float, float]:
        """Return the times that a tile begins and ends at.

        Raises
        ------
        ProtocolError
            There is no such tile.
        """
        start, stop = self._units(key)
        return start / self._source.sr, stop / self._source.sr

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
        start, stop = self._units(key)
        if key.level == 0:
            return Tile(self._signal.read(start, stop).tobytes(), stop - start)
        if stop - start <= EXACT_SAMPLES:
            return _packed(self._columns(start, stop, key.level, wanted))
        self._restore()
        overview = self._overview
        if key.level >= overview.level and overview.covers(start, stop):
            return _packed(_coarser(overview, start, stop, key.level))
        return _packed(wave_estimate(start, stop, key.level, self._signal), exact=False)

    def refinement(self, key: TileKey, tile: Tile) -> Refinement:
        """Return the way from an estimate that `tile` gave to the exact tile."""
        start, stop = self._units(key)
        self._restore()
        overview = self._overview
        if key.level < overview.level:
            overview = self.waves.overview(start, stop, key.level)
        return WaveRefinement(
            self.waves,
            self._targets,
            Target(overview, start, stop),
            lambda: _packed(_coarser(overview, start, stop, key.level)),
        )

    def _units(self, key: TileKey) -> tuple[int, int]:
        if key.level not in self._level_list:
            raise ProtocolError(
                f"level={key.level} of layer {key.layer} does not exist; "
                f"its levels are {self._level_list}",
                code="bad-key",
            )
        columns = SAMPLE_COLUMNS if key.level == 0 else TILE_COLUMNS
        # Some levels are left out of the pyramid, so its own count of levels is not asked.
        pyramid = Pyramid(self._source.n_samples, columns)
        if not 0 <= key.index < pyramid.tiles(key.level):
            raise ProtocolError(
                f"index={key.index} of level {key.level} of layer {key.layer} does not exist; "
                f"its tiles are 0..{pyramid.tiles(key.level) - 1}",
                code="bad-key",
            )
        start = key.index * columns << key.level
        return start, min(start + (columns << key.level), self._source.n_samples)

    def _columns(
        self, start: int, stop: int, level: int, wanted: Callable[[], bool]
    ) -> NDArray[np.float32]:
        """Return exact columns of samples ``[start, stop)`` [shape=(n_columns, 3)]."""
        parts = []
        fine = min(level, STEP_LEVEL)
        for first, last in ranges(start, stop, 1 << STEP_LEVEL):
            if not wanted():
                raise UnwantedError
            parts.append(self.waves.columns(self._signal.read(first, last), first, fine))
        return pooled(np.concatenate(parts), level - fine, stop - start, fine)


def _levels(n_samples: int) -> list[int]:
    top = FIRST_LEVEL
    while -(-n_samples >> top) > TILE_COLUMNS:
        top += 1
    return [0, *range(FIRST_LEVEL, top + 1)]


def _coarser(overview: Overview, start: int, stop: int, level: int) -> NDArray[np.float32]:
    """Return the columns of a level of an overview that knows them [shape=(n_columns, 3)]."""
    columns = overview.columns(start, stop)
    return pooled(columns, level - overview.level, stop - start, overview.level)


def _packed(columns: NDArray[np.float32], *, exact: bool = True) -> Tile:
    """Return columns [shape=(n_columns, 3)] as a tile: minima, maxima, RMS."""
    return Tile(columns.T.tobytes(), len(columns), exact)
