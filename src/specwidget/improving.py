"""The estimates that are to become exact, what is in sight first; for use under a lock."""

from __future__ import annotations

import time
from collections.abc import Container
from dataclasses import dataclass, replace
from functools import partial

from specwidget.tiles.base import Refinement, Step, Tile, TileKey, Tileset

__all__ = ["Improvement", "Improvements"]

MOST = 256
"""How many estimates are being improved at a time."""
MOST_LATER = 8192
FIRST_PAUSE, MOST_PAUSE = 1.0, 60.0


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
    tileset : Tileset
        Whose tile it is.
    pages : set of str
        Who has asked for it, and has not said otherwise.
    asked : (int, int)
        When it was asked for: the least comes first.
    begun : bool
        Whether a step of it was given out.
    resting_until : float
        By `time.monotonic`: nothing is tried before, as the recording could not be reached.
    pause : float
        Seconds that it rested the last time.
    """

    key: TileKey
    refinement: Refinement
    seconds: tuple[float, float]
    tileset: Tileset
    pages: set[str]
    asked: tuple[int, int]
    begun: bool = False
    resting_until: float = 0.0
    pause: float = 0.0


@dataclass(slots=True, eq=False)
class _Later:
    """An estimate whose turn to be improved has not come."""

    tile: Tile
    tileset: Tileset
    pages: set[str]
    asked: tuple[int, int]


class Improvements:
    """All the estimates that somebody waits for to become exact."""

    def __init__(self) -> None:
        self._waiting: dict[TileKey, Improvement] = {}
        self._later: dict[TileKey, _Later] = {}
        self._sight: tuple[float, float] | None = None
        self._n_made = 0

    def __len__(self) -> int:
        return len(self._waiting) + len(self._later)

    def want(
        self, key: TileKey, tile: Tile, tileset: Tileset, page: str, asked: tuple[int, int]
    ) -> None:
        """Have an estimate improved, for a page.

        Where there are too many, those asked for the longest ago wait until there are fewer.
        """
        known = self._waiting.get(key)
        if known is not None:
            known.pages.add(page)
            known.asked = asked
            return
        before = self._later.pop(key, None)
        pages = {page} if before is None else before.pages | {page}
        # What is being improved keeps no copy of the estimate itself.
        self._begin(key, _Later(replace(tile, data=b""), tileset, pages, asked))
        while len(self._waiting) > MOST:
            last = max(self._waiting.values(), key=lambda one: one.asked)
            self._drop(last)
            blank = Tile(b"", 0, exact=False)
            self._later[last.key] = _Later(blank, last.tileset, last.pages, last.asked)
        while len(self._later) > MOST_LATER:
            del self._later[max(self._later, key=lambda one: self._later[one].asked)]

    def unwant(self, key: TileKey, page: str) -> None:
        """Note that a page waits no more."""
        known = self._waiting.get(key)
        if known is not None:
            known.pages.discard(page)
            if not known.pages:
                self._forget(known)
        later = self._later.get(key)
        if later is not None:
            later.pages.discard(page)
            if not later.pages:
                del self._later[key]

    def unwant_layers(self, names: Container[str]) -> None:
        """Forget the tiles of layers that are gone."""
        for key in [key for key in self._later if key.layer in names]:
            del self._later[key]
        for one in self.waiting():
            if one.key.layer in names:
                self.finish(one)

    def clear(self) -> None:
        """Forget all."""
        self._later.clear()
        for one in list(self._waiting.values()):
            self._forget(one)
        self._n_made = 0

    def look(self, start: float, stop: float) -> None:
        """Have what lies between two times, in seconds, done first."""
        self._sight = start, stop

    def next_step(self) -> tuple[Improvement, Step] | None:
        """Return what to do next, or None if there is nothing at present.

        Where that cannot be found, it is a step that fails.
        """
        now = time.monotonic()
        awake = (one for one in self._waiting.values() if one.resting_until <= now)
        for one in sorted(awake, key=self._order):
            try:
                step = one.refinement.step()
            except Exception as error:
                step = partial(_fail, error)
            if step is None and not one.begun and one.refinement.fraction() >= 1.0:
                # All of it was computed for other tiles: it has only to be made.
                step = _nothing
            if step is not None:
                one.begun = True
                return one, step
        return None

    def rest(self, one: Improvement) -> bool:
        """Leave one alone for a while, longer each time; return whether this is the first."""
        is_first = one.pause == 0.0
        one.pause = min(MOST_PAUSE, max(FIRST_PAUSE, 2 * one.pause))
        one.resting_until = time.monotonic() + one.pause
        return is_first

    def rested_in(self) -> float | None:
        """Return the seconds until one that rests is to be tried again; None if none rests."""
        now = time.monotonic()
        rests = [one.resting_until - now for one in self._waiting.values()]
        return min((rest for rest in rests if rest > 0.0), default=None)

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
        progress = self._n_made + fractions, self._n_made + len(self)
        if not len(self):
            self._n_made = 0
        return progress

    def _order(self, one: Improvement) -> tuple[bool, int, int, int, int]:
        sight, (start, stop) = self._sight, one.seconds
        is_hidden = sight is not None and not (start < sight[1] and sight[0] < stop)
        kind, work = one.refinement.urgency()
        return is_hidden, kind, one.asked[0], work, one.asked[1]

    def _begin(self, key: TileKey, later: _Later) -> None:
        refinement = later.tileset.refinement(key, later.tile)
        self._waiting[key] = Improvement(
            key, refinement, later.tileset.seconds(key), later.tileset, later.pages, later.asked
        )

    def _forget(self, one: Improvement) -> None:
        self._drop(one)
        if self._later and len(self._waiting) < MOST:
            key = min(self._later, key=lambda key: self._later[key].asked)
            self._begin(key, self._later.pop(key))

    def _drop(self, one: Improvement) -> None:
        del self._waiting[one.key]
        one.refinement.close()


def _nothing() -> None:
    """Do nothing."""


def _fail(error: Exception) -> None:
    raise error
