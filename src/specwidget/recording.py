"""One recording through one transform: everything that can be asked of it.

Invariant: a `Recording` never changes. A new transform makes a new one with a higher epoch, so that
whoever holds the old one, on whatever thread, still gets answers that fit together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from specwidget._check import check_number, shown
from specwidget.audio import AudioSource, ChannelSpec, check_channel, read_channel
from specwidget.errors import ParameterError
from specwidget.tiles import (
    DiskCache,
    PatchedSource,
    Quantiser,
    Tileset,
    drawn_range,
    extremes,
    sampled_extremes,
    spectrogram_db,
    spectrogram_info,
    tilesets,
    waveform_info,
)
from specwidget.tiles.whole import whole_parts
from specwidget.transforms import Transform, Units

__all__ = ["Recording", "Ref", "Value"]

Ref: TypeAlias = float | Literal["full scale", "max"]
"""What reads 0 dB: a full-scale sine, the largest value of the recording, or librosa's ``ref``."""

_FRAMES_AT_A_TIME = 4096
_DYNAMIC_RANGE = 80.0
_LEAST_RANGE = 20.0
# What librosa makes of silence: amplitude_to_db and power_to_db stop here, with ref=1.0.
_FLOOR_DB = -100.0


@dataclass(frozen=True)
class Value:
    """The exact numbers at one place: the nearest frame and bin, and the nearest sample.

    ``freq`` is in Hz, or the middle of a row that is no frequency; ``db`` is the value there, dB
    or not.
    """

    frame: int
    bin: int
    time: float
    freq: float
    db: float
    sample: int
    amplitude: float


@dataclass(frozen=True)
class Recording:
    """A source of samples seen through a transform.

    Parameters
    ----------
    source : AudioSource
        Where the samples come from.
    transform : Transform
        What the spectrogram shows.
    name : str
        Its key in the annotations.
    epoch : int
        Grows with every change of transform; tiles of another epoch are not of this recording.
    cache : DiskCache, optional
        Where coarse levels are kept from one opening to the next.
    patched : PatchedSource, optional
        The source with its damage, as far as it is known: a picture leaves that out.
    """

    source: AudioSource
    transform: Transform
    name: str
    epoch: int = 0
    cache: DiskCache | None = None
    patched: PatchedSource = field(default=None, repr=False)  # type: ignore[assignment]

    def __post_init__(self) -> None:
        if self.patched is None:
            object.__setattr__(self, "patched", PatchedSource(self.source))
        # What is wrong with the transform for this recording is said before it is used.
        self.transform.n_frames(self.source.n_samples)
        self.transform.n_rows(self.source.sr)
        self.transform.band(self.source.sr)

    def through(self, transform: Transform) -> Recording:
        """Return the same recording through another transform.

        Raises
        ------
        ParameterError, TransformError
            That transform cannot be used with this recording.
        """
        return replace(self, transform=transform, epoch=self.epoch + 1)

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.source.n_samples / self.source.sr

    @property
    def channels(self) -> tuple[ChannelSpec, ...]:
        """What can be looked at: every channel, and the mix of several."""
        numbers: tuple[ChannelSpec, ...] = tuple(range(self.source.n_channels))
        return numbers if len(numbers) == 1 else (*numbers, "mix")

    @cached_property
    def band(self) -> tuple[float, float]:
        """Lower and upper end of the frequency axis, in Hz, or in rows that are none."""
        low, high = self.transform.band(self.source.sr)
        return float(low), float(high)

    @cached_property
    def units(self) -> Units:
        """What values and rows of the spectrogram mean."""
        return self.transform.units(self.source.sr)

    @cached_property
    def drawn(self) -> Quantiser:
        """The values that the darkest and the brightest byte of a tile stand for."""
        return drawn_range(self.patched, self.transform, lambda: self._sampled)

    def tilesets(self, before: Mapping[str, Tileset] | None = None) -> dict[str, Tileset]:
        """Return tilesets by the names of their layers; those of the waveform are kept."""
        return tilesets(self.patched, self.transform, before, self.drawn, self.cache)

    def info(self) -> dict[str, Any]:
        """Return what the front end must know, JSON-able."""
        low, high = self.band
        info = {
            "protocol": 1,
            "epoch": self.epoch,
            "name": self.name,
            "sr": self.source.sr,
            "n_samples": self.source.n_samples,
            "n_channels": self.source.n_channels,
            "duration": self.duration,
            "spectrogram": spectrogram_info(self.source, self.transform, self.drawn),
            "waveform": waveform_info(self.source),
            "freq_min": low,
            "freq_max": high,
            "db_range": list(self.good_range("full scale")),
            "damage": [
                [one.start / self.source.sr, one.stop / self.source.sr, one.reason]
                for one in self.patched.damage
            ],
        }
        return {**info, "whole": whole_parts(info)}

    # Spectrogram --------------------------------------------------------------------------------

    def frames_between(self, start: float, end: float) -> tuple[int, int]:
        """Return the frames ``(first, stop)`` whose centres lie in ``[start, end]`` seconds."""
        total = self.transform.n_frames(self.source.n_samples)
        per_second = self.source.sr / self.transform.hop
        # A time that was computed from a frame's number still finds that frame.
        slack = 1e-9 * max(1.0, end * per_second)
        first = min(total, max(0, math.ceil(start * per_second - slack)))
        last = min(total - 1, math.floor(end * per_second + slack))
        return first, max(first, last + 1)

    def spectrogram(
        self, start: float, end: float, channel: ChannelSpec, ref: Ref
    ) -> NDArray[np.float32]:
        """Return exact values of the frames between two times [shape=(n_bins, n_frames)]."""
        first, stop = self.frames_between(start, end)
        values = spectrogram_db(self.source, self.transform, first, stop, channel)
        offset = self.ref_db(ref)
        return values if offset == 0.0 else values - np.float32(offset)

    def ref_db(self, ref: Ref) -> float:
        """Return what is subtracted from values with ``ref=1.0``, for another `ref`.

        Nothing is, where values have no reference.

        Raises
        ------
        ParameterError, ParameterTypeError
            `ref` is neither a number above 0, nor ``"full scale"``, nor ``"max"``.
        """
        factor = self.units.ref_factor
        if isinstance(ref, str):
            if ref == "full scale":
                return 0.0 if factor is None else self.units.full_scale or 0.0
            if ref == "max":
                return 0.0 if factor is None else self.loudest_db
            raise ParameterError(f"ref={shown(ref)} is unknown; give 'full scale', 'max' or 1.0")
        number = check_number("ref", ref)
        if number <= 0:
            raise ParameterError(f"ref={number:g} has no level; give a number above 0, such as 1.0")
        return 0.0 if factor is None else factor * math.log10(number)

    @cached_property
    def loudest_db(self) -> float:
        """Largest value (ref=1.0) in the whole recording; reads all of it once."""
        total = self.transform.n_frames(self.source.n_samples)
        return max(
            (self._max_db(first, min(total, first + _FRAMES_AT_A_TIME), channel))
            for channel in range(self.source.n_channels)
            for first in range(0, total, _FRAMES_AT_A_TIME)
        )

    def _max_db(self, first: int, stop: int, channel: ChannelSpec) -> float:
        db = spectrogram_db(self.source, self.transform, first, stop, channel)
        return max(_FLOOR_DB, extremes(db)[1])

    def measures_as(self, other: Recording) -> bool:
        """Return whether a range of values means the same under another transform."""
        factors = self.units.ref_factor, other.units.ref_factor
        return None not in factors and self.units.unit == other.units.unit

    def has_rows_as(self, other: Recording) -> bool:
        """Return whether rows are frequencies, or are not, under another transform, too."""
        return self.units.row_label == other.units.row_label

    def good_range(self, ref: Ref) -> tuple[float, float]:
        """Return a range of values that shows this recording well.

        dB reach to 80 dB below the loud frames; silence, which reads librosa's least value, is
        never brighter than the darkest colour. What is no dB is shown within its limits, or from
        its least value to its largest.
        """
        units = self.units
        if units.unit != "dB" and units.limits is not None:
            return units.limits
        low, high = self._sampled
        if units.unit != "dB":
            return (low, high) if low < high else (self.drawn.low, self.drawn.high)
        offset = self.ref_db(ref)
        floor = -math.inf if units.ref_factor is None else _FLOOR_DB
        top = 5.0 * math.ceil((max(floor, high) - offset) / 5.0)
        low = max(top - _DYNAMIC_RANGE, floor - offset)
        return low, max(top, low + _LEAST_RANGE)

    @cached_property
    def _sampled(self) -> tuple[float, float]:
        return sampled_extremes(self.patched, self.transform)

    # Single values and sound --------------------------------------------------------------------

    def value_at(self, time: float, freq: float, channel: ChannelSpec) -> Value:
        """Return the exact numbers of the frame, bin and sample nearest to a place."""
        channel = check_channel(channel, self.source.n_channels)
        sr, hop = self.source.sr, self.transform.hop
        time = min(max(time, 0.0), self.duration)
        sample = min(round(time * sr), self.source.n_samples - 1)
        frame = min(round(time * sr / hop), self.transform.n_frames(self.source.n_samples) - 1)
        frequencies = self.transform.frequencies(sr)
        bin_ = int(np.abs(frequencies - freq).argmin())
        db = spectrogram_db(self.source, self.transform, frame, frame + 1, channel)
        amplitude = read_channel(self.source, sample, sample + 1, channel)
        return Value(
            frame=frame,
            bin=bin_,
            time=frame * hop / sr,
            freq=float(frequencies[bin_]),
            db=float(db[bin_, 0]),
            sample=sample,
            amplitude=float(amplitude[0]),
        )

    def sound(
        self, start: int, stop: int, channel: ChannelSpec | Literal["all"]
    ) -> NDArray[np.int16]:
        """Return samples to be heard [shape=(n, stop - start)], n at most 2.

        ``"all"`` is both channels of a stereo recording, and the mix of any other.
        """
        start, stop = (min(max(s, 0), self.source.n_samples) for s in (start, stop))
        # What cannot be read is silent, and said.
        if channel == "all":
            heard: tuple[ChannelSpec, ...] = (0, 1) if self.source.n_channels == 2 else ("mix",)
        else:
            heard = (check_channel(channel, self.source.n_channels),)
        block = np.stack([read_channel(self.patched, start, stop, one) for one in heard])
        scaled = np.nan_to_num(block, nan=0.0, posinf=1.0, neginf=-1.0) * np.float32(32768.0)
        rounded: NDArray[np.int16] = np.clip(np.rint(scaled), -32768, 32767).astype(np.int16)
        return rounded
