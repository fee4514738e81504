"""Which rows collide with which, among many.

Invariant: time alone rules out nearly all pairs, by sorting; the rest are tested in bounded memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from specwidget.annotations.cells import Mask
from specwidget.annotations.columns import Columns, Places
from specwidget.annotations.schema import ALL_CHANNELS, Array

__all__ = ["LEAST", "collisions", "near_rows"]

LEAST: Final = 1e-9
"""What two rows may share, in seconds and in hertz."""

_CHUNK: Final = 2**20
_FEW: Final = 4


def near_rows(resting: Columns, is_resting: Mask | None, judged: Columns) -> Places:
    """Find the resting rows that share time with any judged one."""
    start, end = resting["start"], resting["end"]
    lows, highs = _merged(judged)
    if len(lows) <= _FEW:
        near = np.zeros(len(start), dtype=np.bool_)
        for low, high in zip(lows, highs, strict=True):
            near |= (start < high) & (end > low)
    else:
        there = np.searchsorted(lows, end) - 1  # NaN comes last, and is caught by the start
        near = (there >= 0) & (highs[there] > start)
    if is_resting is not None:
        near &= is_resting
    return np.flatnonzero(near)


def _merged(rows: Columns) -> tuple[Array, Array]:
    """Give the stretches of time that rows with a length cover, sorted and apart."""
    timed = rows["start"] < rows["end"]
    start, end = rows["start"][timed], rows["end"][timed]
    order = np.argsort(start, kind="stable")
    start, end = start[order], np.maximum.accumulate(end[order])
    if not len(start):
        return start, end
    is_first = np.r_[True, start[1:] > end[:-1]]
    return start[is_first], end[np.r_[np.flatnonzero(is_first)[1:] - 1, len(end) - 1]]


def collisions(pool: Columns, first: int, most: int) -> tuple[Places, Places]:
    """Find pairs that collide, of rows from ``first`` on with one another and with the rest.

    All there are, unless there are more than ``most``.
    """
    places = np.flatnonzero((pool["start"] < pool["end"]) & (pool["status"] != "rejected"))
    tiers = pd.factorize(pool["tier"][places])[0]
    order = np.lexsort((pool["start"][places], tiers))
    places, tiers = places[order], tiers[order]
    borders = np.flatnonzero(np.diff(tiers)) + 1
    found = [(places[:0], places[:0])]
    n_found = 0
    for low, high in zip([0, *borders], [*borders, len(places)], strict=True):
        group = places[low:high]
        if len(group) < 2 or not (group >= first).any():
            continue
        for one, two in _candidates(pool["start"][group], pool["end"][group]):
            found.append(_really(pool, first, group[one], group[two]))
            n_found += len(found[-1][0])
            if n_found > most:
                break
        if n_found > most:
            break
    return np.concatenate([one for one, _ in found]), np.concatenate([two for _, two in found])


def _candidates(start: Array, end: Array) -> Iterator[tuple[Places, Places]]:
    """Pair each row with those that start while it lasts; rows are sorted by their starts."""
    rows = np.arange(len(start))
    counts = np.searchsorted(start, end) - rows - 1
    totals = np.cumsum(np.maximum(counts, 0))
    low = 0
    while low < len(rows):
        done = totals[low - 1] if low else 0
        high = max(low + 1, int(np.searchsorted(totals, done + _CHUNK, side="right")))
        some = np.maximum(counts[low:high], 0)
        one = np.repeat(rows[low:high], some)
        behind = np.arange(len(one)) - np.repeat(np.cumsum(some) - some, some)
        yield one, one + 1 + behind
        low = high


def _really(pool: Columns, first: int, one: Places, two: Places) -> tuple[Places, Places]:
    """Keep the pairs that do collide."""
    for test in (_is_judged, _is_in_time, _is_in_channel, _is_in_band):
        hit = test(pool, first, one, two)
        one, two = one[hit], two[hit]
    return one, two


def _is_judged(pool: Columns, first: int, one: Places, two: Places) -> Mask:
    return (one >= first) | (two >= first)


def _is_in_time(pool: Columns, first: int, one: Places, two: Places) -> Mask:
    start, end = pool["start"], pool["end"]
    shared: Array = np.minimum(end[one], end[two]) - np.maximum(start[one], start[two])
    return shared > LEAST


def _is_in_channel(pool: Columns, first: int, one: Places, two: Places) -> Mask:
    left, right = pool["channel"][one], pool["channel"][two]
    same: Mask = (left == right) | (left == ALL_CHANNELS) | (right == ALL_CHANNELS)
    return same


def _is_in_band(pool: Columns, first: int, one: Places, two: Places) -> Mask:
    low = np.where(np.isnan(pool["low_freq"]), -np.inf, pool["low_freq"])
    high = np.where(np.isnan(pool["high_freq"]), np.inf, pool["high_freq"])
    shared: Array = np.minimum(high[one], high[two]) - np.maximum(low[one], low[two])
    return shared > LEAST
