"""Transforms: librosa's names, librosa's numbers, and no librosa on the way."""

from __future__ import annotations

import doctest
import json
import math
import subprocess
import sys
import warnings
from typing import Any

import hypothesis.strategies as st
import librosa
import numpy as np
import pytest
import scipy.signal
from hypothesis import example, given
from numpy.typing import NDArray

from specwidget.errors import ParameterError, ParameterTypeError
from specwidget.transforms import (
    MelSpectrogram,
    Stft,
    base,
    engine,
    levels,
    melbank,
    precision,
    windows,
)
from specwidget.transforms import transform_from_json as from_json

SR = 22050
NAMES = ["hann", "hamming", "blackman", "nuttall", "blackmanharris", "flattop", "boxcar"]
OTHERS = [
    "bartlett",
    "cosine",
    "tukey",
    "triang",
    ("kaiser", 8.6),
    ("gaussian", 7),
    14.0,
    ("general_cosine", [0.4, 0.4, 0.2]),
]


def tone(n: int, seed: int = 0, loudness: float = 0.5) -> NDArray[np.float32]:
    """A sine and a little noise."""
    noise = np.random.default_rng(seed).standard_normal(n)
    return (loudness * np.sin(np.arange(n) * 0.1) + 1e-4 * noise).astype(np.float32)


def padded(y: NDArray[np.float32], transform: base.FrameTransform) -> NDArray[np.float32]:
    """The samples under all frames of a recording."""
    start, stop = transform.frame_range(0, transform.n_frames(len(y)))
    out = np.zeros(stop - start, np.float32)
    n = min(len(y), stop)
    out[-start : n - start] = y[:n]
    return out


def librosa_db(y: NDArray[np.float32], transform: base.FrameTransform) -> NDArray[np.float32]:
    """What librosa gives with the same parameters."""
    shared: dict[str, Any] = {
        "n_fft": transform.n_fft,
        "hop_length": transform.hop,
        "win_length": transform.win_length,
        "window": transform.window,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if isinstance(transform, Stft):
            magnitude = np.abs(librosa.stft(y, **shared))
            return librosa.amplitude_to_db(magnitude, ref=1.0, top_db=None)
        assert isinstance(transform, MelSpectrogram)
        power = librosa.feature.melspectrogram(
            y=y,
            sr=SR,
            n_mels=transform.n_mels,
            fmin=transform.fmin,
            fmax=transform.fmax,
            htk=transform.htk,
            norm=transform.norm,
            **shared,
        )
        return librosa.power_to_db(power, ref=1.0, top_db=None)


@st.composite
def framings(draw: st.DrawFn) -> dict[str, Any]:
    """Any framing that librosa takes."""
    n_fft = draw(st.integers(2, 400) | st.sampled_from([512, 1024, 2048]))
    win_length = draw(st.none() | st.integers(1, n_fft))
    return {
        "n_fft": n_fft,
        "win_length": win_length,
        "hop_length": draw(st.integers(1, 600)),
        "window": draw(st.sampled_from(NAMES)),
    }


class TestStft:
    @given(framings(), st.integers(1, 3000))
    @example({"n_fft": 2048, "hop_length": 512}, 1)
    @example({"n_fft": 3, "hop_length": 2, "win_length": 1, "window": "boxcar"}, 1)
    def test_is_librosas(self, framing: dict[str, Any], n: int) -> None:
        stft, y = Stft(**framing), tone(n)
        np.testing.assert_allclose(
            stft.decibels(padded(y, stft), SR), librosa_db(y, stft), rtol=0, atol=1e-4
        )

    @pytest.mark.parametrize("window", [*NAMES, *OTHERS])
    def test_every_window(self, window: windows.WindowSpec) -> None:
        stft, y = Stft(n_fft=512, win_length=400, window=window), tone(4000)
        np.testing.assert_allclose(
            stft.decibels(padded(y, stft), SR), librosa_db(y, stft), rtol=0, atol=1e-4
        )

    def test_window_of_samples_and_by_a_function(self) -> None:
        samples = scipy.signal.get_window("hann", 300)
        by_name = Stft(n_fft=512, win_length=300)
        by_samples = Stft(n_fft=512, win_length=300, window=samples)
        by_function = Stft(
            n_fft=512, win_length=300, window=lambda n: scipy.signal.get_window("hann", n)
        )
        y = padded(tone(4000), by_name)
        np.testing.assert_array_equal(by_samples.decibels(y, SR), by_name.decibels(y, SR))
        assert by_samples == by_function
        assert hash(by_samples) == hash(by_function)

    def test_fast_is_near_exact_within_80_db(self) -> None:
        stft = Stft()
        y = padded(tone(SR), stft)
        exact, fast = stft.decibels(y, SR), stft.decibels(y, SR, exact=False)
        near = exact > exact.max(axis=0) - 80.0
        assert np.abs(fast - exact)[near].max() < 0.01

    def test_full_scale_is_what_a_sine_reads(self) -> None:
        stft = Stft(n_fft=1024)
        y = np.sin(2 * np.pi * 64 / 1024 * np.arange(8192)).astype(np.float32)
        assert stft.decibels(y, SR).max() == pytest.approx(stft.units(SR).full_scale, abs=1e-3)
        assert stft.units(SR).full_scale == pytest.approx(20 * math.log10(1024 / 4), abs=1e-6)

    def test_hop_defaults_to_a_quarter_of_the_window(self) -> None:
        assert Stft().hop == 512
        assert Stft(n_fft=2048, win_length=400).hop == 100
        assert Stft(n_fft=2).hop == 1

    def test_no_whole_frame_gives_no_column(self) -> None:
        assert Stft(n_fft=64).decibels(np.zeros(63, np.float32), SR).shape == (33, 0)
        assert Stft(n_fft=64).levels(np.zeros(63, np.float32), SR, (-100, 0)).shape == (0, 33)


class TestMel:
    @given(
        framings(),
        st.integers(1, 3000),
        st.integers(1, 60),
        st.booleans(),
        st.sampled_from(["slaney", None, 1, 2, math.inf]),
        st.floats(0, 2000),
        st.none() | st.floats(2500, SR / 2),
    )
    def test_is_librosas(
        self,
        framing: dict[str, Any],
        n: int,
        n_mels: int,
        htk: bool,
        norm: str | float | None,
        fmin: float,
        fmax: float | None,
    ) -> None:
        mel = MelSpectrogram(**framing, n_mels=n_mels, htk=htk, norm=norm, fmin=fmin, fmax=fmax)
        y = tone(n)
        np.testing.assert_allclose(
            mel.decibels(padded(y, mel), SR), librosa_db(y, mel), rtol=0, atol=1e-3
        )

    @pytest.mark.parametrize("htk", [False, True])
    @pytest.mark.parametrize("norm", ["slaney", None, 1, 2, math.inf])
    @pytest.mark.parametrize(("sr", "n_fft", "n_mels"), [(SR, 2048, 128), (8000, 401, 40)])
    def test_filters_are_librosas(
        self, sr: int, n_fft: int, n_mels: int, norm: Any, htk: bool
    ) -> None:
        mel = MelSpectrogram(n_fft=n_fft, n_mels=n_mels, norm=norm, htk=htk, fmin=50)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = librosa.filters.mel(
                sr=sr, n_fft=n_fft, n_mels=n_mels, norm=norm, htk=htk, fmin=50
            )
        np.testing.assert_allclose(mel.bank(sr).dense(), expected, rtol=1e-6, atol=1e-12)

    @pytest.mark.parametrize("htk", [False, True])
    def test_mel_scale_is_librosas(self, htk: bool) -> None:
        hz = np.array([0.0, 1.0, 999.0, 1000.0, 1001.0, 8000.0, 96000.0])
        np.testing.assert_allclose(melbank.hz_to_mel(hz, htk), librosa.hz_to_mel(hz, htk=htk))
        np.testing.assert_allclose(melbank.mel_to_hz(melbank.hz_to_mel(hz, htk), htk), hz)

    def test_frequencies_are_the_peaks_of_the_filters(self) -> None:
        mel = MelSpectrogram(n_mels=16)
        bins = np.fft.rfftfreq(mel.n_fft, 1 / SR)
        peaks = bins[mel.bank(SR).dense().argmax(axis=1)]
        np.testing.assert_allclose(mel.frequencies(SR), peaks, atol=SR / mel.n_fft)

    def test_full_scale_is_what_a_sine_reads(self) -> None:
        mel = MelSpectrogram()
        loudest = max(
            float(mel.decibels(np.sin(np.arange(4096) * w).astype(np.float32), SR).max())
            for w in np.linspace(0.02, 0.5, 200)
        )
        assert loudest == pytest.approx(mel.units(SR).full_scale, abs=1.0)

    def test_fmin_above_nyquist(self) -> None:
        with pytest.raises(ParameterError, match=r"fmin=5000 .* 4000 Hz; give a smaller fmin"):
            MelSpectrogram(fmin=5000).frequencies(8000)

    def test_filters_beyond_nyquist_stay_silent(self) -> None:
        mel = MelSpectrogram(n_fft=512, n_mels=20, fmax=20000)
        assert mel.decibels(tone(512), 8000)[-1] == pytest.approx(-100.0)


RANGE = (-86.0, 64.0)

# dB by which a level may be off, besides being rounded: 0.01, rarely more for a pure tone.
TOLERANCE = 0.03


def quantised(db: NDArray[np.float32], limits: tuple[float, float] = RANGE) -> NDArray[np.float64]:
    """The exact level of dB, not rounded."""
    low, high = limits
    return (np.clip(db.astype(np.float64), low, high) - low) * 255.0 / (high - low)


@st.composite
def recordings(draw: st.DrawFn) -> NDArray[np.float32]:
    """Silence, noise, sines, clicks and steps, of any loudness, with any of them on top."""
    n = draw(st.integers(1, 5000))
    y = np.zeros(n)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    for _ in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(["noise", "sine", "click", "dc", "chirp", "half"]))
        level = 10.0 ** (draw(st.floats(-140, 6)) / 20)
        if kind == "noise":
            y += level * rng.standard_normal(n)
        elif kind == "sine":
            y += level * np.sin(draw(st.floats(0, np.pi)) * np.arange(n) + rng.uniform(0, 6))
        elif kind == "click":
            y[rng.integers(n)] += level
        elif kind == "chirp":
            y += level * np.sin(np.arange(n) ** 2 * draw(st.floats(0, 1e-3)))
        elif kind == "half":
            y[n // 2 :] = 0.0
        else:
            y += level
    return y.astype(np.float32)


@pytest.mark.usefixtures("both_engines")
class TestLevels:
    @given(framings(), recordings())
    def test_are_within_half_a_step(self, framing: dict[str, Any], y: NDArray[np.float32]) -> None:
        stft = Stft(**framing)
        full_scale = stft.units(SR).full_scale
        limits = (full_scale - 140.0, full_scale + 12.0)
        found = stft.levels(padded(y, stft), SR, limits).T
        error = np.abs(found - quantised(librosa_db(y, stft), limits))
        tolerance = TOLERANCE * 255.0 / (limits[1] - limits[0])
        assert error.max() <= 0.5 + tolerance

    @given(framings(), recordings(), st.integers(1, 60))
    def test_of_mel_are_within_half_a_step(
        self, framing: dict[str, Any], y: NDArray[np.float32], n_mels: int
    ) -> None:
        mel = MelSpectrogram(**framing, n_mels=n_mels)
        full_scale = mel.units(SR).full_scale
        limits = (full_scale - 140.0, full_scale + 12.0)
        found = mel.levels(padded(y, mel), SR, limits).T
        error = np.abs(found - quantised(librosa_db(y, mel), limits))
        tolerance = TOLERANCE * 255.0 / (limits[1] - limits[0])
        assert error.max() <= 0.5 + tolerance

    @given(framings(), recordings(), st.integers(0, 9), st.booleans())
    def test_pooled_are_maxima(
        self, framing: dict[str, Any], y: NDArray[np.float32], level: int, mel: bool
    ) -> None:
        transform = MelSpectrogram(**framing, n_mels=10) if mel else Stft(**framing)
        samples = padded(y, transform)
        fine = transform.levels(samples, SR, RANGE)
        coarse = transform.levels(samples, SR, RANGE, 1 << level)
        edges = np.arange(0, len(fine), 1 << level)
        np.testing.assert_array_equal(coarse, np.maximum.reduceat(fine, edges, axis=0))

    def test_loud_and_faint_in_one_frame(self) -> None:
        """A full-scale sine over noise at -125 dB: what float32 alone gets wrong."""
        rng = np.random.default_rng(0)
        y = np.sin(np.arange(200 * 512) * 0.3) + 1e-7 * rng.standard_normal(200 * 512)
        stft, y32 = Stft(), y.astype(np.float32)
        limits = (stft.units(SR).full_scale - 140.0, stft.units(SR).full_scale + 10.0)
        exact = quantised(stft.decibels(y32, SR), limits)
        assert np.abs(stft.levels(y32, SR, limits).T - exact).max() < 0.52
        fast = quantised(stft.decibels(y32, SR, exact=False), limits)
        assert np.abs(np.rint(fast) - exact).max() > 0.6

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 3e38])
    @pytest.mark.parametrize("pool", [1, 4])
    def test_what_is_not_finite_stays_where_it_is(self, bad: float, pool: int) -> None:
        stft = Stft(n_fft=64, hop_length=64)
        y = tone(64 * 64)
        clean = stft.levels(y, SR, RANGE, pool)
        y[100] = bad
        found = stft.levels(y, SR, RANGE, pool)
        column = 1 // pool
        others = np.arange(len(clean)) != column
        np.testing.assert_array_equal(found[others], clean[others])
        assert MelSpectrogram(n_fft=64, hop_length=64, n_mels=4).levels(y, SR, RANGE).any()
        assert stft.decibels(y, SR).shape == (33, 64)

    def test_nan_does_not_hide_that_another_frame_needs_float64(self) -> None:
        y = np.sin(np.arange(64 * 2048) * 0.3).astype(np.float32)
        stft = Stft(hop_length=2048)
        clean = stft.levels(y, SR, RANGE)
        y[:5] = np.nan
        np.testing.assert_array_equal(stft.levels(y, SR, RANGE)[1:], clean[1:])

    def test_a_frame_of_nan_is_the_least_level(self) -> None:
        y = np.full(256, np.nan, np.float32)
        assert not Stft(n_fft=64).levels(y, SR, RANGE).any()

    def test_ends_of_the_range(self) -> None:
        stft = Stft(n_fft=64)
        assert (stft.levels(np.zeros(64, np.float32), SR, (-50.0, 0.0)) == 0).all()
        loud = np.ones(64, np.float32) * 1e6
        assert stft.levels(loud, SR, (-50.0, 0.0)).max() == 255
        # librosa's least value, -100 dB, lies within the range.
        least = stft.levels(np.zeros(64, np.float32), SR, (-110.0, 0.0))
        assert (least == round(10 * 255 / 110)).all()


class TestParameters:
    @pytest.mark.parametrize(
        ("parameters", "error", "message"),
        [
            ({"n_fft": 1}, ParameterError, r"n_fft=1 is out of range; .*2\.\.65536"),
            ({"n_fft": 65537}, ParameterError, "n_fft=65537"),
            ({"n_fft": 512.0}, ParameterTypeError, r"n_fft=512\.0 is of type float"),
            ({"n_fft": True}, ParameterTypeError, "n_fft=True"),
            ({"n_fft": "512"}, ParameterTypeError, "n_fft='512'"),
            ({"hop_length": 0}, ParameterError, "hop_length=0"),
            ({"hop_length": 1 << 21}, ParameterError, "hop_length=2097152"),
            ({"win_length": 0}, ParameterError, "win_length=0"),
            ({"n_fft": 64, "win_length": 65}, ParameterError, "win_length=65 .* n_fft=64"),
            ({"window": "hans"}, ParameterError, "window='hans'.*such as 'hann'"),
            ({"window": ("kaiser",)}, ParameterError, "kaiser"),
            ({"window": "kaiser"}, ParameterError, "kaiser"),
            ({"window": np.ones(3)}, ParameterError, "win_length=2048"),
            ({"window": np.zeros(2048)}, ParameterError, "only zeros"),
            ({"n_fft": 4, "window": [1, 1, math.nan, 1]}, ParameterError, "not finite"),
            ({"n_fft": 2, "window": [1j, 1]}, ParameterError, "complex128"),
            ({"window": None}, ParameterTypeError, "window=None"),
            ({"window": True}, ParameterTypeError, "window=True"),
            ({"window": ()}, ParameterError, "shape"),
        ],
    )
    def test_stft_refuses(
        self, parameters: dict[str, Any], error: type[Exception], message: str
    ) -> None:
        with pytest.raises(error, match=message):
            Stft(**parameters)

    @pytest.mark.parametrize(
        ("parameters", "error", "message"),
        [
            ({"n_mels": 0}, ParameterError, "n_mels=0"),
            ({"n_mels": 4097}, ParameterError, "n_mels=4097"),
            ({"fmin": -1}, ParameterError, "fmin=-1 .*at least 0"),
            ({"fmin": math.nan}, ParameterError, "fmin=nan"),
            ({"fmin": None}, ParameterTypeError, "fmin=None"),
            ({"fmin": 300, "fmax": 200}, ParameterError, "fmax=200 is not above fmin=300"),
            ({"fmax": "8k"}, ParameterTypeError, "fmax='8k'"),
            ({"htk": 1}, ParameterTypeError, "htk=1"),
            ({"norm": "slany"}, ParameterError, "norm='slany'"),
            ({"norm": 0}, ParameterError, "norm=0"),
            ({"norm": []}, ParameterTypeError, "norm"),
        ],
    )
    def test_mel_refuses(
        self, parameters: dict[str, Any], error: type[Exception], message: str
    ) -> None:
        with pytest.raises(error, match=message):
            MelSpectrogram(**parameters)

    def test_keyword_only_and_no_unknown_ones(self) -> None:
        with pytest.raises(TypeError):
            Stft(2048)  # type: ignore[misc]
        with pytest.raises(TypeError):
            Stft(nfft=2048)  # type: ignore[call-arg]

    def test_numpy_numbers_are_numbers(self) -> None:
        assert Stft(n_fft=np.int64(512)) == Stft(n_fft=512)
        assert type(Stft(n_fft=np.int64(512)).n_fft) is int
        assert MelSpectrogram(fmin=np.float32(20)) == MelSpectrogram(fmin=20)

    def test_frozen(self) -> None:
        with pytest.raises(AttributeError):
            Stft().n_fft = 512  # type: ignore[misc]


class TestJson:
    @pytest.mark.parametrize(
        "transform",
        [
            Stft(),
            Stft(n_fft=512, hop_length=100, win_length=300, window=("kaiser", 8.0)),
            Stft(n_fft=4, window=np.array([0.1, 1.0, 1.0, 0.1])),
            Stft(window=14.0),
            MelSpectrogram(),
            MelSpectrogram(n_mels=40, fmin=50, fmax=8000, htk=True, norm=None),
            MelSpectrogram(norm=math.inf),
        ],
    )
    def test_there_and_back(self, transform: base.FrameTransform) -> None:
        assert from_json(json.loads(json.dumps(transform.to_json(), allow_nan=False))) == transform

    @pytest.mark.parametrize(
        "message",
        [
            None,
            [],
            {},
            {"type": "CQT"},
            {"type": ["Stft"]},
            {"type": "Stft", "n_fft": 10**9},
            {"type": "Stft", "n_fft": "2048"},
            {"type": "Stft", "n_fft": 2048.5},
            {"type": "Stft", "n_fft": None},
            {"type": "Stft", "n_mels": 80},
            {"type": "Stft", "__class__": "x"},
            {"type": "Stft", 3: 4},
            {"type": "Stft", "window": None},
            {"type": "Stft", "window": []},
            {"type": "Stft", "window": {}},
            {"type": "Stft", "window": [[1, 2], [3]]},
            {"type": "Stft", "window": ["kaiser", [1, 2]]},
            {"type": "Stft", "window": ["kaiser", "x", {}]},
            {"type": "Stft", "window": ["kaiser"] * 100},
            {"type": "Stft", "window": [1.0] * 70000},
            {"type": "Stft", "window": "x" * 100},
            {"type": "Stft", "window": ["dpss", 1e9]},
            {"type": "MelSpectrogram", "n_mels": 10**9},
            {"type": "MelSpectrogram", "norm": {}},
            {"type": "MelSpectrogram", "fmin": "0"},
        ],
    )
    def test_refuses(self, message: Any) -> None:
        with pytest.raises((ParameterError, ParameterTypeError)):
            from_json(message)


class TestRoundingNoise:
    """float32 is no worse than the engine takes it to be."""

    @pytest.mark.parametrize("n_fft", [16, 101, 500, 509, 512, 1021, 2048, 4096])
    def test_of_noise(self, n_fft: int) -> None:
        import scipy.fft

        y = np.random.default_rng(0).standard_normal((50, n_fft)).astype(np.float32)
        window = windows.frame_window("hann", n_fft, n_fft)
        fast = np.abs(scipy.fft.rfft(y * window.astype(np.float32)))
        exact = np.abs(scipy.fft.rfft(y * window))
        norms = np.linalg.norm(y * window, axis=1, keepdims=True)
        # What is in proportion to the bin itself, some 1e-6 dB, does no harm.
        error = (np.abs(fast - exact) - 5e-7 * exact) / norms
        assert (error < precision.rounding_noise(n_fft)).all()


@pytest.mark.parametrize("module", [base, engine, levels, melbank, precision, windows])
def test_examples_run(module: Any) -> None:
    namespace = {"np": np}
    assert doctest.testmod(module, extraglobs=namespace).failed == 0


def test_examples_of_the_classes_run() -> None:
    from specwidget.transforms import mel, stft

    for module in (mel, stft):
        assert doctest.testmod(module).failed == 0


def test_windows_equal_scipys() -> None:
    for name in [*NAMES, "rect", "ham", "blk"]:
        for n in (1, 2, 3, 7, 256):
            expected = scipy.signal.get_window(name, n, fftbins=True)
            np.testing.assert_array_equal(windows.window_values(name, n), expected)


def test_tiles_need_no_heavy_imports() -> None:
    """Nothing but NumPy and scipy.fft is imported on the way to a picture."""
    program = """
import sys, numpy as np
from specwidget.audio import open_audio
from specwidget.transforms import Stft, MelSpectrogram
from specwidget.tiles import tilesets, TileKey
assert "scipy" not in sys.modules and "soundfile" not in sys.modules
for transform in (Stft(), MelSpectrogram()):
    tilesets(open_audio(np.zeros(9999), sr=8000), transform)["spec/0"].tile(TileKey("spec/0", 0, 0))
heavy = {"librosa", "scipy.signal", "matplotlib", "numba", "sklearn"} & set(sys.modules)
assert not heavy, heavy
"""
    code = f"import sys, types\n{_BARE_PACKAGE}\n{program}"
    subprocess.run([sys.executable, "-c", code], check=True)


# The package itself brings pandas and the widget; here its parts are looked at alone.
_BARE_PACKAGE = f"""
package = types.ModuleType("specwidget")
package.__path__ = [{str(__import__("pathlib").Path(base.__file__).parents[1])!r}]
sys.modules["specwidget"] = package
"""
