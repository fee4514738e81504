"""Times of creation and change, between datetimes, ISO 8601 and ``datetime64[ns]`` in UTC.

Invariant: what is written is read back exactly, to the nanosecond. A time without a zone is UTC.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal, TypeAlias, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["YEARS", "iso_times", "read_times", "utc_now"]

YEARS: Final = (1678, 2261)
"""The years that 64 bits of nanoseconds hold in full."""

Times: TypeAlias = npt.NDArray[np.datetime64]
Mask: TypeAlias = npt.NDArray[np.bool_]


def utc_now() -> np.datetime64:
    """Give the time of a change, to the millisecond, as both languages write it."""
    now = pd.Timestamp.now("UTC").tz_localize(None).floor("ms")
    return now.as_unit("ns").to_datetime64()


def read_times(values: pd.Series[Any]) -> tuple[Times, Mask, Mask]:
    """Read a column of times.

    Parameters
    ----------
    values : Series
        Datetimes of any unit and zone, or objects: datetimes, ISO 8601, missing values.

    Returns
    -------
    times : ndarray of datetime64[ns] [shape=(n,)]
        UTC.
    given : ndarray of bool [shape=(n,)]
        Where there is one.
    bad : ndarray of bool [shape=(n,)]
        Where there is something else.
    """
    if isinstance(values.dtype, pd.DatetimeTZDtype) or values.dtype.kind == "M":
        return _from_datetimes(values)
    objects = np.asarray(values.astype(object).to_numpy(), dtype=object)
    missing = np.asarray(pd.isna(objects), dtype=np.bool_)
    is_text = np.fromiter((isinstance(v, str) for v in objects.tolist()), np.bool_, len(objects))
    times = np.full(len(objects), np.datetime64("NaT"), dtype="datetime64[ns]")
    bad = np.zeros(len(objects), dtype=np.bool_)
    if is_text.any():
        missing |= is_text & (objects == "")
        texts = pd.Series(objects[is_text], dtype=object)
        parsed = pd.to_datetime(texts, format="ISO8601", utc=True, errors="coerce")
        parsed = parsed.where(texts.str.match(r"\s*\d"))  # not "now" and its like
        times[is_text], _, bad[is_text] = _from_datetimes(parsed)
    for place in np.flatnonzero(~missing & ~is_text):
        time = _stamp(objects[place])
        bad[place] = time is None
        times[place] = np.datetime64("NaT") if time is None else time
    bad |= np.isnat(times) & ~missing
    return times, ~missing & ~bad, bad


def _from_datetimes(values: pd.Series[Any]) -> tuple[Times, Mask, Mask]:
    if values.dt.tz is not None:
        values = values.dt.tz_convert("UTC").dt.tz_localize(None)
    missing = values.isna().to_numpy(dtype=np.bool_)
    years = np.nan_to_num(values.dt.year.to_numpy(dtype=np.float64), nan=2000.0)
    bad = (years < YEARS[0]) | (years > YEARS[1])
    if bad.any():
        values = values.mask(bad)
    return values.to_numpy(dtype="datetime64[ns]"), ~missing & ~bad, bad


def _stamp(value: object) -> np.datetime64 | None:
    if not isinstance(value, datetime | np.datetime64):
        return None
    try:
        time = pd.Timestamp(value)
        if time.tz is not None:
            time = time.tz_convert("UTC").tz_localize(None)
        if not YEARS[0] <= time.year <= YEARS[1]:
            return None
        return time.as_unit("ns").to_datetime64()
    except (ValueError, OverflowError):
        return None


def iso_times(times: Times) -> list[str]:
    """Write times in ISO 8601, with as few digits as are exact: 3, 6 or 9.

    Parameters
    ----------
    times : ndarray of datetime64[ns] [shape=(n,)]
        UTC, without NaT.

    Returns
    -------
    list of str
        Such as ``"2024-05-01T10:20:30.123Z"``.
    """
    unique, inverse = np.unique(times, return_inverse=True)
    ticks = unique.astype(np.int64)
    texts = np.empty(len(unique), dtype=object)
    fine, finer = ticks % 1_000_000 != 0, ticks % 1_000 != 0
    units: tuple[tuple[Literal["ms", "us", "ns"], Mask], ...]
    units = (("ms", ~fine), ("us", fine & ~finer), ("ns", finer))
    for unit, where in units:
        texts[where] = [f"{text}Z" for text in np.datetime_as_string(unique[where], unit=unit)]
    return cast("list[str]", texts[inverse].tolist())
