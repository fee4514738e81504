"""Checks of arguments: what passes has the declared type and lies in the declared range.

Every refusal names the argument, the value, and what would be accepted.
"""

from __future__ import annotations

import math
import numbers
import operator
from typing import SupportsFloat, cast

import numpy as np

from specwidget.errors import ParameterError, ParameterTypeError

__all__ = ["check_bool", "check_int", "check_number", "shown"]


def shown(value: object, limit: int = 60) -> str:
    """Return `value` as it appears in a message: its repr, cut to `limit` characters."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def check_bool(name: str, value: object) -> bool:
    """Return `value` as a bool; NumPy's are taken, numbers are not.

    Raises
    ------
    ParameterTypeError
        It is no truth value.
    """
    if not isinstance(value, (bool, np.bool_)):
        raise ParameterTypeError(f"{name}={shown(value)} is no truth value; give True or False")
    return bool(value)


def check_int(name: str, value: object, low: int, high: int | None = None) -> int:
    """Return `value` as an int in ``[low, high]``.

    Raises
    ------
    ParameterTypeError
        It is no integer; booleans are refused, integral floats too.
    ParameterError
        It is out of range.
    """
    accepted = f"an integer of at least {low}" if high is None else f"an integer in {low}..{high}"
    if isinstance(value, bool):
        raise ParameterTypeError(f"{name}={value!r} is a truth value; give {accepted}")
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise ParameterTypeError(f"{name}={shown(value)} is {_a(value)}; give {accepted}") from None
    if number < low or (high is not None and number > high):
        raise ParameterError(f"{name}={number} is out of range; give {accepted}")
    return number


def check_number(
    name: str, value: object, low: float = -math.inf, high: float = math.inf, *, unit: str = ""
) -> float:
    """Return `value` as a finite float in ``[low, high]``.

    Raises
    ------
    ParameterTypeError
        It is no real number; booleans are refused.
    ParameterError
        It is NaN, infinite or out of range.
    """
    ends = ("" if low == -math.inf else f" of at least {low:g}") + (
        "" if high == math.inf else f"{' and' if low != -math.inf else ''} at most {high:g}"
    )
    accepted = f"a finite number{ends}{' ' + unit if unit else ''}"
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise ParameterTypeError(f"{name}={shown(value)} is {_a(value)}; give {accepted}")
    number = float(cast(SupportsFloat, value))
    if not math.isfinite(number) or not low <= number <= high:
        raise ParameterError(f"{name}={value!r} makes no sense; give {accepted}")
    return number


def _a(value: object) -> str:
    return f"of type {type(value).__name__}"
