"""The rows of an `annotations.snapshot`, unpacked in the plainest way, for the tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def unpacked(message: dict[str, Any], buffers: Sequence[bytes]) -> list[dict[str, Any]]:
    """Give the rows of a message, as JSON."""
    n = message["n"]
    columns = {}
    for column in message["columns"]:
        values = column.get("values")
        data = buffers[column["buffer"]] if "buffer" in column else None
        if data is None:
            cells = values * n if len(values) == 1 else values
        elif values is not None:
            codes = np.frombuffer(data, f"<u{len(data) // n}")
            cells = [values[code] for code in codes]
        else:
            numbers = np.frombuffer(data, "<f8").tolist()
            cells = [None if number != number else number for number in numbers]
            if column.get("unit") == "ms":
                cells = [_iso(number) for number in cells]
        assert len(cells) == n
        columns[column["name"]] = cells
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _iso(ms: float) -> str:
    time = EPOCH + timedelta(milliseconds=ms)
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
