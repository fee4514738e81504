"""Spectrogram tiles: absolute dB as bytes, coarser levels pooled by maximum.

Level-0 tiles side by side are the quantised whole-file transform; a column of a coarser level is
the maximum of the level-0 columns under it.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from specwidget._check import check_int
from specwidget.audio.signal import ChannelSignal
from specwidget.audio.source import AudioSource, ChannelSpec, check_channel
from specwidget.errors import ParameterError
from specwidget.tiles.base import Tile, TileKey
from specwidget.tiles.looking import drawn_range
from specwidget.tiles.overview import Overview, stored_level
from specwidget.tiles.pyramid import Pyramid, bit_reversed, fill_nearest
from specwidget.tiles.quantise import Quantiser
from specwidget.transforms.base import Transform
from specwidget.transforms.engine import max_pooled

__all__ = ["SpectrogramTileset", "spectrogram_db", "spectrogram_info"]

TILE_COLUMNS = 256
TILE_BYTES = 512 << 10

# A tile is exact at once if no more than this lies under it ...
EXACT_SAMPLES = 1 << 21
EXACT_VALUES = 1 << 23
# ... and work is done in steps of no more than this: samples read, samples times their overlap.
STEP_SAMPLES = 1 << 19
STEP_VALUES = 1 << 22

ESTIMATE_SECONDS = 0.03
ESTIMATE_COLUMNS = 16


def spectrogram_db(
    source: AudioSource,
    transform: Transform,
    start_frame: int,
    stop_frame: int,
    channel: ChannelSpec,
    *,
    exact: bool = True,
) -> NDArray[np.float32]:
    """Return the frames ``[start_frame, stop_frame)`` of one channel; dB have ref=1.0.

    Parameters
    ----------
    source : AudioSource
        The recording.
    transform : Transform
        Such as `Stft` or `MelSpectrogram`.
    start_frame, stop_frame : int in 0..n_frames
        Frame f is centred at sample ``f * transform.hop``.
    channel : int or "mix"
        A channel, or the mean of all.
    exact : bool
        True for librosa's numbers, False for a faster float32 transform.

    Returns
    -------
    np.ndarray, float32 [shape=(n_bins, stop_frame - start_frame)]
        The same numbers as in the transform of the whole recording, padded with zeros at its
        true ends only.

    Raises
    ------
    ParameterError, ParameterTypeError
        The range or the channel does not exist.
    AudioFileError
        The samples cannot be read.

    Examples
    --------
    >>> from specwidget.audio import open_audio
    >>> from specwidget.transforms import Stft
    >>> source = open_audio(np.ones(64, np.float32), sr=8)
    >>> spectrogram_db(source, Stft(n_fft=4, window="boxcar"), 3, 5, 0).round(1)
    array([[  12.,   12.],
           [-100., -100.],
           [-100., -100.]], dtype=float32)
    """
    n_frames = transform.n_frames(source.n_samples)
    start = check_int("start_frame", start_frame, 0, n_frames)
    stop = check_int("stop_frame", stop_frame, 0, n_frames)
    if stop < start:
        raise ParameterError(f"stop_frame={stop} is before start_frame={start}; swap them")
    channel = check_channel(channel, source.n_channels)
    out = np.empty((transform.n_rows(source.sr), stop - start), np.float32)
    signal = ChannelSignal(source, channel)
    for first, last in _steps(start, stop, _step_frames(transform)):
        out[:, first - start : last - start] = transform.values(signal, first, last, exact=exact)
    return out


def spectrogram_info(
    source: AudioSource, transform: Transform, drawn: Quantiser | None = None
) -> dict[str, Any]:
    """Return the geometry of the spectrogram tiles of a recording, JSON-able.

    Returns
    -------
    dict
        ``kind``, ``sr`` (Hz), ``n_frames``, ``hop_length``, ``n_fft`` (samples), ``n_bins``,
        ``bins`` (``{"kind": "linear", "step": Hz}``, ``{"kind": "list", "hz": [...]}`` or
        ``{"kind": "index", "label": text, "names": [...] or None}``), ``value_name`` and
        ``unit``, ``range_db`` (the values that the bytes 0 and 255 stand for, dB or not),
        ``ref_applies`` (whether they are dB with a reference) and ``full_scale_db``,
        ``tile_columns`` and ``levels``. A tile is uint8 [shape=(n_bins, columns)].
    """
    pyramid = _pyramid(source, transform)
    quantiser = drawn or drawn_range(source, transform)
    units = transform.units(source.sr)
    return {
        "kind": "spectrogram",
        "sr": source.sr,
        "n_frames": pyramid.n_units,
        "hop_length": transform.hop,
        "n_fft": transform.span,
        "n_bins": transform.n_rows(source.sr),
        "bins": _bins(transform, source.sr),
        "value_name": units.name,
        "unit": units.unit,
        "range_db": [quantiser.low, quantiser.high],
        "ref_applies": units.ref_factor is not None,
        "full_scale_db": units.full_scale or 0.0,
        "tile_columns": pyramid.tile_columns,
        "levels": pyramid.n_levels,
    }


class SpectrogramTileset:
    """The spectrogram tiles of one channel.

    Parameters
    ----------
    source : AudioSource
        The recording.
    transform : Transform
        What makes frames of samples.
    channel : int or "mix"
        Of which channel.
    drawn : Quantiser, optional
        The values that bytes stand for; one for all channels, see `drawn_range`.
    """

    def __init__(
        self,
        source: AudioSource,
        transform: Transform,
        channel: ChannelSpec,
        drawn: Quantiser | None = None,
    ) -> None:
        self._source = source
        self._transform = transform
        self._signal = ChannelSignal(source, check_channel(channel, source.n_channels))
        self._pyramid = _pyramid(source, transform)
        self._n_bins = transform.n_rows(source.sr)
        self._drawn = drawn or drawn_range(source, transform)
        self._limits = (self._drawn.low, self._drawn.high)
        self._step = _step_frames(transform)
        self._exact_frames = max(
            self._pyramid.tile_columns,
            min(EXACT_SAMPLES // transform.hop, EXACT_VALUES // transform.span),
        )
        self._overview: Overview | None = None

    def info(self) -> dict[str, Any]:
        """Return the geometry of the tiles, see `spectrogram_info`."""
        return spectrogram_info(self._source, self._transform, self._drawn)

    def tile(self, key: TileKey) -> Tile:
        """Return a tile soon: exact, or an estimate where much lies under it.

        Raises
        ------
        ProtocolError
            There is no such tile.
        AudioFileError
            The samples under it cannot be read.
        """
        start, stop = self._pyramid.tile_units(key)
        if stop - start <= self._exact_frames:
            return _packed(self._columns(start, stop, key.level))
        overview = self._overview
        if overview and key.level >= overview.level and overview.covers(start, stop):
            return _packed(
                max_pooled(overview.columns(start, stop), 1 << key.level - overview.level)
            )
        return _packed(self._estimate(start, stop, key.level), exact=False)

    def refine(self, key: TileKey) -> Generator[float, None, Tile]:
        """Compute the exact tile in small steps; each yields the fraction that is done."""
        start, stop = self._pyramid.tile_units(key)
        overview = self._whole()
        if key.level < overview.level:
            parts = []
            for first, last in overview.steps(start, stop):
                columns = yield from _fractions(self._work(first, last, key.level), start, stop)
                overview.offer(first, last, max_pooled(columns, 1 << overview.level - key.level))
                parts.append(columns)
            return _packed(np.concatenate(parts))
        for first, last in overview.missing(start, stop):
            columns = yield from _fractions(self._work(first, last, overview.level), start, stop)
            overview.offer(first, last, columns)
        return _packed(max_pooled(overview.columns(start, stop), 1 << key.level - overview.level))

    def _whole(self) -> Overview:
        if self._overview is None:
            n_frames = self._pyramid.n_units
            step = self._step.bit_length() - 1
            exact = (self._exact_frames // self._pyramid.tile_columns).bit_length()
            level = stored_level(n_frames, self._n_bins, exact)
            self._overview = Overview(n_frames, level, max(level, step), (self._n_bins,), np.uint8)
        return self._overview

    def _columns(self, start: int, stop: int, level: int) -> NDArray[np.uint8]:
        """Return exact columns of frames ``[start, stop)`` [shape=(n_columns, n_bins)]."""
        work = self._work(start, stop, level)
        while True:
            try:
                next(work)
            except StopIteration as end:
                columns: NDArray[np.uint8] = end.value
                return columns

    def _work(self, start: int, stop: int, level: int) -> Generator[int, None, NDArray[np.uint8]]:
        """Compute exact columns in steps, each of which yields the frame it came to."""
        out = np.zeros((-(-(stop - start) >> level), self._n_bins), np.uint8)
        for first, last in _steps(start, stop, self._step):
            columns = self._frames(first, last, 1 << level)
            place = (first - start) >> level
            part = out[place : place + len(columns)]
            np.maximum(part, columns, out=part)
            yield last
        return out

    def _frames(self, start: int, stop: int, pool: int) -> NDArray[np.uint8]:
        return self._transform.columns(self._signal, start, stop, self._limits, pool)

    def _estimate(self, start: int, stop: int, level: int) -> NDArray[np.uint8]:
        """Return columns of which each comes of the frame in its middle, or of a neighbour.

        As many columns are looked at as time allows, evenly spread.
        """
        n_columns = -(-(stop - start) >> level)
        out = np.zeros((n_columns, self._n_bins), np.uint8)
        known: list[int] = []
        until = time.perf_counter() + ESTIMATE_SECONDS
        for column in bit_reversed(n_columns):
            if len(known) >= ESTIMATE_COLUMNS and time.perf_counter() > until:
                break
            frame = min(start + (column << level) + (1 << level >> 1), stop - 1)
            out[column] = self._frames(frame, frame + 1, 1)[0]
            known.append(column)
        fill_nearest(out, known)
        return out


def _packed(columns: NDArray[np.uint8], *, exact: bool = True) -> Tile:
    """Return columns [shape=(n_columns, n_bins)] as a tile, lowest bin first."""
    return Tile(columns.T.tobytes(), len(columns), exact)


def _fractions(
    work: Generator[int, None, NDArray[np.uint8]], start: int, stop: int
) -> Generator[float, None, NDArray[np.uint8]]:
    """Yield what part of ``[start, stop)`` some work has come to; return what it made."""
    while True:
        try:
            reached = next(work)
        except StopIteration as end:
            columns: NDArray[np.uint8] = end.value
            return columns
        yield (reached - start) / (stop - start)


def _steps(start: int, stop: int, step: int) -> Iterator[tuple[int, int]]:
    for first in range(start, stop, step):
        yield first, min(first + step, stop)


def _step_frames(transform: Transform) -> int:
    """Return how many frames to compute at a time: a power of two."""
    frames = min(STEP_SAMPLES // transform.hop, STEP_VALUES // transform.span)
    return 1 << max(0, frames.bit_length() - 1)


def _pyramid(source: AudioSource, transform: Transform) -> Pyramid:
    columns = TILE_COLUMNS
    while columns > 1 and columns * transform.n_rows(source.sr) > TILE_BYTES:
        columns //= 2
    return Pyramid(transform.n_frames(source.n_samples), columns)


def _bins(transform: Transform, sr: float) -> dict[str, Any]:
    """Return what the rows are, JSON-able."""
    units = transform.units(sr)
    if units.row_label is not None:
        names = None if units.row_names is None else list(units.row_names)
        return {"kind": "index", "label": units.row_label, "names": names}
    frequencies = transform.frequencies(sr)
    linear = np.arange(len(frequencies)) * (frequencies[1] if len(frequencies) > 1 else 0.0)
    if len(frequencies) > 1 and np.allclose(frequencies, linear, rtol=1e-9, atol=0.0):
        return {"kind": "linear", "step": float(frequencies[1])}
    return {"kind": "list", "hz": frequencies.tolist()}
