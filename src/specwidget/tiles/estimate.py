"""Coarse columns from a few of the frames or samples under them: an answer that does not wait.

How many are looked at is fixed, so that what is seen does not depend on the machine; only where
reading is very slow, time ends it before every column had its turn.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from specwidget.audio.signal import ChannelSignal
from specwidget.audio.source import channel_data
from specwidget.tiles.pyramid import bit_reversed, fill_nearest
from specwidget.tiles.summary import summary
from specwidget.transforms.base import FrameTransform, Transform

__all__ = [
    "FrameSampler",
    "even_frames",
    "gathered",
    "guided_frames",
    "sampled",
    "wave_estimate",
]

SECONDS = 0.04
FEWEST_COLUMNS = 32
WAVE_LEVEL = 8
READERS = 32
# So many places are read one after the other, to see whether that means to wait so long.
_TRIED = 2
_WAIT_SECONDS = 0.003
_BLOCK_VALUES = 1 << 20


class FrameSampler:
    """Computes frames that lie apart.

    Parameters
    ----------
    transform : Transform
        What makes frames of samples.
    signal : ChannelSignal
        Of these samples.
    limits : (float, float)
        The values that the bytes 0 and 255 stand for.
    """

    def __init__(
        self, transform: Transform, signal: ChannelSignal, limits: tuple[float, float]
    ) -> None:
        self._transform = transform
        self._signal = signal
        self._limits = limits
        self._apart: FrameTransform | None = None
        # Where a frame comes of nothing but its own samples, those of many are put side by side.
        if isinstance(transform, FrameTransform) and _is_local(type(transform)):
            self._apart = replace(transform, hop_length=transform.n_fft)

    def __call__(self, frames: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return frames as bytes [shape=(n, n_bins)]."""
        n_bins = self._transform.n_rows(self._signal.sr)
        out = np.empty((len(frames), n_bins), np.uint8)
        step = max(1, _BLOCK_VALUES // self._transform.span)
        for first in range(0, len(frames), step):
            some = frames[first : first + step]
            out[first : first + step] = self._together(some) if self._apart else self._each(some)
        return out

    def _each(self, frames: NDArray[np.int64]) -> NDArray[np.uint8]:
        made = (
            self._transform.columns(self._signal, int(frame), int(frame) + 1, self._limits)
            for frame in frames
        )
        return np.concatenate(list(made))

    def _together(self, frames: NDArray[np.int64]) -> NDArray[np.uint8]:
        assert self._apart is not None
        starts = [self._transform.frame_range(frame, frame + 1)[0] for frame in frames.tolist()]
        block = gathered(self._signal, starts, self._apart.n_fft)
        return self._apart.levels(block.ravel(), self._signal.sr, self._limits)


def _is_local(kind: type[FrameTransform]) -> bool:
    return kind.columns is FrameTransform.columns


def even_frames(start: int, stop: int, level: int) -> NDArray[np.int64]:
    """Return the frame in the middle of every column of ``[start, stop)`` [shape=(n_columns, 1)].

    Examples
    --------
    >>> even_frames(8, 18, 2).T
    array([[10, 14, 17]])
    """
    firsts = np.arange(start, stop, 1 << level)
    return np.minimum(firsts + (1 << level >> 1), stop - 1)[:, None]


def guided_frames(
    start: int, stop: int, level: int, changes: NDArray[np.floating], hop: int, bin_level: int
) -> NDArray[np.int64]:
    """Return two even frames of every column, and one of each half where samples change most.

    Parameters
    ----------
    start, stop : int
        Frames.
    level : int
        A column has ``2 ** level`` frames.
    changes : np.ndarray [shape=(n,)]
        The largest change in every ``2 ** bin_level`` samples, from those with the centre of the
        frame `start` on.
    hop : int
        Samples from a frame to the next.
    bin_level : int
        See `changes`.

    Returns
    -------
    np.ndarray, int64 [shape=(n_columns, 4)]

    Examples
    --------
    >>> guided_frames(0, 16, 3, np.array([0, 9, 0, 0, 0, 0, 0, 1]), hop=2, bin_level=2)
    array([[ 2,  6,  3,  5],
           [10, 14,  9, 15]])
    """
    firsts = np.arange(start, stop, 1 << level)
    out = np.empty((len(firsts), 4), np.int64)
    quarter = 1 << level >> 2
    out[:, 0] = np.minimum(firsts + quarter, stop - 1)
    out[:, 1] = np.minimum(firsts + 3 * quarter, stop - 1)
    origin = start * hop >> bin_level
    for row, column in zip(out, firsts.tolist(), strict=True):
        for half in (0, 1):
            first = min(column + 2 * half * quarter, stop - 1)
            last = max(first, min(first + 2 * quarter, stop) - 1)
            low = min((first * hop >> bin_level) - origin, len(changes) - 1)
            high = max(low, (last * hop >> bin_level) - origin) + 1
            most = low + int(changes[low:high].argmax()) + origin
            frame = round((most + 0.5) * (1 << bin_level) / hop)
            row[2 + half] = min(max(frame, first), last)
    return out


def sampled(
    frames: NDArray[np.int64], sampler: Callable[[NDArray[np.int64]], NDArray[np.uint8]]
) -> NDArray[np.uint8]:
    """Return the maximum of some frames of every column, or the columns nearest to those known.

    Parameters
    ----------
    frames : np.ndarray [shape=(n_columns, k)]
        Which frames to look at.
    sampler : callable
        Gives frames as bytes [shape=(n, n_bins)].

    Returns
    -------
    np.ndarray, uint8 [shape=(n_columns, n_bins)]
    """
    n_columns, each = frames.shape
    out: NDArray[np.uint8] | None = None
    known: list[int] = []
    for columns in _batches(n_columns):
        some = np.sort(np.array(columns))
        found = sampler(frames[some].ravel())
        found = found.reshape(len(some), each, -1).max(axis=1)
        if out is None:
            out = np.zeros((n_columns, found.shape[1]), np.uint8)
        out[some] = found
        known += columns
    assert out is not None
    fill_nearest(out, known)
    return out


def gathered(signal: ChannelSignal, starts: list[int], size: int) -> NDArray[np.float32]:
    """Return as many samples from each of some places on [shape=(len(starts), size)].

    Where reading is waiting, for a disk or a network, many places are waited for at once.
    """
    hint: Callable[[int, int], None] | None = getattr(signal.source, "will_read", None)
    if hint is not None:
        for start in starts:
            hint(start, start + size)
    block = np.empty((len(starts), size), np.float32)
    left = _read_together(signal, starts, block)

    def read(place: int) -> None:
        block[place] = signal.read(starts[place], starts[place] + size)

    began = time.perf_counter(), time.thread_time()
    for place in left[:_TRIED]:
        read(place)
    took, worked = time.perf_counter() - began[0], time.thread_time() - began[1]
    rest = left[_TRIED:]
    if len(rest) > 0 and took > _TRIED * _WAIT_SECONDS and took > 4 * worked:
        with ThreadPoolExecutor(READERS, "specwidget-reading") as readers:
            list(readers.map(read, rest))
    else:
        for place in rest:
            read(place)
    return block


def _read_together(
    signal: ChannelSignal, starts: list[int], block: NDArray[np.float32]
) -> list[int]:
    """Read what the source can read at once; return the numbers of the places that are left."""
    everything = list(range(len(starts)))
    source, size = signal.source, block.shape[1]
    quick: Callable[[list[int], int], NDArray[np.float32] | None] | None
    quick = getattr(source, "read_places", None)
    if quick is None:
        return everything
    inside = [place for place in everything if 0 <= starts[place] <= source.n_samples - size]
    step = max(1, _BLOCK_VALUES // (size * source.n_channels))
    for first in range(0, len(inside), step):
        some = inside[first : first + step]
        found = quick([starts[place] for place in some], size)
        if found is None:
            return everything
        whole = found.reshape(source.n_channels, -1)
        block[some] = channel_data(whole, signal.channel).reshape(len(some), size)
    return sorted(set(everything) - set(inside))


def wave_estimate(start: int, stop: int, level: int, signal: ChannelSignal) -> NDArray[np.float32]:
    """Return columns of which each comes of the samples in its middle [shape=(n_columns, 3)]."""
    size = 1 << WAVE_LEVEL
    firsts = np.arange(start, stop, 1 << level) + ((1 << level) - size) // 2
    firsts = np.clip(firsts, start, stop - size)
    out = np.zeros((len(firsts), 3), np.float32)
    known: list[int] = []
    for columns in _batches(len(firsts)):
        block = gathered(signal, firsts[columns].tolist(), size)
        out[columns] = summary(block.ravel(), WAVE_LEVEL)
        known += columns
    fill_nearest(out, known)
    return out


def _batches(n_columns: int) -> Iterator[list[int]]:
    """Yield columns, spread ever more closely, until all were yielded or time is over."""
    order = bit_reversed(n_columns)
    until = time.perf_counter() + SECONDS
    first, size = 0, FEWEST_COLUMNS
    while first < n_columns and (first == 0 or time.perf_counter() < until):
        yield order[first : first + size]
        first, size = first + size, first + size
