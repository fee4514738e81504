"""Columns for the front end: numbers as raw bytes, texts once each.

Invariant: what is packed says exactly what the rows say in JSON. Each buffer belongs to one column,
in their order. ``js/src/columns.ts`` unpacks it.

A packed column has a ``name`` and

- ``values`` alone: the cells; or one cell that all rows have;
- ``values`` and ``buffer``: different cells, and for each row which one, as unsigned integers of
  1, 2 or 4 bytes, little endian;
- ``buffer`` alone: float64, little endian, NaN where there is nothing;
- ``buffer`` and ``unit``, which is "ms": such numbers, as times in milliseconds since 1970.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from specwidget.annotations.columns import Columns, column_json
from specwidget.annotations.schema import COLUMNS, Array, Kind

__all__ = ["pack"]

_MS: Final = 1_000_000
"""Nanoseconds."""


def pack(columns: Columns) -> tuple[list[dict[str, Any]], list[bytes]]:
    """Pack rows.

    Parameters
    ----------
    columns : Columns

    Returns
    -------
    columns : list of dict
        One for each column, as JSON.
    buffers : list of bytes
    """
    packed: list[dict[str, Any]] = []
    buffers: list[bytes] = []
    for name, array in columns.arrays.items():
        column, buffer = _pack(name, array)
        if buffer is not None:
            column["buffer"] = len(buffers)
            buffers.append(buffer)
        packed.append({"name": name, **column})
    return packed, buffers


def _pack(name: str, array: Array) -> tuple[dict[str, Any], bytes | None]:
    spec = COLUMNS.get(name)
    if not len(array):
        return {"values": []}, None
    if spec is None:
        if set(map(type, array.tolist())) == {float}:
            return _pack_numbers(array.astype(np.float64))
        return _pack_scalars(column_json(name, array))
    if spec.kind is Kind.NUMBER:
        return _pack_numbers(array)
    if (array == array[0]).all():
        return {"values": column_json(name, array[:1])}, None
    codes, different = pd.factorize(array)
    if 2 * len(different) <= len(array):
        return {"values": column_json(name, different)}, _codes(codes, len(different))
    if spec.kind is Kind.TIME:
        ticks = array.astype(np.int64)
        if (ticks % _MS == 0).all():
            return {"unit": "ms"}, (ticks // _MS).astype("<f8").tobytes()
    return {"values": column_json(name, array)}, None


def _pack_numbers(numbers: Array) -> tuple[dict[str, Any], bytes | None]:
    if np.isnan(numbers).all():
        return {"values": [None]}, None
    infinite = np.isinf(numbers)
    if infinite.any():
        numbers = np.where(infinite, np.nan, numbers)
    return {}, np.ascontiguousarray(numbers, dtype="<f8").tobytes()


def _pack_scalars(cells: list[Any]) -> tuple[dict[str, Any], bytes | None]:
    known: dict[tuple[type, Any], int] = {}
    codes = [known.setdefault((type(cell), cell), len(known)) for cell in cells]
    different = [cell for _, cell in known]
    if len(different) == 1:
        return {"values": different}, None
    if 2 * len(different) <= len(cells):
        return {"values": different}, _codes(np.array(codes), len(different))
    return {"values": cells}, None


def _codes(codes: Array, n: int) -> bytes:
    width = "u1" if n <= 2**8 else "<u2" if n <= 2**16 else "<u4"
    return codes.astype(width).tobytes()
