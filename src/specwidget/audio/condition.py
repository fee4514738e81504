"""What is known to be wrong with a recording: sentences for a person, and places on its time axis.

Both only grow, from any thread, while the recording is read.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Condition", "Damage", "outside"]

_MOST_STRETCHES = 256


class Damage(NamedTuple):
    """A stretch of a recording that cannot be read, or not be trusted.

    Attributes
    ----------
    start, stop : int
        Samples ``[start, stop)``. What is missing at the end of a file cut short lies beyond its
        `n_samples`.
    reason : str
        In words.
    """

    start: int
    stop: int
    reason: str


class Condition:
    """What is wrong with one recording.

    Parameters
    ----------
    *sentences : str
        What is known from the beginning.
    """

    def __init__(self, *sentences: str) -> None:
        self._lock = threading.Lock()
        self._sentences: dict[str, None] = dict.fromkeys(s for s in sentences if s)
        self._damage: tuple[Damage, ...] = ()

    @property
    def warning(self) -> str | None:
        """All sentences, or None where nothing is wrong."""
        with self._lock:
            return "; ".join(self._sentences) or None

    @property
    def damage(self) -> tuple[Damage, ...]:
        """Stretches in order of time; those of one kind do not touch."""
        return self._damage

    def warn(self, sentence: str) -> None:
        """Add a sentence, once."""
        with self._lock:
            self._sentences[sentence] = None

    def mark(self, start: int, stop: int, reason: str) -> None:
        """Add a stretch; stretches that touch become one, and where they are many, near ones do."""
        if stop <= start:
            return
        with self._lock:
            stretches = [*self._damage, Damage(int(start), int(stop), reason)]
            stretches = _joined(stretches, 0)
            gap = 1024
            while len(stretches) > _MOST_STRETCHES:
                stretches = _joined(stretches, gap)
                gap *= 2
            self._damage = tuple(stretches)

    def note_not_finite(self, block: NDArray[np.float32], start: int, sr: float, name: str) -> None:
        """Look for NaN and infinite samples in what was read from `start` on.

        Parameters
        ----------
        block : np.ndarray, float32 [shape=(n_channels, n)]
            What was read.
        start : int
            The first sample's place.
        sr : int or float > 0
            Samples per second.
        name : str
            What the recording is called.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            # One pass that allocates nothing; a sum that overflows is looked at more closely.
            if np.isfinite(block.sum()):
                return
        bad = ~np.isfinite(block).all(axis=0)
        if not bad.any():
            return
        edges = np.flatnonzero(np.diff(bad, prepend=False, append=False)).reshape(-1, 2)
        reason = "NaN or infinite samples"
        if all(damage.reason != reason for damage in self._damage):
            self.warn(
                f"{name}: holds NaN or infinite samples, at {(start + edges[0, 0]) / sr:.3f} s "
                "for one; no sound is shown where they are"
            )
        if len(edges) > _MOST_STRETCHES:
            edges = np.array([[edges[0, 0], edges[-1, 1]]])
        for first, last in edges:
            self.mark(start + int(first), start + int(last), reason)


def outside(stretches: Iterable[tuple[int, int]], start: int, stop: int) -> list[tuple[int, int]]:
    """Return what of ``[start, stop)`` lies in none of some stretches.

    Examples
    --------
    >>> outside([(3, 5), (8, 20)], 0, 10)
    [(0, 3), (5, 8)]
    """
    left = []
    for first, last in sorted(stretches):
        if first < last and first < stop and last > start:
            left.append((start, first))
            start = last
    left.append((start, stop))
    return [(a, b) for a, b in left if a < b]


def _joined(stretches: list[Damage], gap: int) -> list[Damage]:
    """Return stretches by start; those of one reason that are within `gap` samples are one."""
    out: list[Damage] = []
    latest: dict[str, int] = {}
    for one in sorted(stretches):
        place = latest.get(one.reason)
        if place is not None and one.start <= out[place].stop + gap:
            out[place] = out[place]._replace(stop=max(out[place].stop, one.stop))
        else:
            latest[one.reason] = len(out)
            out.append(one)
    return out
