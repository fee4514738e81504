"""Where each part of a still picture lies, in pixels, after the live widget's arrangement.

Invariant: all panes and the time axis share one horizontal extent, so that a time is at the same x
in all of them; waveforms come first, then spectrograms, one pane a lane.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["HEIGHT", "WIDTH", "Layout", "Rect", "still_layout"]

WIDTH = 900
HEIGHT = 380

_GUTTER = 58
_MARGIN = 58
_BAR_GAP = 10
_BAR_WIDTH = 12
_TITLE = 24
_TIME_AXIS = 24
_GAP = 4
_WAVE_SHARE = 0.28


@dataclass(frozen=True)
class Rect:
    """Pixels: columns `x` to `x + width`, rows `y` to `y + height`, ends excluded."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The first column to the right of it."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """The first row below it."""
        return self.y + self.height

    def clip(self, other: Rect) -> Rect:
        """Give the part of this rectangle that lies in another, of size 0 where there is none."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        right, bottom = min(self.right, other.right), min(self.bottom, other.bottom)
        return Rect(x, y, max(right - x, 0), max(bottom - y, 0))


@dataclass(frozen=True)
class Layout:
    """The parts of a picture of `width` by `height` pixels; `waves` and `specs` by lane."""

    width: int
    height: int
    title: Rect
    waves: tuple[Rect, ...]
    specs: tuple[Rect, ...]
    time_axis: Rect
    colorbar: Rect


def still_layout(width: int = WIDTH, height: int = HEIGHT, n_lanes: int = 1) -> Layout:
    """Arrange a picture; every pane gets at least a few pixels, however small the whole."""
    lanes = max(n_lanes, 1)
    plot = max(width - _GUTTER - _MARGIN, 16)
    free = max(height - _TITLE - _TIME_AXIS - _GAP * (2 * lanes - 1), 16 * lanes)
    wave_height = max(round(free * _WAVE_SHARE / lanes), 6)
    spec_height = max((free - wave_height * lanes) // lanes, 8)
    panes = []
    y = _TITLE
    for pane_height in [wave_height] * lanes + [spec_height] * lanes:
        panes.append(Rect(_GUTTER, y, plot, pane_height))
        y += pane_height + _GAP
    bottom = y - _GAP
    specs = tuple(panes[lanes:])
    return Layout(
        width=_GUTTER + plot + _MARGIN,
        height=bottom + _TIME_AXIS,
        title=Rect(0, 0, _GUTTER + plot + _MARGIN, _TITLE),
        waves=tuple(panes[:lanes]),
        specs=specs,
        time_axis=Rect(_GUTTER, bottom, plot, _TIME_AXIS),
        colorbar=Rect(_GUTTER + plot + _BAR_GAP, specs[0].y, _BAR_WIDTH, bottom - specs[0].y),
    )
