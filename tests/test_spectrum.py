"""The spectrum of a stretch of sound, and its peaks."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import scipy.signal
from hypothesis import given
from numpy.typing import NDArray

from specwidget import ParameterError, ParameterTypeError, SpecWidget
from specwidget.audio import open_audio
from specwidget.measurements import peaks, spectrum

SR = 8000


def tone(freq: float, n: int, amplitude: float = 1.0) -> NDArray[np.float64]:
    return amplitude * np.sin(2 * np.pi * freq * np.arange(n) / SR + 0.7)


@given(
    freq=st.floats(300.0, 3700.0),
    n=st.integers(800, 5000),
    level=st.floats(-60.0, 0.0),
    window=st.sampled_from(["hann", "hamming", "blackman", "blackmanharris", "flattop"]),
)
def test_a_tone_has_one_peak_at_its_frequency_and_level(
    freq: float, n: int, level: float, window: str
) -> None:
    y = tone(freq, n, 10 ** (level / 20))
    found = spectrum(open_audio(y, sr=SR), 0.0, n / SR, window=window)
    frequencies, db = peaks(found)
    assert len(frequencies) == 1
    within = 0.3 if window == "flattop" else 0.02  # its top is flat, for the sake of the level
    assert frequencies[0] == pytest.approx(freq, abs=within * SR / n)
    assert db[0] == pytest.approx(level, abs=0.05)
    assert found.db.max() == pytest.approx(level, abs=0.45)


@given(freq=st.floats(100.0, 3900.0), n_fft=st.sampled_from([1000, 1024, 1500]))
def test_without_zeros_between_the_bins_a_tone_is_found_within_a_tenth_of_a_bin(
    freq: float, n_fft: int
) -> None:
    found = spectrum(open_audio(tone(freq, n_fft), sr=SR), 0.0, n_fft / SR, n_fft=n_fft)
    assert len(found.db) == n_fft // 2 + 1
    assert peaks(found)[0][0] == pytest.approx(freq, abs=0.1 * SR / n_fft)


def test_a_faint_tone_beside_a_loud_one_is_a_peak_and_leakage_is_none() -> None:
    n = 8000
    y = tone(1000.0, n) + tone(1400.0, n, 1e-2) + tone(3000.0, n, 1e-4)
    source = open_audio(y, sr=SR)
    frequencies, db = peaks(spectrum(source, 0.0, 1.0), range_db=100.0)
    assert frequencies == pytest.approx([1000.0, 1400.0, 3000.0], abs=0.01)
    assert db == pytest.approx([0.0, -40.0, -80.0], abs=0.05)
    assert len(peaks(spectrum(source, 0.0, 1.0))[0]) == 2
    assert len(peaks(spectrum(source, 0.0, 1.0), 1)[0]) == 1


def test_a_long_stretch_is_welchs_mean() -> None:
    y = np.random.default_rng(0).normal(size=20 * SR)
    found = spectrum(open_audio(y, sr=SR), 0.0, 20.0, n_fft=1024)
    frequencies, power = scipy.signal.welch(
        y, SR, window="hann", nperseg=1024, scaling="spectrum", detrend=False
    )
    assert np.array_equal(found.frequencies, frequencies)
    # scipy gives the mean square of a sine, which is half of the square of its amplitude.
    inner = slice(1, -1)
    assert found.db[inner] == pytest.approx(10 * np.log10(2 * power[inner]), abs=0.01)
    assert found.n_frames == 311


def test_a_short_stretch_is_one_windowed_fft() -> None:
    y = np.random.default_rng(0).normal(size=2000)
    found = spectrum(open_audio(y, sr=SR), 0.0, 0.25, n_fft=4096, window="blackman")
    window = scipy.signal.get_window("blackman", 2000)
    amplitude = np.abs(np.fft.rfft(y.astype(np.float32) * window, 4096)) / window.sum()
    amplitude[1:-1] *= 2.0
    assert found.db == pytest.approx(20 * np.log10(amplitude), abs=1e-6)
    assert found.n_frames == 1


def test_a_constant_and_the_highest_frequency_read_their_amplitude() -> None:
    constant = spectrum(open_audio(np.full(1000, 0.1), sr=SR), 0.0, 1.0)
    assert constant.db[0] == pytest.approx(-20.0, abs=1e-4)
    fastest = np.resize([0.1, -0.1], 1000)
    assert spectrum(open_audio(fastest, sr=SR), 0.0, 1.0).db[-1] == pytest.approx(-20.0, abs=1e-4)


def test_silence_and_what_is_no_number() -> None:
    silent = spectrum(open_audio(np.zeros(1000), sr=SR), 0.0, 0.1)
    assert (silent.db == -200.0).all()
    assert len(peaks(silent)[0]) == 0
    y = tone(1000.0, 1000)
    y[10] = math.nan
    broken = spectrum(open_audio(y, sr=SR), 0.0, 0.125)
    assert np.isnan(broken.db).all()
    assert len(peaks(broken)[0]) == 0


def test_channels() -> None:
    source = open_audio(np.stack([tone(500.0, 4000), tone(2000.0, 4000)]), sr=SR)
    for channel, wanted in ((0, [500.0]), (1, [2000.0]), ("mix", [500.0, 2000.0])):
        found = spectrum(source, 0.0, 0.5, channel=channel)  # type: ignore[arg-type]
        frequencies, db = peaks(found)
        assert sorted(frequencies) == pytest.approx(wanted, abs=0.1)
        assert db == pytest.approx(0.0 if channel != "mix" else -6.02, abs=0.05)


class Endless:
    """A day of a tone, and a count of what was read of it."""

    sr, n_channels, name, peak = SR, 1, "tone", 1.0
    n_samples = 86_400 * SR
    n_read = 0

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        self.n_read += stop - start
        return tone(1000.0, stop - start).astype(np.float32)[None]


def test_a_day_is_not_read_whole() -> None:
    source = Endless()
    found = spectrum(source, 0.0, 86_400.0)
    assert found.n_frames == 512
    assert source.n_read <= 512 * 32768
    assert found.frequencies[found.db.argmax()] == 1000.0


@given(n=st.integers(1, 300), bins=st.integers(3, 1000))
def test_fewer_columns_keep_the_peaks(n: int, bins: int) -> None:
    y = np.random.default_rng(bins).normal(size=2 * bins)
    found = spectrum(open_audio(y, sr=SR), 0.0, 1.0, n_fft=2 * bins)
    few = found.columns(n)
    assert len(few.db) <= max(n, 1)
    assert few.db.max() == found.db.max()
    assert (np.diff(few.frequencies) > 0).all() or len(few.db) == 1
    where = np.searchsorted(found.frequencies, few.frequencies)
    assert np.array_equal(found.db[where], few.db)


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ((1.0, 1.0), {}, ["start=1", "end=1", "0 samples"]),
        ((2.0, 1.0), {}, ["start=2", "end=1"]),
        ((50.0, 60.0), {}, ["start=50"]),
        ((math.nan, 1.0), {}, ["start", "nan"]),
        ((0.0, "1"), {}, ["end", "'1'"]),
        ((0.0, 0.1), {"n_fft": 1 << 20}, ["n_fft=1048576"]),
        ((0.0, 0.1), {"window": "square"}, ["window", "square"]),
        ((0.0, 0.1), {"channel": 2}, ["channel=2"]),
    ],
)
def test_what_makes_no_sense_is_refused(
    arguments: tuple[Any, Any], options: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises((ParameterError, ParameterTypeError)) as caught:
        spectrum(open_audio(tone(440.0, SR), sr=SR), *arguments, **options)
    for word in words:
        assert word in str(caught.value)


# The widget --------------------------------------------------------------------------------------


@pytest.fixture
def widget() -> Iterator[SpecWidget]:
    y = np.concatenate([tone(500.0, SR), tone(1500.0, SR), tone(2500.0, SR)])
    made = SpecWidget(y, sr=SR)
    yield made
    made.close()


def test_the_widget_gives_the_spectrum_of_what_is_asked_selected_or_seen(
    widget: SpecWidget,
) -> None:
    def loudest(n: int, *span: float) -> list[float]:
        return sorted(widget.spectrum_peaks(*span, n=n)["freq"].round(-1))

    assert loudest(9, 0.2, 0.8) == [500.0]
    assert loudest(3) == [500.0, 1500.0, 2500.0]
    widget.view = (1.1, 2.9)
    assert loudest(2) == [1500.0, 2500.0]
    widget.selected = [widget.add(2.2, 2.5), widget.add(2.6, 2.7)]
    assert loudest(9) == [2500.0]
    frequencies, db = widget.spectrum(n_fft=512, window="blackman")
    assert frequencies.shape == db.shape == (257,)
    assert frequencies[db.argmax()] == 2500.0
    widget.selected = [widget.add()]  # the whole recording
    assert loudest(3) == [500.0, 1500.0, 2500.0]


def test_a_view_asks_for_a_spectrum(widget: SpecWidget) -> None:
    heard: list[tuple[dict[str, Any], list[Any]]] = []
    news = threading.Condition()

    def hear(content: dict[str, Any], buffers: Any = None) -> None:
        with news:
            heard.append((content, list(buffers or ())))
            news.notify_all()

    widget.send = hear  # type: ignore[method-assign]

    def ask(**members: Any) -> tuple[dict[str, Any], list[Any]]:
        message = {"v": 1, "type": "spectrum.get", "id": f"p-{len(heard)}", **members}
        widget._receive(widget, message, [])
        with news:
            assert news.wait_for(lambda: heard and heard[-1][0]["id"] == message["id"], 30)
            return heard[-1]

    whole = {"epoch": 0, "start": 1.2, "end": 1.7, "channel": "mix", "columns": None}
    message, buffers = ask(**whole)
    assert message["type"] == "spectrum.data"
    frequencies, db = np.frombuffer(buffers[0], "<f4").reshape(2, message["n"])
    wanted = widget.spectrum(1.2, 1.7)
    assert frequencies == pytest.approx(wanted[0])
    assert db == pytest.approx(wanted[1], abs=1e-4)
    [[freq, level]] = message["peaks"]
    assert (freq, level) == (pytest.approx(1500.0, abs=0.1), pytest.approx(0.0, abs=0.05))
    message, buffers = ask(**{**whole, "columns": 100})
    assert message["n"] <= 100
    few = np.frombuffer(buffers[0], "<f4").reshape(2, -1)
    assert few[1].max() == db.max()
    assert ask(**{**whole, "epoch": 7})[0]["code"] == "stale-epoch"
    assert ask(**{**whole, "start": 50.0, "end": 60.0})[0]["code"] == "bad-value"
    assert ask(**{**whole, "channel": 4})[0]["code"] == "bad-value"
