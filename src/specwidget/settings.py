"""Kinds of traits, for what a person sets: each refuses what makes no sense in words.

Invariant: a value that was taken is of one canonical form (tuples of floats, lists of str, int,
bool), whoever wrote it, so that equal settings compare equal.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import traitlets

from specwidget._check import check_int, check_number, shown
from specwidget.errors import ParameterError, ParameterTypeError

__all__ = [
    "COLORMAPS",
    "ChannelChoice",
    "Choice",
    "Flag",
    "Ids",
    "Names",
    "Number",
    "OptionalNumber",
    "Span",
    "Whole",
    "chosen",
    "names_of",
    "span_of",
]

_BASE = ("viridis", "magma", "inferno", "cividis", "gray")
COLORMAPS = _BASE + tuple(f"{name}_r" for name in _BASE)

_MAX_IDS = 1_000_000
_MAX_NAMES = 10_000
_MAX_NAME = 256


def chosen(name: str, value: object, choices: Sequence[str]) -> str:
    """Return `value` if it is one of a few words."""
    if not isinstance(value, str) or value not in choices:
        raise ParameterError(f"{name}={shown(value)} is unknown; give one of {', '.join(choices)}")
    return value


def span_of(name: str, value: object) -> tuple[float, float]:
    """Return `value` as two finite numbers, the first below the second."""
    pair = list(value) if isinstance(value, Iterable) and not isinstance(value, str) else []
    if len(pair) != 2:
        raise ParameterTypeError(
            f"{name}={shown(value)} is no range; give two numbers, such as (0, 1)"
        )
    low, high = (check_number(f"{name}[{i}]", number) for i, number in enumerate(pair))
    if not low < high:
        raise ParameterError(
            f"{name}=({low:g}, {high:g}) is empty; the first number must be the smaller"
        )
    return low, high


def names_of(name: str, value: object, *, blank: bool = False) -> list[str]:
    """Return `value` as a list of names without repetitions; "" is one of them where `blank`."""
    names = list(value) if isinstance(value, Iterable) and not isinstance(value, str) else None
    if (
        names is None
        or len(names) > _MAX_NAMES
        or not all(
            isinstance(one, str) and (blank or one) and len(one) <= _MAX_NAME for one in names
        )
    ):
        raise ParameterTypeError(
            f"{name}={shown(value)} is no list of names; give a list of text, such as ['song']"
        )
    return list(dict.fromkeys(str(one) for one in names))


class Span(traitlets.TraitType[Any, Any]):
    """Two finite numbers, the first below the second."""

    default_value = (0.0, 1.0)

    def validate(self, obj: Any, value: Any) -> tuple[float, float]:
        """Return the two as floats."""
        return span_of(str(self.name), value)


class Ids(traitlets.TraitType[Any, Any]):
    """A list of ids, without repetitions."""

    def make_dynamic_default(self) -> list[str]:
        """Return a list of its own for each widget."""
        return []

    def validate(self, obj: Any, value: Any) -> list[str]:
        """Return the ids as a list."""
        ids = list(value) if isinstance(value, Iterable) and not isinstance(value, str) else None
        if ids is None or len(ids) > _MAX_IDS or not all(isinstance(one, str) for one in ids):
            raise ParameterTypeError(
                f"{self.name}={shown(value)} is no list of ids; give ids of annotations, such as "
                "w.annotations['id'][:3]"
            )
        return list(dict.fromkeys(str(one) for one in ids))


class Choice(traitlets.TraitType[Any, Any]):
    """One of a few words."""

    def __init__(self, choices: Sequence[str], default: str, **more: Any) -> None:
        self.choices = tuple(choices)
        super().__init__(default, **more)

    def validate(self, obj: Any, value: Any) -> str:
        """Return the word."""
        return chosen(str(self.name), value, self.choices)


class Names(traitlets.TraitType[Any, Any]):
    """A list of names, without repetitions; "" is one of them where `blank`."""

    def __init__(self, *, blank: bool = False, **more: Any) -> None:
        self.blank = blank
        super().__init__(**more)

    def make_dynamic_default(self) -> list[str]:
        """Return a list of its own for each widget."""
        return []

    def validate(self, obj: Any, value: Any) -> list[str]:
        """Return the names as a list."""
        return names_of(str(self.name), value, blank=self.blank)


class ChannelChoice(traitlets.TraitType[Any, Any]):
    """``"all"``, ``"mix"``, or a channel's number."""

    def validate(self, obj: Any, value: Any) -> str | int:
        """Return the word or the number."""
        if isinstance(value, str) and value in ("all", "mix"):
            return value
        if isinstance(value, int | np.integer) and not isinstance(value, bool):
            return check_int("channel", value, 0)
        raise ParameterError(
            f"channel={shown(value)} is unknown; give 'all', 'mix' or a number from 0"
        )


class Whole(traitlets.TraitType[Any, Any]):
    """An integer within bounds."""

    def __init__(self, low: int, high: int, default: int, **more: Any) -> None:
        self.low, self.high = low, high
        super().__init__(default, **more)

    def validate(self, obj: Any, value: Any) -> int:
        """Return the number as an int."""
        return check_int(str(self.name), value, self.low, self.high)


class Number(traitlets.TraitType[Any, Any]):
    """A finite number from 0."""

    default_value = 0.0

    def validate(self, obj: Any, value: Any) -> float:
        """Return the number as a float."""
        return check_number(str(self.name), value, 0.0, math.inf)


class OptionalNumber(traitlets.TraitType[Any, Any]):
    """A finite number, or None."""

    default_value = None

    def validate(self, obj: Any, value: Any) -> float | None:
        """Return the number as a float."""
        return None if value is None else check_number(str(self.name), value)


class Flag(traitlets.TraitType[Any, Any]):
    """True or False."""

    default_value = False

    def validate(self, obj: Any, value: Any) -> bool:
        """Return the truth value."""
        if isinstance(value, bool | np.bool_):
            return bool(value)
        raise ParameterTypeError(
            f"{self.name}={shown(value)} is no truth value; give True or False"
        )
