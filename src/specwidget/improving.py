"""The estimates that are to become exact, what is in sight first; for use under a lock."""

from __future__ import annotations

from dataclasses import dataclass, field

from specwidget.tiles.base import Refinement, Step, Tile, TileKey, Tileset

__all__ = ["Improvement", "Improvements"]

MOST = 256


@dataclass(slots=True, eq=False)
class Improvement:
    """One estimate, and who waits for better.

    Attributes
    ----------
    key : TileKey
        Of the tile.
    refinement : Refinement
        The way to the exact tile.
    seconds : (float, float)
        Where the tile lies.
    pages : set of str
        Who has asked for it, and has not said otherwise.
    asked : (int, int)
        When it was asked for: the least comes first.
    """

    key: TileKey
    refinement: Refinement
    seconds: tuple[float, float]
    pages: set[str] = field(default_factory=set)
    asked: tuple[int, int] = (0, 0)


class Improvements:
    """All the estimates that somebody waits for to become exact."""

    def __init__(self) -> None:
        self._waiting: dict[TileKey, Improvement] = {}
        self._sight: tuple[float, float] | None = None
        self._n_made = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def want(
        self, key: TileKey, tile: Tile, tileset: Tileset, page: str, asked: tuple[int, int]
    ) -> None:
        """Have an estimate improved, for a page.

        Where there are too many, those asked for the longest ago stay estimates.
        """
        known = self._waiting.get(key)
        if known is None:
            known = Improvement(key, tileset.refinement(key, tile), tileset.seconds(key))
            self._waiting[key] = known
        known.pages.add(page)
        known.asked = asked
        while len(self._waiting) > MOST:
            self._forget(max(self._waiting.values(), key=lambda one: one.asked))

    def unwant(self, key: TileKey, page: str) -> None:
        """Note that a page waits no more."""
        known = self._waiting.get(key)
        if known is not None:
            known.pages.discard(page)
            if not known.pages:
                self._forget(known)

    def clear(self) -> None:
        """Forget all."""
        for one in list(self._waiting.values()):
            self._forget(one)
        self._n_made = 0

    def look(self, start: float, stop: float) -> None:
        """Have what lies between two times, in seconds, done first."""
        self._sight = start, stop

    def next_step(self) -> tuple[Improvement, Step] | None:
        """Return what to do next, or None if there is nothing at present."""
        for one in sorted(self._waiting.values(), key=self._order):
            step = one.refinement.step()
            if step is not None:
                return one, step
        return None

    def waiting(self) -> list[Improvement]:
        """Return all that are not finished."""
        return list(self._waiting.values())

    def is_waiting(self, one: Improvement) -> bool:
        """Return whether somebody still waits for it."""
        return self._waiting.get(one.key) is one

    def finish(self, one: Improvement) -> None:
        """Note that a tile is as good as it gets."""
        if self.is_waiting(one):
            self._forget(one)
            self._n_made += 1

    def progress(self) -> tuple[float, int]:
        """Return how many tiles are done, and how many there are, since there were none."""
        fractions = sum(one.refinement.fraction() for one in self._waiting.values())
        progress = self._n_made + fractions, self._n_made + len(self._waiting)
        if not self._waiting:
            self._n_made = 0
        return progress

    def _order(self, one: Improvement) -> tuple[bool, int, int, int, int]:
        sight, (start, stop) = self._sight, one.seconds
        is_hidden = sight is not None and not (start < sight[1] and sight[0] < stop)
        kind, work = one.refinement.urgency()
        return is_hidden, kind, one.asked[0], work, one.asked[1]

    def _forget(self, one: Improvement) -> None:
        del self._waiting[one.key]
        one.refinement.close()
