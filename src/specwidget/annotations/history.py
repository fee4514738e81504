"""All that was done to the annotations, as far back as the table goes.

Invariant: steps 1 to ``at`` are done, those after it are undone; a new step takes the place of all
that are undone. Step 0 is the beginning. There is no limit; a small step takes some 500 bytes.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from specwidget.annotations.compact import Packed, Packer, unpack
from specwidget.annotations.delta import Delta, Source
from specwidget.annotations.schema import STRING_DTYPE
from specwidget.annotations.times import iso_times
from specwidget.errors import AnnotationError

__all__ = ["History"]


@dataclass(frozen=True, slots=True)
class _Step:
    packed: Packed
    rows: int
    text: str
    source: Source
    ticks: int


class History:
    """The steps of a table, and which of them are done."""

    def __init__(self) -> None:
        self._steps: list[_Step] = []
        self._at = 0
        self._packer = Packer()

    def __len__(self) -> int:
        return len(self._steps)

    @property
    def at(self) -> int:
        """The step that was done last; 0 if none is."""
        return self._at

    @property
    def undo_text(self) -> str | None:
        """What would be undone, such as ``"add song"``; None if there is nothing."""
        return self._steps[self._at - 1].text if self._at else None

    @property
    def redo_text(self) -> str | None:
        """What would be done again; None if there is nothing."""
        return self._steps[self._at].text if self._at < len(self._steps) else None

    def record(self, delta: Delta, text: str, source: Source, time: np.datetime64) -> None:
        """Add a step that was done just now."""
        del self._steps[self._at :]
        packed = self._packer.pack(delta)
        ticks = int(time.astype(np.int64))
        self._steps.append(_Step(packed, len(delta), sys.intern(text), source, ticks))
        self._at += 1

    def clear(self) -> None:
        """Make what there is the beginning."""
        self._steps.clear()
        self._at = 0

    def target(self, verb: str, steps: int) -> int:
        """Give the step that is reached by undoing or redoing some.

        Raises
        ------
        AnnotationError
            If there are not so many.
        """
        possible = self._at if verb == "undo" else len(self._steps) - self._at
        if not possible:
            raise AnnotationError(f"nothing to {verb}")
        if steps > possible:
            raise AnnotationError(f"steps={steps}: there are only {possible} to {verb}")
        return self._at - steps if verb == "undo" else self._at + steps

    def path(self, step: int) -> tuple[list[Delta], str]:
        """Give the changes that lead to a step from where the table is, and words for them.

        Raises
        ------
        AnnotationError
            If there is no such step.
        """
        if not 0 <= step <= len(self._steps):
            raise AnnotationError(
                f"step={step}: there is no such step; give one of 0 to {len(self._steps)}"
            )
        if step < self._at:
            ways = self._steps[step : self._at]
            deltas = [unpack(way.packed).inverse() for way in reversed(ways)]
        else:
            ways = self._steps[self._at : step]
            deltas = [unpack(way.packed) for way in ways]
        text = ways[0].text if len(ways) == 1 else f"{len(ways)} steps"
        return deltas, text

    def go(self, step: int) -> None:
        """Take it that the table is now as it was after a step."""
        self._at = step

    def frame(self) -> pd.DataFrame:
        """Give all steps as a DataFrame, the first one first."""
        steps = self._steps
        times = np.array([step.ticks for step in steps], dtype="datetime64[ns]")
        return pd.DataFrame(
            {
                "step": np.arange(1, len(steps) + 1),
                "text": pd.array([step.text for step in steps], dtype=STRING_DTYPE),
                "source": pd.array([step.source for step in steps], dtype=STRING_DTYPE),
                "time": pd.DatetimeIndex(times, tz="UTC"),
                "rows": np.array([step.rows for step in steps], dtype=np.int64),
                "undone": np.arange(1, len(steps) + 1) > self._at,
            }
        )

    def entries(self, most: int) -> list[dict[str, Any]]:
        """Give the steps nearest to where the table is, at most so many, for a view."""
        first = max(0, min(self._at - most // 2, len(self._steps) - most))
        steps = self._steps[first : first + most]
        times = iso_times(np.array([step.ticks for step in steps], dtype="datetime64[ns]"))
        return [
            {
                "step": first + n + 1,
                "text": step.text,
                "source": step.source,
                "time": time,
                "rows": step.rows,
            }
            for n, (step, time) in enumerate(zip(steps, times, strict=True))
        ]
