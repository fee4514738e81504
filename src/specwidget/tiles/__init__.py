"""Tiles: what is asked for, what it holds, and how coarser levels come of finer ones."""

from specwidget.tiles.base import Tile, TileKey, Tileset, layer_name
from specwidget.tiles.damage import Damage, PatchedSource
from specwidget.tiles.describing import spectrogram_info
from specwidget.tiles.diskcache import DiskCache, open_cache
from specwidget.tiles.first import first_keys
from specwidget.tiles.layers import tilesets
from specwidget.tiles.looking import drawn_range, extremes, sampled_extremes
from specwidget.tiles.quantise import Quantiser
from specwidget.tiles.spectrogram import SpectrogramTileset
from specwidget.tiles.values import spectrogram_db
from specwidget.tiles.waveform import WaveformTileset, waveform_info

__all__ = [
    "Damage",
    "DiskCache",
    "PatchedSource",
    "Quantiser",
    "SpectrogramTileset",
    "Tile",
    "TileKey",
    "Tileset",
    "WaveformTileset",
    "drawn_range",
    "extremes",
    "first_keys",
    "layer_name",
    "open_cache",
    "sampled_extremes",
    "spectrogram_db",
    "spectrogram_info",
    "tilesets",
    "waveform_info",
]
