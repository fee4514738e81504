"""Measurements of annotations, against closed forms and against other ways to compute them."""

from __future__ import annotations

import math
import tracemalloc
from typing import Any

import hypothesis.strategies as st
import librosa
import numpy as np
import pandas as pd
import pytest
import scipy.signal
import soundfile
from hypothesis import assume, given, settings
from numpy.typing import NDArray

from specwidget import (
    AnnotationError,
    ParameterError,
    ParameterTypeError,
    SpecWidget,
    Stft,
    samples,
)
from specwidget.audio import open_audio
from specwidget.measurements import MEASUREMENTS, measure
from specwidget.measurements.bandpass import bandpass
from specwidget.measurements.definitions import entropy, frequency_quantile, peak_frequency
from specwidget.measurements.reading import KeptBlocks

SR = 22050


def seconds(duration: float, sr: int = SR) -> NDArray[np.float64]:
    return np.arange(round(duration * sr)) / sr


def tone(freq: float, duration: float = 4.0, amplitude: float = 1.0) -> NDArray[np.float64]:
    return amplitude * np.sin(2 * np.pi * freq * seconds(duration) + 0.3)


def noise(n: int, seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(size=n)


def box(start: float, end: float, low: float = math.nan, high: float = math.nan) -> dict[str, Any]:
    return {"start": start, "end": end, "label": "", "low_freq": low, "high_freq": high}


def one(y: Any, row: dict[str, Any], sr: float = SR, **options: Any) -> pd.Series:
    return measure(y, [row], sr=sr, **options).iloc[0]


# Closed forms -------------------------------------------------------------------------------------


@given(
    freq=st.floats(300.0, 10_000.0),
    amplitude=st.floats(1e-3, 1.0),
    boxed=st.booleans(),
)
def test_a_tone_has_the_frequency_and_levels_it_was_made_with(
    freq: float, amplitude: float, boxed: bool
) -> None:
    low, high = (freq - 200.0, freq + 200.0) if boxed else (math.nan, math.nan)
    found = one(tone(freq, 2.0, amplitude), box(0.5, 1.5, low, high))
    level = 20 * math.log10(amplitude)
    bin_width = SR / 2048
    assert found["peak_freq"] == pytest.approx(freq, abs=0.1 * bin_width)
    for name in ("center_freq", "freq_5", "freq_95", "centroid"):
        assert found[name] == pytest.approx(freq, abs=1.5 * bin_width)
    assert found["rms_db"] == pytest.approx(level, abs=0.05)
    assert found["peak_db"] == pytest.approx(level, abs=0.3)
    assert found["zero_crossing_rate"] == pytest.approx(2 * freq / SR, abs=2e-4)
    assert found["entropy"] < 1.8
    assert found["bandwidth_90"] <= 2 * bin_width
    assert found["duration"] == 1.0
    assert found["low_freq"] == (low if boxed else 0.0)
    assert found["high_freq"] == (high if boxed else SR / 2)


def test_a_linear_sweep_spends_its_energy_evenly_over_its_band() -> None:
    y = scipy.signal.chirp(seconds(4.0), 1000.0, 4.0, 5000.0)
    found = one(y, box(0.0, 4.0))
    assert found["center_freq"] == pytest.approx(3000.0, abs=20.0)
    assert found["centroid"] == pytest.approx(3000.0, abs=20.0)
    assert found["freq_5"] == pytest.approx(1200.0, abs=20.0)
    assert found["freq_95"] == pytest.approx(4800.0, abs=20.0)
    assert found["bandwidth_90"] == found["freq_95"] - found["freq_5"]
    assert found["entropy"] == pytest.approx(math.log2(4000.0 / (SR / 2048)), abs=0.1)
    # Its first quarter, in a box over the second half of the band, is not there.
    assert one(y, box(0.0, 1.0, 3500.0, 5000.0))["rms_db"] < -40.0


def test_white_noise_has_no_place_in_frequency() -> None:
    y = 0.1 * noise(20 * SR)
    found = one(y, box(0.0, 20.0))
    assert found["entropy"] == pytest.approx(math.log2(1025), abs=0.01)
    assert found["center_freq"] == pytest.approx(SR / 4, rel=0.01)
    assert found["bandwidth_90"] == pytest.approx(0.9 * SR / 2, rel=0.01)
    assert found["rms_db"] == pytest.approx(-20.0 + 10 * math.log10(2.0), abs=0.05)
    assert found["zero_crossing_rate"] == pytest.approx(0.5, abs=0.01)
    # A tenth of the band has a tenth of the power.
    tenth = one(y, box(0.0, 20.0, 4000.0, 4000.0 + SR / 20))
    assert tenth["rms_db"] == pytest.approx(found["rms_db"] - 10.0, abs=0.2)


@pytest.mark.parametrize("snr", [-3.0, 0.0, 10.0, 30.0])
@pytest.mark.parametrize("band", [(math.nan, math.nan), (1500.0, 2500.0)])
def test_the_ratio_of_signal_and_noise_is_that_it_was_made_with(
    snr: float, band: tuple[float, float]
) -> None:
    y = 0.01 * noise(60 * SR, 3)
    boxed = not math.isnan(band[0])
    # White noise of which a box hears its part of the band.
    power = 1e-4 * ((band[1] - band[0]) / (SR / 2) if boxed else 1.0)
    y[20 * SR : 40 * SR] += tone(2000.0, 20.0, math.sqrt(2.0 * power * 10 ** (snr / 10)))
    found = one(y, box(20.0, 40.0, *band))
    assert found["snr_db"] == pytest.approx(snr, abs=0.4)


def test_surroundings_are_as_long_as_the_annotation_and_end_with_the_recording() -> None:
    quiet, middle, loud = 0.01, 1.0, 0.1
    y = np.concatenate(
        [np.full(2 * SR, 0.9), np.full(SR, quiet), np.full(SR, middle), np.full(SR, loud)]
    )
    noise_power = (quiet**2 + loud**2) / 2
    wanted = 10 * math.log10((1.0 - noise_power) / noise_power)
    assert one(y, box(3.0, 4.0))["snr_db"] == pytest.approx(wanted, abs=1e-4)
    last = one(y, box(4.0, 5.0))["snr_db"]  # nothing comes after it, and it is quieter than before
    assert last == -math.inf
    assert math.isnan(one(y, box(0.0, 5.0))["snr_db"])
    silent_around = np.zeros(3 * SR)
    silent_around[SR : 2 * SR] = 0.5
    assert one(silent_around, box(1.0, 2.0))["snr_db"] == math.inf


def test_silence_has_no_frequencies_and_no_level() -> None:
    found = one(np.zeros(2 * SR), box(0.5, 1.0, 1000.0, 2000.0))
    for name in ("peak_freq", "center_freq", "bandwidth_90", "centroid", "entropy", "snr_db"):
        assert math.isnan(found[name]), name
    assert found["rms_db"] == found["peak_db"] == -math.inf
    assert found["zero_crossing_rate"] == 0.0


def test_samples_that_are_no_numbers_give_no_number_and_no_warning() -> None:
    y = tone(1000.0, 2.0)
    y[SR] = math.nan
    found = one(y, box(0.5, 1.5))
    assert found.drop(["duration", "low_freq", "high_freq", "zero_crossing_rate"]).isna().all()
    assert one(y, box(0.1, 0.4)).drop("snr_db").notna().all()


def test_what_is_no_number_near_a_box_does_not_spread_into_it() -> None:
    y = tone(1000.0, 4.0, 0.5)
    y[: SR // 2] = math.nan
    found = one(y, box(1.0, 2.0, 900.0, 1100.0))
    assert found["rms_db"] == pytest.approx(-6.02, abs=0.05)
    assert math.isnan(found["snr_db"])


# Other ways to the same numbers -------------------------------------------------------------------


@settings(max_examples=25)
@given(
    start=st.floats(0.0, 1.4),
    length=st.floats(0.0, 0.6),
    low=st.floats(1.0, 3000.0),
    width=st.floats(5.0, 5000.0),
    n_fft=st.sampled_from([256, 1000, 2048]),
)
def test_spectral_measurements_are_those_of_librosas_frames(
    start: float, length: float, low: float, width: float, n_fft: int
) -> None:
    y = (noise(2 * SR, 7) + tone(1200.0, 2.0)).astype(np.float32)
    end, high = start + length, low + width
    found = one(y, box(start, end, low, high), n_fft=n_fft)
    power = np.abs(librosa.stft(y, n_fft=n_fft, hop_length=n_fft // 4)) ** 2
    times = librosa.frames_to_time(np.arange(power.shape[1]), sr=SR, hop_length=n_fft // 4)
    # Whether a frame that lies on the border is within is a matter of rounding.
    assume(np.abs(times[:, None] - [start, end]).min() > 1e-6 or start == end == 0.0)
    inside = (times >= start) & (times <= end)
    if not inside.any():
        inside = np.arange(len(times)) == np.abs(times - (start + end) / 2).argmin()
    frequencies = librosa.fft_frequencies(sr=SR, n_fft=n_fft)
    bins = (frequencies >= low) & (frequencies <= high)
    if not bins.any():
        bins = np.arange(len(frequencies)) == np.abs(frequencies - (low + high) / 2).argmin()
    energy = power[np.ix_(bins, inside)].sum(axis=1)
    share = energy / energy.sum()
    f = frequencies[bins]
    loudest = power[np.ix_(bins, inside)].max(axis=1)
    assert found["centroid"] == pytest.approx((share * f).sum(), rel=1e-5)
    assert found["entropy"] == pytest.approx(-(share * np.log2(share)).sum(), abs=1e-4)
    assert abs(found["peak_freq"] - f[loudest.argmax()]) <= 0.5001 * SR / n_fft
    cumulative = np.cumsum(share)
    for name, part in (("freq_5", 0.05), ("center_freq", 0.5), ("freq_95", 0.95)):
        k = int(np.argmax(cumulative >= part))
        if abs(cumulative[k] - part) > 1e-5 and (k == 0 or abs(cumulative[k - 1] - part) > 1e-5):
            assert found[name] == f[k]


def test_levels_of_a_box_are_those_of_a_filter_of_another_make() -> None:
    y = noise(4 * SR, 5)
    low, high = 2000.0, 4000.0
    sos = scipy.signal.butter(20, [low, high], "bandpass", fs=SR, output="sos")
    filtered = scipy.signal.sosfiltfilt(sos, y)[SR : 3 * SR]
    found = one(y, box(1.0, 3.0, low, high))
    assert found["rms_db"] == pytest.approx(10 * np.log10(2 * np.mean(filtered**2)), abs=0.2)
    assert found["peak_db"] == pytest.approx(20 * np.log10(np.abs(filtered).max()), abs=1.0)
    crossings = np.count_nonzero(np.diff(np.signbit(filtered)))
    assert found["zero_crossing_rate"] == pytest.approx(crossings / (2 * SR), rel=0.02)


def test_levels_of_an_interval_are_numpys_and_its_crossings_librosas() -> None:
    y = (0.3 * noise(2 * SR, 6)).astype(np.float32)
    found = one(y, box(0.25, 1.5))
    cut = y[round(0.25 * SR) : round(1.5 * SR)]
    assert found["rms_db"] == pytest.approx(10 * np.log10(2 * np.mean(np.square(cut))), abs=1e-5)
    assert found["peak_db"] == pytest.approx(20 * np.log10(np.abs(cut).max()), abs=1e-5)
    crossings = librosa.zero_crossings(cut, pad=False).sum()
    assert found["zero_crossing_rate"] == crossings / len(cut)


@given(
    sr=st.sampled_from([8000, 44100, 250_000]),
    low=st.floats(0.0, 0.4),
    width=st.floats(0.005, 0.5),
)
def test_a_filter_passes_its_band_alone(sr: int, low: float, width: float) -> None:
    low, high = low * sr, min((low + width) * sr, sr / 2)
    made = bandpass(low, high, sr)
    if made is None:
        return
    frequencies, response = scipy.signal.freqz(made.taps, worN=8192, fs=sr)
    gain = np.abs(response)
    edge = max((high - low) / 8, min((high - low) / 2, 50.0)) / 2
    # Nearer to 0 Hz, or to half the rate, an edge would need to be steeper.
    assume((low == 0.0 or low > 2 * edge) and (high == sr / 2 or high < sr / 2 - 2 * edge))
    inside = (frequencies > low + edge * (low > 0)) & (frequencies < high - edge * (high < sr / 2))
    outside = (frequencies < low - edge) | (frequencies > high + edge)
    assert (abs(gain[inside] - 1.0) < 0.01).all()
    assert (gain[outside] < 0.01).all()


def test_definitions_by_hand() -> None:
    frequencies = np.arange(5) * 10.0
    energy = np.array([1.0, 0.0, 2.0, 0.0, 1.0])
    assert [frequency_quantile(energy, frequencies, q) for q in (0.0, 0.25, 0.26, 0.75, 0.76)] == [
        0.0, 0.0, 20.0, 20.0, 40.0,
    ]  # fmt: skip
    assert entropy(energy) == 1.5
    assert peak_frequency(energy, frequencies) == 20.0  # there is no parabola through nothing
    assert peak_frequency(np.array([9.0, 1.0, 1.0]), frequencies[:3]) == 0.0
    assert peak_frequency(np.full(5, 2.0), frequencies) == 0.0


# Kinds of annotations, and what comes out ---------------------------------------------------------


def test_every_kind_of_annotation_has_a_row() -> None:
    y = tone(1000.0, 2.0, 0.5)
    rows = pd.DataFrame(
        {
            "id": ["whole", "point", "interval", "box", "short", "beyond"],
            "start": [math.nan, 1.0, 0.5, 0.5, 1.0, 1.9],
            "end": [math.nan, 1.0, 1.5, 1.5, 1.00001, 9.0],
            "label": "",
            "low_freq": [math.nan, math.nan, math.nan, 900.0, math.nan, math.nan],
            "high_freq": [math.nan, math.nan, math.nan, 1100.0, math.nan, math.nan],
        }
    )
    found = measure(y, rows, sr=SR)
    assert list(found.index) == list(rows["id"])
    assert found.index.name == "id"
    assert list(found.columns) == list(MEASUREMENTS)
    assert (abs(found["peak_freq"] - 1000.0) < 2.0).all()
    assert found.loc["whole", "duration"] == 2.0
    assert found.loc["beyond", "duration"] == pytest.approx(0.1)
    assert found.loc["point", "duration"] == 0.0
    point = found.loc["point"]
    assert point[["rms_db", "peak_db", "snr_db", "zero_crossing_rate"]].isna().all()
    assert found.loc[["whole", "interval", "box", "beyond"], "rms_db"].round(1).eq(-6.0).all()
    assert len(measure(y, [], sr=SR)) == 0


def test_channels_are_measured_alone_or_as_their_mean() -> None:
    y = np.stack([tone(1000.0, 2.0), tone(3000.0, 2.0, 0.5)])
    rows = pd.DataFrame(
        {"start": 0.5, "end": 1.5, "label": "", "channel": pd.array([0, 1, None], "Int64")}
    )
    found = measure(y, rows, sr=SR)
    assert found["peak_freq"].round(-1).tolist() == [1000.0, 3000.0, 1000.0]
    assert found["rms_db"].round(1).tolist() == [0.0, -6.0, -5.1]


def test_order_and_index_are_the_annotations_own() -> None:
    y = np.concatenate([tone(f, 0.5) for f in (500.0, 1000.0, 2000.0, 4000.0)])
    rows = pd.DataFrame({"start": [1.5, 0.0, 1.0, 0.5], "label": ""}, index=[7, 3, 5, 4])
    rows["end"] = rows["start"] + 0.5
    found = measure(y, rows, sr=SR, columns=["centroid", "duration"])
    assert list(found.columns) == ["centroid", "duration"]
    assert list(found.index) == [7, 3, 5, 4]
    assert found["centroid"].round(-2).tolist() == [4000.0, 500.0, 2000.0, 1000.0]


def test_functions_of_a_users_own() -> None:
    def crest(y: NDArray[np.float32], sr: float) -> float:
        return float(np.abs(y).max() / np.sqrt(np.mean(y**2)))

    def ends(y: NDArray[np.float32], sr: float) -> dict[str, float]:
        return {"first": y[0], "seconds": len(y) / sr}

    y = tone(1000.0, 2.0) + tone(5000.0, 2.0)
    rows = [box(0.5, 1.5, 900.0, 1100.0), box(0.0, 2.0)]
    found = measure(y, rows, sr=SR, columns=["duration"], measure=[crest, ends])
    assert list(found.columns) == ["duration", "crest", "first", "seconds"]
    assert found["crest"].iloc[0] == pytest.approx(math.sqrt(2.0), abs=0.01)  # of its band alone
    assert found["crest"].iloc[1] == pytest.approx(2.0, abs=0.05)
    assert found["seconds"].tolist() == [1.0, 2.0]
    assert list(measure(y, rows, sr=SR, columns=[], measure=crest).columns) == ["crest"]


def test_what_goes_wrong_in_a_function_says_where() -> None:
    def broken(y: Any, sr: float) -> float:
        raise ZeroDivisionError("by nothing")

    def words(y: Any, sr: float) -> str:
        return "loud"

    def duration(y: Any, sr: float) -> float:
        return 1.0

    rows = pd.DataFrame([box(0.0, 1.0)]).assign(id="k7")
    with pytest.raises(ZeroDivisionError) as caught:
        measure(tone(440.0), rows, sr=SR, measure=[broken])
    assert "k7" in caught.value.__notes__[0]
    with pytest.raises(ParameterTypeError, match="words: words='loud'"):
        measure(tone(440.0), rows, sr=SR, measure=[words])
    with pytest.raises(ParameterError, match="column 'duration'"):
        measure(tone(440.0), rows, sr=SR, measure=[duration])
    with pytest.raises(ParameterTypeError, match="measure=3"):
        measure(tone(440.0), rows, sr=SR, measure=[3])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (box(2.0, 1.0), ["row 0", "start=2", "end=1"]),
        (box(math.nan, 1.0), ["row 0", "start=nan"]),
        (box(0.0, 1.0, 3000.0, 2000.0), ["row 0", "3000 to 2000"]),
        (box(0.0, 1.0, 20_000.0, 30_000.0), ["row 0", "20000", "11025"]),
        ({**box(0.0, 1.0), "start": "early"}, ["start", "early"]),
        ({**box(0.0, 1.0), "channel": 3}, ["channel=3"]),
    ],
)
def test_rows_that_make_no_sense_are_named(row: dict[str, Any], words: list[str]) -> None:
    with pytest.raises((ParameterError, ParameterTypeError)) as caught:
        measure(tone(440.0), [row], sr=SR)
    for word in words:
        assert word in str(caught.value)


def test_an_unknown_column_is_refused_with_the_near_one() -> None:
    with pytest.raises(ParameterError, match="'peak_frequency'.*'peak_freq'"):
        measure(tone(440.0), [box(0, 1)], sr=SR, columns=["peak_frequency"])


# Size ---------------------------------------------------------------------------------------------


class Counting:
    """A source of noise of any length, that says how much of it was read."""

    sr, n_channels, name, peak = 8000, 1, "noise", 1.0

    def __init__(self, n_samples: int) -> None:
        self.n_samples = n_samples
        self.n_read = 0
        self._noise = noise(1 << 16).astype(np.float32)

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        start, stop = max(0, start), min(stop, self.n_samples)
        self.n_read += stop - start
        return self._noise[np.arange(start, stop) % len(self._noise)][None]


def test_an_annotation_of_ten_hours_takes_no_more_memory_than_a_short_one() -> None:
    source = Counting(36_000 * 8000 // 10)
    measure(source, [box(0.0, 60.0)])
    tracemalloc.start()
    found = measure(source, [box(0.0, source.n_samples / 8000, 100.0, 3900.0)])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 150 << 20 < 4 * source.n_samples * 2
    assert found["rms_db"].iloc[0] == pytest.approx(10 * math.log10(2 * 3800 / 4000), abs=0.2)


def test_no_part_of_a_recording_is_read_twice() -> None:
    source = Counting(600 * 8000)
    starts = np.random.default_rng(1).uniform(1.0, 598.0, 400)
    rows = pd.DataFrame({"start": starts, "end": starts + 0.5, "label": ""})
    measure(source, rows, columns=["rms_db", "snr_db", "peak_freq"])
    assert source.n_read <= source.n_samples


@given(st.lists(st.tuples(st.integers(-20, 400), st.integers(0, 300)), max_size=20))
def test_kept_blocks_read_as_the_source_does(reads: list[tuple[int, int]]) -> None:
    source = open_audio(np.arange(330, dtype=np.float32).reshape(1, -1), sr=10)
    kept = KeptBlocks(source)
    kept._block, kept._most = 32, 2
    for start, n in reads:
        wanted = source.read(start, start + n)
        assert np.array_equal(kept.read(start, start + n), wanted)


def test_real_boxes_are_where_their_peak_is(real_data: Any) -> None:
    folder = real_data / "ann_maad_spinetail"
    lines = (folder / "spinetail.txt").read_text().splitlines()
    rows = []
    for head, band in zip(lines[::2], lines[1::2], strict=True):
        start, end, label = head.split("\t")
        low, high = (float(text) for text in band.split("\t")[1:])
        rows.append({**box(float(start), float(end), low, high), "label": label})
    found = measure(folder / "spinetail.wav", rows)
    y, sr = soundfile.read(folder / "spinetail.wav", dtype="float32")
    assert found["peak_freq"].between(found["low_freq"], found["high_freq"]).all()
    assert (found["freq_95"] >= found["freq_5"]).all()
    assert found["snr_db"].median() > 3.0
    row = rows[0]
    cut = y[round(row["start"] * sr) : round(row["end"] * sr)]
    assert found["duration"].iloc[0] == pytest.approx(len(cut) / sr, abs=1e-3)


def test_boxes_of_the_sample_recording_stand_out_of_their_surroundings() -> None:
    truth = samples.truth("soundscape")
    found = measure(samples.path("soundscape"), truth)
    assert list(found.index) == list(truth["id"])
    whistles = found[truth["label"].eq("whistle").to_numpy()]
    assert (whistles["snr_db"] > 10.0).all()
    assert whistles["peak_freq"].between(2000.0, 4000.0).all()
    insects = found[truth["label"].eq("insect").to_numpy()]
    assert insects["center_freq"].between(6800.0, 7300.0).all()
    assert (insects["bandwidth_90"] < 1000.0).all()


def test_the_widget_measures_its_annotations_with_the_frames_of_its_picture() -> None:
    y = tone(1000.0, 3.0) + 0.1 * noise(3 * SR)
    w = SpecWidget(y, sr=SR, transform=Stft(n_fft=512, hop_length=100))
    a = w.add(0.5, 1.0, low_freq=500, high_freq=2000)
    b = w.add(1.5, 2.0)
    both = w.measure()
    assert list(both.index) == [a, b]
    assert list(w.measure([b, a]).index) == [b, a]
    assert w.measure(a, columns=["entropy"]).shape == (1, 1)
    asked = {"n_fft": 512, "hop_length": 100}
    same = measure(y, w.annotations, sr=SR, **asked)
    pd.testing.assert_frame_equal(both, same)
    fixed = measure(y, w.annotations, sr=SR, n_fft=1024)
    pd.testing.assert_frame_equal(w.measure(n_fft=1024), fixed)
    assert not fixed.equals(same)
    own = w.measure(columns=[], measure=lambda y, sr: {"n": len(y)})
    assert own["n"].tolist() == [SR // 2, SR // 2]
    with pytest.raises(AnnotationError, match="'nobody'"):
        w.measure(["nobody"])
    assert len(w.annotations.columns) == 16, "nothing of it is written into the annotations"
    w.close()
