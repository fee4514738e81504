"""What a tile, its key and a set of tiles are.

Level 0 is native resolution; a column of level k stands for ``2 ** k`` frames or samples. A tile's
columns are those ``[index * columns, (index + 1) * columns)`` of its level; the last tile of a
level has fewer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from specwidget.audio.source import ChannelSpec

__all__ = [
    "Refinement",
    "Step",
    "Tile",
    "TileKey",
    "Tileset",
    "UnwantedError",
    "always_wanted",
    "layer_name",
]

Step: TypeAlias = Callable[[], None]
"""Some milliseconds of work."""


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
    guided : bool
        True for an estimate that has looked where the waveform changes most.
    """

    data: bytes
    columns: int
    exact: bool = True
    guided: bool = False


class UnwantedError(Exception):
    """Nobody waits any more for what was being computed."""


def always_wanted() -> bool:
    """Return True: of work that is done whoever waits for it."""
    return True


class Refinement(Protocol):
    """The way of one tile from an estimate to the exact one, by steps.

    Several threads may ask at once, and carry out their steps at the same time.
    """

    def urgency(self) -> tuple[int, int]:
        """Return what sorts the soonest first: the kind of step that is next, and how many."""

    def fraction(self) -> float:
        """Return how much of the way is done, from 0 to 1."""

    def step(self) -> Step | None:
        """Return something to do for the thread that asks; None if there is nothing at present."""

    def made(self) -> Tile | None:
        """Return a tile that is better than the one before, once; the exact one is the last."""

    def close(self) -> None:
        """Stop; steps that were given out may still be carried out."""


class Tileset(Protocol):
    """The tiles of one layer."""

    def info(self) -> dict[str, Any]:
        """Return the geometry of the tiles, JSON-able."""

    def seconds(self, key: TileKey) -> tuple[float, float]:
        """Return the times that a tile begins and ends at.

        Raises
        ------
        ProtocolError
            There is no such tile.
        """

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

    def refinement(self, key: TileKey, tile: Tile) -> Refinement:
        """Return the way from an estimate that `tile` gave to the exact tile."""


def layer_name(kind: str, channel: ChannelSpec) -> str:
    """Return the name of a layer: ``layer_name("spec", 0)`` is ``"spec/0"``."""
    return f"{kind}/{channel}"
