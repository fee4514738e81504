"""What values a recording has, from a few evenly spaced places: nothing here reads a whole file."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from specwidget.audio.signal import ChannelSignal
from specwidget.audio.source import AudioSource
from specwidget.tiles.quantise import Quantiser
from specwidget.transforms.base import Transform

__all__ = ["drawn_range", "extremes", "sampled_extremes"]

# A place costs a seek, which is dear in a compressed file, and the work for its frames.
_PLACES = 32
_FEWEST_PLACES = 4
_WORK = 1 << 19
_FRAMES_AT_A_PLACE = 8
_SHORT = 2048
# What was seen at some places is not all there is.
_MARGIN = 0.25


def drawn_range(
    source: AudioSource,
    transform: Transform,
    look: Callable[[], tuple[float, float]] | None = None,
) -> Quantiser:
    """Return the values that the darkest and the brightest byte of a tile stand for.

    Parameters
    ----------
    source : AudioSource
        The recording.
    transform : Transform
        What makes frames of it.
    look : callable, optional
        Gives its `sampled_extremes`, if those are needed and known.
    """
    units = transform.units(source.sr)
    if units.limits is not None:
        return Quantiser(*units.limits)
    if units.full_scale is not None:
        return Quantiser.around(units.full_scale, source.peak)
    low, high = look() if look is not None else sampled_extremes(source, transform)
    margin = _MARGIN * (high - low) if high > low else max(1.0, abs(high))
    return Quantiser(low - margin, high + margin)


def sampled_extremes(source: AudioSource, transform: Transform) -> tuple[float, float]:
    """Return the least and the largest value of a short recording, or of some of its frames.

    Returns
    -------
    low, high : float
        Both 0 where nothing is finite.
    """
    total = transform.n_frames(source.n_samples)
    work = _FRAMES_AT_A_PLACE * transform.span
    wanted = min(_PLACES, max(_FEWEST_PLACES, _WORK // work))
    channels = range(min(source.n_channels, wanted))
    places = max(1, wanted // len(channels))
    step = max(_FRAMES_AT_A_PLACE, total // places)
    whole = total * transform.span * len(channels) <= _WORK * _FRAMES_AT_A_PLACE
    looked = step if whole or total <= _SHORT // len(channels) else _FRAMES_AT_A_PLACE
    low, high = math.inf, -math.inf
    for channel in channels:
        signal = ChannelSignal(source, channel)
        for first in range(0, total, step):
            stop = min(total, first + looked)
            found = extremes(transform.values(signal, first, stop, exact=False))
            low, high = min(low, found[0]), max(high, found[1])
    return (low, high) if low <= high else (0.0, 0.0)


def extremes(values: NDArray[np.float32]) -> tuple[float, float]:
    """Return the least and the largest finite value; infinities the other way round if none is."""
    finite = np.isfinite(values)
    return (
        float(np.min(values, initial=math.inf, where=finite)),
        float(np.max(values, initial=-math.inf, where=finite)),
    )
