"""The columns of the annotations: their kinds, limits and dtypes.

Invariant: this is the one place that lists the columns. Inside the table every column is a NumPy
array of its kind's storage; a missing value is NaN in numbers, `ALL_CHANNELS` in ``channel``, ""
in text, and never in ``id``, ``status`` and the two times. Text is a Python ``str``.

In a DataFrame, text is ``pd.StringDtype("python")``: of all string dtypes it is the one that
pandas 2 and 3 both have, that needs no pyarrow, and that is the same whether pyarrow is there or
not. (The bare ``str`` of pandas 3 is another dtype, and ``object`` on pandas 2.)
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = [
    "ALL_CHANNELS",
    "COLUMNS",
    "NAMES",
    "REQUIRED",
    "STATUSES",
    "STATUS_DTYPE",
    "STRING_DTYPE",
    "Array",
    "ColumnSpec",
    "Kind",
    "new_ids",
]

Array: TypeAlias = npt.NDArray[Any]

STATUSES: Final = ("draft", "accepted", "rejected")
STRING_DTYPE: Final = pd.StringDtype("python")
STATUS_DTYPE: Final = pd.CategoricalDtype(list(STATUSES))
ALL_CHANNELS: Final = -1
"""How the array of ``channel`` says NA."""


class Kind(Enum):
    """What the cells of a column are."""

    TEXT = "text"
    NUMBER = "number"
    CHANNEL = "channel"
    STATUS = "status"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """One column of every table.

    Parameters
    ----------
    name : str
    kind : Kind
    default : object
        What a new row has where nothing is said, in the storage of the kind. "" and NaT stand for
        what only the table knows, where `nullable` is false.
    nullable : bool
        Whether a cell can be emptied. Where it cannot, a missing value leaves the cell as it is.
    max_length : int
        Of text, in characters.
    """

    name: str
    kind: Kind
    default: object = ""
    nullable: bool = True
    max_length: int = 0


_UNSET = np.datetime64("NaT", "ns")

_SPECS = (
    ColumnSpec("id", Kind.TEXT, nullable=False, max_length=256),
    ColumnSpec("recording", Kind.TEXT, nullable=False, max_length=4_096),
    ColumnSpec("channel", Kind.CHANNEL, ALL_CHANNELS),
    ColumnSpec("tier", Kind.TEXT, max_length=256),
    ColumnSpec("start", Kind.NUMBER, np.nan),
    ColumnSpec("end", Kind.NUMBER, np.nan),
    ColumnSpec("low_freq", Kind.NUMBER, np.nan),
    ColumnSpec("high_freq", Kind.NUMBER, np.nan),
    ColumnSpec("label", Kind.TEXT, max_length=256),
    ColumnSpec("score", Kind.NUMBER, np.nan),
    ColumnSpec("source", Kind.TEXT, "manual", nullable=False, max_length=1_024),
    ColumnSpec("status", Kind.STATUS, nullable=False, max_length=64),
    ColumnSpec("annotator", Kind.TEXT, max_length=256),
    ColumnSpec("note", Kind.TEXT, max_length=65_536),
    ColumnSpec("created_at", Kind.TIME, _UNSET, nullable=False),
    ColumnSpec("updated_at", Kind.TIME, _UNSET, nullable=False),
)
COLUMNS: Final[Mapping[str, ColumnSpec]] = {spec.name: spec for spec in _SPECS}
NAMES: Final = tuple(COLUMNS)
REQUIRED: Final = ("start", "end", "label")

STORAGE: Final[Mapping[Kind, np.dtype[Any]]] = {
    Kind.TEXT: np.dtype(object),
    Kind.NUMBER: np.dtype(np.float64),
    Kind.CHANNEL: np.dtype(np.int64),
    Kind.STATUS: np.dtype(object),
    Kind.TIME: np.dtype("datetime64[ns]"),
}
"""The dtype of the array of a column, by its kind."""

_ALPHABET = b"abcdefghijklmnopqrstuvwxyz234567"
_DIGITS = bytes(_ALPHABET[byte % 32] for byte in range(256))
_ID_LENGTH = 12


def new_ids(n: int) -> list[str]:
    """Make ids at random, 60 bits each.

    They begin with a letter and hold no dot, so that no spreadsheet or CSV reader takes one for a
    number.
    """
    text = os.urandom(n * _ID_LENGTH).translate(_DIGITS).decode("ascii")
    return ["k" + text[i : i + _ID_LENGTH] for i in range(0, n * _ID_LENGTH, _ID_LENGTH)]
