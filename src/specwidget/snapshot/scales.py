"""Where values lie on the axes of a still picture, and which of them are written there.

Invariant: pure, and the same rules as on the live widget's axes: a log axis begins above 0 Hz, mel
is Slaney's, and the tick values are round numbers inside the range.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "FreqAxis",
    "Tick",
    "amplitude_ticks",
    "freq_scale",
    "freq_ticks",
    "row_ticks",
    "time_ticks",
    "value_ticks",
]

FreqAxis: TypeAlias = Literal["linear", "log", "mel"]
Values: TypeAlias = NDArray[np.float64]

_MEL_BREAK = 15.0
_MEL_STEP = math.log(6.4) / 27.0
_TIME_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200)
_ROW = 32
_TIGHT_ROW = 20
_CLOSE_ROW = 14
_MINUS = "-"


@dataclass(frozen=True)
class Tick:
    """A value on an axis and how it is written."""

    value: float
    text: str


def _hz_to_mel(hz: Values) -> Values:
    bent = _MEL_BREAK + np.log(np.maximum(hz, 1000.0) / 1000.0) / _MEL_STEP
    return np.where(hz < 1000.0, hz * 3.0 / 200.0, bent)


def _mel_to_hz(mel: Values) -> Values:
    bent = 1000.0 * np.exp((np.maximum(mel, _MEL_BREAK) - _MEL_BREAK) * _MEL_STEP)
    return np.where(mel < _MEL_BREAK, mel * 200.0 / 3.0, bent)


@dataclass(frozen=True)
class FreqScale:
    """A frequency axis from `low` to `high` Hz; `to_unit` is 0 at the bottom and 1 at the top."""

    axis: FreqAxis
    low: float
    high: float

    def _warp(self, hz: Values) -> Values:
        if self.axis == "mel":
            return _hz_to_mel(hz)
        if self.axis == "log":
            return np.asarray(np.log(np.maximum(hz, 1e-9)))
        return hz

    def to_unit(self, hz: float | Values) -> Values:
        """Place frequencies on the axis; those outside get places outside 0 to 1."""
        low, high, at = (self._warp(np.asarray(x, np.float64)) for x in (self.low, self.high, hz))
        return np.asarray((at - low) / (high - low))

    def from_unit(self, unit: Values) -> Values:
        """Give the frequencies in Hz at places on the axis."""
        low, high = (self._warp(np.asarray(x, np.float64)) for x in (self.low, self.high))
        at = low + unit * (high - low)
        if self.axis == "mel":
            return _mel_to_hz(at)
        return np.asarray(np.exp(at)) if self.axis == "log" else at


def freq_scale(axis: FreqAxis, low: float, high: float) -> FreqScale:
    """Make the axis that shows `low` to `high` Hz; a log axis begins at 20 Hz or above."""
    bottom = max(low, min(20.0, high / 10.0)) if axis == "log" else low
    return FreqScale(axis, bottom, high)


def _round_step(least: float) -> float:
    """Give the smallest of 1, 2, 5 times a power of ten that is at least `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(k * power for k in (1.0, 2.0, 5.0, 10.0) if k * power >= least * (1 - 1e-9))


def _multiples(low: float, high: float, step: float) -> list[float]:
    slack = 1e-6 * step
    first, last = math.ceil((low - slack) / step), math.floor((high + slack) / step)
    return [k * step for k in range(first, last + 1)]


def _fixed(value: float, decimals: int) -> str:
    text = f"{abs(value):.{decimals}f}"
    return _MINUS + text if value < 0 and text.strip("0.") else text


def _decimals(step: float) -> int:
    return min(max(math.ceil(-math.log10(step) - 1e-9), 0), 9)


def time_ticks(t0: float, t1: float, width: int, spacing: int = 80) -> list[Tick]:
    """Ticks in seconds, at least about `spacing` pixels apart: "2.5 s", "1:05", "2:00:00"."""
    least = (t1 - t0) * spacing / max(width, 1)
    if least < 1.0:
        step = _round_step(least)
    else:
        step = next((s for s in _TIME_STEPS if s >= least), 86400.0 * math.ceil(least / 86400.0))
    decimals = _decimals(step)

    def text(seconds: float) -> str:
        if t1 < 60.0:
            return f"{_fixed(seconds, decimals)} s"
        whole, _, part = f"{seconds:.{decimals}f}".partition(".")
        minutes, rest = divmod(int(whole), 60)
        tail = f"{rest:02}" + (f".{part}" if part else "")
        if t1 < 3600.0:
            return f"{minutes}:{tail}"
        return f"{minutes // 60}:{minutes % 60:02}:{tail}"

    return [Tick(value, text(value)) for value in _multiples(t0, t1, step)]


def _freq_text(hz: float) -> str:
    return f"{hz:g} Hz" if hz < 1000.0 else f"{hz / 1000.0:g} kHz"


def freq_ticks(scale: FreqScale, height: int) -> list[Tick]:
    """Ticks in Hz, lowest first; where the axis is bent, the roundest numbers that have room."""
    low, high = scale.low, scale.high
    even = _multiples(low, high, _round_step((high - low) * _ROW / max(height, 1)))
    kept: list[float] = []
    if scale.axis != "linear":
        decades = range(6, math.floor(math.log10(max(low, high * 1e-3, 1e-3))) - 1, -1)
        values = [k * 10.0**d for digits in ((1,), (5, 2)) for d in decades for k in digits]
        for hz in [0.0, *values] if low == 0 else values:
            places = scale.to_unit(np.array([hz, *kept])) * height
            if low <= hz <= high and not (np.abs(places[1:] - places[0]) < _TIGHT_ROW).any():
                kept.append(hz)
    values = sorted(kept) if len(kept) > 2 else even
    return [Tick(hz, _freq_text(float(f"{hz:.9g}"))) for hz in values]


def _even_ticks(low: float, high: float, height: int, spacing: int) -> list[Tick]:
    step = _round_step((high - low) * spacing / max(height, 1))
    return [Tick(value, _fixed(value, _decimals(step))) for value in _multiples(low, high, step)]


def row_ticks(names: Sequence[str] | None, low: float, high: float, height: int) -> list[Tick]:
    """Ticks in the middle of rows that are no frequencies, as many as there is room for."""
    step = int(_round_step(max(1.0, (high - low) * _CLOSE_ROW / max(height, 1))))
    first = -(-math.ceil(max(low - 0.5, 0.0)) // step) * step
    last = math.floor(high - 0.5)
    return [
        Tick(row + 0.5, str(row) if names is None else names[row].replace("♯", "#"))
        for row in range(first, last + 1, step)
    ]


def value_ticks(low: float, high: float, height: int) -> list[Tick]:
    """Ticks of a colour bar that runs from `low` to `high`."""
    return _even_ticks(low, high, height, _ROW)


def amplitude_ticks(amplitude: float, height: int) -> list[Tick]:
    """Ticks of a waveform drawn from minus to plus `amplitude`."""
    return _even_ticks(-amplitude, amplitude, height, _TIGHT_ROW)
