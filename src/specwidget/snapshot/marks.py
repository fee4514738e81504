"""Draws annotations over the panes of a still picture.

Invariant: a row draws what it has: a box, an interval or a point over all frequencies, or, without
times, a chip beside the title. A row that makes no sense draws nothing and breaks nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from specwidget.snapshot.canvas import Canvas, plain, text_mask
from specwidget.snapshot.colors import (
    PANE,
    RIM,
    RMS,
    WAVE,
    Color,
    blend,
    ink_on,
    lighter,
    parse_color,
)
from specwidget.snapshot.layout import Rect
from specwidget.snapshot.scales import FreqScale

__all__ = ["CHIP_HEIGHT", "Mark", "chip", "draw_on_spectrogram", "draw_on_waveform", "marks"]

CHIP_HEIGHT = 15

_CHIP_PADDING = 4
_CHIP_LEAST = 14
_WIDE = 8
_CROWD = 10
_FAR = 1 << 20


@dataclass(frozen=True)
class Mark:
    """An annotation to draw; without `start` it labels the whole recording."""

    label: str
    color: Color
    start: float | None
    end: float | None
    low_freq: float | None
    high_freq: float | None
    channel: int | None
    dashed: bool


def _number(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def marks(
    rows: Iterable[Mapping[str, Any]],
    colors: Mapping[str, str],
    view: tuple[float, float],
    most: int,
) -> tuple[list[Mark], int]:
    """Read annotation rows: those in view and of the whole recording, and how many there are.

    If there are more than `most`, that many are given, evenly chosen.
    """
    found: list[tuple[Mapping[str, Any], float | None, float | None]] = []
    for row in rows:
        start, end = _number(row.get("start")), _number(row.get("end"))
        if start is None or end is None:
            start = end = None
        elif not (start <= end and end >= view[0] and start <= view[1]):
            continue
        found.append((row, start, end))
    count = len(found)
    if count > most:
        found = [found[k * count // most] for k in range(most)]
    return [_mark(row, colors, start, end) for row, start, end in found], count


def _mark(
    row: Mapping[str, Any], colors: Mapping[str, str], start: float | None, end: float | None
) -> Mark:
    label, status = row.get("label"), row.get("status")
    channel = _number(row.get("channel"))
    return Mark(
        label=plain(label) if isinstance(label, str) else "",
        color=parse_color(colors.get(label) if isinstance(label, str) else None),
        start=start,
        end=end,
        low_freq=_number(row.get("low_freq")),
        high_freq=_number(row.get("high_freq")),
        channel=None if channel is None else int(channel),
        dashed=isinstance(status, str) and status in ("draft", "rejected"),
    )


def _extent(mark: Mark, pane: Rect, view: tuple[float, float]) -> Rect:
    """Give the part of a pane that lies under a mark in time; a point is no pixels wide."""
    assert mark.start is not None and mark.end is not None
    scale = pane.width / (view[1] - view[0])
    left, right = (
        pane.x + round(min(max((at - view[0]) * scale, -_FAR), _FAR))
        for at in (mark.start, mark.end)
    )
    return Rect(left, pane.y, right - left, pane.height)


def draw_on_waveform(
    canvas: Canvas, pane: Rect, found: Iterable[Mark], view: tuple[float, float]
) -> None:
    """Colour the stretches of a waveform that are under marks, and the ground behind them."""
    number = canvas.palette.number
    plain_wave = canvas.block(pane).copy()
    for mark in _longest_first(found):
        extent = _extent(mark, pane, view)
        recolour = np.arange(256, dtype=np.uint8)
        recolour[number(PANE)] = number(blend(PANE, mark.color, 0.2))
        recolour[number(WAVE)] = number(mark.color)
        recolour[number(RMS)] = number(blend(mark.color, (0, 0, 0), 0.25))
        under = extent.clip(pane)
        canvas.block(under)[:] = recolour[plain_wave[:, under.x - pane.x : under.right - pane.x]]
        lines = Rect(extent.x, extent.y, max(extent.width, 1), extent.height)
        canvas.border(lines, mark.color, pane, sides="lr", dashed=mark.dashed)


def draw_on_spectrogram(
    canvas: Canvas,
    pane: Rect,
    found: Iterable[Mark],
    view: tuple[float, float],
    scale: FreqScale,
) -> None:
    """Outline boxes and intervals, each with its label."""
    timed = _longest_first(found)
    crowded = len(timed) * _CROWD > pane.width
    chips: list[tuple[Rect, Mark, bool]] = []
    for mark in timed:
        extent = _extent(mark, pane, view)
        sides = "lr"
        if mark.low_freq is not None and mark.high_freq is not None:
            units = scale.to_unit(np.array([mark.high_freq, mark.low_freq]))
            top, bottom = (
                pane.bottom - round(min(max(unit * pane.height, -_FAR), _FAR)) for unit in units
            )
            extent = Rect(extent.x, top, extent.width, bottom - top)
            sides = "lrtb"
        # A dark rim keeps every colour legible on every colormap, as long as there is room for it.
        line = lighter(mark.color)
        lines = [(0, line)] if crowded else [(2, RIM), (1, line)]
        if min(extent.width, extent.height) >= _WIDE:
            lines = [(2, RIM), (-1, RIM), (1, line), (0, line)]
        for grown, color in lines:
            outline = _grown(extent, grown, framed=len(sides) == 4)
            dashed = mark.dashed and color is not RIM
            canvas.border(outline, color, pane, sides=sides, dashed=dashed)
        chips.append((extent, mark, len(sides) == 4))
    taken = np.zeros((pane.height, pane.width), dtype=np.bool_)
    for extent, mark, framed in chips:
        if mark.label:
            _draw_chip(canvas, pane, extent, mark, taken, framed=framed)


def _longest_first(found: Iterable[Mark]) -> list[Mark]:
    """Give the marks that have times, so that short ones come to lie over long ones."""
    timed = [mark for mark in found if mark.start is not None and mark.end is not None]
    return sorted(timed, key=lambda mark: mark.start - mark.end)  # type: ignore[operator]


def _grown(rect: Rect, by: int, *, framed: bool) -> Rect:
    """Give a rectangle with its sides moved outwards, never thinner than a pixel."""
    width, height = max(rect.width + 2 * by, 1), max(rect.height + 2 * by, 1)
    if not framed:
        return Rect(rect.x - by, rect.y, width, rect.height)
    return Rect(rect.x - by, rect.y - by, width, height)


def _draw_chip(
    canvas: Canvas,
    pane: Rect,
    extent: Rect,
    mark: Mark,
    taken: NDArray[np.bool_],
    *,
    framed: bool,
) -> None:
    """Draw a label where no other is, as wide as its mark if there is no more room."""
    width = text_mask(mark.label).shape[1] + 2 * _CHIP_PADDING
    left = max(extent.x, pane.x)
    # Above a box where there is room, else inside: the sound under it stays visible.
    above = extent.y - CHIP_HEIGHT
    top = above if framed and above >= pane.y else max(extent.y, pane.y)
    for room in (width, min(width, extent.clip(pane).width)):
        place = Rect(left, top, room, CHIP_HEIGHT).clip(pane)
        rows = slice(place.y - pane.y, place.bottom - pane.y)
        columns = slice(place.x - pane.x, place.right - pane.x)
        if place.width >= _CHIP_LEAST and not taken[rows, columns].any():
            taken[rows, columns] = True
            chip(canvas, left, top, mark, place)
            return


def chip(canvas: Canvas, x: int, y: int, mark: Mark, clip: Rect) -> int:
    """Draw a label on a ground of its colour; how wide it was."""
    mask = text_mask(mark.label)
    width = mask.shape[1] + 2 * _CHIP_PADDING
    ground = Rect(x, y, width, CHIP_HEIGHT).clip(clip)
    canvas.fill(ground, mark.color)
    ramp = canvas.palette.ramp(mark.color, ink_on(mark.color))
    canvas.text(x + _CHIP_PADDING, y + (CHIP_HEIGHT - mask.shape[0]) // 2, mask, ramp, ground)
    return ground.width
