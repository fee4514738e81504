"""Draws the axes of a still picture: ticks and their texts, names of channels, the colour bar.

Invariant: every text lies wholly on the page; a tick at the very edge has its text moved in.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from specwidget.snapshot.canvas import Canvas, plain, text_mask
from specwidget.snapshot.colors import MUTED, PAGE, TEXT, Color
from specwidget.snapshot.layout import Rect
from specwidget.snapshot.scales import Tick, value_ticks

__all__ = ["colorbar", "lane_name", "side_axis", "time_axis"]

_TICK = 4
_GAP = 3
_NAME_LEAST = 40


def side_axis(
    canvas: Canvas, pane: Rect, ticks: Sequence[Tick], places: Sequence[float], *, left: bool = True
) -> None:
    """Write ticks beside a pane, at places from 0 (bottom) to 1 (top)."""
    ramp = canvas.palette.ramp(PAGE, TEXT)
    for tick, place in zip(ticks, places, strict=True):
        y = pane.bottom - round(place * pane.height)
        y = min(max(y, pane.y), pane.bottom - 1)
        x = pane.x - _TICK if left else pane.right
        canvas.fill(Rect(x, y, _TICK, 1), MUTED)
        mask = text_mask(tick.text)
        height, width = mask.shape
        top = min(max(y - height // 2, pane.y - height // 4), pane.bottom - height + height // 4)
        canvas.text(x - _GAP - width if left else x + _TICK + _GAP, top, mask, ramp)


def time_axis(canvas: Canvas, rect: Rect, ticks: Sequence[Tick], view: tuple[float, float]) -> None:
    """Write ticks below the panes."""
    ramp = canvas.palette.ramp(PAGE, TEXT)
    for tick in ticks:
        x = rect.x + round((tick.value - view[0]) / (view[1] - view[0]) * rect.width)
        x = min(max(x, rect.x), rect.right - 1)
        canvas.fill(Rect(x, rect.y, 1, _TICK), MUTED)
        mask = text_mask(tick.text)
        left = min(max(x - mask.shape[1] // 2, 0), canvas.bounds.right - mask.shape[1])
        canvas.text(left, rect.y + _TICK + 2, mask, ramp)


def colorbar(
    canvas: Canvas, rect: Rect, shades: Sequence[Color], low: float, high: float, title: str
) -> None:
    """Draw the colours from `low` (bottom) to `high` (top), and what they are of."""
    numbers = np.array([canvas.palette.number(shade) for shade in shades], dtype=np.uint8)
    steps = np.arange(rect.height) * len(shades) // rect.height
    canvas.block(rect)[:] = numbers[steps[::-1], np.newaxis]
    ticks = value_ticks(low, high, rect.height)
    places = [(tick.value - low) / (high - low) for tick in ticks]
    side_axis(canvas, rect, ticks, places, left=False)
    mask = text_mask(_fitting(plain(title), canvas.bounds.right - rect.x))
    canvas.text(rect.x, rect.y - mask.shape[0] - 2, mask, canvas.palette.ramp(PAGE, MUTED))


def _fitting(text: str, width: int) -> str:
    """Give a text, or as much of it as there is room for."""
    short = text
    while len(short) > 1 and text_mask(short).shape[1] > width:
        text = text[:-1]
        short = text + "..."
    return short


def lane_name(canvas: Canvas, pane: Rect, name: str) -> None:
    """Write the name of a channel, or of rows, upwards along a pane's left side."""
    mask = np.rot90(text_mask(name))
    if pane.height >= max(_NAME_LEAST, mask.shape[0]):
        top = pane.y + (pane.height - mask.shape[0]) // 2
        canvas.text(0, top, mask, canvas.palette.ramp(PAGE, MUTED))
