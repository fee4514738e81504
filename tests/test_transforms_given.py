"""Pictures by a function of the user's own, and of an array: never a wrong one in silence."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray

from specwidget import SpecWidget
from specwidget.audio import open_audio
from specwidget.audio.signal import ChannelSignal, Signal
from specwidget.errors import ParameterError, ParameterTypeError, TransformError
from specwidget.tiles import TileKey, grid, tilesets
from specwidget.transforms import Frames, FromFunction, Stft, Transform, transform_from_json

SR = 8000

pytestmark = pytest.mark.filterwarnings("ignore:n_fft=.* is too large")


def sound(n: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(0.0, 0.1, n).astype(np.float32)


def signal_of(y: NDArray[Any]) -> Signal:
    return ChannelSignal(open_audio(y, sr=SR), 0)


def mel(y: Any, sr: float) -> Any:
    return librosa.feature.melspectrogram(y=y, sr=sr, n_fft=512, hop_length=128, n_mels=20)


def log_mel(y: Any, sr: float) -> Any:
    return librosa.power_to_db(mel(y, sr), ref=1.0, top_db=None)


def loudness(y: Any, sr: float) -> Any:
    """Blocks that are not centred, and none for what is left over."""
    return np.abs(y[: len(y) // 100 * 100].reshape(-1, 100)).mean(axis=1)[np.newaxis]


def deltas(y: Any, sr: float) -> Any:
    return librosa.feature.delta(log_mel(y, sr), width=9, mode="constant")


class TestFromFunction:
    @settings(max_examples=40)
    @given(st.integers(1, 20000), st.data())
    def test_is_that_of_the_whole(self, n: int, data: st.DataObject) -> None:
        y = sound(n)
        transform = FromFunction(mel, hop_length=128, halo=256)
        n_frames = transform.n_frames(n)
        start = data.draw(st.integers(0, n_frames))
        stop = data.draw(st.integers(start, n_frames))
        found = transform.values(signal_of(y), start, stop)
        np.testing.assert_allclose(found, mel(y, SR)[:, start:stop], rtol=1e-5, atol=1e-9)

    def test_as_it_is_written(self) -> None:
        y = sound(30_000)
        transform = FromFunction(
            lambda y, sr: librosa.feature.melspectrogram(y=y, sr=sr, hop_length=512),
            hop_length=512,
            halo=1024,
        )
        expected = librosa.feature.melspectrogram(y=y, sr=SR, hop_length=512)
        found = SpecWidget(y, sr=SR, transform=transform).spectrogram()
        np.testing.assert_allclose(found, expected, rtol=1e-5)

    @pytest.mark.parametrize("f", [log_mel, deltas])
    def test_tiles_side_by_side(
        self, f: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(grid, "TILE_COLUMNS", 16)
        y = sound(12_345)
        halo = 256 if f is log_mel else 256 + 4 * 128
        tiles = tilesets(open_audio(y, sr=SR), FromFunction(f, hop_length=128, halo=halo))["spec/0"]
        info = tiles.info()
        low, high = info["range_db"]
        made = [tiles.tile(TileKey("spec/0", 0, i)) for i in range(-(-info["n_frames"] // 16))]
        assert len(made) > 5
        levels = [np.frombuffer(tile.data, np.uint8).reshape(20, -1) for tile in made]
        found = low + np.concatenate(levels, axis=1) * (high - low) / 255.0
        expected = np.clip(f(y, SR), low, high)
        assert np.abs(found - expected).max() <= (high - low) / 510.0 + 1e-4

    def test_one_frame_less_at_the_end(self) -> None:
        y = sound(1050)
        found = FromFunction(loudness, hop_length=100, halo=0).values(signal_of(y), 0, 11)
        np.testing.assert_allclose(found[:, :10], loudness(y, SR), rtol=1e-6)
        assert np.isnan(found[:, 10]).all()
        part = FromFunction(loudness, hop_length=100, halo=0).values(signal_of(y), 3, 7)
        np.testing.assert_allclose(part, loudness(y, SR)[:, 3:7], rtol=1e-6)

    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    def test_what_is_not_finite(self, bad: float) -> None:
        y = sound(8000)
        transform = FromFunction(mel, hop_length=128, halo=256)
        clean = transform.values(signal_of(y), 0, 63)
        y[4000] = bad
        found = transform.values(signal_of(y), 0, 63)
        lost = np.isnan(found).all(axis=0)
        np.testing.assert_array_equal(np.flatnonzero(lost), [30, 31, 32, 33])
        np.testing.assert_allclose(found[:, ~lost], clean[:, ~lost], rtol=1e-6)

    def test_the_function_may_do_as_it_likes_with_its_samples(self) -> None:
        def greedy(y: Any, sr: float) -> Any:
            y *= 2.0
            return loudness(y, sr)

        y = sound(1000)
        before = y.copy()
        FromFunction(greedy, hop_length=100, halo=0).values(signal_of(y), 0, 11)
        np.testing.assert_array_equal(y, before)

    @pytest.mark.parametrize(
        ("f", "message"),
        [
            (lambda y, sr: 1 / 0, "a lambda failed: ZeroDivisionError: division by zero"),
            (lambda y: y, r"a lambda failed: TypeError: .*positional argument"),
            (lambda y, sr: None, "values of type object"),
            (lambda y, sr: "text", "values of type <U4"),
            (lambda y, sr: librosa.stft(y), r"type complex64.* take np\.abs\(\) of them"),
            (lambda y, sr: y, r"an array of shape \(\d+,\).*\(n_bins, n_frames\)"),
            (lambda y, sr: np.zeros((0, 1 + len(y) // 128)), "shape"),
            (lambda y, sr: mel(y, sr)[np.newaxis], "shape"),
            (lambda y, sr: mel(y, sr).T, "frames for"),
            (lambda y, sr: np.zeros((3, 7)), "returned 7 frames for .* is hop_length=128 its own"),
            (lambda y, sr: np.zeros((1 + len(y) % 999, 1 + len(y) // 128)), "rows where"),
            (lambda y, sr: librosa.power_to_db(mel(y, sr), ref=np.max), "ref=np.max"),
            (lambda y, sr: librosa.power_to_db(mel(y, sr)), "top_db of power_to_db"),
            (lambda y, sr: mel(y, sr) / mel(y, sr).max(), "other values when less is given"),
            (lambda y, sr: mel(y - y.mean() + len(y), sr), "other values when less is given"),
            (lambda y, sr: librosa.pcen(1e9 * mel(y, sr), sr=sr), "halo=256 larger"),
            (deltas, "deltas.. gives a frame other values .* Make halo=256 larger"),
        ],
    )
    def test_what_is_no_picture(self, f: Callable[..., Any], message: str) -> None:
        transform = FromFunction(f, hop_length=128, halo=256)
        for use in (
            lambda: transform.n_rows(SR),
            lambda: transform.values(signal_of(sound(9000)), 0, 5),
            lambda: SpecWidget(sound(9000), sr=SR, transform=transform),
        ):
            with pytest.raises(TransformError, match=message):
                use()

    def test_a_failure_later_on(self) -> None:
        def moody(y: Any, sr: float) -> Any:
            if np.abs(y).max() > 5.0:
                raise ValueError("too loud for me")
            return mel(y, sr)

        y = sound(8000)
        y[4000] = 10.0
        transform = FromFunction(moody, hop_length=128, halo=256)
        assert transform.n_rows(SR) == 20
        assert np.isfinite(transform.values(signal_of(y), 0, 5)).all()
        with pytest.raises(
            TransformError, match=r"^moody\(\) failed: ValueError: too loud for me$"
        ):
            transform.values(signal_of(y), 30, 32)
        w = SpecWidget(y, sr=SR)
        with pytest.raises(TransformError, match="too loud for me"):
            w.transform = transform
        assert w.transform == w.recording.transform == Stft()

    def test_rows_that_change_later_on(self) -> None:
        transform = FromFunction(
            lambda y, sr: np.zeros((1 + (np.abs(y).max() > 5.0), 1 + len(y) // 128)),
            hop_length=128,
            halo=0,
        )
        with pytest.raises(TransformError, match="returned 2 rows where it returned 1 before"):
            transform.values(signal_of(np.full(1000, 9.0)), 0, 2)

    def test_it_is_tried_once_for_each_rate(self) -> None:
        calls: list[float] = []

        def counting(y: Any, sr: float) -> Any:
            calls.append(sr)
            return loudness(y, sr)

        transform = FromFunction(counting, hop_length=100, halo=0)
        assert calls == []
        for sr in (8000, 8000, 16000):
            transform.n_rows(sr)
        assert calls == [8000, 8000, 16000, 16000]

    def test_never_twice_at_once(self) -> None:
        running: list[int] = []
        most: list[int] = []

        def slow(y: Any, sr: float) -> Any:
            running.append(1)
            most.append(len(running))
            time.sleep(0.001)
            running.pop()
            return loudness(y, sr)

        signal = signal_of(sound(5000))
        # Equal ones, as two widgets would have.
        transforms = [FromFunction(slow, hop_length=100, halo=0) for _ in range(3)]
        threads = [
            threading.Thread(target=lambda t=t: [t.values(signal, i, i + 1) for i in range(9)])
            for t in transforms
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(most) > 27
        assert max(most) == 1

    def test_rows_and_units(self) -> None:
        plain = FromFunction(mel, hop_length=128, halo=256)
        assert plain.units(SR).name == "mel"
        assert plain.units(SR).row_label == "row"
        assert plain.band(SR) == (0.0, 20.0)
        assert FromFunction(lambda y, sr: 1, hop_length=1, halo=0).units(SR).name == "value"
        hz = librosa.mel_frequencies(20, fmin=10, fmax=4000)
        named = FromFunction(
            mel, hop_length=128, halo=256, frequencies=hz, name="power", unit="W", limits=(0, 2)
        )
        np.testing.assert_array_equal(named.frequencies(SR), hz)
        units = named.units(SR)
        assert (units.name, units.unit, units.limits, units.row_label) == (
            "power",
            "W",
            (0, 2),
            None,
        )
        low, high = named.band(SR)
        assert low < hz[0] < hz[-1] < high
        w = SpecWidget(sound(9000), sr=SR, transform=named)
        assert tuple(w.db_range) == (0, 2)
        np.testing.assert_array_equal(w.frequencies, hz)

    def test_too_many_frequencies(self) -> None:
        transform = FromFunction(mel, hop_length=128, halo=256, frequencies=np.arange(21))
        with pytest.raises(TransformError, match="returned 20 rows .* as many frequencies"):
            transform.n_rows(SR)

    @pytest.mark.parametrize(
        ("parameters", "error", "message"),
        [
            ({"f": "mel"}, ParameterTypeError, "f='mel' is no function"),
            ({"hop_length": 0}, ParameterError, "hop_length=0"),
            ({"halo": -1}, ParameterError, "halo=-1"),
            ({"halo": 2.5}, ParameterTypeError, r"halo=2\.5"),
            ({"frequencies": [3, 2, 1]}, ParameterError, "frequencies do not ascend; sort them"),
            ({"frequencies": [1, np.nan]}, ParameterError, "ascend"),
            ({"frequencies": [-1, 2]}, ParameterError, "frequencies.0"),
            ({"frequencies": [[1, 2]]}, ParameterError, r"shape \(1, 2\)"),
            ({"frequencies": "C4"}, ParameterTypeError, "frequencies='C4'"),
            ({"frequencies": []}, ParameterError, "shape"),
            ({"name": 3}, ParameterTypeError, "name=3"),
            ({"unit": None}, ParameterTypeError, "unit=None"),
            ({"name": "x" * 99}, ParameterError, "at most 80"),
            ({"limits": (1, 1)}, ParameterError, "limits"),
            ({"limits": 3}, ParameterTypeError, "limits=3"),
            ({"limits": (0, np.nan)}, ParameterError, r"limits\[1\]"),
        ],
    )
    def test_refuses(self, parameters: Any, error: type[Exception], message: str) -> None:
        given_ = {"f": mel, "hop_length": 128, "halo": 256, **parameters}
        with pytest.raises(error, match=message):
            FromFunction(given_.pop("f"), **given_)


class TestFrames:
    def test_are_shown_as_they_are(self) -> None:
        S = np.random.default_rng(0).normal(size=(5, 51))
        w = SpecWidget(sound(5000), sr=SR, transform=Frames(S, hop_length=100, name="score"))
        np.testing.assert_array_equal(w.spectrogram(), S.astype(np.float32))
        np.testing.assert_array_equal(w.spectrogram(start=0.1, end=0.2), S[:, 8:17].astype("f4"))
        assert w.recording.value_at(0.1, 2.6, 0).db == np.float32(S[2, 8])
        assert w.freq_view == (0.0, 5.0)
        np.testing.assert_allclose(w.db_range, (S.min(), S.max()), rtol=1e-6)

    def test_tiles_side_by_side(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(grid, "TILE_COLUMNS", 8)
        S = np.random.default_rng(0).normal(size=(5, 51))
        S[2, 3] = np.nan
        frames = Frames(S, hop_length=100, limits=(-1, 1))
        tiles = tilesets(open_audio(sound(5000), sr=SR), frames)["spec/0"]
        made = [tiles.tile(TileKey("spec/0", 0, i)) for i in range(7)]
        levels = [np.frombuffer(tile.data, np.uint8).reshape(5, -1) for tile in made]
        expected = np.clip(np.nan_to_num(S, nan=-1.0), -1.0, 1.0)
        found = -1.0 + np.concatenate(levels, axis=1) * 2.0 / 255.0
        assert np.abs(found - expected).max() <= 1.0 / 255.0 + 1e-6

    def test_lazily_indexed(self, tmp_path: Path) -> None:
        class Lazy:
            shape, dtype = (4, 1 + 80_000 // 100), np.dtype("float32")

            def __init__(self) -> None:
                self.read: list[int] = []

            def __getitem__(self, key: Any) -> Any:
                _, columns = key
                self.read.append(columns.stop - columns.start)
                return np.broadcast_to(np.arange(columns.start, columns.stop), (4, self.read[-1]))

        lazy = Lazy()
        frames = Frames(lazy, hop_length=100)
        assert lazy.read == []
        found = frames.values(signal_of(sound(80_000)), 700, 703)
        np.testing.assert_array_equal(found[0], [700, 701, 702])
        assert lazy.read == [3]

        mapped = np.memmap(tmp_path / "S", np.float64, "w+", shape=(2, 51))
        mapped[:] = 3.0
        assert (Frames(mapped, hop_length=100).values(signal_of(sound(5000)), 0, 51) == 3.0).all()

    @pytest.mark.parametrize("make", ["zarr", "h5py"])
    def test_of_zarr_and_h5py(self, make: str, tmp_path: Path) -> None:
        pytest.importorskip(make, reason=f"Frames of {make} need {make}")
        S = np.random.default_rng(0).normal(size=(5, 51)).astype(np.float32)
        if make == "zarr":
            import zarr

            array: Any = zarr.open_array(
                str(tmp_path / "S.zarr"), mode="w", shape=S.shape, chunks=(5, 10), dtype="f4"
            )
            array[:] = S
        else:
            import h5py

            array = h5py.File(tmp_path / "S.h5", "w").create_dataset("S", data=S)
        w = SpecWidget(sound(5000), sr=SR, transform=Frames(array, hop_length=100))
        np.testing.assert_array_equal(w.spectrogram(), S)
        if make == "h5py":
            array.file.close()
            with pytest.raises(TransformError, match="the array of Frames cannot be read"):
                w.spectrogram()

    @pytest.mark.parametrize(("n_frames", "shown"), [(50, 50), (51, 51), (52, 51)])
    def test_one_frame_more_or_less(self, n_frames: int, shown: int) -> None:
        frames = Frames(np.zeros((3, n_frames)), hop_length=100)
        assert frames.n_frames(5000) == shown

    @pytest.mark.parametrize("n_frames", [1, 49, 53, 1000])
    def test_of_another_recording(self, n_frames: int) -> None:
        frames = Frames(np.zeros((3, n_frames)), hop_length=100)
        message = f"array has {n_frames} frames, and a recording of 5000 samples has 51"
        with pytest.raises(ParameterError, match=message):
            SpecWidget(sound(5000), sr=SR, transform=frames)
        w = SpecWidget(sound(5000), sr=SR)
        with pytest.raises(ParameterError, match=message):
            w.transform = frames
        assert w.transform == Stft()

    @pytest.mark.parametrize(
        ("array", "parameters", "error", "message"),
        [
            (np.zeros(51), {}, ParameterError, r"array has shape \(51,\)"),
            (np.zeros((3, 0)), {}, ParameterError, "shape"),
            (np.zeros((1, 2, 3)), {}, ParameterError, "shape"),
            ([[1, 2], [3]], {}, ParameterTypeError, "no array of two axes"),
            ("text", {}, ParameterError, "shape"),
            (np.zeros((2, 2), complex), {}, ParameterTypeError, r"np\.abs\(array\)"),
            (np.array([["a"]]), {}, ParameterTypeError, "type <U1"),
            (np.zeros((2, 2)), {"frequencies": [1, 2, 3]}, ParameterError, "3 numbers and array 2"),
            (np.zeros((2, 2)), {"hop_length": 1.5}, ParameterTypeError, r"hop_length=1\.5"),
        ],
    )
    def test_refuses(
        self, array: Any, parameters: Any, error: type[Exception], message: str
    ) -> None:
        with pytest.raises(error, match=message):
            Frames(array, **{"hop_length": 100, **parameters})


class TestBoth:
    def test_are_transforms(self) -> None:
        for one in (FromFunction(mel, hop_length=1, halo=0), Frames([[1.0]], hop_length=1)):
            assert isinstance(one, Transform)

    def test_are_equal_if_of_the_same(self) -> None:
        S = np.zeros((2, 3))
        assert Frames(S, hop_length=9) == Frames(S, hop_length=9)
        assert hash(Frames(S, hop_length=9)) == hash(Frames(S, hop_length=9))
        assert Frames(S, hop_length=9) != Frames(S.copy(), hop_length=9)
        assert Frames(S, hop_length=9) != Frames(S, hop_length=8)
        assert Frames(S, hop_length=9) != Frames(S, hop_length=9, frequencies=[1, 2])
        f = FromFunction(mel, hop_length=9, halo=0)
        assert (
            f
            == FromFunction(mel, hop_length=9, halo=0)
            != FromFunction(log_mel, hop_length=9, halo=0)
        )
        assert f != FromFunction(mel, hop_length=9, halo=1)
        assert len({f, FromFunction(mel, hop_length=9, halo=0), Stft()}) == 2

    @pytest.mark.parametrize(
        ("transform", "told"),
        [
            (
                FromFunction(mel, hop_length=128, halo=256, unit="W"),
                {"name": "mel", "unit": "W", "limits": None, "hop_length": 128, "halo": 256},
            ),
            (
                Frames(np.zeros((2, 3)), hop_length=9, limits=(0, 1)),
                {"name": "value", "unit": "", "limits": [0.0, 1.0], "hop_length": 9},
            ),
        ],
    )
    def test_no_message_can_carry_them(self, transform: Any, told: dict[str, Any]) -> None:
        message = transform.to_json()
        assert message == {"type": type(transform).__name__, **told}
        with pytest.raises(ParameterError, match=r"set it from Python: w\.transform = "):
            transform_from_json(message)
        assert repr(transform).startswith(f"{type(transform).__name__}(name=")
