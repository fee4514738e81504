"""Finding out what of a recording can be read, by trying halves."""

from __future__ import annotations

from collections.abc import Callable, Iterator

__all__ = ["PIECE", "readable_length", "unreadable"]

PIECE = 1024
"""Samples that are not looked at more closely: they can be read, or they cannot."""


def readable_length(n_samples: int, can_read: Callable[[int], bool]) -> int:
    """Return how many samples there are up to the first that cannot be read.

    Parameters
    ----------
    n_samples : int
        How many there should be.
    can_read : callable
        Whether a sample can be read.

    Examples
    --------
    >>> readable_length(1000, lambda sample: sample < 77)
    77
    """
    low, high = 0, n_samples
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if can_read(middle) else (low, middle)
    return low


def unreadable(
    start: int, stop: int, can_read: Callable[[int, int], bool]
) -> Iterator[tuple[int, int]]:
    """Find what of a range that cannot be read as one, cannot be read at all.

    Parameters
    ----------
    start, stop : int
        Samples ``[start, stop)``.
    can_read : callable
        Whether all of a range can be read; it may keep what it has read.

    Yields
    ------
    tuple of int
        Stretches in order of time, which begin and end at multiples of `PIECE` or at the range's
        ends. Two may touch.

    Examples
    --------
    >>> bad = range(3000, 3010)
    >>> list(unreadable(0, 10_000, lambda start, stop: not set(bad) & set(range(start, stop))))
    [(2048, 3072)]
    """
    middle = (start + stop) // 2 // PIECE * PIECE
    if middle <= start:
        middle = (start // PIECE + 1) * PIECE
    if middle >= stop:
        yield start, stop
        return
    for half in ((start, middle), (middle, stop)):
        if not can_read(*half):
            yield from unreadable(*half, can_read)
