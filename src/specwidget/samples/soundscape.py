"""The edge of a wood in 24 seconds, every sound in it placed by us.

Invariant: an `Event` is its own dry sound and the box that holds it, so the truth is known before
anything is mixed; echoes and wind are added afterwards and belong to no box.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from specwidget.samples.shaping import Signal, add, curve, filtered, noise, smooth, spectrum_of

__all__ = ["DURATION", "SR", "Event", "events", "mix"]

SR = 22_050
DURATION = 24.0


@dataclass(frozen=True)
class Event:
    """A sound [shape=(n,)] that begins at `start` s, between two frequencies (Hz; NaN: all)."""

    label: str
    start: float
    low_freq: float
    high_freq: float
    y: Signal

    @property
    def end(self) -> float:
        """Where the sound ends, in seconds."""
        return self.start + self.y.size / SR


def faded(y: Signal, attack: float, release: float) -> Signal:
    """`y` with raised-cosine ends of so many seconds."""
    seconds = np.arange(y.size) / SR
    rise = np.clip(seconds / attack, 0.0, 1.0)
    fall = np.clip((y.size / SR - seconds) / release, 0.0, 1.0)
    return y * (0.25 * (1.0 - np.cos(np.pi * rise)) * (1.0 - np.cos(np.pi * fall)))


def note(points: Sequence[tuple[float, float]], partials: Sequence[float] = (1.0,)) -> Signal:
    """A tone whose pitch runs through ``(seconds, Hz)`` points, with harmonics of given levels."""
    seconds = points[-1][0]
    pitch = curve(round(seconds * SR), SR, points, rounding=0.15 * seconds)
    phase = 2.0 * np.pi * np.cumsum(pitch) / SR
    y = np.zeros(pitch.size)
    for k, level in enumerate(partials):
        y += level * np.sin((k + 1) * phase)
    return faded(y, 0.25 * seconds, 0.45 * seconds)


def phrase(notes: Iterable[tuple[float, Signal]]) -> Signal:
    """Notes laid out in time, each with its seconds from the first."""
    placed = [(round(at * SR), y) for at, y in notes]
    out = np.zeros(max(at + y.size for at, y in placed))
    for at, y in placed:
        add(out, y, at)
    return out


def coo(start: float, level: float) -> Event:
    """A dove: three soft notes near 500 Hz, the middle one longest."""
    y = phrase(
        (at, note([(0, 455), (0.4 * length, 535), (length, 500)]))
        for at, length in ((0.0, 0.38), (0.52, 0.75), (1.45, 0.45))
    )
    return Event("coo", start, 400.0, 620.0, level * y)


def whistle(start: float, level: float, up: float = 1.0) -> Event:
    """A thrush: four clear gliding whistles between 2 and 4 kHz."""
    shapes = (
        (0.00, [(0, 2450), (0.20, 3050), (0.30, 3000)]),
        (0.38, [(0, 3500), (0.10, 2700), (0.22, 2650)]),
        (0.68, [(0, 2250), (0.35, 2350)]),
        (1.10, [(0, 2900), (0.12, 3650), (0.26, 3250)]),
    )
    y = phrase((at, note([(s, up * hz) for s, hz in shape])) for at, shape in shapes)
    return Event("whistle", start, 2150.0 * up, 3700.0 * up, level * y)


def trill(start: float, level: float, count: int) -> Event:
    """A warbler: falling sweeps, 17 a second, louder towards the middle."""
    sweep = note([(0, 5300), (0.012, 4900), (0.045, 3700)])
    swell = np.sin(np.pi * (np.arange(count) + 1.5) / (count + 2))
    y = phrase((k / 17.0, swell[k] * sweep) for k in range(count))
    return Event("trill", start, 3700.0, 5400.0, level * y)


def chirp(start: float, level: float, count: int) -> Event:
    """A sparrow: chevrons with two harmonics above them."""
    shape = [(0.0, 1750.0), (0.05, 2450.0), (0.12, 1700.0)]
    y = phrase((0.24 * k, note(shape, (1.0, 0.5, 0.18))) for k in range(count))
    return Event("chirp", start, 1700.0, 7300.0, level * y)


def insect(start: float, level: float, seconds: float, seed: int) -> Event:
    """A cricket's band: noise near 7 kHz in pulses, 26 a second."""
    n = round(seconds * SR)
    hiss = filtered(
        noise(n, seed), SR,
        spectrum_of((6000, -90), (6600, -12), (6900, 0), (7150, 0), (7500, -12), (8100, -90)),
    )  # fmt: skip
    pulses = np.clip(np.sin(2 * np.pi * 26.0 * np.arange(n) / SR) + 0.35, 0.0, None)
    return Event("insect", start, 6450.0, 7650.0, level * faded(hiss * pulses, 0.3, 0.3))


def engine(start: float, level: float, seconds: float) -> Event:
    """A car passing far away: harmonics of some 60 Hz that fall as it goes by."""
    n = round(seconds * SR)
    course = [(0.0, 61.0), (0.4, 60.0), (0.65, 53.0), (1.0, 52.0)]
    pitch = curve(n, SR, [(part * seconds, hz) for part, hz in course])
    phase = 2.0 * np.pi * np.cumsum(smooth(pitch, SR)) / SR
    y = np.zeros(n)
    for k in range(1, 7):
        y += k**-0.8 * np.sin(k * phase + 0.7 * k * k)
    near = np.exp(-0.5 * ((np.arange(n) / n - 0.5) / 0.3) ** 2)
    return Event("engine", start, 35.0, 400.0, level * faded(y * near, 0.8, 0.8))


def click(start: float, level: float, seed: int) -> Event:
    """A twig that snaps: all frequencies at once."""
    n = round(0.03 * SR)
    snap = noise(n, seed) * np.exp(-np.arange(n) / (0.004 * SR))
    y = filtered(snap, SR, spectrum_of((100, -18), (1500, 0), (4000, 0), (11000, -12)))
    return Event("click", start, math.nan, math.nan, level * y)


def events() -> list[Event]:
    """All that happens, in order of time."""
    return sorted(
        (
            coo(1.0, 0.16), coo(17.2, 0.13),
            whistle(3.3, 0.22), whistle(8.3, 0.10, 1.06), whistle(18.4, 0.20, 0.97),
            trill(5.6, 0.16, 24), trill(13.6, 0.08, 19), trill(21.3, 0.19, 22),
            chirp(7.5, 0.12, 2), chirp(11.5, 0.20, 3), chirp(16.0, 0.15, 3),
            insect(9.2, 0.060, 5.4, 11), insect(19.3, 0.045, 4.2, 12),
            engine(10.2, 0.045, 9.8),
            click(2.72, 0.30, 13), click(14.95, 0.22, 14),
        ),
        key=lambda event: event.start,
    )  # fmt: skip


def wind(seed: int) -> Signal:
    """Gusts below some 300 Hz over a faint hiss [shape=(round(DURATION * SR),)]."""
    n = round(DURATION * SR)
    rumble = filtered(noise(n, seed), SR, spectrum_of((10, -30), (40, 0), (150, -6), (5000, -80)))
    gusts = [(0, 0.6), (2, 1.6), (5, 0.5), (9, 0.8), (13, 0.4), (19, 0.5), (22, 1.7), (24, 1.0)]
    hiss = filtered(noise(n, seed + 1), SR, spectrum_of((200, 12), (2000, 0), (11025, -12)))
    return 0.020 * curve(n, SR, gusts, 1.0) * rumble + 5e-5 * hiss


def mix(scene: Iterable[Event]) -> Signal:
    """The recording [shape=(n,)]: events, the echo of the wood, and wind."""
    dry = np.zeros(round(DURATION * SR))
    for event in scene:
        add(dry, event.y, round(event.start * SR))
    n = round(0.5 * SR)
    echo = noise(n, 21) * np.exp(-np.arange(n) / (0.09 * SR)) * (np.arange(n) > 0.012 * SR)
    size = 1 << (dry.size + n).bit_length()
    tail = np.fft.irfft(np.fft.rfft(dry, size) * np.fft.rfft(echo, size), size)[: dry.size]
    leaves = spectrum_of((100, -6), (1500, 0), (5000, -8), (11025, -20))
    return dry + 0.004 * filtered(np.asarray(tail), SR, leaves) + wind(22)
