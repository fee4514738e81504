"""The sound of one annotation, and what the measurements need to know of it.

Invariant: memory is bounded however long the annotation is: samples and frames are looked at in
pieces, and only sums, maxima and counts are kept. What is asked for is computed once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from specwidget.audio.source import AudioSource, ChannelSpec, read_channel
from specwidget.measurements.bandpass import Bandpass, bandpass
from specwidget.transforms import Stft

__all__ = ["Excerpt", "Levels"]

_PIECE_SAMPLES = 1 << 18
_PIECE_VALUES = 1 << 20
# librosa.zero_crossings takes no sample for negative that is nearer to zero.
_NOT_ZERO = 1e-10


@dataclass(frozen=True)
class Levels:
    """What the samples of a stretch come to.

    Attributes
    ----------
    mean_square, peak : float
        NaN where there are no samples.
    crossings : int
        How many samples have another sign than the one before.
    n_samples : int
    """

    mean_square: float
    peak: float
    crossings: int
    n_samples: int


@dataclass(frozen=True)
class Excerpt:
    """A stretch of one channel, and a band of it.

    Parameters
    ----------
    source : AudioSource
        The recording.
    channel : int or "mix"
        One of its channels, or the mean of all.
    start, end : float
        Seconds; equal for a point.
    low, high : float
        Hz.
    stft : Stft
        What makes frames.
    surroundings : bool
        Whether `noise` will be asked for.
    """

    source: AudioSource
    channel: ChannelSpec
    start: float
    end: float
    low: float
    high: float
    stft: Stft
    surroundings: bool = True

    @property
    def samples(self) -> tuple[int, int]:
        """The samples ``(start, stop)``; at least one unless it is a point."""
        first = min(max(0, round(self.start * self.source.sr)), self.source.n_samples)
        stop = min(round(self.end * self.source.sr), self.source.n_samples)
        if self.end > self.start and stop <= first:
            first = min(first, self.source.n_samples - 1)
            stop = first + 1
        return first, max(first, stop)

    @property
    def frames(self) -> tuple[int, int]:
        """The frames ``(first, stop)`` whose centres lie within, or the one nearest the middle."""
        per_second = self.source.sr / self.stft.hop
        total = self.stft.n_frames(self.source.n_samples)
        slack = 1e-9 * max(1.0, self.end * per_second)
        first = min(total, max(0, math.ceil(self.start * per_second - slack)))
        stop = min(total, math.floor(self.end * per_second + slack) + 1)
        if stop > first:
            return first, stop
        nearest = min(total - 1, max(0, round((self.start + self.end) / 2.0 * per_second)))
        return nearest, nearest + 1

    @cached_property
    def frequencies(self) -> NDArray[np.float64]:
        """The centres of the bins within the band, or the one nearest to it [shape=(n_bins,)]."""
        return self.stft.frequencies(self.source.sr)[self._bins]

    @cached_property
    def energy(self) -> NDArray[np.float64]:
        """The energy in every bin of the band, over all frames [shape=(n_bins,)]."""
        return self._spectra[0]

    @cached_property
    def loudest(self) -> NDArray[np.float64]:
        """The largest power in every bin of the band [shape=(n_bins,)]."""
        return self._spectra[1]

    @property
    def levels(self) -> Levels:
        """What the samples come to, in the band."""
        return self._stretches[1]

    @property
    def noise(self) -> float:
        """The mean square of as many samples before and after, in the band; NaN without any."""
        around = [one for one in self._stretches[::2] if one.n_samples]
        n = sum(one.n_samples for one in around)
        return sum(one.mean_square * one.n_samples for one in around) / n if n else math.nan

    def sound(self) -> NDArray[np.float32]:
        """Return all samples, in the band [shape=(n,)]."""
        pieces = list(self._pieces(*self.samples))
        return np.concatenate(pieces) if pieces else np.empty(0, np.float32)

    @cached_property
    def _bins(self) -> slice:
        frequencies = self.stft.frequencies(self.source.sr)
        slack = 1e-9 * frequencies[-1]
        first = int(np.searchsorted(frequencies, self.low - slack))
        stop = int(np.searchsorted(frequencies, self.high + slack, "right"))
        if stop > first:
            return slice(first, stop)
        nearest = int(np.abs(frequencies - (self.low + self.high) / 2.0).argmin())
        return slice(nearest, nearest + 1)

    @cached_property
    def _filter(self) -> Bandpass | None:
        return bandpass(self.low, self.high, self.source.sr)

    @cached_property
    def _spectra(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        import scipy.fft

        first, stop = self.frames
        hop, window = self.stft.hop, self.stft.frame_window().astype(np.float32)
        energy = np.zeros(len(self.frequencies))
        loudest = np.zeros(len(self.frequencies))
        step = max(1, _PIECE_VALUES // len(window))
        for begin in range(first, stop, step):
            end = min(begin + step, stop)
            y = read_channel(self.source, *self.stft.frame_range(begin, end), self.channel)
            frames = np.lib.stride_tricks.sliding_window_view(y, len(window))[::hop]
            with np.errstate(invalid="ignore", over="ignore"):
                spectrum = scipy.fft.rfft(frames * window, axis=1)[:, self._bins]
                power = np.square(spectrum.real) + np.square(spectrum.imag)
                energy += power.sum(axis=0, dtype=np.float64)
                np.maximum(loudest, power.max(axis=0), out=loudest)
        return energy, loudest

    def _pieces(self, start: int, stop: int) -> Iterator[NDArray[np.float32]]:
        halo = 0 if self._filter is None else self._filter.halo
        step = max(_PIECE_SAMPLES, 4 * halo)
        for begin in range(start, stop, step):
            end = min(begin + step, stop)
            y = read_channel(self.source, begin - halo, end + halo, self.channel)
            if self._filter is None:
                yield y
                continue
            # What is no number in the surroundings is not to spread.
            odd = ~np.isfinite(y)
            filtered = self._filter(np.where(odd, np.float32(0.0), y) if odd.any() else y)
            filtered[odd[halo : halo + len(filtered)]] = np.nan
            yield filtered

    @cached_property
    def _stretches(self) -> tuple[Levels, Levels, Levels]:
        """What the samples before, within and after come to."""
        first, stop = self.samples
        beyond = stop - first if self.surroundings else 0
        edges = (
            max(0, first - beyond),
            first,
            stop,
            min(stop + beyond, self.source.n_samples),
        )
        sums = [_Sums() for _ in range(3)]
        place = edges[0]
        for y in self._pieces(edges[0], edges[3]):
            for one, (begin, end) in zip(sums, pairwise(edges), strict=True):
                one.take(y[max(0, begin - place) : max(0, end - place)])
            place += len(y)
        return sums[0].levels(), sums[1].levels(), sums[2].levels()


@dataclass
class _Sums:
    """Levels in the making, from pieces that follow each other."""

    n_samples: int = 0
    squares: float = 0.0
    peak: float = 0.0
    crossings: int = 0
    negative: bool | None = None

    def take(self, y: NDArray[np.float32]) -> None:
        if not len(y):
            return
        with np.errstate(invalid="ignore", over="ignore"):
            self.squares += float(np.square(y, dtype=np.float64).sum())
            self.peak = float(np.maximum(self.peak, np.abs(y).max()))
            negative = y < -_NOT_ZERO
        self.crossings += int(np.count_nonzero(negative[1:] != negative[:-1]))
        self.crossings += self.negative is not None and self.negative != negative[0]
        self.negative = bool(negative[-1])
        self.n_samples += len(y)

    def levels(self) -> Levels:
        n = self.n_samples
        if not n:
            return Levels(math.nan, math.nan, 0, 0)
        return Levels(self.squares / n, self.peak, self.crossings, n)
