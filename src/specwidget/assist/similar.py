"""More like this: a box is looked for in a whole recording.

The picture of the box is slid along the picture of the sound, and compared with what lies under it
by their correlation, which neither loudness nor an even background changes (normalised
cross-correlation, J. P. Lewis 1995; of spectrograms, as in Raven's Correlator and in
MATLAB's ``normxcorr2``). Memory is bounded but for one score in a frame.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from specwidget._check import check_number
from specwidget.assist.results import Row
from specwidget.assist.sound import Sound, sound_of
from specwidget.assist.windows import Scan, exhausted
from specwidget.errors import ParameterError
from specwidget.transforms import MelSpectrogram
from specwidget.transforms.melbank import hz_to_mel

__all__ = ["Example", "FindSimilar"]

# A frame is as long as this, and long enough to tell so many rows of the band apart, and no longer
# than so large a part of the example.
_FRAME_SECONDS = 0.025
_ROWS_OF_BAND = 8
_FRAMES_IN_EXAMPLE = 4
_LEAST_N_FFT, _MOST_N_FFT = 64, 8192
_MOST_FRAMES = 512
_MOST_MELS = 48
# What surrounds the band tells a call from a noise that is louder everywhere.
_MARGIN = 0.25
_BLOCK_VALUES = 1 << 20
_FLOOR_PLACES, _FLOOR_FRAMES = 24, 128


@dataclass(frozen=True, eq=False)
class Example:
    """What is looked for.

    Attributes
    ----------
    y : np.ndarray, float32 [shape=(n,)]
        Its samples.
    sr : float
        Their rate.
    low_freq, high_freq : float
        Its band in Hz.
    label : str
        What it is; so are those that are found.
    place : (float, float), optional
        Where it is itself, in seconds of the recording: it is not found again.
    """

    y: NDArray[np.float32]
    sr: float
    low_freq: float
    high_freq: float
    label: str = ""
    place: tuple[float, float] | None = None

    def is_at(self, start: float, length: float) -> bool:
        """Say whether a stretch of the recording shares more than half of its time with it."""
        if self.place is None:
            return False
        shared = min(self.place[1], start + length) - max(self.place[0], start)
        return shared > length / 2.0


@dataclass(frozen=True, kw_only=True)
class FindSimilar:
    """Mark what looks like a box that you have drawn.

    The score is the correlation of the two pictures, log-mel spectrograms of the band of the box:
    1 for the same, 0 for nothing alike. Of places that overlap by more than half, only the best
    is marked.

    Parameters
    ----------
    threshold : float in 0..1
        The least score.
    example : Example, optional
        What to look for; in a widget, the selected annotation.

    Examples
    --------
    >>> t = np.arange(1600) / 8000
    >>> y = 0.01 * np.random.default_rng(0).normal(size=24000).astype(np.float32)
    >>> for start in (4000, 9600, 20000):
    ...     y[start : start + 1600] += np.sin(2 * np.pi * (1000 + 5000 * t) * t)
    >>> find = FindSimilar(example=Example(y[4000:5600], 8000, 800.0, 3200.0))
    >>> found = find(y, 8000)
    >>> [round(row["start"], 1) for row in found]
    [0.5, 1.2, 2.5]
    """

    threshold: float = 0.5
    example: Example | None = None

    name = "find_similar"
    label = ""

    def __post_init__(self) -> None:
        check_number("threshold", self.threshold, 0.0, 1.0)

    @property
    def needs(self) -> str | None:
        """What must be selected before it can be run."""
        return "selection" if self.example is None else None

    def like(self, y: NDArray[np.float32], sr: float, row: Mapping[str, Any]) -> FindSimilar:
        """Return the same, looking for one annotation, of these samples [shape=(n,)]."""
        if row["start"] is None or row["end"] <= row["start"]:
            raise ParameterError(
                f"annotation {row['id']!r} has no length; select an interval or a box to find more "
                "like it"
            )
        low = 0.0 if row["low_freq"] is None else float(row["low_freq"])
        high = sr / 2.0 if row["high_freq"] is None else float(row["high_freq"])
        place = (float(row["start"]), float(row["end"]))
        return replace(self, example=Example(y, sr, low, high, row["label"], place))

    def __call__(self, y: NDArray[np.float32], sr: float) -> list[Row]:
        """Return the places in samples [shape=(n,)], in seconds from their start."""
        return exhausted(self.scan(sound_of(y, sr)))

    def scan(self, sound: Sound) -> Scan:
        """Look through a sound of any length."""
        import scipy.signal

        example = self.example
        if example is None:
            raise ParameterError("example=None: FindSimilar has nothing to look for; give one")
        if example.sr != sound.sr:
            raise ParameterError(
                f"the example has sr={example.sr:g} and the sound sr={sound.sr:g}; resample one"
            )
        mel = _picture_of(example)
        total = mel.n_frames(sound.n_samples)
        floor = _background(mel, sound, total)
        template = _Template.of(mel.decibels(example.y, example.sr, exact=False) - floor)
        step = max(4 * template.width, _BLOCK_VALUES // len(floor))
        scores = [np.full(1, -1.0)]
        for first in range(0, total - template.width + 1, step):
            stop = min(first + step + template.width - 1, total)
            scores.append(template.scores(mel.values(sound, first, stop, exact=False) - floor))
            yield stop / total
        # With an end on either side, the first and the last place can be peaks too.
        score = np.concatenate([*scores, np.full(1, -1.0)])
        length = len(example.y) / sound.sr
        peaks, _ = scipy.signal.find_peaks(
            score,
            height=max(self.threshold, 1e-6),
            distance=max(1, math.ceil(length * sound.sr / mel.hop / 2.0)),
        )
        rows = []
        for peak in peaks.tolist():
            start = max(0.0, ((peak - 1) * mel.hop - mel.n_fft // 2) / sound.sr)
            if start < sound.duration and not example.is_at(sound.start + start, length):
                rows.append(_row(example, sound, start, length, float(score[peak])))
        return rows


def _row(example: Example, sound: Sound, start: float, length: float, score: float) -> Row:
    row: Row = {
        "start": sound.start + start,
        "end": sound.start + min(start + length, sound.duration),
        "score": min(1.0, score),
    }
    if example.label:
        row["label"] = example.label
    if example.low_freq > 0.0 or example.high_freq < example.sr / 2.0:
        row |= {"low_freq": example.low_freq, "high_freq": example.high_freq}
    return row


def _picture_of(example: Example) -> MelSpectrogram:
    """Return the transform in which a box has enough of a pattern, and not more."""
    n, sr = len(example.y), example.sr
    width = max(example.high_freq - example.low_freq, sr / _MOST_N_FFT)
    wanted = max(_FRAME_SECONDS * sr, _ROWS_OF_BAND * sr / width)
    most = min(_MOST_N_FFT, n // _FRAMES_IN_EXAMPLE)
    n_fft = 1 << (int(min(wanted, max(most, _LEAST_N_FFT))).bit_length() - 1)
    if n < n_fft:
        raise ParameterError(
            f"the example has {n} samples; draw a box of at least {n_fft / sr:.3g} s"
        )
    low = max(0.0, example.low_freq - _MARGIN * width)
    high = min(sr / 2.0, example.high_freq + _MARGIN * width)
    # As many filters as still have two bins each, where they are narrowest.
    hz = sr / n_fft
    mels = hz_to_mel(np.array([low, low + hz, high]))
    n_mels = int((mels[2] - mels[0]) / (mels[1] - mels[0])) - 1
    return MelSpectrogram(
        n_fft=n_fft,
        hop_length=max(1, n_fft // 4, n // _MOST_FRAMES),
        n_mels=min(_MOST_MELS, max(2, n_mels)),
        fmin=low,
        fmax=high,
    )


def _background(mel: MelSpectrogram, sound: Sound, total: int) -> NDArray[np.float32]:
    """Return the median level of every row, from places spread over the sound [shape=(n, 1)]."""
    places = np.linspace(0, max(0, total - _FLOOR_FRAMES), _FLOOR_PLACES).astype(int)
    seen = [
        mel.values(sound, first, min(first + _FLOOR_FRAMES, total), exact=False)
        for first in np.unique(places).tolist()
    ]
    median = np.median(np.nan_to_num(np.concatenate(seen, axis=1), nan=-100.0), axis=1)
    return np.asarray(median, np.float32)[:, None]


@dataclass(frozen=True, eq=False)
class _Template:
    """A pattern of mean 0 and norm 1 [shape=(n_rows, width)]."""

    pattern: NDArray[np.float64]

    @classmethod
    def of(cls, above: NDArray[np.float32]) -> _Template:
        pattern = _cleaned(above)
        pattern -= pattern.mean()
        return cls(pattern / max(float(np.linalg.norm(pattern)), 1e-9))

    @property
    def width(self) -> int:
        return int(self.pattern.shape[1])

    def scores(self, above: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the correlation at every place where the pattern fits in."""
        import scipy.fft

        cells = _cleaned(above)
        n = scipy.fft.next_fast_len(cells.shape[1], real=True)
        product = scipy.fft.rfft(cells, n, axis=1)
        product *= scipy.fft.rfft(self.pattern, n, axis=1).conj()
        places = cells.shape[1] - self.width + 1
        cross = scipy.fft.irfft(product.sum(axis=0), n)[:places]
        sums = _moving_sum(cells.sum(axis=0), self.width)
        squares = _moving_sum(np.square(cells).sum(axis=0), self.width)
        spread = squares - np.square(sums) / self.pattern.size
        # A place without a pattern is like nothing.
        return np.where(spread > 1e-6 * self.pattern.size, cross, 0.0) / np.sqrt(
            np.maximum(spread, 1e-9)
        )


def _cleaned(above: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return dB above the background, and nothing below it."""
    return np.maximum(np.nan_to_num(above.astype(np.float64), nan=0.0), 0.0)


def _moving_sum(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    total = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray(total[width:] - total[:-width])
