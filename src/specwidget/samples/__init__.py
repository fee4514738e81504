"""A few short recordings with known content, to try things on.

>>> import specwidget.samples as samples
>>> samples.names()
('bat_bag', 'soundscape', 'tones')
>>> samples.path("soundscape").name
'soundscape.flac'

Invariant: what comes with the package is under 500 kB, made by the code in this folder
(``python -m specwidget.samples.make``), and free of anybody's rights (CC0, see SOURCES.txt).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from specwidget.annotations.schema import COLUMNS, STATUS_DTYPE, STRING_DTYPE, Kind
from specwidget.errors import ParameterError

__all__ = ["describe", "names", "path", "truth"]

_FOLDER = Path(__file__).parent

_ABOUT = {
    "bat_bag": 'a man, then a woman, say "bat" and "bag" (synthetic speech, 16 kHz, 3.8 s)',
    "soundscape": "birds, crickets, a car, snapping twigs and wind (22.05 kHz, 24 s)",
    "tones": "tones, a sweep, a beat and a click, in stereo (16 kHz, 7.5 s)",
}

_DTYPES: dict[Kind, Any] = {
    Kind.TEXT: STRING_DTYPE,
    Kind.NUMBER: "float64",
    Kind.CHANNEL: "Int64",
    Kind.STATUS: STATUS_DTYPE,
    Kind.TIME: STRING_DTYPE,
}
_NUMBERS = [c.name for c in COLUMNS.values() if c.kind in (Kind.NUMBER, Kind.CHANNEL)]
_TIMES = [c.name for c in COLUMNS.values() if c.kind is Kind.TIME]


def names() -> tuple[str, ...]:
    """The names of the sample recordings."""
    return tuple(_ABOUT)


def describe(name: str) -> str:
    """What a sample recording holds, in one line."""
    return _ABOUT[_known(name)]


def path(name: str) -> Path:
    """Where a sample recording lies on this machine, a FLAC file.

    Parameters
    ----------
    name : str
        One of `names`.

    Raises
    ------
    ParameterError
        If there is no sample of that name.
    """
    return _FOLDER / f"{_known(name)}.flac"


def truth(name: str) -> pd.DataFrame:
    """What is in a sample recording, known because it was made that way.

    Parameters
    ----------
    name : str
        One of `names`.

    Returns
    -------
    pandas.DataFrame
        Intervals and boxes in the columns of ``w.annotations``, ordered by time. ``recording`` is
        the file's path, as a widget that was given `path` calls it.

    Raises
    ------
    ParameterError
        If there is no sample of that name.
    """
    audio = path(name)
    frame = pd.read_csv(
        audio.with_suffix(".csv"),
        dtype={column.name: _DTYPES[column.kind] for column in COLUMNS.values()},
        keep_default_na=False,
        na_values={name: [""] for name in _NUMBERS},
    )
    frame["recording"] = pd.array([str(audio)] * len(frame), dtype=STRING_DTYPE)
    return frame.astype({name: "datetime64[ns, UTC]" for name in _TIMES})


def _known(name: str) -> str:
    if name not in _ABOUT:
        raise ParameterError(
            f"name={name!r} is not a sample recording; there are: {', '.join(_ABOUT)}"
        )
    return name
