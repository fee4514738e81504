"""The overlays of a widget: series by name, each to be drawn as a line over the picture.

Invariant: an overlay never changes; one of the same name takes its place under another id, so that
whoever has columns of the old one does not take them for the new one's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from threading import Lock
from typing import Any

from specwidget.errors import ParameterError
from specwidget.overlays.features import Axis
from specwidget.overlays.series import Series

__all__ = ["Line", "Overlay", "Overlays"]

_MOST_LINES = 256


@dataclass(frozen=True)
class Line:
    """One series of an overlay.

    Attributes
    ----------
    name : str
    color : str, optional
        "#rrggbb", or the front end chooses.
    series : Series
        Its values.
    """

    name: str
    color: str | None
    series: Series


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """One series or several, on one axis.

    Attributes
    ----------
    name : str
    lines : tuple of Line
    unit : str
        Of the values, "" for a bare number.
    limits : (float, float), optional
        The ends of the axis; without, the front end fits it to what is in view.
    axis : "own" or "frequency"
        What it is drawn against.
    """

    name: str
    lines: tuple[Line, ...]
    unit: str = ""
    limits: tuple[float, float] | None = None
    axis: Axis = "own"

    def __repr__(self) -> str:
        names = ", ".join(line.name for line in self.lines)
        return f"<overlay {self.name}: {names}{', ' + self.unit if self.unit else ''}>"


class Overlays(Mapping[str, Overlay]):
    """Overlays by name, in the order in which they came."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._numbers = count()
        self._overlays: dict[str, tuple[str, Overlay]] = {}

    def __getitem__(self, name: str) -> Overlay:
        return self._overlays[name][1]

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._overlays))

    def __len__(self) -> int:
        return len(self._overlays)

    def __repr__(self) -> str:
        return f"<overlays: {', '.join(self) or 'none'}>"

    def put(self, overlay: Overlay) -> None:
        """Add an overlay, in the place of one of the same name."""
        with self._lock:
            others = (one for _, one in self._overlays.values() if one.name != overlay.name)
            n = sum(len(one.lines) for one in others) + len(overlay.lines)
            if n > _MOST_LINES:
                raise ParameterError(
                    f"overlay {overlay.name!r} makes it {n} lines; {_MOST_LINES} are the most, so "
                    "remove another one first: w.remove_overlay(name)"
                )
            self._overlays[overlay.name] = (f"o{next(self._numbers)}", overlay)

    def remove(self, name: str) -> None:
        """Take an overlay out.

        Raises
        ------
        ParameterError
            There is none of this name.
        """
        with self._lock:
            if name not in self._overlays:
                there = ", ".join(map(repr, self._overlays)) or "none"
                raise ParameterError(f"there is no overlay {name!r}; there are: {there}")
            del self._overlays[name]

    def series(self, id: str) -> Series | None:
        """Return the series of one line, by the id that `to_json` gives it."""
        overlay_id, _, number = id.partition(".")
        for known, overlay in list(self._overlays.values()):
            if known == overlay_id and number.isdecimal() and int(number) < len(overlay.lines):
                return overlay.lines[int(number)].series
        return None

    def to_json(self) -> list[dict[str, Any]]:
        """Return what is needed to draw each line."""
        return [
            {
                "id": f"{overlay_id}.{number}",
                "overlay": overlay.name,
                "name": line.name,
                "unit": overlay.unit,
                "color": line.color,
                "limits": None if overlay.limits is None else list(overlay.limits),
                "axis": overlay.axis,
            }
            for overlay_id, overlay in list(self._overlays.values())
            for number, line in enumerate(overlay.lines)
        ]


def colored(colors: str | Sequence[str] | Mapping[str, str] | None, names: list[str]) -> list[Any]:
    """Return the colour of each line."""
    if colors is None or isinstance(colors, str):
        return [colors] * len(names)
    if isinstance(colors, Mapping):
        return [colors.get(name) for name in names]
    if len(colors) != len(names):
        raise ParameterError(f"color has {len(colors)} colours for {len(names)} series")
    return list(colors)
