"""How the frames of a recording lie in tiles, in pieces of work, and in memory.

Pieces of work are of a power of two of frames, and begin at multiples of it, so that a frame gives
the same bytes whatever it is computed for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from specwidget.audio.source import AudioSource
from specwidget.tiles.overview import stored_level
from specwidget.tiles.pyramid import Pyramid
from specwidget.transforms.base import Transform

__all__ = ["MOST_SHARED", "FrameGrid", "ranges", "step_frames"]

TILE_COLUMNS = 256
TILE_BYTES = 512 << 10

# A tile is exact at once if no more than this lies under it ...
EXACT_SAMPLES = 1 << 21
EXACT_VALUES = 1 << 23
# ... and work is done in steps of no more than this: samples read, samples times their overlap.
STEP_SAMPLES = 1 << 19
STEP_VALUES = 1 << 22
# The channels of a recording that has no more are read together.
MOST_SHARED = 32
_TOGETHER = 2


@dataclass(frozen=True)
class FrameGrid:
    """The geometry of one recording under one transform.

    Attributes
    ----------
    pyramid : Pyramid
        Tiles, in frames.
    hop : int
        Samples from a frame to the next.
    exact_frames : int
        A tile with no more frames under it is computed on the spot.
    grain : int
        A piece of work has ``2 ** grain`` frames.
    stored : int
        The level of columns that are kept of the whole recording.
    """

    pyramid: Pyramid
    hop: int
    exact_frames: int
    grain: int
    stored: int

    @classmethod
    def of(cls, source: AudioSource, transform: Transform) -> FrameGrid:
        """Return the geometry of a recording."""
        n_bins = transform.n_rows(source.sr)
        columns = TILE_COLUMNS
        while columns > 1 and columns * n_bins > TILE_BYTES:
            columns //= 2
        exact = max(columns, min(EXACT_SAMPLES // transform.hop, EXACT_VALUES // transform.span))
        n_frames = transform.n_frames(source.n_samples)
        shared = source.n_channels if source.n_channels <= MOST_SHARED else 1
        at_least = (exact // columns).bit_length()
        return cls(
            pyramid=Pyramid(n_frames, columns),
            hop=transform.hop,
            exact_frames=exact,
            grain=step_frames(transform, shared).bit_length() - 1,
            stored=stored_level(n_frames, n_bins * source.n_channels, at_least),
        )

    def pieces(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """Yield ``[start, stop)`` in pieces of work."""
        return ranges(start, stop, 1 << self.grain)


def step_frames(transform: Transform, n_channels: int = 1) -> int:
    """Return how many frames to compute at a time: a power of two."""
    samples = STEP_SAMPLES * _TOGETHER // max(_TOGETHER, n_channels)
    frames = min(samples // transform.hop, STEP_VALUES // transform.span)
    return 1 << max(0, frames.bit_length() - 1)


def ranges(start: int, stop: int, step: int) -> Iterator[tuple[int, int]]:
    """Yield ``[start, stop)`` in ranges of no more than a step.

    Examples
    --------
    >>> list(ranges(3, 8, 2))
    [(3, 5), (5, 7), (7, 8)]
    """
    for first in range(start, stop, step):
        yield first, min(first + step, stop)
