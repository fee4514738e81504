"""What is wanted of the layers of a recording: overviews, and the units they want to know."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from specwidget.tiles.overview import Overview

__all__ = ["Target", "Targets"]


@dataclass(frozen=True, eq=False)
class Target:
    """An overview that is to know the units ``[start, stop)``."""

    overview: Overview
    start: int
    stop: int

    def is_met(self) -> bool:
        """Return whether all is known."""
        return self.overview.covers(self.start, self.stop)

    def fraction(self) -> float:
        """Return how much is known, from 0 to 1."""
        return self.overview.fraction(self.start, self.stop)


class Targets:
    """The targets of one layer that somebody waits for; for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._targets: list[Target] = []

    def add(self, target: Target) -> None:
        """Have a target looked after."""
        with self._lock:
            self._targets.append(target)

    def remove(self, target: Target) -> None:
        """Leave a target alone; nothing happens if it was not there."""
        with self._lock:
            if target in self._targets:
                self._targets.remove(target)

    def lacking(self, start: int, stop: int) -> list[tuple[Overview, int, int]]:
        """Return the overviews that want units of ``[start, stop)`` and lack some; finest first.

        With each come the units to put there: whole grains of it.
        """
        with self._lock:
            wanting = [one for one in self._targets if one.start < stop and start < one.stop]
        found: dict[int, tuple[Overview, int, int]] = {}
        for one in wanting:
            overview = one.overview
            first, last = overview.whole_grains(start, stop)
            if first < last and not overview.covers(first, last):
                found[id(overview)] = overview, first, last
        return sorted(found.values(), key=lambda lacking: lacking[0].level)
