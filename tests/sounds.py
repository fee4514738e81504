"""Sounds that the tests of audio make, and how they compare what is read of them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from specwidget.audio import AudioSource

SR = 8000

FORMATS = [
    ("WAV", "PCM_U8"), ("WAV", "PCM_16"), ("WAV", "PCM_24"), ("WAV", "PCM_32"), ("WAV", "FLOAT"),
    ("WAV", "DOUBLE"), ("WAV", "ULAW"), ("RF64", "PCM_16"), ("W64", "PCM_16"), ("AIFF", "PCM_16"),
    ("AIFF", "PCM_24"), ("FLAC", "PCM_16"), ("FLAC", "PCM_24"), ("CAF", "ALAC_16"),
    ("AU", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III"),
]  # fmt: skip
EXACT_SEEKS = [f for f in FORMATS if f[1] not in ("VORBIS", "OPUS", "MPEG_LAYER_III")]


def music(n: int, n_channels: int = 1) -> NDArray[np.float32]:
    """Sines under a slow envelope [shape=(n_channels, n)]."""
    place = np.arange(n)
    return np.stack(
        [0.5 * np.sin(place * 0.01 * (c + 1)) * np.sin(place * 1e-4) for c in range(n_channels)]
    ).astype(np.float32)


def voice(n: int, n_channels: int = 1, seed: int = 0) -> NDArray[np.float32]:
    """Gliding sines with clicks and noise, nowhere alike [shape=(n_channels, n)]."""
    rng = np.random.default_rng(seed)
    t = np.arange(n) / 16000
    rows = []
    for c in range(n_channels):
        tone = 0.3 * np.sin(2 * np.pi * (300 + 40 * (c + 1) * t) * t)
        clicks = 0.3 * (rng.random(n) > 0.9995) + 0.02 * rng.standard_normal(n)
        rows.append(tone * (np.sin(3 * t + c) > -0.5) + clicks)
    return np.clip(np.stack(rows), -0.95, 0.95).astype(np.float32)


def whole(audio: AudioSource) -> NDArray[np.float32]:
    """Return all samples."""
    return audio.read(0, audio.n_samples)


def written(path: Path, form: tuple[str, str], n: int = 40_000, n_channels: int = 2) -> Path:
    """Write a file of a format and subtype into a folder."""
    path = path / f"recording.{form[0].lower()}"
    soundfile.write(path, music(n, n_channels).T, SR, format=form[0], subtype=form[1])
    return path


def assert_same_anywhere(
    audio: AudioSource, every: NDArray[np.float32], *, tolerance: float = 0.0, n: int = 40
) -> None:
    """Read at the ends, at random places, on and back, and compare with all that was read."""
    rng = np.random.default_rng(0)
    total = audio.n_samples
    places = [0, total - 1, max(0, total - 300), *rng.integers(0, total, n).tolist()]
    for start in places:
        compare(audio, every, [(start, start + 500)], tolerance)
    cuts = [total // 3, total // 3 + 100, total // 2, total]
    compare(audio, every, [*pairwise(cuts), (cuts[0], cuts[0] + 9)], tolerance)


def compare(
    audio: AudioSource,
    every: NDArray[np.float32],
    ranges: Iterable[tuple[int, int]],
    tolerance: float = 0.0,
) -> None:
    """Compare what is read, range by range, with all that was read."""
    for start, stop in ranges:
        block = audio.read(start, stop)
        expected = every[:, start:stop]
        assert block.shape == expected.shape
        assert block.dtype == np.float32
        np.testing.assert_allclose(block, expected, rtol=0, atol=tolerance, err_msg=f"{start}")
