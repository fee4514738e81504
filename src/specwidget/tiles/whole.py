"""Which recordings are short enough to be sent whole, and all the tiles that they have.

Invariant: decided by the geometry of the layers alone, without reading the recording.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from specwidget.audio.source import ChannelSpec
from specwidget.tiles.base import TileKey

__all__ = ["whole_keys", "whole_parts"]

WHOLE_BYTES = 2 << 20
_COLUMN_BYTES = 12
_SAMPLE_BYTES = 4
_HEARD_BYTES = 2


def whole_parts(info: Mapping[str, Any]) -> list[str]:
    """Return which parts of a recording are few enough bytes to be sent whole.

    Parameters
    ----------
    info : Mapping
        As `Recording.info` has it.

    Returns
    -------
    list of str
        ``"picture"``: all tiles but those of single samples; ``"samples"``: those, too;
        ``"sound"``: what is heard. The last two only with the first.
    """
    n_channels, n_samples = info["n_channels"], info["n_samples"]
    spec, wave = info["spectrogram"], info["waveform"]
    n_waves = n_channels + (n_channels > 1)
    picture = n_channels * spec["n_bins"] * sum(
        -(-spec["n_frames"] >> level) for level in range(spec["levels"])
    ) + n_waves * _COLUMN_BYTES * sum(-(-n_samples >> level) for level in wave["levels"] if level)
    samples = _SAMPLE_BYTES * n_channels * n_samples
    sound = _HEARD_BYTES * (2 if n_channels == 2 else 1) * n_samples
    if picture > WHOLE_BYTES:
        return []
    fits = {
        "picture": True,
        "samples": picture + samples <= WHOLE_BYTES,
        "sound": sound <= WHOLE_BYTES,
    }
    return [part for part, small in fits.items() if small]


def whole_keys(info: Mapping[str, Any], shown: ChannelSpec | Literal["all"]) -> list[TileKey]:
    """Return the tiles that are sent whole, coarse ones first; none of a long recording."""
    parts = whole_parts(info)
    if "picture" not in parts:
        return []
    spec, wave = info["spectrogram"], info["waveform"]
    n_channels = info["n_channels"]
    channels: list[ChannelSpec] = list(range(n_channels))
    if shown != "all" and n_channels > 1:
        channels = [shown]
    # The strip above shows the mix of several.
    strip: list[ChannelSpec] = ["mix"] if len(channels) > 1 else []
    spec_levels = reversed(range(spec["levels"]))
    wave_levels = [level for level in reversed(wave["levels"]) if level]
    keys = [*_keys("wave", channels + strip, wave_levels, info)]
    keys += _keys("spec", channels, spec_levels, info)
    if "samples" in parts:
        keys += _keys("wave", channels, [0], info)
    return keys


def _keys(
    kind: Literal["spec", "wave"],
    channels: list[ChannelSpec],
    levels: Iterable[int],
    info: Mapping[str, Any],
) -> Iterator[TileKey]:
    layer = info["spectrogram" if kind == "spec" else "waveform"]
    for level in levels:
        if kind == "spec":
            units, columns = layer["n_frames"], layer["tile_columns"]
        else:
            units, columns = layer["n_samples"], layer["columns" if level else "sample_columns"]
        n_tiles = -(-units // (columns << level))
        for channel in channels:
            yield from (TileKey(f"{kind}/{channel}", level, index) for index in range(n_tiles))
