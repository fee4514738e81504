"""Where there is something to hear: stretches that are louder than the background.

Levels of the whole sound are known before anything is decided, at one value in 10 ms, so that a
stretch is found in the same way wherever it lies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from specwidget._check import check_number
from specwidget.assist.results import Row
from specwidget.assist.sound import Sound, sound_of
from specwidget.assist.windows import Scan, exhausted
from specwidget.errors import ParameterError
from specwidget.measurements.bandpass import bandpass

__all__ = ["FindSounds", "loud_stretches", "noise_floor"]

_HOP_SECONDS = 0.01
_PIECE_SAMPLES = 1 << 19
_SILENCE_DB = -120.0
_FLOOR_SECONDS = 30.0
_FLOOR_PERCENTILE = 10.0


@dataclass(frozen=True, kw_only=True)
class FindSounds:
    """Mark what is louder than the background.

    A stretch begins and ends where the level passes `hysteresis` below `threshold`, and reaches
    `threshold` somewhere in between. Both are in dB above the background, which is the level that
    the quietest tenth of half a minute stays below. The score is 0.5 at the threshold, and nearer
    to 1 the louder a stretch is.

    Parameters
    ----------
    threshold : float > 0
        dB above the background.
    hysteresis : float >= 0
        dB below the threshold at which a sound is still held to go on.
    min_duration : float >= 0
        Shorter stretches are left out, in seconds.
    merge_gap : float >= 0
        Stretches with no longer a pause between them become one, in seconds.
    low_freq, high_freq : float >= 0, optional
        The band that counts, in Hz; all of it by default.

    Examples
    --------
    >>> y = 0.001 * np.random.default_rng(0).normal(size=16000).astype(np.float32)
    >>> y[8000:12000] += np.sin(np.arange(4000))
    >>> [(round(row["start"], 1), round(row["end"], 1)) for row in FindSounds()(y, 8000)]
    [(1.0, 1.5)]
    """

    threshold: float = 12.0
    hysteresis: float = 5.0
    min_duration: float = 0.05
    merge_gap: float = 0.1
    low_freq: float | None = None
    high_freq: float | None = None

    name = "find_sounds"
    label = "sound"

    def __post_init__(self) -> None:
        for name in ("threshold", "hysteresis", "min_duration", "merge_gap"):
            check_number(name, getattr(self, name), 0.0)
        for name in ("low_freq", "high_freq"):
            if getattr(self, name) is not None:
                check_number(name, getattr(self, name), 0.0)

    def __call__(self, y: NDArray[np.float32], sr: float) -> list[Row]:
        """Return the stretches in samples [shape=(n,)], in seconds from their start."""
        return exhausted(self.scan(sound_of(y, sr)))

    def scan(self, sound: Sound) -> Scan:
        """Look through a sound of any length."""
        low = self.low_freq or 0.0
        high = sound.sr / 2.0 if self.high_freq is None else min(self.high_freq, sound.sr / 2.0)
        if low >= high:
            raise ParameterError(
                f"low_freq={low:g} and high_freq={high:g} leave no band below {sound.sr / 2:g} Hz"
            )
        passing = bandpass(low, high, sound.sr)
        halo = 0 if passing is None else passing.halo
        hop = max(1, round(_HOP_SECONDS * sound.sr))
        parts = []
        for start, stop in sound.pieces(hop * max(1, _PIECE_SAMPLES // hop)):
            y = sound.read(start - halo, stop + halo)
            parts.append(_levels(y if passing is None else passing(y), hop))
            yield stop / sound.n_samples
        per_second = sound.sr / hop
        level = _smoothed(np.concatenate(parts))
        floor = noise_floor(level, round(_FLOOR_SECONDS * per_second))
        above = level - floor
        rows = []
        for first, last in loud_stretches(
            above,
            self.threshold,
            self.threshold - self.hysteresis,
            min_length=max(1, round(self.min_duration * per_second)),
            merge=round(self.merge_gap * per_second),
        ):
            excess = float(above[first:last].max())
            row: Row = {
                "start": sound.start + first / per_second,
                "end": min(sound.start + last / per_second, sound.start + sound.duration),
                "score": excess / (excess + self.threshold) if excess > 0.0 else 0.0,
            }
            if self.low_freq is not None or self.high_freq is not None:
                row |= {"low_freq": low, "high_freq": high}
            rows.append(row)
        return rows


def noise_floor(level: NDArray[np.float64], span: int) -> NDArray[np.float64]:
    """Return the level of the background at every place, in dB [shape=(n,)].

    It is the tenth percentile of every `span` values, and lies on straight lines between them.
    """
    n_parts = max(1, round(len(level) / span))
    parts = np.array_split(level, n_parts)
    floors = [np.percentile(part, _FLOOR_PERCENTILE) for part in parts]
    edges = np.cumsum([0, *(len(part) for part in parts)])
    return np.interp(np.arange(len(level)), (edges[1:] + edges[:-1] - 1) / 2.0, floors)


def loud_stretches(
    above: NDArray[np.float64], on: float, off: float, *, min_length: int, merge: int
) -> list[tuple[int, int]]:
    """Return stretches ``[first, stop)`` of values over `off` some of which reach `on`.

    Those with at most `merge` values between them are one; shorter ones than `min_length` are left
    out afterwards.

    Examples
    --------
    >>> loud_stretches(np.array([0, 2, 5, 2, 0, 2, 2.0]), 5, 1, min_length=1, merge=0)
    [(1, 4)]
    """
    going = np.concatenate([[False], above >= off, [False]])
    edges = np.flatnonzero(going[1:] != going[:-1]).reshape(-1, 2)
    found: list[tuple[int, int]] = []
    for first, stop in edges.tolist():
        if above[first:stop].max() < on:
            continue
        if found and first - found[-1][1] <= merge:
            found[-1] = (found[-1][0], stop)
        else:
            found.append((first, stop))
    return [(first, stop) for first, stop in found if stop - first >= min_length]


def _levels(y: NDArray[np.float32], hop: int) -> NDArray[np.float64]:
    """Return the level of every `hop` samples, in dB."""
    squares = np.square(y, dtype=np.float64)
    edges = np.arange(0, len(y), hop)
    counts = np.diff(np.append(edges, len(y)))
    power = np.add.reduceat(squares, edges) / counts
    return np.maximum(10.0 * np.log10(np.maximum(power, 1e-30)), _SILENCE_DB)


def _smoothed(level: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean power of every value and its two neighbours, in dB."""
    power = 10.0 ** (level / 10.0)
    padded = np.pad(power, 1, mode="edge")
    return np.asarray(10.0 * np.log10((padded[:-2] + padded[1:-1] + padded[2:]) / 3.0))
