"""What a tile, its key and a set of tiles are.

Level 0 is native resolution; a column of level k stands for ``2 ** k`` frames or samples. A tile's
columns are those ``[index * columns, (index + 1) * columns)`` of its level; the last tile of a
level has fewer.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Protocol

from specwidget.audio.source import ChannelSpec

__all__ = ["Tile", "TileKey", "Tileset", "layer_name"]


@dataclass(frozen=True, slots=True)
class TileKey:
    """Which tile: ``layer`` such as "spec/0", "spec/mix" or "wave/1"; ``level``; ``index``."""

    layer: str
    level: int
    index: int


@dataclass(frozen=True, slots=True)
class Tile:
    """What is known of a tile.

    Attributes
    ----------
    data : bytes
        Its values, laid out as its layer's info says.
    columns : int
        How many columns it has.
    exact : bool
        False for an estimate, which comes of a part of the samples under the tile.
    """

    data: bytes
    columns: int
    exact: bool = True


class Tileset(Protocol):
    """The tiles of one layer."""

    def info(self) -> dict[str, Any]:
        """Return the geometry of the tiles, JSON-able."""

    def tile(self, key: TileKey) -> Tile:
        """Return a tile soon: exact, or an estimate where much lies under it.

        Raises
        ------
        ProtocolError
            There is no such tile.
        AudioFileError
            The samples under it cannot be read.
        """

    def refine(self, key: TileKey) -> Generator[float, None, Tile]:
        """Compute the exact tile in small steps; each yields the fraction that is done."""


def layer_name(kind: str, channel: ChannelSpec) -> str:
    """Return the name of a layer: ``layer_name("spec", 0)`` is ``"spec/0"``."""
    return f"{kind}/{channel}"
