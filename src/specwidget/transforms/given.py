"""What the pictures share that somebody gives: their rows, and what their values mean."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from specwidget._check import check_number, shown
from specwidget.errors import ParameterError, ParameterTypeError
from specwidget.transforms.rows import IndexRows, band_of, checked_frequencies
from specwidget.transforms.units import Units
from specwidget.transforms.valued import Valued

__all__ = ["GivenRows"]

_MOST_LETTERS = 80


class GivenRows(IndexRows, Valued):
    """Rows that are frequencies if those are given, or numbered; equal if of the same things.

    Parameters
    ----------
    frequencies : array-like or None
        The centre of every row in Hz, ascending.
    name, unit : str
        What a value is called, and its unit.
    limits : (float, float) or None
        The least and the most that values are drawn at.
    """

    def __init__(
        self, frequencies: object, name: str, unit: str, limits: tuple[float, float] | None
    ) -> None:
        self._frequencies = None if frequencies is None else checked_frequencies(frequencies)
        self._units = Units(
            name=_checked_text("name", name),
            unit=_checked_text("unit", unit),
            limits=None if limits is None else _checked_limits(limits),
            row_label="row" if frequencies is None else None,
        )

    @property
    def _given_rows(self) -> int | None:
        return None if self._frequencies is None else len(self._frequencies)

    def frequencies(self, sr: float) -> NDArray[np.float64]:
        """Return the centre of every row [shape=(n_bins,)]: in Hz, or 0.5, 1.5 and so on."""
        if self._frequencies is None:
            return super().frequencies(sr)
        return self._frequencies.copy()

    def band(self, sr: float) -> tuple[float, float]:
        """Return the lower end of the lowest row and the upper end of the highest."""
        return super().band(sr) if self._frequencies is None else band_of(self._frequencies)

    def units(self, sr: float) -> Units:
        """Return what values and rows mean."""
        return self._units

    def to_json(self) -> dict[str, Any]:
        """Return what can be told of it in JSON."""
        limits = self._units.limits
        return {
            "type": type(self).__name__,
            "name": self._units.name,
            "unit": self._units.unit,
            "limits": None if limits is None else list(limits),
        }

    def _key(self) -> tuple[object, ...]:
        """Return what is the same for equal ones, beside rows and units."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        assert isinstance(other, GivenRows)
        return self._whole_key() == other._whole_key()

    def __hash__(self) -> int:
        return hash(self._whole_key())

    def _whole_key(self) -> tuple[object, ...]:
        rows = None if self._frequencies is None else tuple(self._frequencies)
        return (*self._key(), rows, self._units)

    def __repr__(self) -> str:
        told = {name: value for name, value in self.to_json().items() if name != "type"}
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in told.items())})"


def _checked_text(name: str, text: object) -> str:
    if not isinstance(text, str):
        raise ParameterTypeError(f"{name}={shown(text)} is no text; give a str")
    if len(text) > _MOST_LETTERS:
        raise ParameterError(f"{name}={shown(text)} is long; give at most {_MOST_LETTERS} letters")
    return text


def _checked_limits(limits: object) -> tuple[float, float]:
    if not isinstance(limits, (tuple, list, np.ndarray)) or len(limits) != 2:
        raise ParameterTypeError(f"limits={shown(limits)} is no range; give two numbers")
    low, high = check_number("limits[0]", limits[0]), check_number("limits[1]", limits[1])
    if not low < high:
        raise ParameterError(f"limits=({low:g}, {high:g}) is empty; the first must be the smaller")
    return low, high
