"""Still pictures: what is drawn lies where it should, at bounded cost, whatever the labels hold."""

from __future__ import annotations

import dataclasses
import io
import itertools
import subprocess
import sys
import time
from typing import Any

import librosa
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from specwidget.audio import open_audio
from specwidget.audio.signal import ChannelSignal
from specwidget.errors import ParameterError
from specwidget.snapshot import Still, render_png, still_inputs
from specwidget.snapshot.canvas import Palette
from specwidget.snapshot.colors import PAGE, PANE, UNLABELLED, lighter, parse_color
from specwidget.snapshot.gather import FEWEST_PLACES, FRAMES_AT_A_PLACE, SAMPLES_AT_A_PLACE
from specwidget.snapshot.layout import HEIGHT, WIDTH, still_layout
from specwidget.snapshot.pool import bins_of, envelope, nearest, pool
from specwidget.snapshot.scales import (
    FreqAxis,
    Tick,
    amplitude_ticks,
    freq_scale,
    freq_ticks,
    row_ticks,
    time_ticks,
    value_ticks,
)
from specwidget.transforms import Chroma, Cqt, Frames, MelSpectrogram, Mfcc, Pcen, Stft, Units

LINE = lighter((255, 0, 0))

AXES: list[FreqAxis] = ["linear", "log", "mel"]


def values(ticks: list[Tick]) -> list[float]:
    return [tick.value for tick in ticks]


def texts(ticks: list[Tick]) -> list[str]:
    return [tick.text for tick in ticks]


def quiet_still(
    *,
    n_lanes: int = 1,
    view: tuple[float, float] = (0.0, 10.0),
    freq_view: tuple[float, float] = (0.0, 8000.0),
    db: float = -300.0,
) -> Still:
    pane = still_layout(n_lanes=n_lanes).specs[0]
    return Still(
        view=view,
        freq_view=freq_view,
        freq_axis="linear",
        channels=tuple(range(n_lanes)),
        spectrogram=np.full((n_lanes, pane.height, pane.width), db, dtype=np.float32),
        waveform=np.zeros((n_lanes, 3, pane.width), dtype=np.float32),
        exact=True,
    )


def pixels(png: bytes) -> NDArray[np.uint8]:
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG"
    assert image.mode == "P"
    return np.asarray(image.convert("RGB"))


def above(drawn: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The strip over the panes, where title and notes stand."""
    layout = still_layout()
    return drawn[: layout.title.bottom, layout.time_axis.x : layout.time_axis.right]


class Endless:
    """A recording of any length whose samples are made when they are read."""

    name = "endless"
    peak = 1.0

    def __init__(self, seconds: float, sr: int = 44100, n_channels: int = 1) -> None:
        self.sr, self.n_samples, self.n_channels = sr, int(seconds * sr), n_channels
        self.reads: list[tuple[int, int]] = []

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        start, stop = max(start, 0), min(stop, self.n_samples)
        self.reads.append((start, stop))
        tone = 0.5 * np.sin(2 * np.pi * 3000 * np.arange(start, stop) / self.sr)
        return np.tile(tone.astype(np.float32), (self.n_channels, 1))


# Axes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", AXES)
def test_a_frequency_scale_and_its_inverse(axis: FreqAxis) -> None:
    scale = freq_scale(axis, 0.0, 22050.0)
    unit = np.linspace(0, 1, 50)
    hz = scale.from_unit(unit)
    assert (np.diff(hz) > 0).all()
    np.testing.assert_allclose(scale.to_unit(hz), unit, atol=1e-12)
    assert hz[-1] == pytest.approx(22050)
    assert hz[0] == (pytest.approx(20) if axis == "log" else 0)


def test_the_mel_axis_is_librosas() -> None:
    hz = np.linspace(0, 11025, 40)
    mel = librosa.hz_to_mel(hz)
    np.testing.assert_allclose(freq_scale("mel", 0, 11025).to_unit(hz), mel / mel[-1], atol=1e-12)


@given(st.integers(1, 5000), st.floats(0, 1), st.floats(0, 1), st.integers(8, 2000))
def test_rows_are_named_in_their_middles(n: int, a: float, b: float, height: int) -> None:
    low, high = sorted((a * n, b * n))
    ticks = row_ticks(None, low, high, height)
    assert all(low <= tick.value <= high for tick in ticks)
    assert [tick.text for tick in ticks] == [str(int(tick.value)) for tick in ticks]
    assert len(ticks) <= height / 14 + 1
    if high - low >= 2 and (high - low) * 14 <= height:
        assert [tick.value for tick in ticks] == [
            row + 0.5 for row in range(n) if low <= row + 0.5 <= high
        ]
    names = [f"row {k}" for k in range(n)]
    assert texts(row_ticks(names, low, high, height)) == [f"row {tick.text}" for tick in ticks]


def test_rows_have_names_that_the_font_knows() -> None:
    assert texts(row_ticks(["C", "C♯"], 0, 2, 300)) == ["C", "C#"]


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ((0.0, 24.0), ["0 s", "5 s", "10 s", "15 s", "20 s"]),
        ((1.0, 1.01), ["1.000 s", "1.002 s", "1.004 s", "1.006 s", "1.008 s", "1.010 s"]),
        ((50.0, 130.0), ["1:00", "1:15", "1:30", "1:45", "2:00"]),
        ((0.0, 86400.0), ["0:00:00", "6:00:00", "12:00:00", "18:00:00", "24:00:00"]),
    ],
)
def test_times_are_written_as_people_write_them(
    view: tuple[float, float], expected: list[str]
) -> None:
    ticks = time_ticks(*view, 600)
    assert set(expected) <= set(texts(ticks))
    assert len(ticks) <= 9


@given(st.floats(0, 1e5), st.floats(1e-4, 1e5), st.integers(50, 2000), st.sampled_from(AXES))
def test_ticks_lie_within_the_axis_apart_from_each_other(
    low: float, span: float, size: int, axis: FreqAxis
) -> None:
    high = low + span
    if high <= low * (1 + 1e-9):
        return
    for ticks, least in (
        (time_ticks(low, high, size), 0.9 * 80 * span / size),
        (value_ticks(low, high, size), 0.9 * 32 * span / size),
    ):
        places = values(ticks)
        assert all(low - 1e-3 * span <= v <= high + 1e-3 * span for v in places)
        assert all(b - a >= least for a, b in itertools.pairwise(places))
        assert len(set(texts(ticks))) == len(ticks)
    scale = freq_scale(axis, low, high)
    units = [float(scale.to_unit(v)) for v in values(freq_ticks(scale, size))]
    assert all(-1e-3 <= u <= 1 + 1e-3 for u in units)
    assert units == sorted(units)


def test_amplitudes_and_frequencies_have_round_labels() -> None:
    assert texts(amplitude_ticks(0.5, 90)) == ["-0.5", "0.0", "0.5"]
    assert texts(freq_ticks(freq_scale("linear", 0, 8000), 200)) == [
        *("0 Hz", "2 kHz", "4 kHz", "6 kHz", "8 kHz"),
    ]
    log = texts(freq_ticks(freq_scale("log", 0, 11025), 250))
    assert {"100 Hz", "1 kHz", "10 kHz"} <= set(log)


# Pooling ----------------------------------------------------------------------------------------


def pooled_by_hand(cells: NDArray[np.float32], edges: NDArray[np.float64]) -> NDArray[np.float32]:
    out = np.full((edges.size - 1, cells.shape[1]), np.nan, dtype=np.float32)
    for pixel, (low, high) in enumerate(itertools.pairwise(edges)):
        middle = (low + high) / 2
        if not -1 < middle < len(cells):
            continue
        inside = [k for k in range(len(cells)) if low <= k < high]
        if not inside:
            inside = [min(max(int(np.floor(middle + 0.5)), 0), len(cells) - 1)]
        out[pixel] = np.fmax.reduce(cells[inside], axis=0)
    return out


@given(st.integers(1, 30), st.floats(-5, 20), st.floats(0.3, 40), st.integers(1, 40))
def test_a_pixel_shows_the_largest_cell_in_it(n: int, low: float, span: float, size: int) -> None:
    cells = np.random.default_rng(n).normal(size=(n, 3)).astype(np.float32)
    cells[n // 2, 0] = np.nan
    edges = np.linspace(low, low + span, size + 1) + 0.123
    np.testing.assert_array_equal(pool(cells, edges), pooled_by_hand(cells, edges))


def test_bins_are_found_by_their_frequency() -> None:
    stft = Stft(n_fft=512)
    frequencies = stft.frequencies(16000)
    np.testing.assert_allclose(bins_of(frequencies, frequencies), np.arange(257))
    assert bins_of(np.array([46.875]), frequencies)[0] == pytest.approx(1.5)
    mel = MelSpectrogram(n_mels=20).frequencies(16000)
    places = bins_of(np.array([mel[0] - 1, mel[-1] + 1, 8000.0]), mel)
    assert -1 < places[0] < 0
    assert 19 < places[1] < places[2] <= 20
    assert bins_of(np.array([1e6]), mel)[0] > 20


def test_a_waveforms_envelope_is_minimum_maximum_and_rms() -> None:
    y = np.random.default_rng(0).normal(size=1000).astype(np.float32)
    low, high, rms = envelope(y, np.linspace(0, 1000, 11))
    blocks = y.reshape(10, 100)
    np.testing.assert_array_equal(low, blocks.min(axis=1))
    np.testing.assert_array_equal(high, blocks.max(axis=1))
    np.testing.assert_allclose(rms, np.sqrt((blocks**2).mean(axis=1)), rtol=1e-6)


def test_close_in_a_waveform_is_the_line_between_samples() -> None:
    low, high, _ = envelope(np.array([0.0, 1.0, 0.0], dtype=np.float32), np.linspace(0, 2, 5))
    np.testing.assert_allclose(low, [0.25, 0.75, 0.75, 0.25])
    np.testing.assert_array_equal(low, high)


def test_off_the_recording_nothing_is_known() -> None:
    low = envelope(np.ones(10, dtype=np.float32), np.linspace(-20, 30, 6))[0]
    assert np.isnan(low).tolist() == [True, True, False, True, True]


def test_nearest_of_those_visited() -> None:
    assert nearest(np.array([1, 5]), 8).tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert nearest(np.array([3]), 3).tolist() == [0, 0, 0]


# What is computed -------------------------------------------------------------------------------


@pytest.mark.parametrize("transform", [Stft(), Stft(n_fft=512, hop_length=64), MelSpectrogram()])
@pytest.mark.parametrize("axis", AXES)
def test_a_short_view_is_computed_whole(transform: Stft | MelSpectrogram, axis: FreqAxis) -> None:
    sr = 16000
    y = np.random.default_rng(1).normal(scale=0.1, size=3 * sr).astype(np.float32)
    still = still_inputs(open_audio(y, sr=sr), transform, freq_axis=axis)
    assert still.exact
    layout = still_layout()
    assert still.spectrogram.shape == (1, layout.specs[0].height, layout.specs[0].width)
    assert still.waveform.shape == (1, 3, layout.waves[0].width)
    padded = np.pad(y, transform.n_fft // 2)
    db = transform.decibels(padded, sr, exact=True)
    assert np.nanmax(still.spectrogram) == pytest.approx(db.max(), abs=0.01)
    rows = bins_of(
        freq_scale(axis, 0, sr / 2).from_unit(np.linspace(0, 1, layout.specs[0].height + 1)),
        transform.frequencies(sr),
    )
    columns = np.linspace(0, 3 * sr / transform.hop, layout.specs[0].width + 1)
    expected = pooled_by_hand(pooled_by_hand(db, rows).T.copy(), columns).T
    np.testing.assert_allclose(still.spectrogram[0], expected, atol=0.05)


def test_a_tone_lies_in_its_row_and_its_columns() -> None:
    sr = 16000
    t = np.arange(4 * sr) / sr
    y = np.sin(2 * np.pi * 2000 * t) * ((t > 1) & (t < 2))
    stft = Stft(n_fft=1024)
    still = still_inputs(open_audio(y, sr=sr), stft, view=(0, 4))
    db = still.spectrogram[0] - stft.units(sr).full_scale
    row, _column = np.unravel_index(np.nanargmax(db), db.shape)
    assert (row + 0.5) / db.shape[0] * 8000 == pytest.approx(2000, abs=30)
    assert db.max() == pytest.approx(0, abs=0.5)
    loud = np.flatnonzero(db[row] > -3) / db.shape[1] * 4
    assert loud.min() == pytest.approx(1, abs=0.05)
    assert loud.max() == pytest.approx(2, abs=0.05)
    heard = np.flatnonzero(still.waveform[0, 1] > 0.5) / db.shape[1] * 4
    assert heard.min() == pytest.approx(1, abs=0.01)
    assert heard.max() == pytest.approx(2, abs=0.01)


@pytest.mark.parametrize("n_channels", [1, 3])
def test_a_day_is_looked_into_at_few_places(n_channels: int) -> None:
    source = Endless(24 * 3600, n_channels=n_channels)
    transform = Stft()
    still = still_inputs(source, transform, seconds=0.0)
    assert not still.exact
    assert len(source.reads) == FEWEST_PLACES
    most = max(SAMPLES_AT_A_PLACE, transform.span + FRAMES_AT_A_PLACE * transform.hop)
    assert sum(stop - start for start, stop in source.reads) <= FEWEST_PLACES * (most + 1)
    places = sorted(start for start, _ in source.reads)
    assert np.diff(places).max() < 3 * source.n_samples / FEWEST_PLACES
    full_scale = transform.units(source.sr).full_scale
    db = still.spectrogram[0].max(axis=0) - full_scale
    np.testing.assert_allclose(db, 20 * np.log10(0.5), atol=1.5)
    assert still.waveform[0, 1].min() > 0.45


def test_a_day_takes_as_long_as_it_is_given() -> None:
    source = Endless(24 * 3600)
    still_inputs(source, Stft(), seconds=0.0)
    began = time.perf_counter()
    still_inputs(source, Stft(), seconds=0.05)
    assert time.perf_counter() - began < 0.5


@pytest.mark.parametrize("transform", [Stft(n_fft=65536), Stft(n_fft=64, hop_length=1)])
def test_the_work_is_bounded_for_any_transform(transform: Stft) -> None:
    source = Endless(3600, n_channels=2)
    still = still_inputs(source, transform, seconds=0.0)
    assert sum(stop - start for start, stop in source.reads) < 1 << 23
    assert not np.isnan(still.spectrogram).all()


@pytest.mark.parametrize("fill", [0.0, np.nan, np.inf, 1e30])
def test_samples_that_are_no_sound_are_drawn(fill: float) -> None:
    y = np.full(8000, fill, dtype=np.float32)
    still = still_inputs(open_audio(y, sr=8000), Stft(n_fft=256))
    pixels(render_png(still))


def test_one_sample_is_a_recording() -> None:
    still = still_inputs(open_audio(np.ones(1, dtype=np.float32), sr=8000), Stft())
    assert still.exact
    pixels(render_png(still))


def test_at_most_four_channels_have_a_lane() -> None:
    source = open_audio(np.zeros((16, 8000), dtype=np.float32), sr=8000)
    assert still_inputs(source, Stft(n_fft=256)).channels == (0, 1, 2, 3)
    still = still_inputs(source, Stft(n_fft=256), channels=["mix", 7])
    assert still.channels == ("mix", 7)
    assert pixels(render_png(still)).shape == (HEIGHT, WIDTH, 3)


# What is drawn ----------------------------------------------------------------------------------


def test_importing_needs_no_matplotlib() -> None:
    code = "import sys, specwidget.snapshot; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_same_values_give_the_same_bytes() -> None:
    rows = [{"start": 1.0, "end": 2.0, "label": "a"}]
    first = render_png(quiet_still(), rows=rows, colors={"a": "#ff0000"}, title="one")
    assert first == render_png(quiet_still(), rows=rows, colors={"a": "#ff0000"}, title="one")


def test_the_pane_shows_the_colormap() -> None:
    pane = still_layout().specs[0]
    still = quiet_still()
    still.spectrogram[0, : pane.height // 2] = 0.0
    drawn = pixels(render_png(still, colormap="gray", db_range=(-60, 0)))
    inside = drawn[pane.y : pane.bottom, pane.x : pane.right]
    assert (inside[: pane.height // 2 - 1] == 0).all()
    assert (inside[pane.height // 2 + 1 :] == 255).all()
    reverse = pixels(render_png(still, colormap="gray_r", db_range=(-60, 0)))
    assert (reverse[pane.y : pane.y + 10, pane.x : pane.right] == 255).all()


def test_the_range_counts_from_the_reference() -> None:
    pane = still_layout().specs[0]
    still = quiet_still(db=54.0)
    dark = pixels(render_png(still, colormap="gray", db_range=(-60, 0), ref_db=114.0))
    light = pixels(render_png(still, colormap="gray", db_range=(-60, 0), ref_db=54.0))
    assert (dark[pane.y + 5, pane.x + 5] == 0).all()
    assert (light[pane.y + 5, pane.x + 5] == 255).all()


def test_what_is_not_known_is_left_blank() -> None:
    pane = still_layout().specs[0]
    drawn = pixels(render_png(quiet_still(db=np.nan)))
    assert tuple(drawn[pane.y + 5, pane.x + 5]) == PANE


def test_a_box_is_outlined_where_it_lies() -> None:
    rows = [{"start": 2.0, "end": 5.0, "low_freq": 2000.0, "high_freq": 6000.0, "label": "a"}]
    drawn = pixels(render_png(quiet_still(), rows=rows, colors={"a": "#ff0000"}))
    pane = still_layout().specs[0]
    spec = (drawn[pane.y : pane.bottom, pane.x : pane.right] == LINE).all(axis=2)
    columns = np.flatnonzero(spec[pane.height // 2]) / pane.width * 10
    assert columns.min() == pytest.approx(2.0, abs=0.05)
    assert columns.max() == pytest.approx(5.0, abs=0.05)
    rows_hit = 8000 - np.flatnonzero(spec[:, round(0.45 * pane.width)]) / pane.height * 8000
    assert rows_hit.min() == pytest.approx(2000, abs=100)
    assert rows_hit.max() == pytest.approx(6000, abs=100)
    wave = still_layout().waves[0]
    tinted = (drawn[wave.y + 2, wave.x : wave.right] != PANE).any(axis=1)
    seconds = np.flatnonzero(tinted) / wave.width * 10
    assert seconds.min() == pytest.approx(2.0, abs=0.05)
    assert seconds.max() == pytest.approx(5.0, abs=0.05)


def test_an_interval_and_a_point_run_through_all_frequencies() -> None:
    rows = [
        {"start": 2.0, "end": 5.0, "low_freq": np.nan, "high_freq": None, "label": "a"},
        {"start": 8.0, "end": 8.0, "label": "a"},
    ]
    drawn = pixels(render_png(quiet_still(), rows=rows, colors={"a": "#ff0000"}))
    pane = still_layout().specs[0]
    spec = (drawn[pane.y : pane.bottom, pane.x : pane.right] == LINE).all(axis=2)
    full = np.flatnonzero(spec.all(axis=0)) / pane.width * 10
    assert sorted(set(np.round(full))) == [2.0, 5.0, 8.0]


def test_rows_of_another_channel_stay_in_their_lane() -> None:
    rows = [{"start": 2.0, "end": 5.0, "channel": 1, "label": "a"}]
    drawn = pixels(render_png(quiet_still(n_lanes=2), rows=rows, colors={"a": "#ff0000"}))
    counts = [
        (drawn[pane.y : pane.bottom, pane.x : pane.right] == LINE).all(axis=2).sum()
        for pane in still_layout(n_lanes=2).specs
    ]
    assert counts[0] == 0
    assert counts[1] > 0


def test_the_label_of_the_whole_recording_stands_beside_the_title() -> None:
    rows = [{"start": np.nan, "end": np.nan, "label": "rain"}]
    drawn = pixels(render_png(quiet_still(), rows=rows, colors={"rain": "#ff0000"}, title="x"))
    title = still_layout().title
    assert (drawn[: title.bottom] == (255, 0, 0)).all(axis=2).sum() > 100
    assert not (drawn[title.bottom :] == (255, 0, 0)).all(axis=2).any()


def test_what_makes_no_sense_or_is_out_of_view_draws_nothing() -> None:
    empty = render_png(quiet_still())
    rows: list[dict[str, Any]] = [
        {"start": 5.0, "end": 2.0, "label": "a"},
        {"start": 11.0, "end": 12.0, "label": "a"},
    ]
    assert render_png(quiet_still(), rows=rows, colors={"a": "#ff0000"}) == empty


ODD = [
    *(
        "",
        " ",
        "\n\t",
        "\x00",
        "a\u0000b",
        "\ud800",
        "\u202eabc",
        "שלום",
        "日本語",
        "🐦🎵",
        "é" * 5000,
    ),
    *(
        "<script>alert(1)</script>",
        "${x}",
        "%s%n",
        "a\u0301\u0301",
        "\ufeff",
        "'; DROP TABLE",
        None,
    ),
    *(pd.NA, 3, float("nan")),
]


@pytest.mark.parametrize("label", ODD, ids=range(len(ODD)))
def test_any_label_is_only_text(label: object) -> None:
    rows: list[dict[str, Any]] = [
        {"start": 1.0, "end": 4.0, "low_freq": 1000.0, "high_freq": 2000.0, "label": label},
        {"start": 6.0, "end": 6.0, "label": label, "channel": pd.NA, "status": pd.NA},
        {"start": pd.NA, "end": None, "label": label},
    ]
    png = render_png(quiet_still(), rows=rows, colors={}, title=str(label))
    assert pixels(png).shape == (HEIGHT, WIDTH, 3)


@settings(max_examples=30, deadline=None)
@given(st.text(), st.floats(), st.floats(), st.floats(), st.floats())
def test_any_row_leaves_a_picture(
    label: str, start: float, end: float, low: float, high: float
) -> None:
    row = {"start": start, "end": end, "low_freq": low, "high_freq": high, "label": label}
    assert render_png(quiet_still(), rows=[row], colors={label: "#123456"}).startswith(b"\x89PNG")


def test_more_rows_than_can_be_drawn_are_counted_and_quick() -> None:
    rows = [{"start": k / 1000, "end": k / 1000 + 0.1, "label": "a"} for k in range(10_000)]
    began = time.perf_counter()
    drawn = pixels(render_png(quiet_still(), rows=rows))
    assert time.perf_counter() - began < 1.0
    assert (above(drawn) != PAGE).any()
    wave = still_layout().waves[0]
    marked = (drawn[wave.y + 2, wave.x : wave.right] != PANE).any(axis=1)
    assert marked.reshape(16, -1).any(axis=1).all()
    assert (above(pixels(render_png(quiet_still(), rows=rows[:300]))) == PAGE).all()


def test_more_colours_than_a_palette_holds_become_the_nearest() -> None:
    palette = Palette()
    for k in range(300):
        assert palette.number((k % 256, k // 256, 7)) < 256
    assert palette.number((3, 1, 7)) == palette.number((3, 0, 7))
    assert len(palette.to_bytes()) == 3 * 256
    names = [f"label {k}" for k in range(400)]
    rows = [{"start": k / 50, "end": k / 50 + 0.01, "label": name} for k, name in enumerate(names)]
    colors = {name: f"#{k * 40009 % (1 << 24):06x}" for k, name in enumerate(names)}
    pixels(render_png(quiet_still(), rows=rows, colors=colors))


@pytest.mark.parametrize("text", ["red", "", "#12", "#gggggg", "#1234567", "# 1 2 3", None, 7])
def test_what_is_no_colour_is_grey(text: object) -> None:
    assert parse_color(text) == UNLABELLED


def test_an_unknown_colormap_is_answered_with_those_there_are() -> None:
    with pytest.raises(ParameterError, match=r"jet.*viridis, magma, inferno, cividis, gray"):
        render_png(quiet_still(), colormap="jet")


@pytest.mark.parametrize("size", [(1, 1), (120, 60), (900, 380), (2400, 1400)])
def test_any_size_can_be_drawn(size: tuple[int, int]) -> None:
    y = np.random.default_rng(0).normal(size=(4, 16000)).astype(np.float32)
    still = still_inputs(open_audio(y, sr=8000), Stft(n_fft=256), width=size[0], height=size[1])
    rows = [{"start": 0.1, "end": 1.9, "low_freq": 100, "high_freq": 3000, "label": "all"}]
    drawn = pixels(render_png(still, rows=rows, width=size[0], height=size[1]))
    assert drawn.shape[0] >= size[1]
    if size[0] > 200:
        assert drawn.shape[1] == size[0]
    # A picture of another size than was computed takes the nearest values.
    pixels(render_png(still, rows=rows))


def test_noise_which_does_not_compress_stays_small_and_quick() -> None:
    y = np.random.default_rng(0).normal(scale=0.1, size=10 * 44100).astype(np.float32)
    stft = Stft()
    still = still_inputs(open_audio(y, sr=44100), stft)
    took = []
    for db_range in [(-100.0, 0.0), (-60.0, -40.0)] * 3:
        began = time.perf_counter()
        png = render_png(still, db_range=db_range, ref_db=stft.units(44100).full_scale)
        took.append(time.perf_counter() - began)
        assert len(png) <= 120_000
    assert min(took) < 0.2


def test_an_estimate_says_so() -> None:
    source = Endless(3600)
    still = still_inputs(source, Stft(), seconds=0.0)
    assert (above(pixels(render_png(still))) != PAGE).any()
    assert (above(pixels(render_png(dataclasses.replace(still, exact=True)))) == PAGE).all()


# Rows and values of other kinds ------------------------------------------------------------------


def test_a_row_that_is_no_frequency_is_where_its_name_is() -> None:
    y = 0.5 * np.sin(2 * np.pi * 440 * np.arange(22050) / 22050)
    chroma = Chroma()
    for axis in AXES:
        still = still_inputs(open_audio(y, sr=22050), chroma, freq_axis=axis)
        assert (still.freq_axis, still.freq_view) == ("linear", (0.0, 12.0))
        assert still.units == chroma.units(22050)
        rows = still.spectrogram.shape[1]
        bright = np.flatnonzero(still.spectrogram[0, :, 200] > 0.99)
        np.testing.assert_allclose(
            (bright.min(), bright.max() + 1), np.array([9, 10]) * rows / 12, atol=1
        )


def test_what_frames_hold_is_drawn() -> None:
    S = np.zeros((4, 101))
    S[1, 50:] = 3.0
    frames = Frames(S, hop_length=80, limits=(0, 3))
    still = still_inputs(open_audio(np.zeros(8000), sr=8000), frames)
    drawn = pixels(render_png(still, db_range=(0.0, 3.0), colormap="gray"))
    pane = still_layout().specs[0]
    quarter = pane.height // 4
    left, right = pane.x + pane.width // 4, pane.x + 3 * pane.width // 4
    for row in range(4):
        y = pane.bottom - row * quarter - quarter // 2
        assert (drawn[y, left] == 0).all()
        assert (drawn[y, right] == (255 if row == 1 else 0)).all()


@pytest.mark.parametrize("transform", [Pcen(), Mfcc(), Cqt(), Chroma()])
def test_of_every_kind(transform: Any) -> None:
    rng = np.random.default_rng(0)
    source = open_audio(rng.normal(0, 0.1, 44100).astype(np.float32), sr=22050)
    still = still_inputs(source, transform, freq_axis="log")
    found = still.spectrogram[np.isfinite(still.spectrogram)]
    expected = transform.values(ChannelSignal(source, 0), 0, transform.n_frames(44100))
    assert found.size > 0.9 * still.spectrogram.size
    assert expected.min() - 1e-3 <= found.min() <= found.max() <= expected.max() + 1e-3
    assert found.max() == pytest.approx(expected.max(), rel=1e-3)


def test_a_band_has_no_place_among_rows_that_are_none() -> None:
    row = {"start": 2.0, "end": 6.0, "low_freq": 2.0, "high_freq": 4.0, "label": ""}
    still = quiet_still(freq_view=(0.0, 12.0))
    in_rows = dataclasses.replace(still, units=Units(unit="", row_label="coefficient"))
    box = pixels(render_png(still, rows=[row], colors={"": "#ff0000"}))
    whole = pixels(render_png(in_rows, rows=[row], colors={"": "#ff0000"}))
    pane = still_layout().specs[0]
    x = pane.x + pane.width * 2 // 10
    for drawn, share in ((box, 2 / 12), (whole, 1.0)):
        painted = (drawn[pane.y : pane.bottom, x] != drawn[pane.y, pane.x]).any(axis=1)
        assert painted.mean() == pytest.approx(share, abs=0.03)


@pytest.mark.parametrize("unit", ["", "dB", "W", "a unit with a very long name", "漢字" * 20])
def test_the_unit_of_values_lies_on_the_page(unit: str) -> None:
    still = dataclasses.replace(quiet_still(), units=Units(name="value", unit=unit))
    drawn = pixels(render_png(still))
    layout = still_layout()
    bar = layout.colorbar
    title = drawn[bar.y - 18 : bar.y - 2, bar.x :]
    assert (title != PAGE).any()
    assert (title[:, -1] == PAGE).all()
