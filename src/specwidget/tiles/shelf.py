"""The overviews of one recording, kept on disk from one opening to the next.

Only what is as it would be computed again is kept: of a recording that is known by its content,
under a transform that is known by its parameters, and that had no damage, whose places would not be
found again.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from specwidget.errors import SpecWidgetError
from specwidget.tiles.damage import PatchedSource
from specwidget.tiles.diskcache import DiskCache
from specwidget.tiles.overview import Overview
from specwidget.tiles.quantise import Quantiser
from specwidget.transforms.base import Transform
from specwidget.transforms.parsing import transform_from_json

__all__ = ["Shelf", "once", "spectrogram_name"]

# An overview that is not complete is kept too, each time this much of it is new ...
PART = 0.2
# ... unless it has so few grains that it is computed again as soon.
FEWEST_GRAINS = 8


class Shelf:
    """The place of one recording in a cache.

    Parameters
    ----------
    source : PatchedSource
        The recording.
    cache : DiskCache, optional
        None: nothing is kept.
    """

    def __init__(self, source: PatchedSource, cache: DiskCache | None = None) -> None:
        self._source = source
        self._cache = cache
        self._lock = threading.Lock()
        self._fingerprint: str | None = None
        self._is_asked = False
        self._n_kept: WeakKeyDictionary[Overview, int] = WeakKeyDictionary()

    def restore(self, overview: Overview) -> None:
        """Give an overview what was kept of it, if anything was."""
        key = self._key(overview)
        if key is None or self._cache is None:
            return
        found = self._cache.load(key)
        if found is not None and overview.restore(*found):
            with self._lock:
                self._n_kept[overview] = overview.n_known

    def keep(self, overview: Overview) -> None:
        """Keep what an overview knows, if it is complete or knows much more than before."""
        key = self._key(overview)
        if key is None or self._cache is None or self._source.damage:
            return
        with self._lock:
            n_known, n_kept = overview.n_known, self._n_kept.get(overview, 0)
            is_more = n_known == overview.n_grains or n_known - n_kept >= PART * overview.n_grains
            if n_known == n_kept or not is_more:
                return
            self._n_kept[overview] = n_known
        # First what is known, then the columns: what is known then is written already.
        known = overview.known
        self._cache.store(key, overview.values, known)

    def _key(self, overview: Overview) -> dict[str, Any] | None:
        if self._cache is None or overview.name is None or overview.n_grains < FEWEST_GRAINS:
            return None
        with self._lock:
            if not self._is_asked:
                self._is_asked = True
                self._fingerprint = self._source.fingerprint()
        if self._fingerprint is None:
            return None
        return {
            "recording": self._fingerprint,
            "sr": self._source.sr,
            "n_channels": self._source.n_channels,
            "name": overview.name,
            "geometry": overview.geometry(),
        }


def once(do: Callable[[], None]) -> Callable[[], None]:
    """Return a function that does something the first time it is called, on whatever thread.

    All calls return after it was done.
    """
    lock = threading.Lock()
    is_done = False

    def call() -> None:
        nonlocal is_done
        if not is_done:
            with lock:
                if not is_done:
                    do()
                    is_done = True

    return call


def spectrogram_name(transform: Transform, drawn: Quantiser) -> str | None:
    """Return what tells a transform from any other; None where parameters do not tell all."""
    parameters = transform.to_json()
    try:
        if transform_from_json(parameters) != transform:
            return None
    except SpecWidgetError:  # it is made of a function or an array
        return None
    return json.dumps([parameters, drawn.low, drawn.high], sort_keys=True)
