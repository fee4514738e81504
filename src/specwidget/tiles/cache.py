"""Tiles that were computed, the least recently used ones forgotten when they are too many bytes."""

from __future__ import annotations

from collections import OrderedDict

from specwidget.tiles.base import Tile, TileKey

__all__ = ["TileCache"]

_OVERHEAD = 256


class TileCache:
    """Tiles by key, together never more than `max_bytes`. Not safe for several threads at once.

    Parameters
    ----------
    max_bytes : int >= 0
        A tile larger than this is not kept.

    Examples
    --------
    >>> cache = TileCache(max_bytes=1 << 20)
    >>> cache.put(TileKey("spec/0", 0, 0), Tile(b"tile", 4))
    >>> cache.get(TileKey("spec/0", 0, 0)).data, cache.get(TileKey("spec/0", 0, 1))
    (b'tile', None)
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._tiles: OrderedDict[TileKey, Tile] = OrderedDict()
        self.n_bytes = 0

    def __len__(self) -> int:
        return len(self._tiles)

    def get(self, key: TileKey) -> Tile | None:
        """Return a tile, now the most recently used one, or None."""
        tile = self._tiles.get(key)
        if tile is not None:
            self._tiles.move_to_end(key)
        return tile

    def put(self, key: TileKey, tile: Tile) -> None:
        """Keep a tile, in place of one of the same key; forget others if need be."""
        self._forget(key)
        self._tiles[key] = tile
        self.n_bytes += len(tile.data) + _OVERHEAD
        while self.n_bytes > self._max_bytes:
            self._forget(next(iter(self._tiles)))

    def clear(self) -> None:
        """Forget all."""
        self._tiles.clear()
        self.n_bytes = 0

    def _forget(self, key: TileKey) -> None:
        tile = self._tiles.pop(key, None)
        if tile is not None:
            self.n_bytes -= len(tile.data) + _OVERHEAD
