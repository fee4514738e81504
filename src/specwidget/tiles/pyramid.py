"""The arithmetic of pyramids: how many levels, columns and tiles there are, and what lies where.

Units are frames for a spectrogram and samples for a waveform. Ranges are ``[start, stop)``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from specwidget.errors import ProtocolError
from specwidget.tiles.base import TileKey

__all__ = ["Pyramid", "bit_reversed", "fill_nearest"]


@dataclass(frozen=True, slots=True)
class Pyramid:
    """Levels that begin at 0, each of half the columns of the one before.

    Attributes
    ----------
    n_units : int > 0
        Columns of level 0.
    tile_columns : int > 0
        Columns of a whole tile.

    Examples
    --------
    >>> pyramid = Pyramid(n_units=1000, tile_columns=256)
    >>> [pyramid.columns(level) for level in range(pyramid.n_levels)]
    [1000, 500, 250]
    >>> pyramid.tile_units(TileKey("spec/0", 1, 1))
    (512, 1000)
    """

    n_units: int
    tile_columns: int

    @property
    def n_levels(self) -> int:
        """The number of levels: the coarsest is the first that one tile holds."""
        level = 0
        while self.columns(level) > self.tile_columns:
            level += 1
        return level + 1

    def columns(self, level: int) -> int:
        """Return how many columns a level has."""
        return -(-self.n_units >> level) if level else self.n_units

    def tiles(self, level: int) -> int:
        """Return how many tiles a level has."""
        return -(-self.columns(level) // self.tile_columns)

    def tile_range(self, key: TileKey) -> tuple[int, int]:
        """Return the columns ``(start, stop)`` of a tile.

        Raises
        ------
        ProtocolError
            There is no such tile.
        """
        if not 0 <= key.level < self.n_levels:
            raise ProtocolError(
                f"level={key.level} of layer {key.layer} does not exist; "
                f"its levels are 0..{self.n_levels - 1}",
                code="bad-key",
            )
        if not 0 <= key.index < self.tiles(key.level):
            raise ProtocolError(
                f"index={key.index} of level {key.level} of layer {key.layer} does not exist; "
                f"its tiles are 0..{self.tiles(key.level) - 1}",
                code="bad-key",
            )
        start = key.index * self.tile_columns
        return start, min(start + self.tile_columns, self.columns(key.level))

    def tile_units(self, key: TileKey) -> tuple[int, int]:
        """Return the units ``(start, stop)`` under a tile.

        Raises
        ------
        ProtocolError
            There is no such tile.
        """
        start, stop = self.tile_range(key)
        return start << key.level, min(stop << key.level, self.n_units)


def bit_reversed(n: int) -> list[int]:
    """Return 0..n-1 in an order whose every beginning is spread evenly.

    Examples
    --------
    >>> bit_reversed(6)
    [0, 4, 2, 1, 5, 3]
    """
    bits = max(0, n - 1).bit_length()
    order = (int(f"{i:0{bits}b}"[::-1], 2) if bits else 0 for i in range(1 << bits))
    return [i for i in order if i < n]


def fill_nearest(columns: NDArray[np.generic], known: list[int]) -> None:
    """Fill columns (along the first axis) with the nearest of those that are known.

    Examples
    --------
    >>> columns = np.array([3, 0, 0, 0, 7])
    >>> fill_nearest(columns, [0, 4])
    >>> columns
    array([3, 3, 3, 7, 7])
    """
    places = np.sort(np.array(known))
    middles = (places[1:] + places[:-1]) / 2.0
    nearest = places[np.searchsorted(middles, np.arange(len(columns)))]
    columns[:] = columns[nearest]
