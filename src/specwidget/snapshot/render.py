"""Draws waveform, spectrogram and annotations into a PNG, for viewers without a kernel.

Invariant: pure. The same values give the same bytes; nothing of the recording is read, and no
label, however odd, is anything but text. It looks as the live widget does in a light theme.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from specwidget.snapshot.axes import colorbar, lane_name, side_axis, time_axis
from specwidget.snapshot.canvas import Canvas, plain, text_mask
from specwidget.snapshot.colors import (
    LINE,
    MUTED,
    PAGE,
    PANE,
    RMS,
    TEXT,
    WAVE,
    Color,
    colormap_colors,
)
from specwidget.snapshot.gather import Still
from specwidget.snapshot.layout import HEIGHT, WIDTH, Layout, Rect, still_layout
from specwidget.snapshot.marks import (
    CHIP_HEIGHT,
    Mark,
    chip,
    draw_on_spectrogram,
    draw_on_waveform,
    marks,
)
from specwidget.snapshot.pool import Floats
from specwidget.snapshot.scales import (
    amplitude_ticks,
    freq_scale,
    freq_ticks,
    row_ticks,
    time_ticks,
)

__all__ = ["render_png"]

SHADES = 64
MOST_ROWS = 300
MOST_BYTES = 120_000

_AMPLITUDES = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0)


def render_png(
    still: Still,
    *,
    rows: Iterable[Mapping[str, Any]] = (),
    colors: Mapping[str, str] | None = None,
    db_range: tuple[float, float] = (-80.0, 0.0),
    ref_db: float = 0.0,
    colormap: str = "viridis",
    amplitude: float | None = None,
    title: str = "",
    width: int = WIDTH,
    height: int = HEIGHT,
) -> bytes:
    """Draw a still picture.

    Parameters
    ----------
    still : Still
        What `still_inputs` computed, for the same `width` and `height`.
    rows : iterable of mapping
        Annotations, column -> value; a missing value is None or NaN. Of more than 300 in
        view, 300 are drawn, evenly chosen, and it is said how many are not.
    colors : mapping of str to str, optional
        Label -> "#rrggbb"; a label that is not in it is drawn grey.
    db_range : tuple of float
        The values that the two ends of the colormap stand for, dB relative to `ref_db`.
    ref_db : float
        What reads as 0 dB, in dB with ``ref=1.0``.
    colormap : str
        One of the widget's colormaps, with or without ``_r``.
    amplitude : float, optional
        Where the amplitude axis ends; by default at the first round number that holds the
        waveform.
    title : str
        Written above the picture.
    width, height : int
        Size in pixels.

    Returns
    -------
    bytes
        A PNG file.

    Raises
    ------
    ParameterError
        If there is no such colormap.
    """
    layout = still_layout(width, height, len(still.channels))
    low, high = db_range if db_range[1] > db_range[0] else (db_range[0], db_range[0] + 1.0)
    top = amplitude if amplitude is not None and amplitude > 0 else _amplitude(still.waveform)
    found, count = marks(rows, colors or {}, still.view, MOST_ROWS)

    def draw(n_shades: int) -> bytes:
        canvas = Canvas(layout.width, layout.height, PAGE)
        shades = colormap_colors(colormap, n_shades)
        _waveforms(canvas, layout, still, found, top)
        _spectrograms(canvas, layout, still, found, shades, (ref_db + low, ref_db + high))
        ticks = time_ticks(*still.view, layout.time_axis.width)
        time_axis(canvas, layout.time_axis, ticks, still.view)
        unit = still.units.unit or still.units.name
        colorbar(canvas, layout.colorbar, shades, low, high, unit)
        notes = [] if still.exact else ["estimate"]
        if count > len(found):
            notes.append(f"{count - len(found):,} more annotations")
        _title(canvas, layout, title, [mark for mark in found if mark.start is None], notes)
        return canvas.png()

    png = draw(SHADES)
    return png if len(png) <= MOST_BYTES else draw(SHADES // 3)


def _waveforms(
    canvas: Canvas, layout: Layout, still: Still, found: Sequence[Mark], top: float
) -> None:
    for lane, pane in enumerate(layout.waves):
        canvas.fill(pane, PANE)
        canvas.fill(Rect(pane.x, pane.y + pane.height // 2, pane.width, 1), LINE)
        _wave(canvas, pane, still.waveform[lane], top)
        draw_on_waveform(canvas, pane, _in_lane(found, still, lane), still.view)
        ticks = amplitude_ticks(top, pane.height)
        side_axis(canvas, pane, ticks, [(tick.value / top + 1.0) / 2.0 for tick in ticks])
        if len(still.channels) > 1:
            lane_name(canvas, pane, _channel_name(still, lane))


def _wave(canvas: Canvas, pane: Rect, waveform: Floats, top: float) -> None:
    """Draw one lane [shape=(3, columns)] as a band from minimum to maximum, RMS within."""
    shown = np.clip(_fitted(waveform, pane.width, axis=1), -2.0 * top, 2.0 * top)
    low, high, rms = shown.astype(np.float64)
    # Neighbours touch, so that a steep line is drawn without gaps.
    low[1:], high[1:] = np.fmin(low[1:], high[:-1]), np.fmax(high[1:], low[:-1])
    y = np.arange(pane.height)[:, np.newaxis]
    block = canvas.block(pane)

    def row(values: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, Any]:
        return np.clip(np.floor((1.0 - values / top) / 2.0 * pane.height), 0, pane.height - 1)

    block[(y >= row(high)) & (y <= row(low))] = canvas.palette.number(WAVE)
    # Where a column is a line, it has no inside.
    inside = (y > row(rms)) & (y < row(-rms)) & (high - low > rms)
    block[inside] = canvas.palette.number(RMS)


def _spectrograms(
    canvas: Canvas,
    layout: Layout,
    still: Still,
    found: Sequence[Mark],
    shades: Sequence[Color],
    levels: tuple[float, float],
) -> None:
    numbers = np.array([canvas.palette.number(c) for c in [*shades, PANE]], dtype=np.uint8)
    scale = freq_scale(still.freq_axis, *still.freq_view)
    gain = len(shades) / (levels[1] - levels[0])
    for lane, pane in enumerate(layout.specs):
        db = _fitted(_fitted(still.spectrogram[lane], pane.height, axis=0), pane.width, axis=1)
        step = np.clip((db[::-1] - np.float32(levels[0])) * np.float32(gain), 0, len(shades) - 1)
        step = np.where(np.isnan(step), np.float32(len(shades)), step)
        canvas.block(pane)[:] = numbers[step.astype(np.uint8)]
        units, shown = still.units, _in_lane(found, still, lane)
        if units.row_label is None:
            ticks = freq_ticks(scale, pane.height)
        else:
            # A band in Hz has no place among rows that are no frequencies.
            shown = [replace(mark, low_freq=None, high_freq=None) for mark in shown]
            ticks = row_ticks(units.row_names, *still.freq_view, pane.height)
        draw_on_spectrogram(canvas, pane, shown, still.view, scale)
        side_axis(canvas, pane, ticks, [float(scale.to_unit(tick.value)) for tick in ticks])
        if len(still.channels) > 1:
            lane_name(canvas, pane, _channel_name(still, lane))
        elif units.row_label is not None:
            lane_name(canvas, pane, plain(units.row_label))


def _title(
    canvas: Canvas, layout: Layout, title: str, labels: Sequence[Mark], notes: Sequence[str]
) -> None:
    """Write the title, the labels of the whole recording, and, to the right, what is to be said."""
    rect, plot = layout.title, layout.time_axis
    y = rect.y + (rect.height - CHIP_HEIGHT) // 2
    mask = text_mask(" · ".join(notes))
    right = plot.right - mask.shape[1]
    canvas.text(right, y, mask, canvas.palette.ramp(PAGE, MUTED))
    room = Rect(plot.x, rect.y, max(right - plot.x - 8, 0), rect.height)
    mask = text_mask(plain(title))
    canvas.text(plot.x, y, mask, canvas.palette.ramp(PAGE, TEXT), room)
    x = plot.x + (mask.shape[1] + 8 if title else 0)
    for label in labels:
        if label.label and x < room.right:
            x += chip(canvas, x, y, label, room) + 4


def _in_lane(found: Sequence[Mark], still: Still, lane: int) -> list[Mark]:
    channel = still.channels[lane]
    return [mark for mark in found if mark.channel is None or channel in ("mix", mark.channel)]


def _channel_name(still: Still, lane: int) -> str:
    channel = still.channels[lane]
    return "mix" if channel == "mix" else f"ch {channel + 1}"


def _amplitude(waveform: Floats) -> float:
    """Give the first round number that holds the waveform."""
    finite = waveform[np.isfinite(waveform)]
    peak = float(np.abs(finite).max()) if finite.size else 0.0
    if peak < 1e-9:
        return 1.0
    decade = 10.0 ** math.floor(math.log10(peak))
    return next((k for k in _AMPLITUDES if k * decade >= peak * 0.999), 10.0) * decade


def _fitted(values: Floats, n: int, axis: int) -> Floats:
    """Give `values` with `n` along an axis, the nearest ones where that is another number."""
    have = values.shape[axis]
    return values if have == n else np.take(values, np.arange(n) * have // n, axis=axis)
