"""Waveform tiles: samples when close, minimum, maximum and RMS per column when far.

Samples that are not finite are left out of columns; a column of nothing else reads zero.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from specwidget.audio.source import AudioSource, ChannelSpec, check_channel, read_channel
from specwidget.errors import ProtocolError
from specwidget.tiles.base import Tile, TileKey
from specwidget.tiles.overview import Overview, stored_level
from specwidget.tiles.pyramid import Pyramid, bit_reversed, fill_nearest

__all__ = ["WaveformTileset", "waveform_info"]

SAMPLE_COLUMNS = 16384
TILE_COLUMNS = 2048
FIRST_LEVEL = 6

EXACT_SAMPLES = 1 << 21
STEP_LEVEL = 19
ESTIMATE_SECONDS = 0.03
ESTIMATE_COLUMNS = 32
ESTIMATE_SAMPLES = 256


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
    source : AudioSource
        The recording.
    channel : int or "mix"
        Of which channel.
    """

    def __init__(self, source: AudioSource, channel: ChannelSpec) -> None:
        self._source = source
        self._channel = check_channel(channel, source.n_channels)
        self._level_list = _levels(source.n_samples)
        self._overview: Overview | None = None

    def info(self) -> dict[str, Any]:
        """Return the geometry of the tiles, see `waveform_info`."""
        return waveform_info(self._source)

    def tile(self, key: TileKey) -> Tile:
        """Return a tile soon: exact, or an estimate where much lies under it.

        Raises
        ------
        ProtocolError
            There is no such tile.
        AudioFileError
            The samples under it cannot be read.
        """
        start, stop = self._units(key)
        if key.level == 0:
            return Tile(self._read(start, stop).tobytes(), stop - start)
        if stop - start <= EXACT_SAMPLES:
            return _packed(self._columns(start, stop, key.level))
        overview = self._overview
        if overview and key.level >= overview.level and overview.covers(start, stop):
            return _packed(self._coarse(overview, start, stop, key.level))
        return _packed(self._estimate(start, stop, key.level), exact=False)

    def refine(self, key: TileKey) -> Generator[float, None, Tile]:
        """Compute the exact tile in small steps; each yields the fraction that is done."""
        start, stop = self._units(key)
        overview = self._whole()
        if key.level < overview.level:
            parts = []
            for first, last in overview.steps(start, stop):
                columns = self._columns(first, last, key.level)
                levels = overview.level - key.level
                overview.offer(first, last, _pooled(columns, levels, last - first, key.level))
                parts.append(columns)
                yield (last - start) / (stop - start)
            return _packed(np.concatenate(parts))
        for first, last in overview.missing(start, stop):
            overview.offer(first, last, self._columns(first, last, overview.level))
            yield (last - start) / (stop - start)
        return _packed(self._coarse(overview, start, stop, key.level))

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

    def _whole(self) -> Overview:
        if self._overview is None:
            n_samples = self._source.n_samples
            exact = (EXACT_SAMPLES // TILE_COLUMNS).bit_length()
            level = stored_level(n_samples, 12, exact)
            self._overview = Overview(n_samples, level, max(level, STEP_LEVEL), (3,), np.float32)
        return self._overview

    def _read(self, start: int, stop: int) -> NDArray[np.float32]:
        return read_channel(self._source, start, stop, self._channel)

    def _columns(self, start: int, stop: int, level: int) -> NDArray[np.float32]:
        """Return exact columns of samples ``[start, stop)`` [shape=(n_columns, 3)]."""
        fine = min(level, STEP_LEVEL)
        step = 1 << STEP_LEVEL
        parts = [
            _summary(self._read(first, min(first + step, stop)), fine)
            for first in range(start, stop, step)
        ]
        return _pooled(np.concatenate(parts), level - fine, stop - start, fine)

    def _coarse(self, overview: Overview, start: int, stop: int, level: int) -> NDArray[np.float32]:
        columns = overview.columns(start, stop)
        return _pooled(columns, level - overview.level, stop - start, overview.level)

    def _estimate(self, start: int, stop: int, level: int) -> NDArray[np.float32]:
        """Return columns of which each comes of the samples in its middle, or of a neighbour.

        As many columns are looked at as time allows, evenly spread.
        """
        n_columns = -(-(stop - start) >> level)
        out = np.zeros((n_columns, 3), np.float32)
        known: list[int] = []
        until = time.perf_counter() + ESTIMATE_SECONDS
        for column in bit_reversed(n_columns):
            if len(known) >= ESTIMATE_COLUMNS and time.perf_counter() > until:
                break
            middle = start + (column << level) + (1 << level >> 1) - ESTIMATE_SAMPLES // 2
            first = max(start, min(middle, stop - ESTIMATE_SAMPLES))
            out[column] = _summary(self._read(first, first + ESTIMATE_SAMPLES), 31)[0]
            known.append(column)
        fill_nearest(out, known)
        return out


def _levels(n_samples: int) -> list[int]:
    top = FIRST_LEVEL
    while -(-n_samples >> top) > TILE_COLUMNS:
        top += 1
    return [0, *range(FIRST_LEVEL, top + 1)]


def _packed(columns: NDArray[np.float32], *, exact: bool = True) -> Tile:
    """Return columns [shape=(n_columns, 3)] as a tile: minima, maxima, RMS."""
    return Tile(columns.T.tobytes(), len(columns), exact)


def _summary(samples: NDArray[np.float32], level: int) -> NDArray[np.float32]:
    """Return minimum, maximum and RMS of every ``2 ** level`` samples [shape=(n_columns, 3)]."""
    edges = np.arange(0, len(samples), 1 << level)
    counts = np.diff(np.append(edges, len(samples)))
    with np.errstate(over="ignore", invalid="ignore"):
        total = float(np.dot(samples, samples))
    if not np.isfinite(total):
        return _summary_of_finite(samples, edges)
    out = np.empty((len(edges), 3), np.float32)
    out[:, 0] = np.minimum.reduceat(samples, edges)
    out[:, 1] = np.maximum.reduceat(samples, edges)
    squares = np.square(samples, dtype=np.float64)
    out[:, 2] = np.sqrt(np.add.reduceat(squares, edges) / counts)
    return out


def _summary_of_finite(samples: NDArray[np.float32], edges: NDArray[np.int64]) -> NDArray[Any]:
    finite = np.isfinite(samples)
    out = np.zeros((len(edges), 3), np.float32)
    low = np.minimum.reduceat(np.where(finite, samples, np.inf), edges)
    high = np.maximum.reduceat(np.where(finite, samples, -np.inf), edges)
    counts = np.add.reduceat(finite.astype(np.int64), edges)
    squares = np.square(np.where(finite, samples, 0.0), dtype=np.float64)
    some = counts > 0
    out[some, 0] = low[some]
    out[some, 1] = high[some]
    out[some, 2] = np.sqrt(np.add.reduceat(squares, edges)[some] / counts[some])
    return out


def _pooled(
    columns: NDArray[np.float32], levels: int, n_samples: int, level: int
) -> NDArray[np.float32]:
    """Return columns that many levels coarser.

    Parameters
    ----------
    columns : np.ndarray, float32 [shape=(n_columns, 3)]
        Of `n_samples` samples, at `level`.
    levels : int >= 0
        How many levels coarser.
    n_samples : int
        Samples under all columns: the last one may stand for fewer than the others.
    level : int
        The level of `columns`.
    """
    if levels == 0:
        return columns
    edges = np.arange(0, len(columns), 1 << levels)
    counts = np.full(len(columns), float(1 << level))
    counts[-1] = n_samples - ((len(columns) - 1) << level)
    out = np.empty((len(edges), 3), np.float32)
    out[:, 0] = np.minimum.reduceat(columns[:, 0], edges)
    out[:, 1] = np.maximum.reduceat(columns[:, 1], edges)
    power = np.square(columns[:, 2], dtype=np.float64) * counts
    out[:, 2] = np.sqrt(np.add.reduceat(power, edges) / np.add.reduceat(counts, edges))
    return out
