"""Columns of many frames: the maxima, so that what is short is still seen."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["max_pooled"]


def max_pooled(columns: NDArray[Any], pool: int) -> NDArray[Any]:
    """Return the maxima over every `pool` columns, along the first axis.

    Examples
    --------
    >>> max_pooled(np.array([3, 1, 4, 1, 5]), 2)
    array([3, 4, 5])
    """
    if pool == 1:
        return columns
    whole = len(columns) // pool
    groups = columns[: whole * pool].reshape(whole, pool, *columns.shape[1:])
    pooled: NDArray[Any] = groups.max(axis=1)
    if whole * pool == len(columns):
        return pooled
    return np.concatenate([pooled, columns[whole * pool :].max(axis=0, keepdims=True)])
