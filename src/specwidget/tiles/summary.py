"""Many samples in few numbers: minimum, maximum and RMS, and the largest change.

Samples that are not finite are left out; where there is nothing else, the numbers are zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["largest_changes", "not_finite", "pooled", "summary"]

# Samples that are looked at together: they stay in the processor's cache.
_BLOCK = 1 << 17


def summary(samples: NDArray[np.float32], level: int) -> NDArray[np.float32]:
    """Return minimum, maximum and RMS of every ``2 ** level`` samples [shape=(n_columns, 3)].

    Examples
    --------
    >>> summary(np.array([1, -1, 2, np.nan, 3], np.float32), 1)
    array([[-1.,  1.,  1.],
           [ 2.,  2.,  2.],
           [ 3.,  3.,  3.]], dtype=float32)
    """
    size = 1 << level
    whole = len(samples) >> level << level
    edges = np.arange(0, len(samples), size)
    out = np.empty((len(edges), 3), np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        rows = samples[:whole].reshape(-1, size)
        rest = samples[whole:]
        power = np.vecdot(rows, rows) / np.float32(size)
        if len(rest):
            power = np.append(power, np.float32(np.vecdot(rest, rest) / len(rest)))
        if not np.isfinite(power).all():
            return _summary_of_finite(samples, edges)
    np.minimum.reduceat(samples, edges, out=out[:, 0])
    np.maximum.reduceat(samples, edges, out=out[:, 1])
    np.sqrt(power, out=out[:, 2])
    return out


def _summary_of_finite(samples: NDArray[np.float32], edges: NDArray[np.int64]) -> NDArray[Any]:
    finite = np.isfinite(samples)
    out = np.zeros((len(edges), 3), np.float32)
    low = np.minimum.reduceat(np.where(finite, samples, np.inf), edges)
    high = np.maximum.reduceat(np.where(finite, samples, -np.inf), edges)
    counts = np.add.reduceat(finite.astype(np.int64), edges)
    squares = np.square(np.where(finite, samples, 0.0), dtype=np.float64)
    some = counts > 0
    out[some, 0] = low[some]
    out[some, 1] = high[some]
    out[some, 2] = np.sqrt(np.add.reduceat(squares, edges)[some] / counts[some])
    return out


def pooled(
    columns: NDArray[np.float32], levels: int, n_samples: int, level: int
) -> NDArray[np.float32]:
    """Return the columns of a `summary` that many levels coarser.

    Parameters
    ----------
    columns : np.ndarray, float32 [shape=(n_columns, 3)]
        Of `n_samples` samples, at `level`.
    levels : int >= 0
        How many levels coarser.
    n_samples : int
        Samples under all columns: the last one may stand for fewer than the others.
    level : int
        The level of `columns`.
    """
    if levels == 0:
        return columns
    edges = np.arange(0, len(columns), 1 << levels)
    counts = np.full(len(columns), float(1 << level))
    counts[-1] = n_samples - ((len(columns) - 1) << level)
    out = np.empty((len(edges), 3), np.float32)
    out[:, 0] = np.minimum.reduceat(columns[:, 0], edges)
    out[:, 1] = np.maximum.reduceat(columns[:, 1], edges)
    power = np.square(columns[:, 2], dtype=np.float64) * counts
    out[:, 2] = np.sqrt(np.add.reduceat(power, edges) / np.add.reduceat(counts, edges))
    return out


def largest_changes(samples: NDArray[np.float32], level: int) -> NDArray[np.float32]:
    """Return the largest change from one sample to the next, in every ``2 ** level`` samples.

    Examples
    --------
    >>> largest_changes(np.array([0, 1, 3, 3, 5, np.inf], np.float32), 1)
    array([1., 2., 2.], dtype=float32)
    """
    size = 1 << level
    block = max(size, _BLOCK)
    edges = np.arange(0, block, size)
    out = np.empty(-(-len(samples) >> level), np.float32)
    changes = np.empty(min(block, len(samples)), np.float32)
    for first in range(0, len(samples), block):
        part = samples[first : first + block]
        found = changes[: len(part)]
        with np.errstate(invalid="ignore", over="ignore"):
            found[0] = part[0] - samples[max(0, first - 1)]
            np.subtract(part[1:], part[:-1], out=found[1:])
        np.abs(found, out=found)
        starts = edges[: -(-len(part) >> level)]
        most = np.maximum.reduceat(found, starts)
        if not np.isfinite(most).all():
            found[~np.isfinite(found)] = 0.0
            most = np.maximum.reduceat(found, starts)
        out[first >> level : (first >> level) + len(most)] = most
    return out


def not_finite(samples: NDArray[np.float32], apart: int) -> list[tuple[int, int]]:
    """Return the stretches ``(start, stop)`` of samples that are not finite.

    Those that are fewer than `apart` samples from each other are one.

    Examples
    --------
    >>> not_finite(np.array([0, np.nan, np.inf, 0, np.nan, 0, 0, np.nan]), 2)
    [(1, 5), (7, 8)]
    """
    places = np.flatnonzero(~np.isfinite(samples))
    if not len(places):
        return []
    breaks = np.flatnonzero(np.diff(places) > apart)
    firsts = places[np.concatenate([[0], breaks + 1])]
    lasts = places[np.concatenate([breaks, [len(places) - 1]])]
    return [(int(first), int(last) + 1) for first, last in zip(firsts, lasts, strict=True)]
