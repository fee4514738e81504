"""All the layers that a recording has under a transform."""

from __future__ import annotations

from collections.abc import Mapping

from specwidget.audio.source import AudioSource, ChannelSpec
from specwidget.tiles.base import Tileset, layer_name
from specwidget.tiles.damage import PatchedSource
from specwidget.tiles.diskcache import DiskCache
from specwidget.tiles.framepass import FramePass
from specwidget.tiles.looking import drawn_range
from specwidget.tiles.quantise import Quantiser
from specwidget.tiles.shelf import Shelf
from specwidget.tiles.spectrogram import SpectrogramTileset
from specwidget.tiles.waveform import WaveformTileset
from specwidget.tiles.wavepass import WavePass
from specwidget.transforms.base import Transform

__all__ = ["tilesets"]


def tilesets(
    source: AudioSource,
    transform: Transform,
    before: Mapping[str, Tileset] | None = None,
    drawn: Quantiser | None = None,
    cache: DiskCache | None = None,
) -> dict[str, Tileset]:
    """Return the tilesets of a recording by the names of their layers.

    They are made without reading the recording: ``"spec/0"``, ``"wave/0"`` and so on for every
    channel, and ``"spec/mix"``, ``"wave/mix"``.

    Parameters
    ----------
    source : AudioSource
        The recording.
    transform : Transform
        What makes frames of samples.
    before : mapping of str to Tileset, optional
        Tilesets of the same recording under another transform: those of its waveforms are taken
        over, with what they have learnt.
    drawn : Quantiser, optional
        The values that the bytes of spectrograms stand for, see `drawn_range`.
    cache : DiskCache, optional
        Where coarse levels are kept from one opening to the next.

    Examples
    --------
    >>> from specwidget.audio import open_audio
    >>> from specwidget.transforms import Stft
    >>> import numpy as np
    >>> sorted(tilesets(open_audio(np.zeros(100), sr=8000), Stft()))
    ['spec/0', 'spec/mix', 'wave/0', 'wave/mix']
    """
    channels: list[ChannelSpec] = [*range(source.n_channels), "mix"]
    waves = _wave_pass(source, before or {}, cache)
    frames = FramePass(waves, transform, drawn or drawn_range(source, transform))
    made: dict[str, Tileset] = {}
    for channel in channels:
        made[layer_name("spec", channel)] = SpectrogramTileset(frames, channel)
        wave = layer_name("wave", channel)
        made[wave] = (before or {}).get(wave) or WaveformTileset(waves, channel)
    return made


def _wave_pass(
    source: AudioSource, before: Mapping[str, Tileset], cache: DiskCache | None
) -> WavePass:
    known = before.get(layer_name("wave", 0))
    if isinstance(known, WaveformTileset):
        return known.waves
    patched = source if isinstance(source, PatchedSource) else PatchedSource(source)
    return WavePass(patched, Shelf(patched, cache))
