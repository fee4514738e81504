"""A whole recording at another rate, as librosa gives it."""

from __future__ import annotations

import math
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from specwidget.audio.arrays import ArraySource
from specwidget.audio.base import BaseSource
from specwidget.audio.condition import Condition
from specwidget.errors import AudioFileError

__all__ = ["ResampledSource"]

_STEP_VALUES = 1 << 20


class ResampledSource(ArraySource):
    """A recording that was read whole and resampled, as ``librosa.load(path, sr=sr, mono=False)``.

    Parameters
    ----------
    source : BaseSource
        The recording.
    sr : int or float > 0
        The rate it is to have.
    """

    def __init__(self, source: BaseSource, sr: float) -> None:
        samples = _resampled(source, sr)
        condition = Condition(source.warning or "")
        scale = sr / source.sr
        for start, stop, reason in source.damage:
            start, stop = math.floor(start * scale), math.ceil(stop * scale)
            condition.mark(start, stop, reason)
            samples[:, start:stop] = np.nan
        super().__init__(samples, sr, source.name, condition)
        self._source = source

    def fingerprint(self) -> str | None:
        key = self._source.fingerprint()
        return key and f"{key}-at-{self.sr}"


def _resampled(source: BaseSource, sr: float) -> NDArray[np.float32]:
    """Return all samples at another rate [shape=(n_channels, ceil(n * sr / source.sr))]."""
    import soxr

    samples = np.zeros((source.n_channels, source.n_samples), np.float32)
    step = max(1, _STEP_VALUES // source.n_channels)
    for start in range(0, source.n_samples, step):
        with suppress(AudioFileError):  # it is marked as damaged
            samples[:, start : start + step] = source.read(start, start + step)
    # One value that is not finite would make all others NaN.
    np.nan_to_num(samples, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    n_samples = int(np.ceil(source.n_samples * float(sr) / source.sr))
    out = np.zeros((source.n_channels, n_samples), np.float32)
    for channel, row in zip(samples, out, strict=True):
        made = soxr.resample(channel, source.sr, sr, quality="soxr_hq")
        n = min(len(made), n_samples)
        row[:n] = made[:n]
    return out
