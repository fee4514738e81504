"""From a recording to the values that a still picture shows, with bounded work for any length.

Invariant: a view of up to `EXACT_FRAMES` frames is computed whole; a longer one is looked into at
evenly spread places, as many as `PLACES` and a time limit allow, and is marked as an estimate.
Cells are pooled by maximum, so what is short stays visible; where nothing is known there is NaN.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from specwidget.audio import ChannelSpec, channel_data
from specwidget.audio.signal import BlockSignal, ChannelSignal
from specwidget.snapshot.layout import HEIGHT, WIDTH, still_layout
from specwidget.snapshot.pool import Floats, Places, bins_of, envelope, extremes, nearest, pool
from specwidget.snapshot.scales import FreqAxis, freq_scale
from specwidget.transforms.units import Units

if TYPE_CHECKING:
    from specwidget.audio import AudioSource
    from specwidget.transforms import Transform

__all__ = ["EXACT_FRAMES", "MOST_LANES", "Still", "still_inputs"]

MOST_LANES = 4
EXACT_FRAMES = 8192
SHORT_FRAMES = 1536
EXACT_SAMPLES = 1 << 22
MOST_CELLS = 1 << 23
PLACES = 512
FEWEST_PLACES = 32
FRAMES_AT_A_PLACE = 4
SAMPLES_AT_A_PLACE = 4096


@dataclass(frozen=True, kw_only=True)
class Still:
    """What a picture shows, pooled to its pixels.

    Parameters
    ----------
    view : tuple of float
        First and last second.
    freq_view : tuple of float
        Lowest and highest frequency in Hz, or rows where those are no frequencies.
    freq_axis : {"linear", "log", "mel"}
        How the rows of the spectrogram are spread over `freq_view`.
    channels : tuple of int or "mix"
        What each lane shows.
    spectrogram : numpy.ndarray [shape=(n_lanes, rows, columns)]
        Values, dB with ``ref=1.0``, row 0 the lowest; NaN where nothing is known.
    waveform : numpy.ndarray [shape=(n_lanes, 3, columns)]
        Minimum, maximum and RMS; NaN where nothing is known.
    exact : bool
        Whether every sample in view was looked at.
    units : Units
        What values and rows mean; dB over frequencies by default.
    """

    view: tuple[float, float]
    freq_view: tuple[float, float]
    freq_axis: FreqAxis
    channels: tuple[ChannelSpec, ...]
    spectrogram: Floats
    waveform: Floats
    exact: bool
    units: Units = field(default_factory=Units)


def still_inputs(
    source: AudioSource,
    transform: Transform,
    *,
    view: tuple[float, float] | None = None,
    freq_view: tuple[float, float] | None = None,
    freq_axis: FreqAxis = "linear",
    channels: Sequence[ChannelSpec] | None = None,
    width: int = WIDTH,
    height: int = HEIGHT,
    seconds: float = 0.02,
) -> Still:
    """Compute what a picture of a recording shows.

    Parameters
    ----------
    source : AudioSource
        The recording.
    transform : Transform
        What makes a spectrogram of it.
    view : tuple of float, optional
        First and last second; the whole recording by default.
    freq_view : tuple of float, optional
        Lowest and highest frequency in Hz, or row; all of the transform's by default.
    freq_axis : {"linear", "log", "mel"}
        How frequencies are spread; rows that are none are even.
    channels : sequence of int or "mix", optional
        A lane for each, the first `MOST_LANES` at most; every channel by default.
    width, height : int
        Size of the picture that is to be drawn, in pixels.
    seconds : float
        How long to look into a view that is too long to be computed whole.

    Returns
    -------
    Still
        The values that `render_png` draws.
    """
    t0, t1 = view or (0.0, source.n_samples / source.sr)
    low, high = freq_view or transform.band(source.sr)
    units = transform.units(source.sr)
    if units.row_label is not None:
        freq_axis = "linear"
    lanes = tuple(range(source.n_channels) if channels is None else channels)[:MOST_LANES]
    pane = still_layout(width, height, len(lanes)).specs[0]
    hz = freq_scale(freq_axis, low, high).from_unit(np.linspace(0.0, 1.0, pane.height + 1))
    looking = _Looking(
        source=source,
        transform=transform,
        lanes=lanes,
        rows=bins_of(hz, transform.frequencies(source.sr)),
        columns=np.linspace(t0 * source.sr, t1 * source.sr, pane.width + 1),
    )
    exact = looking.fits()
    spectrogram, waveform = looking.whole() if exact else looking.estimate(seconds)
    return Still(
        view=(t0, t1),
        freq_view=(low, high),
        freq_axis=freq_axis,
        channels=lanes,
        spectrogram=spectrogram,
        waveform=waveform,
        exact=exact,
        units=units,
    )


@dataclass(frozen=True, kw_only=True)
class _Looking:
    """A recording and the pixels' borders: `rows` in bins, `columns` in samples."""

    source: AudioSource
    transform: Transform
    lanes: tuple[ChannelSpec, ...]
    rows: Places
    columns: Places

    def frames(self) -> tuple[int, int]:
        """Give the frames in view, at least one, as ``(first, stop)``."""
        n = self.transform.n_frames(self.source.n_samples)
        first, last = (int(edge / self.transform.hop + 0.5) for edge in self.columns[[0, -1]])
        first = min(max(first, 0), n - 1)
        return first, min(max(last + 1, first + 1), n)

    def fits(self) -> bool:
        """Whether the whole view can be computed at once."""
        first, stop = self.frames()
        begin, end = self.transform.frame_range(first, stop)
        cells = (stop - first) * self.transform.n_rows(self.source.sr) * len(self.lanes)
        samples = max(end - begin, self.columns[-1] - self.columns[0])
        return (
            stop - first <= EXACT_FRAMES
            and cells <= MOST_CELLS
            and samples * self.source.n_channels <= EXACT_SAMPLES
        )

    def whole(self) -> tuple[Floats, Floats]:
        """Compute every frame and sample in view."""
        first, stop = self.frames()
        a, b = self.transform.frame_range(first, stop)
        start, end = (
            max(int(self.columns[0]), 0),
            min(int(self.columns[-1]) + 2, self.source.n_samples),
        )
        begin = min(a, start)
        block = self._padded(begin, max(b, end))
        frame_edges = self.columns / self.transform.hop - first
        # What is short is done with NumPy alone: a first picture does not wait for SciPy.
        exact = stop - first <= SHORT_FRAMES
        spectrogram = [
            pool(pool(values, self.rows).T, frame_edges).T
            for values in self._values(begin, block, first, stop, exact=exact)
        ]
        heard = block[:, start - begin : end - begin]
        waves = [envelope(channel_data(heard, lane), self.columns - start) for lane in self.lanes]
        return np.stack(spectrogram), np.stack(waves)

    def estimate(self, seconds: float) -> tuple[Floats, Floats]:
        """Look into the view at places spread ever more closely, until the time is over."""
        first, stop = self.frames()
        n_columns = self.columns.size - 1
        n_bins = self.transform.n_rows(self.source.sr)
        most = min(PLACES, n_columns, (stop - first) // FRAMES_AT_A_PLACE, MOST_CELLS // n_bins)
        count = max(most, 1)
        cells = np.empty((len(self.lanes), n_bins, count), dtype=np.float32)
        waves = np.empty((len(self.lanes), 3, count), dtype=np.float32)
        began = time.perf_counter()
        visited: list[int] = []
        for place in sorted(range(count), key=_spread):
            if len(visited) >= FEWEST_PLACES and time.perf_counter() - began > seconds:
                break
            middle = first + int((place + 0.5) * (stop - first) / count)
            at = max(min(middle, stop - FRAMES_AT_A_PLACE), first)
            until = min(at + FRAMES_AT_A_PLACE, stop)
            begin, end = self.transform.frame_range(at, until)
            around = max(SAMPLES_AT_A_PLACE - (end - begin), 0) // 2
            block = self._padded(begin - around, end + around)
            found = self._values(begin - around, block, at, until, exact=False)
            for lane, values in enumerate(found):
                np.fmax.reduce(values, axis=1, out=cells[lane, :, place])
                waves[lane, :, place] = extremes(channel_data(block, self.lanes[lane]))
            visited.append(place)
        visited.sort()
        shown = nearest(np.array(visited), count)[np.arange(n_columns) * count // n_columns]
        spectrogram = [pool(lane[:, visited], self.rows)[:, shown] for lane in cells]
        return np.stack(spectrogram), waves[:, :, visited][:, :, shown]

    def _values(
        self, begin: int, block: Floats, first: int, stop: int, *, exact: bool
    ) -> list[Floats]:
        """Give frames, lane by lane, of a block that begins at a sample [shape=(n_bins, n)]."""
        made = []
        for lane in self.lanes:
            samples = np.ascontiguousarray(channel_data(block, lane))
            signal = BlockSignal(ChannelSignal(self.source, lane), begin, samples)
            made.append(self.transform.values(signal, first, stop, exact=exact))
        return made

    def _padded(self, start: int, stop: int) -> Floats:
        """Read samples, zeros outside the recording [shape=(n_channels, stop - start)]."""
        out = np.zeros((self.source.n_channels, stop - start), dtype=np.float32)
        a, b = max(start, 0), min(stop, self.source.n_samples)
        if b > a:
            out[:, a - start : b - start] = self.source.read(a, b)
        return out


def _spread(place: int) -> int:
    """Give a key that sorts places so that those visited first are spread evenly."""
    return int(f"{place:016b}"[::-1], 2)
