"""What a view asks for first, guessed before it has asked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

from specwidget.audio.source import ChannelSpec
from specwidget.tiles.base import TileKey

__all__ = ["first_keys"]

# The width of a notebook's cell, which nobody has told yet.
WIDTH = 1200


def first_keys(
    info: Mapping[str, Any], shown: ChannelSpec | Literal["all"], view: tuple[float, float]
) -> list[TileKey]:
    """Return the coarsest tiles of what is shown, and those of a view of usual width.

    Parameters
    ----------
    info : Mapping
        As `Recording.info` has it.
    shown : int, "mix" or "all"
        Which channels.
    view : (float, float)
        The times, in seconds, that a view shows.
    """
    spec, wave = info["spectrogram"], info["waveform"]
    channels = range(info["n_channels"]) if shown == "all" else [shown]
    seconds = (view[1] - view[0]) / WIDTH
    frames = spec["sr"] / spec["hop_length"]
    spec_level = min(_level(seconds * frames), spec["levels"] - 1)
    wave_level = max(
        (level for level in wave["levels"] if level <= _level(seconds * wave["sr"])), default=0
    )
    columns = wave["columns"] if wave_level else wave["sample_columns"]
    spec_tiles = _between(view, frames, spec["n_frames"], spec["tile_columns"] << spec_level)
    wave_tiles = _between(view, wave["sr"], wave["n_samples"], columns << wave_level)
    keys = []
    for channel in channels:
        keys.append(TileKey(f"wave/{channel}", wave["levels"][-1], 0))
        keys.append(TileKey(f"spec/{channel}", spec["levels"] - 1, 0))
        keys += [TileKey(f"spec/{channel}", spec_level, index) for index in spec_tiles]
        keys += [TileKey(f"wave/{channel}", wave_level, index) for index in wave_tiles]
    return list(dict.fromkeys(keys))


def _level(units: float) -> int:
    """Return the coarsest level whose columns are no wider than a pixel of that many units."""
    return math.floor(math.log2(units) + 1e-6) if units > 1 else 0


def _between(view: tuple[float, float], per_second: float, n_units: int, size: int) -> range:
    first, last = (min(max(round(time * per_second), 0), n_units - 1) for time in view)
    return range(first // size, last // size + 1)
