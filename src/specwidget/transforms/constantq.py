"""Constant-Q and variable-Q transforms, as ``librosa.cqt`` and ``librosa.vqt`` give them."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from specwidget._check import check_bool, check_int, check_number, shown
from specwidget.audio.signal import Signal
from specwidget.errors import ParameterError, ParameterTypeError
from specwidget.transforms.filters import FilterBank, FilterSpec, filter_bank
from specwidget.transforms.framing import MAX_HOP, parameters_as_json
from specwidget.transforms.octaves import (
    decimated,
    early_factor,
    octave_response,
    octaves_below,
    stretches,
)
from specwidget.transforms.units import Units
from specwidget.transforms.valued import (
    Valued,
    any_between,
    checked_norm,
    finite_samples,
    power_to_db,
)
from specwidget.transforms.windows import window_spec

__all__ = ["Cqt", "Vqt"]

MAX_BINS = 2048
MAX_BINS_PER_OCTAVE = 512
MAX_JUST_INTERVALS = 72
_C1 = 440.0 * 2.0 ** ((24 - 69.0) / 12.0)
_INTERVALS = ("equal", "pythagorean", "ji3", "ji5", "ji7")
_QUALITIES = ("soxr_vhq", "soxr_hq", "soxr_mq", "soxr_lq", "soxr_qq")
# At which work is estimated where the rate is not known: another makes little difference.
_USUAL_RATE = 48_000.0


@dataclass(frozen=True, kw_only=True)
class _ConstantQ(Valued):
    """The parameters that both transforms share, and the work."""

    hop_length: int = 512
    fmin: float | None = None
    n_bins: int = 84
    bins_per_octave: int = 12
    tuning: float = 0.0
    filter_scale: float = 1.0
    norm: float | None = 1.0
    sparsity: float = 0.01
    window: str | float | tuple[Any, ...] = "hann"
    scale: bool = True
    res_type: str = "soxr_hq"

    def __post_init__(self) -> None:
        self._set("hop_length", check_int("hop_length", self.hop_length, 1, MAX_HOP))
        if self.fmin is not None:
            self._set("fmin", check_number("fmin", self.fmin, 1e-3, 1e9, unit="Hz"))
        self._set("n_bins", check_int("n_bins", self.n_bins, 1, MAX_BINS))
        per_octave = check_int("bins_per_octave", self.bins_per_octave, 1, MAX_BINS_PER_OCTAVE)
        self._set("bins_per_octave", per_octave)
        if self.tuning is None:
            raise ParameterTypeError(
                "tuning=None would be estimated of the whole recording; give a number, such as "
                "0.0 or librosa.estimate_tuning(y=y, sr=sr)"
            )
        self._set("tuning", check_number("tuning", self.tuning, -MAX_BINS, MAX_BINS))
        self._set("filter_scale", check_number("filter_scale", self.filter_scale, 1e-3, 1e3))
        self._set("norm", checked_norm("norm", self.norm))
        self._set("sparsity", check_number("sparsity", self.sparsity, 0.0, 0.999))
        self._set("window", _checked_window(self.window))
        self._set("scale", check_bool("scale", self.scale))
        if not isinstance(self.res_type, str) or self.res_type not in _QUALITIES:
            raise ParameterError(
                f"res_type={shown(self.res_type)} cannot be computed in pieces; "
                f"give one of {', '.join(_QUALITIES)}"
            )

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    @property
    def hop(self) -> int:
        """Samples from the centre of one frame to that of the next: `hop_length`."""
        return self.hop_length

    @property
    def span(self) -> int:
        """Samples that the work for one frame is in proportion to: those of all its FFTs."""
        return self._work[0]

    @cached_property
    def _work(self) -> tuple[int, int]:
        """Return the samples of a frame's FFTs, and those under it, at a usual sampling rate."""
        n_octaves = -(-self.n_bins // self.bins_per_octave)
        quality = self.filter_scale / (2.0 ** (1.0 / self.bins_per_octave) - 1.0)
        top = (_C1 if self.fmin is None else self.fmin) * 2.0 ** (n_octaves - 1)
        early = early_factor(1.0, min(1.0, 4.0 * top / _USUAL_RATE), self.hop_length, n_octaves)
        total, longest, factor = 4.0 * self.hop_length, 0.0, early
        for i, (stage, _) in enumerate(octaves_below(self.hop_length // early, n_octaves)):
            factor = early << stage
            longest = quality * _USUAL_RATE / (top / 2.0**i)
            total += max(longest / factor, 4.0 * quality)
        return int(min(total, 1 << 22)), int(min(longest, 1 << 20)) + 256 * factor

    def n_rows(self, sr: float) -> int:
        """Return how many values a frame has: `n_bins`."""
        return self.n_bins

    def frequencies(self, sr: float) -> NDArray[np.float64]:
        """Return the centre of every bin in Hz, ascending [shape=(n_bins,)]."""
        return self._bank(sr).frequencies.copy()

    def band(self, sr: float) -> tuple[float, float]:
        """Return the lower end of the lowest bin and the upper end of the highest, in Hz."""
        centres = self._bank(sr).frequencies
        if len(centres) == 1:
            half = 2.0 ** (0.5 / self.bins_per_octave)
            return float(centres[0]) / half, float(centres[0]) * half
        low = float(centres[0] * math.sqrt(centres[0] / centres[1]))
        high = float(centres[-1] * math.sqrt(centres[-1] / centres[-2]))
        return low, min(high, sr / 2.0)

    def n_frames(self, n_samples: int) -> int:
        """Return how many frames are centred in a recording: ``1 + n_samples // hop_length``."""
        return 1 + n_samples // self.hop_length

    def frame_range(self, start: int, stop: int) -> tuple[int, int]:
        """Return the samples ``(start, stop)`` that frames come of, unclipped.

        At a usual sampling rate; at another they may be more or less.
        """
        around = self._work[1]
        first = start * self.hop_length - around
        return first, max(start, stop - 1) * self.hop_length + around

    def units(self, sr: float) -> Units:
        """Return what values mean: dB of an amplitude."""
        return Units(ref_factor=20.0, full_scale=self._bank(sr).full_scale)

    def values(
        self, signal: Signal, start: int, stop: int, *, exact: bool = True
    ) -> NDArray[np.float32]:
        """Return frames ``[start, stop)`` in dB, ref=1.0 [shape=(n_bins, stop - start)]."""
        bank = self._bank(signal.sr)
        n_frames = stop - start
        if n_frames <= 0:
            return np.empty((self.n_bins, 0), np.float32)
        wanted = [(signal.n_samples, 0)] * (len(bank.factors) + 1)
        for octave in bank.octaves:
            first, last = octave.needs(start, stop)
            known = wanted[octave.stage]
            wanted[octave.stage] = min(known[0], first), max(known[1], last)
        held = stretches(wanted, bank.factors, signal.n_samples, self.res_type, exact)
        samples, bad = finite_samples(signal, *held[0])
        response = np.empty((self.n_bins, n_frames), np.complex64)
        for stage, have in enumerate(held):
            if stage:
                factor = bank.factors[stage - 1]
                samples = decimated(samples, held[stage - 1], have, factor, self.res_type)
                if stage == 1 and bank.early > 1 and not self.scale:
                    samples *= np.sqrt(factor)
            for octave in bank.octaves:
                if octave.stage == stage:
                    first, last = octave.needs(start, stop)
                    under = _padded(samples, have[0], first, last)
                    response[octave.bins] = octave_response(octave, under, n_frames)
        if self.scale:
            response /= np.sqrt(bank.lengths / bank.early)[:, np.newaxis]
        with np.errstate(over="ignore", invalid="ignore"):
            magnitude = np.abs(response)
            values = power_to_db(np.square(magnitude, out=magnitude))
        if bad.size:
            centres = np.arange(start, stop) * self.hop_length
            half = bank.lengths[:, np.newaxis] / 2.0
            values[any_between(bad, centres - half, centres + half)] = np.nan
        return values

    def to_json(self) -> dict[str, Any]:
        """Return the parameters as JSON-able values, with the class's name as ``type``."""
        return parameters_as_json(self)

    def _bank(self, sr: float) -> FilterBank:
        return _bank(self, float(sr))


@dataclass(frozen=True, kw_only=True)
class Cqt(_ConstantQ):
    """Magnitude of the constant-Q transform, in dB: bins evenly spaced in pitch.

    Equal to ``librosa.amplitude_to_db(np.abs(librosa.cqt(y, sr=sr, ...)), ref=1.0, top_db=None)``
    with the same parameters, to the bit where `values` is asked for exact numbers. Tiles are
    decimated in shorter pieces, whose rounding is some 120 dB below the loudest sample.
    ``freq_axis="log"`` shows all octaves alike.

    Parameters
    ----------
    hop_length : int in 1..1048576
        Samples from one frame to the next. The more often it can be halved, the quicker.
    fmin : float > 0, optional
        Centre of the lowest bin, in Hz; C1, 32.7 Hz, if None.
    n_bins : int in 1..2048
        How many bins.
    bins_per_octave : int in 1..512
        Bins in an octave.
    tuning : float
        By what part of a bin all are moved. librosa's None, to estimate it, takes the whole
        recording: give ``librosa.estimate_tuning(y=y, sr=sr)``.
    filter_scale : float > 0
        Factor of the filters' lengths: below 1 for better resolution in time.
    norm : number > 0, inf, or None
        By which norm filters are scaled.
    sparsity : float in 0..0.999
        What part of a filter's energy may be left out.
    window : str, number or tuple
        Of the filters: a name, or ``(name, parameter, ...)``.
    scale : bool
        Whether responses are divided by the square root of the filters' lengths.
    res_type : "soxr_vhq", "soxr_hq", "soxr_mq", "soxr_lq" or "soxr_qq"
        Quality of the decimation.

    Raises
    ------
    ParameterError, ParameterTypeError
        A parameter has a value or a type that makes no sense.

    Notes
    -----
    Samples that are not finite count as zero, and values whose filters cover one are NaN; librosa
    refuses such a recording. A frame that librosa adds beyond the last sample, for some lengths, is
    left out.

    Examples
    --------
    >>> cqt = Cqt(fmin=220.0, n_bins=24)
    >>> cqt.frequencies(sr=22050)[[0, 12]].round()
    array([220., 440.])
    """


@dataclass(frozen=True, kw_only=True)
class Vqt(_ConstantQ):
    """Magnitude of the variable-Q transform, in dB: shorter filters in the bass than `Cqt`'s.

    Equal to ``librosa.amplitude_to_db(np.abs(librosa.vqt(y, sr=sr, ...)), ref=1.0, top_db=None)``
    with the same parameters, as for `Cqt`.

    Parameters
    ----------
    hop_length, fmin, n_bins, bins_per_octave, tuning, filter_scale, norm, sparsity, window, scale,\
 res_type
        As for `Cqt`.
    intervals : "equal", "pythagorean", "ji3", "ji5", "ji7", or tuple of float in 1..2
        How bins divide an octave; numbers, ascending from 1, stand for ratios, and there are as
        many `bins_per_octave`.
    gamma : float >= 0, optional
        What is added to the bandwidth of every filter, in Hz; by the ear's, if None.

    Raises
    ------
    ParameterError, ParameterTypeError
        A parameter has a value or a type that makes no sense.

    Examples
    --------
    >>> vqt = Vqt(fmin=220.0, n_bins=3, intervals=(1.0, 1.25, 1.5))
    >>> vqt.frequencies(sr=22050)
    array([220., 275., 330.])
    """

    intervals: str | tuple[float, ...] = "equal"
    gamma: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        intervals = _checked_intervals(self.intervals)
        self._set("intervals", intervals)
        if isinstance(intervals, tuple):
            self._set("bins_per_octave", len(intervals))
        elif intervals.startswith("ji") and self.bins_per_octave > MAX_JUST_INTERVALS:
            raise ParameterError(
                f"bins_per_octave={self.bins_per_octave} is too much for "
                f"intervals={intervals!r}; give at most {MAX_JUST_INTERVALS}"
            )
        if self.gamma is not None:
            self._set("gamma", check_number("gamma", self.gamma, 0.0, 1e9, unit="Hz"))


@lru_cache(maxsize=4)
def _bank(transform: _ConstantQ, sr: float) -> FilterBank:
    fmin = _C1 if transform.fmin is None else transform.fmin
    return filter_bank(
        FilterSpec(
            sr=sr,
            hop_length=transform.hop_length,
            fmin=fmin * 2.0 ** (transform.tuning / transform.bins_per_octave),
            n_bins=transform.n_bins,
            bins_per_octave=transform.bins_per_octave,
            intervals=getattr(transform, "intervals", "equal"),
            gamma=getattr(transform, "gamma", 0.0),
            filter_scale=transform.filter_scale,
            norm=transform.norm,
            sparsity=transform.sparsity,
            window=transform.window,
            scale=transform.scale,
        )
    )


def _padded(samples: NDArray[np.float32], begin: int, first: int, last: int) -> NDArray[np.float32]:
    """Return samples ``[first, last)`` of a stretch that begins at `begin`, zeros beyond it."""
    out = np.zeros(last - first, np.float32)
    a, b = max(first, begin), min(last, begin + len(samples))
    if b > a:
        out[a - first : b - first] = samples[a - begin : b - begin]
    return out


def _checked_window(window: object) -> str | float | tuple[Any, ...]:
    known = isinstance(window, (str, numbers.Real)) or (
        isinstance(window, (tuple, list)) and len(window) > 0 and isinstance(window[0], str)
    )
    if not known:
        raise ParameterTypeError(
            f"window={shown(window)} has no length of its own; give a name such as 'hann', or "
            "(name, parameter) such as ('kaiser', 14.0)"
        )
    return window_spec(window, 64)  # type: ignore[arg-type]  # checked just above


def _checked_intervals(intervals: object) -> str | tuple[float, ...]:
    if isinstance(intervals, str):
        if intervals in _INTERVALS:
            return intervals
        raise ParameterError(
            f"intervals={shown(intervals)} is unknown; give one of {', '.join(_INTERVALS)}"
        )
    if not isinstance(intervals, (tuple, list, np.ndarray)):
        raise ParameterTypeError(
            f"intervals={shown(intervals)} is no list of ratios; give such as (1, 1.25, 1.5)"
        )
    if not 1 <= len(intervals) <= MAX_BINS_PER_OCTAVE:
        raise ParameterError(
            f"intervals has {len(intervals)} ratios; give 1 to {MAX_BINS_PER_OCTAVE}"
        )
    ratios = tuple(check_number("intervals", ratio, 1.0, 2.0) for ratio in intervals)
    if ratios[-1] == 2.0 or any(b <= a for a, b in pairwise(ratios)):
        raise ParameterError(
            f"intervals={shown(intervals)} do not ascend from 1 to below 2; sort them, each once"
        )
    return ratios
