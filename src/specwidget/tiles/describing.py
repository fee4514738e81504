"""What the front end must know of spectrogram tiles to ask for them and to draw them."""

from __future__ import annotations

from typing import Any

import numpy as np

from specwidget.audio.source import AudioSource
from specwidget.tiles.grid import FrameGrid
from specwidget.tiles.looking import drawn_range
from specwidget.tiles.quantise import Quantiser
from specwidget.transforms.base import Transform

__all__ = ["spectrogram_info"]


def spectrogram_info(
    source: AudioSource, transform: Transform, drawn: Quantiser | None = None
) -> dict[str, Any]:
    """Return the geometry of the spectrogram tiles of a recording, JSON-able.

    Returns
    -------
    dict
        ``kind``, ``sr`` (Hz), ``n_frames``, ``hop_length``, ``n_fft`` (samples), ``n_bins``,
        ``bins`` (``{"kind": "linear", "step": Hz}``, ``{"kind": "list", "hz": [...]}`` or
        ``{"kind": "index", "label": text, "names": [...] or None}``), ``value_name`` and
        ``unit``, ``range_db`` (the values that the bytes 0 and 255 stand for, dB or not),
        ``ref_applies`` (whether they are dB with a reference) and ``full_scale_db``,
        ``tile_columns`` and ``levels``. A tile is uint8 [shape=(n_bins, columns)].
    """
    pyramid = FrameGrid.of(source, transform).pyramid
    quantiser = drawn or drawn_range(source, transform)
    units = transform.units(source.sr)
    return {
        "kind": "spectrogram",
        "sr": source.sr,
        "n_frames": pyramid.n_units,
        "hop_length": transform.hop,
        "n_fft": transform.span,
        "n_bins": transform.n_rows(source.sr),
        "bins": _bins(transform, source.sr),
        "value_name": units.name,
        "unit": units.unit,
        "range_db": [quantiser.low, quantiser.high],
        "ref_applies": units.ref_factor is not None,
        "full_scale_db": units.full_scale or 0.0,
        "tile_columns": pyramid.tile_columns,
        "levels": pyramid.n_levels,
    }


def _bins(transform: Transform, sr: float) -> dict[str, Any]:
    """Return what the rows are, JSON-able."""
    units = transform.units(sr)
    if units.row_label is not None:
        names = None if units.row_names is None else list(units.row_names)
        return {"kind": "index", "label": units.row_label, "names": names}
    frequencies = transform.frequencies(sr)
    linear = np.arange(len(frequencies)) * (frequencies[1] if len(frequencies) > 1 else 0.0)
    if len(frequencies) > 1 and np.allclose(frequencies, linear, rtol=1e-9, atol=0.0):
        return {"kind": "linear", "step": float(frequencies[1])}
    return {"kind": "list", "hz": frequencies.tolist()}
