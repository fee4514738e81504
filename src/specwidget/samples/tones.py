"""Seven plain sounds in two channels, to point at while explaining what a spectrogram shows.

Invariant: every sound follows from the numbers in `tones`, and between them there is digital
silence, so that a picture of it shows the analysis and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from specwidget.samples.shaping import Signal

__all__ = ["DURATION", "SR", "Tone", "mix", "tones"]

SR = 16_000
DURATION = 7.5
LEVEL = 0.2


@dataclass(frozen=True)
class Tone:
    """A sound in one channel (0 left, 1 right, None both), between two frequencies in Hz."""

    label: str
    channel: int | None
    start: float
    low_freq: float
    high_freq: float
    y: Signal

    @property
    def end(self) -> float:
        """Where the sound ends, in seconds."""
        return self.start + float(self.y.shape[-1]) / SR


def ends(t: Signal, seconds: float) -> Signal:
    """A gain that begins and ends softly, within 10 ms."""
    gain = np.clip(np.minimum(t, seconds - t) / 0.01, 0.0, 1.0)
    return 0.5 - 0.5 * np.cos(np.pi * gain)


def tone(hz: float, seconds: float, partials: int = 1) -> Signal:
    """A steady tone and its harmonics, the k-th at 1/k, with 10 ms ends."""
    t = np.arange(round(seconds * SR)) / SR
    y = np.zeros(t.size)
    for k in range(1, partials + 1):
        y += np.sin(2 * np.pi * k * hz * t) / k
    return LEVEL * y * ends(t, seconds)


def sweep(low: float, high: float, seconds: float) -> Signal:
    """A tone that rises evenly in Hz and wanders from left to right [shape=(2, n)]."""
    t = np.arange(round(seconds * SR)) / SR
    y: Signal = np.sin(2 * np.pi * (low * t + (high - low) * t**2 / (2 * seconds)))
    across: Signal = 0.5 * np.pi * t / seconds
    return np.stack([np.cos(across), np.sin(across)]) * (LEVEL * y * ends(t, seconds))


def tones() -> list[Tone]:
    """All seven, in order of time; the two beating tones start together, one in each channel."""
    click = np.array([4.0 * LEVEL])
    return [
        Tone("A4", 0, 0.2, 430, 450, tone(440, 0.9)),
        Tone("A5", 1, 1.3, 870, 890, tone(880, 0.9)),
        Tone("A3 with harmonics", None, 2.4, 210, 1770, tone(220, 0.9, 8)),
        Tone("sweep", None, 3.5, 100, 7000, sweep(100, 7000, 1.5)),
        Tone("1000 Hz", 0, 5.2, 990, 1010, tone(1000, 1.2)),
        Tone("1030 Hz", 1, 5.2, 1020, 1040, tone(1030, 1.2)),
        Tone("click", None, 7.0, 0, SR / 2, click),
    ]


def mix() -> Signal:
    """The recording [shape=(2, n)]."""
    out = np.zeros((2, round(DURATION * SR)))
    for each in tones():
        at = round(each.start * SR)
        channels = slice(None) if each.channel is None else each.channel
        out[channels, at : at + each.y.shape[-1]] += each.y
    return out
