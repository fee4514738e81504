"""Series over the picture and further layers: what they say, and how they are asked for."""

from __future__ import annotations

import threading
import tracemalloc
from collections.abc import Iterator
from typing import Any

import hypothesis.strategies as st
import librosa
import numpy as np
import pytest
import soundfile
from hypothesis import given
from numpy.typing import NDArray

from specwidget import (
    MelSpectrogram,
    ParameterError,
    ParameterTypeError,
    SpecWidget,
    Stft,
    samples,
)
from specwidget.audio import open_audio
from specwidget.overlays.reduction import Listed, Summary, Uniform, columns_of
from specwidget.overlays.series import Computed, ComputedSeries, Drawn, Given
from specwidget.worker import Worker

SR = 8000
PATIENCE = 30.0
Samples = NDArray[np.float32]


def noise(n: int, seed: int = 0) -> Samples:
    return np.random.default_rng(seed).normal(size=n).astype(np.float32)


def by_hand(
    times: NDArray[np.float64], values: Samples, start: float, end: float, n: int
) -> NDArray[np.float64]:
    """Return columns the slow way, without the lines between values."""
    edges = np.linspace(start, end, n + 1)
    out = np.full((3, n), np.nan)
    for i in range(n):
        some = values[(times >= edges[i]) & (times < edges[i + 1])].astype(np.float64)
        some = some[~np.isnan(some)]
        if len(some):
            out[:, i] = some.min(), some.max(), some.mean()
    return out


class Page:
    """Stands for the other side: asks, and waits for the answer and its buffers."""

    def __init__(self, widget: SpecWidget) -> None:
        self._widget = widget
        self._heard: list[tuple[dict[str, Any], list[Any]]] = []
        self._news = threading.Condition()
        widget.send = self._hear  # type: ignore[method-assign]
        self._count = 0

    def _hear(self, content: dict[str, Any], buffers: Any = None) -> None:
        with self._news:
            self._heard.append((content, list(buffers or ())))
            self._news.notify_all()

    def ask(self, kind: str, **members: Any) -> tuple[dict[str, Any], list[Any]]:
        self._count += 1
        number = f"p-{self._count}"
        self._widget._receive(self._widget, {"v": 1, "type": kind, "id": number, **members}, [])

        def answer() -> tuple[dict[str, Any], list[Any]] | None:
            mine = (m for m in self._heard if m[0].get("id") == number)
            return next((m for m in mine if m[0].get("last", True)), None)

        with self._news:
            assert self._news.wait_for(lambda: answer() is not None, PATIENCE), kind
            found = answer()
            assert found is not None
            return found

    def series(self, id: str, start: float, end: float, columns: int) -> Drawn:
        """Ask for a line until all of it is there."""
        while True:
            message, buffers = self.ask(
                "series.get", series=id, start=start, end=end, columns=columns
            )
            assert message["type"] == "series.data", message
            drawn = np.frombuffer(buffers[0], "<f4").reshape(3, columns)
            if message["complete"]:
                return Drawn(drawn)


@pytest.fixture
def widget() -> Iterator[SpecWidget]:
    made = SpecWidget(noise(20 * SR), sr=SR)
    yield made
    made.close()


# Columns -----------------------------------------------------------------------------------------


@given(
    n=st.integers(0, 3000),
    columns=st.integers(1, 40),
    ends=st.tuples(st.floats(-5.0, 35.0), st.floats(-5.0, 35.0)).filter(lambda e: e[0] != e[1]),
    gaps=st.floats(0.0, 1.0),
    even=st.booleans(),
    lasting=st.booleans(),
    seed=st.integers(0, 5),
)
def test_columns_are_minimum_maximum_and_mean(
    n: int,
    columns: int,
    ends: tuple[float, float],
    gaps: float,
    even: bool,
    lasting: bool,
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=n).astype(np.float32)
    values[rng.random(n) < gaps] = np.nan
    times = np.arange(n) * 0.0107 + 0.003 if even else np.sort(rng.uniform(0, 30, n))
    axis = Uniform(0.003, 0.0107, n) if even else Listed(times)
    start, end = sorted(ends)
    found = columns_of(Summary(values, lasting=lasting), axis, start, end, columns)
    wanted = by_hand(times, values, start, end, columns)
    known = ~np.isnan(wanted[0])
    np.testing.assert_allclose(found[:, known], wanted[:, known], rtol=1e-5, atol=1e-6)
    # What else there is lies on lines between values: the three are one.
    rest = found[:, ~known]
    rest = rest[:, ~np.isnan(rest[0])]
    assert np.array_equal(rest[0], rest[1]) and np.array_equal(rest[0], rest[2])


def test_many_values_are_summed_up_by_blocks_and_to_the_last_one() -> None:
    values = noise(1_000_000, 3)
    values[::7] = np.nan
    times = np.arange(len(values)) * 0.001
    for start, end, n in ((0.0, 1000.0, 100), (3.33, 811.7, 7), (-50.0, 2000.0, 333)):
        found = columns_of(Summary(values), Uniform(0.0, 0.001, len(values)), start, end, n)
        wanted = by_hand(times, values, start, end, n)
        np.testing.assert_array_equal(found[:2], wanted[:2].astype(np.float32))
        np.testing.assert_allclose(found[2], wanted[2], rtol=1e-4, atol=1e-6)


def test_few_values_are_joined_by_lines_and_gaps_stay() -> None:
    values = np.array([0.0, 1.0, np.nan, 3.0, 5.0], np.float32)
    found = columns_of(Summary(values), Uniform(0.0, 1.0, 5), -0.5, 4.5, 50)
    centres = np.linspace(-0.45, 4.45, 50)
    for centre, value in zip(centres, found[2], strict=True):
        if 0.0 <= centre <= 1.0 or 3.0 <= centre <= 4.0:
            assert value == pytest.approx(np.interp(centre, [0, 1, 3, 4], [0, 1, 3, 5]), abs=0.11)
        elif centre < -0.05 or centre > 4.05 or 1.1 < centre < 2.9:
            assert np.isnan(value)


@given(st.lists(st.floats(0.0, 100.0), min_size=2, max_size=50, unique=True), st.data())
def test_time_axes_agree(at: list[float], data: st.DataObject) -> None:
    times = np.sort(np.array(at))
    edges = np.array(data.draw(st.lists(st.floats(-10.0, 110.0), min_size=1, max_size=20)))
    assert np.array_equal(
        Listed(times).before(edges), [int((times < edge).sum()) for edge in edges]
    )
    step = 0.25  # of which all multiples are exact
    even = Uniform(1.0, step, len(times))
    wanted = [int((1.0 + step * np.arange(len(times)) < edge - 1e-9).sum()) for edge in edges]
    assert np.array_equal(even.before(edges), wanted) or (
        np.abs((edges - 1.0) / step - np.round((edges - 1.0) / step)).min() < 1e-6
    )


def test_even_times_are_known_as_such_and_odd_ones_kept() -> None:
    n = 1000
    assert isinstance(Given(np.arange(n) * 0.1, noise(n))._axis, Uniform)
    odd = np.arange(n) * 0.1
    odd[500] += 0.01
    assert isinstance(Given(odd, noise(n))._axis, Listed)
    assert isinstance(Given(np.zeros(3), noise(3))._axis, Listed)


# Functions ---------------------------------------------------------------------------------------


class Tracked:
    """A function of samples that says what it was given."""

    def __init__(self, hop: int) -> None:
        self.hop = hop
        self.calls: list[int] = []

    def __call__(self, y: Samples, sr: float) -> NDArray[np.floating]:
        self.calls.append(len(y))
        rms: NDArray[np.floating] = librosa.feature.rms(
            y=y, frame_length=1024, hop_length=self.hop
        )[0]
        return rms


def computed(f: Any, y: Samples, **options: Any) -> Computed:
    chosen: dict[str, Any] = {"hop_length": 100, "halo": 1024, "n_series": 1, "chunk": 16}
    return Computed(f, open_audio(y, sr=SR), 0, name="x", **{**chosen, **options})


@given(n=st.integers(1024, 20_000), hop=st.sampled_from([64, 100, 257]), chunk=st.integers(1, 80))
def test_chunks_side_by_side_are_the_function_of_the_whole(n: int, hop: int, chunk: int) -> None:
    y = noise(n)
    made = computed(Tracked(hop), y, hop_length=hop, chunk=chunk)
    values, meant, complete = made.values(0, 0, made.n_values, patience=PATIENCE)
    whole = librosa.feature.rms(y=y, frame_length=1024, hop_length=hop)[0]
    assert complete and meant.all()
    np.testing.assert_allclose(values, whole, rtol=1e-5, atol=1e-6)


def test_only_what_is_looked_at_is_computed_and_only_once() -> None:
    f = Tracked(100)
    made = computed(f, noise(100 * 16 * 50))
    line = ComputedSeries(made, 0)
    line.read(2.0, 2.5, 100, patience=PATIENCE)
    looked = len(f.calls)
    assert 3 <= looked <= 6
    line.read(2.1, 2.4, 100, patience=PATIENCE)
    assert len(f.calls) == looked
    assert np.isnan(line.read(-9.0, -1.0, 10, patience=PATIENCE).columns).all()
    assert len(f.calls) == looked


def test_who_has_no_patience_gets_what_there_is_and_then_more() -> None:
    f = Tracked(100)
    made = computed(f, noise(100 * 16 * 40))
    line = ComputedSeries(made, 0)
    asked = 0
    known = -1
    while True:
        drawn = line.read(0.0, 8.0, 200, patience=0.0)
        asked += 1
        assert len(f.calls) == asked, "each look brings one chunk at least"
        now = int(np.isfinite(drawn.columns[2]).sum())
        assert now >= known
        known = now
        if drawn.complete:
            break
    assert asked == 41
    assert known == 200


def test_of_more_than_can_be_kept_some_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("specwidget.overlays.series.KEPT_BYTES", 4 * 16 * 10)
    f = Tracked(100)
    made = computed(f, noise(100 * 16 * 40))
    drawn = ComputedSeries(made, 0).read(0.0, 8.0, 10, patience=PATIENCE)
    assert drawn.complete
    assert len(f.calls) <= 10
    assert len(made._kept) <= 10
    assert np.isfinite(drawn.columns).all()


def test_values_that_are_not_finite_are_gaps() -> None:
    made = computed(lambda y, sr: np.full(len(y) // 100 + 1, np.inf), noise(5000))
    assert np.isnan(made.values(0, 0, 50, patience=PATIENCE)[0]).all()


def test_samples_that_are_no_numbers_are_gaps_and_do_not_reach_the_function() -> None:
    y = noise(20_000)
    y[9000:9100] = np.nan

    def level(y: Samples, sr: float) -> NDArray[np.floating]:
        assert np.isfinite(y).all()
        rms: NDArray[np.floating] = librosa.feature.rms(y=y, frame_length=1024, hop_length=100)[0]
        return rms

    values, _, _ = computed(level, y).values(0, 0, 201, patience=PATIENCE)
    gaps = np.flatnonzero(np.isnan(values))
    assert gaps.min() == 80 and gaps.max() == 101 and len(gaps) == 22


@pytest.mark.parametrize(
    ("f", "error", "words"),
    [
        (lambda y, sr: 3.0, ParameterError, ["1 values", "hop_length=512"]),
        (lambda y, sr: y, ParameterError, ["shape", "hop_length=512"]),
        (lambda y, sr: "loud", ParameterTypeError, ["'loud'", "real numbers"]),
        (lambda y, sr: np.zeros((2, 3, 4)), ParameterError, ["(2, 3, 4)"]),
        (lambda y, sr: np.zeros(len(y) // 512 - 40), ParameterError, ["fewer", "halo"]),
        (lambda y, sr: 1 / 0, ZeroDivisionError, ["division"]),
    ],
)
def test_a_function_that_does_something_else_is_refused_at_once(
    widget: SpecWidget, f: Any, error: type[Exception], words: list[str]
) -> None:
    with pytest.raises(error) as caught:
        widget.overlay("mine", f)
    for word in words:
        assert word in str(caught.value)
    assert list(widget.overlays) == []


def test_several_series_of_one_function(widget: SpecWidget) -> None:
    def two(y: Samples, sr: float) -> NDArray[np.float64]:
        level = librosa.feature.rms(y=y)[0]
        return np.stack([level, 2 * level])

    made = widget.overlay("two", two, names=["once", "twice"], color=["#ff0000", "#0000ff"])
    assert [(line.name, line.color) for line in made.lines] == [
        ("once", "#ff0000"), ("twice", "#0000ff"),
    ]  # fmt: skip
    page = Page(widget)
    once, twice = (page.series(line["id"], 0.0, 20.0, 30).columns for line in widget._overlays)
    assert twice == pytest.approx(2 * once)
    assert [line.name for line in widget.overlay("two", two).lines] == ["0", "1"]
    with pytest.raises(ParameterError, match=r"overlay 'two'.*shape=\(2,"):
        widget.overlay("two", two, names=["only one"])


# librosa's ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["rms", "zero_crossing_rate", "spectral_centroid"])
@pytest.mark.parametrize("hop_length", [256, 512])
def test_series_are_librosas_of_the_whole_recording(name: str, hop_length: int) -> None:
    y, sr = soundfile.read(samples.path("soundscape"), dtype="float32")
    whole = {
        "rms": lambda: librosa.feature.rms(y=y, hop_length=hop_length),
        "zero_crossing_rate": lambda: librosa.feature.zero_crossing_rate(y, hop_length=hop_length),
        "spectral_centroid": lambda: librosa.feature.spectral_centroid(
            y=y, sr=sr, hop_length=hop_length
        ),
    }[name]()[0]
    w = SpecWidget(samples.path("soundscape"))
    made = w.overlay(name, hop_length=hop_length)
    series = made.lines[0].series
    assert isinstance(series, ComputedSeries)
    series.computed._chunk = 100
    values, _, _ = series.computed.values(0, 0, len(whole), patience=PATIENCE)
    np.testing.assert_allclose(values, whole, rtol=2e-4, atol=1e-6)
    w.close()


def test_pitch_is_librosas_where_it_is_certain() -> None:
    sr = 22050
    t = np.arange(6 * sr) / sr
    glide = 200.0 * 2 ** (t / 6)
    y = 0.5 * np.sin(2 * np.pi * np.cumsum(glide) / sr) * (np.sin(2 * np.pi * 0.5 * t) > 0)
    y = y.astype(np.float32)
    w = SpecWidget(y, sr=sr)
    made = w.overlay("pitch", fmin=100.0, fmax=500.0, limits=(0, 500))
    assert (made.unit, made.axis, made.limits) == ("Hz", "frequency", (0.0, 500.0))
    series = made.lines[0].series
    assert isinstance(series, ComputedSeries)
    series.computed._chunk = 60
    whole, voiced, _ = librosa.pyin(y, fmin=100.0, fmax=500.0, sr=sr)
    values, _, _ = series.computed.values(0, 0, len(whole), patience=PATIENCE)
    agree = np.isnan(values) == np.isnan(whole)
    assert agree.mean() > 0.95
    both = voiced & ~np.isnan(values)
    assert both.sum() > 100
    assert np.abs(values[both] / whole[both] - 1.0).max() < 0.01
    seen = page_columns(w)
    assert np.nanmin(seen[0]) > 190.0 and np.nanmax(seen[1]) < 410.0
    w.close()


def page_columns(w: SpecWidget) -> NDArray[np.float32]:
    return Page(w).series(w._overlays[0]["id"], 0.0, w.duration, 300).columns


def test_options_are_librosas_and_another_name_is_ones_own(widget: SpecWidget) -> None:
    made = widget.overlay("smooth", "rms", frame_length=4096, unit="of full scale")
    assert (made.name, made.unit) == ("smooth", "of full scale")
    series = made.lines[0].series
    assert isinstance(series, ComputedSeries)
    y = widget.recording.source.read(0, 20 * SR)[0]
    whole = librosa.feature.rms(y=y, frame_length=4096)[0]
    values, _, _ = series.computed.values(0, 0, len(whole), patience=PATIENCE)
    np.testing.assert_allclose(values, whole, rtol=1e-5)


# Given series ------------------------------------------------------------------------------------


def test_given_series_by_rows_and_by_name(widget: SpecWidget) -> None:
    times = [0.0, 10.0, 20.0]
    made = widget.overlay("p", times, {"song": [0, 1, 0], "call": [1, np.nan, 0.5]}, limits=(0, 1))
    assert [line.name for line in made.lines] == ["song", "call"]
    assert [line["overlay"] for line in widget._overlays] == ["p", "p"]
    page = Page(widget)
    song = page.series(widget._overlays[0]["id"], 0.0, 20.0, 4).columns
    assert song[2] == pytest.approx([0.0, 0.75, 1.0, 0.25])
    rows = widget.overlay("rows", times, np.arange(6).reshape(2, 3))
    assert rows.limits == (0.0, 5.0)
    assert [line.name for line in rows.lines] == ["0", "1"]
    back = widget.overlay("back", [2.0, 0.0, 1.0], [20, 0, 10])
    drawn = back.lines[0].series.read(0.0, 3.0, 3, patience=0.0).columns
    assert drawn[2].tolist() == [0.0, 10.0, 20.0]
    assert widget.overlay("flat", [0.0, 1.0], [3.0, 3.0]).limits == (2.5, 3.5)
    assert widget.overlay("none", [0.0, 1.0], [np.nan, np.nan]).limits is None


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        (("x", [0.0, 1.0], [1.0]), {}, ["'x'", "shape=(1,)", "2 times"]),
        (("x", [0.0, np.nan], [1.0, 2.0]), {}, ["times", "nan"]),
        (("x", "soon", [1.0]), {}, ["'soon'", "rms"]),
        (("x", [0.0, 1.0], ["a", "b"]), {}, ["values", "real numbers"]),
        (("x", [0.0, 1.0], [1.0, 2.0]), {"color": "red"}, ["color='red'", "#"]),
        (("x", [0.0, 1.0], [1.0, 2.0]), {"limits": (1, 1)}, ["limits=(1, 1)"]),
        (("x", [0.0, 1.0], [1.0, 2.0]), {"axis": "left"}, ["axis='left'"]),
        (("x", [0.0, 1.0], [1.0, 2.0]), {"fmin": 3}, ["'fmin'"]),
        (("loudness",), {}, ["'loudness'", "rms"]),
        (("rms",), {"hop_length": 0}, ["hop_length=0"]),
        (("rms",), {"channel": 3}, ["channel=3"]),
        (("",), {}, ["name=''"]),
        (("x", [0.0], {}), {}, ["no series"]),
    ],
)
def test_what_makes_no_sense_is_refused(
    widget: SpecWidget, arguments: tuple[Any, ...], options: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises((ParameterError, ParameterTypeError)) as caught:
        widget.overlay(*arguments, **options)
    for word in words:
        assert word in str(caught.value)
    assert widget._overlays == []


def test_an_overlay_of_the_same_name_takes_the_place_under_another_id(widget: SpecWidget) -> None:
    widget.overlay("a", [0.0, 1.0], [0.0, 1.0])
    widget.overlay("b", [0.0, 1.0], [5.0, 6.0], unit="m", color="#00ff00", axis="frequency")
    old = widget._overlays[0]["id"]
    widget.overlay("a", [0.0, 1.0], [2.0, 3.0])
    assert [line["name"] for line in widget._overlays] == ["a", "b"]
    assert widget._overlays[0]["id"] not in (old, widget._overlays[1]["id"])
    assert widget._overlays[1] == {
        "id": widget._overlays[1]["id"], "overlay": "b", "name": "b", "unit": "m",
        "color": "#00ff00", "limits": [5.0, 6.0], "axis": "frequency",
    }  # fmt: skip
    page = Page(widget)
    gone, _ = page.ask("series.get", series=old, start=0.0, end=1.0, columns=2)
    assert (gone["type"], gone["code"]) == ("error", "bad-value")
    widget.remove_overlay("a")
    assert list(widget.overlays) == ["b"]
    with pytest.raises(ParameterError, match="'a'.*'b'"):
        widget.remove_overlay("a")


def test_a_function_that_fails_later_says_so_to_every_look(widget: SpecWidget) -> None:
    calls = []

    def late(y: Samples, sr: float) -> NDArray[np.float64]:
        calls.append(len(y))
        if len(calls) > 1:
            raise RuntimeError("out of coffee")
        return np.zeros(len(y) // 512 + 1)

    widget.overlay("late", late)
    page = Page(widget)
    for _ in range(2):
        answer, _ = page.ask(
            "series.get", series=widget._overlays[0]["id"], start=0.0, end=20.0, columns=9
        )
        assert answer["type"] == "error"
        assert "out of coffee" in answer["message"]
    assert len(calls) == 2
    widget.overlay("fine", [0.0, 1.0], [0.0, 1.0])
    assert np.isfinite(page.series(widget._overlays[1]["id"], 0.0, 1.0, 2).columns).any()


def test_ten_million_values_are_drawn_in_bounded_memory(widget: SpecWidget) -> None:
    n = 10_000_000
    values = noise(n)
    made = widget.overlay("long", np.arange(n) * (20.0 / n), values)
    tracemalloc.start()
    drawn = made.lines[0].series.read(0.0, 20.0, 1000, patience=0.0).columns
    made.lines[0].series.read(3.0, 17.0, 1000, patience=0.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 << 20
    blocks = values.reshape(1000, -1)
    np.testing.assert_array_equal(drawn[0], blocks.min(axis=1))
    np.testing.assert_array_equal(drawn[1], blocks.max(axis=1))


# Layers ------------------------------------------------------------------------------------------


def tiles_of(page: Page, w: SpecWidget, layer: str, epoch: int) -> bytes:
    message, buffers = page.ask("tiles.get", epoch=epoch, keys=[[layer, 0, 0]])
    assert message["type"] == "tile.data", message
    return bytes(buffers[0])


def test_a_layer_is_served_as_its_transform_would_be() -> None:
    y = np.stack([noise(4 * SR, 1), noise(4 * SR, 2)])
    w = SpecWidget(y, sr=SR)
    mel = MelSpectrogram(n_mels=20, n_fft=512, hop_length=128)
    w.layer("mel", mel, colormap="viridis")
    [entry] = w._layers
    assert (entry["name"], entry["colormap"]) == ("mel", "viridis")
    assert entry["limits"][0] < entry["limits"][1]
    other = SpecWidget(y, sr=SR, transform=mel)
    assert entry["info"] == other._info["spectrogram"]
    page, beside = Page(w), Page(other)
    for channel in ("0", "1", "mix"):
        mine = tiles_of(page, w, f"{entry['id']}/{channel}", 0)
        assert mine == tiles_of(beside, other, f"spec/{channel}", 0)
    assert tiles_of(page, w, "spec/0", 0) != mine
    w.transform = Stft(n_fft=256)
    assert tiles_of(page, w, f"{entry['id']}/mix", 1) == mine
    w.close()
    other.close()


def test_layers_come_and_go(widget: SpecWidget) -> None:
    page = Page(widget)
    widget.layer("a", Stft(n_fft=256))
    widget.layer("b", Stft(n_fft=512))
    first, second = (entry["id"] for entry in widget._layers)
    widget.layer("a", Stft(n_fft=128))
    assert [entry["name"] for entry in widget._layers] == ["a", "b"]
    new = widget._layers[0]["id"]
    assert len({first, second, new}) == 3
    gone, _ = page.ask("tiles.get", epoch=0, keys=[[f"{first}/0", 0, 0]])
    assert (gone["type"], gone["code"]) == ("error", "bad-key")
    assert len(tiles_of(page, widget, f"{new}/0", 0)) == 65 * 256
    assert tiles_of(page, widget, f"{second}/0", 0)
    widget.remove_layer("b")
    assert list(widget.layers) == ["a"]
    with pytest.raises(ParameterError, match="'b'.*'a'"):
        widget.remove_layer("b")
    with pytest.raises(ParameterTypeError, match="forget"):
        widget.layer("c", Stft)
    with pytest.raises(ParameterTypeError, match="'opaque'"):
        widget.layer("c", Stft(), opaque=True)
    with pytest.raises(ParameterTypeError, match="hop_length"):
        widget.layer("c", np.zeros((3, 10)))


def test_a_matrix_that_one_has_is_a_layer_too(widget: SpecWidget) -> None:
    n = 1 + widget.recording.source.n_samples // 800
    matrix = np.linspace(0.0, 1.0, 3 * n).reshape(3, n)
    widget.layer("activations", matrix, hop_length=800, limits=(0.0, 1.0))
    [entry] = widget._layers
    assert entry["info"]["n_bins"] == 3
    assert entry["info"]["bins"]["kind"] == "index"
    tile = np.frombuffer(tiles_of(Page(widget), widget, f"{entry['id']}/0", 0), np.uint8)
    assert tile.reshape(3, -1) == pytest.approx(np.rint(255 * matrix), abs=1.0)


# The worker --------------------------------------------------------------------------------------


def test_jobs_are_done_in_turn_and_one_that_fails_hurts_none(
    caplog: pytest.LogCaptureFixture,
) -> None:
    worker, done, all_done = Worker(), [], threading.Event()
    assert worker.run(lambda: done.append(1))
    assert worker.run(lambda: done.append(1 // 0))
    assert worker.run(lambda: done.append(2))
    assert worker.run(all_done.set)
    assert all_done.wait(PATIENCE)
    assert done == [1, 2]
    assert "failed" in caplog.text
    worker.close()
    worker.close()
    assert not worker.run(all_done.clear)


def test_the_worker_ends_when_idle_and_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("specwidget.worker.IDLE_SECONDS", 0.001)
    worker = Worker()
    for _ in range(3):
        done = threading.Event()
        worker.run(done.set)
        assert done.wait(PATIENCE)
        thread = worker._thread
        if thread is not None:
            thread.join(PATIENCE)
            assert not thread.is_alive()
