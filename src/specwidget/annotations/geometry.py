"""What an annotation is by its times and its band.

Invariant: every row is of exactly one kind, told by its numbers alone.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import numpy as np

from specwidget.annotations.columns import Columns
from specwidget.annotations.schema import Array

__all__ = ["GEOMETRY_KINDS", "GeometryKind", "kinds_of"]

GeometryKind: TypeAlias = Literal["interval", "point", "box", "recording"]
GEOMETRY_KINDS: Final[tuple[GeometryKind, ...]] = ("interval", "point", "box", "recording")


def kinds_of(rows: Columns) -> Array:
    """Say of each row what it is.

    Returns
    -------
    ndarray of str [shape=(n,)]
        "recording" without times, "point" without a length, "box" with a band on both sides, and
        else "interval".
    """
    is_box = ~np.isnan(rows["low_freq"]) & ~np.isnan(rows["high_freq"])
    kinds = np.where(is_box, "box", "interval").astype(object)
    kinds[rows["start"] == rows["end"]] = "point"
    kinds[np.isnan(rows["start"])] = "recording"
    return kinds
