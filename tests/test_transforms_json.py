"""Transforms in messages: there and back, and nothing that takes without bound."""

from __future__ import annotations

import json
import math
import tracemalloc
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from specwidget import SpecWidget
from specwidget.errors import ParameterError, ParameterTypeError
from specwidget.transforms import Chroma, Cqt, Mfcc, Pcen, Reassigned, Stft, Vqt
from specwidget.transforms import transform_from_json as from_json

SR = 8000


class Silence:
    """A recording without end."""

    sr, n_samples = SR, SR * 3600

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        return np.zeros(stop - start, np.float32)


@pytest.mark.parametrize(
    "transform",
    [
        Cqt(),
        Cqt(hop_length=100, fmin=55, n_bins=36, tuning=0.25, norm=math.inf, scale=False),
        Cqt(window=("kaiser", 8.0), norm=None, res_type="soxr_mq"),
        Vqt(),
        Vqt(gamma=5.0, intervals=(1.0, 1.25, 1.5), sparsity=0.0),
        Pcen(),
        Pcen(n_mels=None, b=0.1, scale=1.0, spectrum_power=2.0, window=14.0),
        Pcen(norm=math.inf, fmin=100, fmax=2000, max_size=3),
        Mfcc(),
        Mfcc(n_mfcc=13, dct_type=3, norm=None, lifter=22, mel_norm=None, htk=True),
        Chroma(),
        Chroma(norm=None, n_chroma=24, octwidth=None, base_c=False, window=[0.5] * 2048),
        Reassigned(),
        Reassigned(reassign_times=False, ref_power=0.0, fill_nan=True),
    ],
)
def test_there_and_back(transform: Any) -> None:
    message = json.loads(json.dumps(transform.to_json(), allow_nan=False))
    assert message["type"] == type(transform).__name__
    assert from_json(message) == transform


@pytest.mark.parametrize(
    "message",
    [
        {"type": "Cqt", "n_bins": "84"},
        {"type": "Cqt", "n_bins": 84.5},
        {"type": "Cqt", "gamma": 0},
        {"type": "Cqt", "window": []},
        {"type": "Cqt", "window": [0.5] * 64},
        {"type": "Cqt", "window": {}},
        {"type": "Cqt", "window": ["kaiser"] * 100},
        {"type": "Cqt", "norm": {}},
        {"type": "Cqt", "scale": 1},
        {"type": "Cqt", "res_type": ["soxr_hq"]},
        {"type": "Cqt", "_intervals": "ji7"},
        {"type": "Vqt", "intervals": {}},
        {"type": "Vqt", "intervals": [1.0] * 10_000},
        {"type": "Vqt", "intervals": [[1.0]]},
        {"type": "Vqt", "intervals": "x" * 100},
        {"type": "_ConstantQ"},
        {"type": "Framing"},
        {"type": "Valued"},
        {"type": "Pcen", "power": None},
        {"type": "Pcen", "ref": [1]},
        {"type": "Mfcc", "n_mfcc": 10**9},
        {"type": "Mfcc", "norm": True},
        {"type": "Chroma", "tuning": None},
        {"type": "Chroma", "norm": "-inf"},
        {"type": "Reassigned", "ref_power": "max"},
        {"type": "FromFunction", "f": "print"},
        {"type": "Frames", "array": [[1]], "hop_length": 1},
    ],
)
def test_refuses(message: Any) -> None:
    with pytest.raises((ParameterError, ParameterTypeError)):
        from_json(message)


LARGE = [
    {"type": "Cqt", "n_bins": 2048, "bins_per_octave": 512, "fmin": 100},
    {"type": "Cqt", "n_bins": 512, "bins_per_octave": 512, "fmin": 900},
    {"type": "Cqt", "n_bins": 500, "bins_per_octave": 100, "fmin": 50, "hop_length": 511},
    {"type": "Cqt", "n_bins": 80, "hop_length": 1},
    {"type": "Cqt", "n_bins": 2048, "bins_per_octave": 1},
    {"type": "Cqt", "n_bins": 12, "fmin": 0.3},
    {"type": "Cqt", "n_bins": 12, "fmin": 0.001, "hop_length": 1 << 20},
    {"type": "Cqt", "n_bins": 80, "filter_scale": 1000},
    {"type": "Vqt", "n_bins": 80, "hop_length": 1 << 20},
    {"type": "Vqt", "n_bins": 288, "bins_per_octave": 72, "intervals": "ji5", "fmin": 100},
    {"type": "Pcen", "n_mels": 4096, "n_fft": 65536, "time_constant": 1e6},
    {"type": "Pcen", "n_mels": None, "n_fft": 65536, "hop_length": 4096, "max_size": 4096},
    {"type": "Pcen", "hop_length": 1},
    {"type": "Mfcc", "n_mels": 4096, "n_mfcc": 4096, "n_fft": 65536},
    {"type": "Chroma", "n_chroma": 512, "n_fft": 65536},
    {"type": "Chroma", "n_chroma": 16, "n_fft": 65536},
    {"type": "Reassigned", "n_fft": 65536, "hop_length": 1},
    {"type": "Reassigned", "n_fft": 65536, "hop_length": 1024},
]


@pytest.mark.parametrize("message", LARGE)
def test_what_is_large_is_refused_or_fits(message: dict[str, Any]) -> None:
    silence: Any = Silence()
    Cqt(fmin=500, n_bins=2).units(SR)  # librosa is there
    tracemalloc.start()
    try:
        transform: Any = from_json(message)
        transform.units(SR)
        transform.frequencies(SR)
        transform.columns(silence, 40, 41, (-100.0, 0.0))
    except ParameterError as refused:
        assert any(word in str(refused) for word in ("give", "make"))
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 250e6


def test_a_view_may_ask_for_any_kind() -> None:
    w = SpecWidget(np.zeros(SR, np.float32), sr=SR)
    for transform in (Mfcc(), Chroma(), Pcen(), Reassigned(), Cqt(n_bins=48), Vqt(n_bins=48)):
        w.propose_transform(transform.to_json())
        assert w.transform == w.recording.transform == transform
        assert w._transform == transform.to_json()
    before = w.recording
    for refused in (
        {"type": "Cqt"},  # up to 4186 Hz
        {"type": "Pcen", "time_constant": 1e5},
        {"type": "Mfcc", "fmin": 5000},
        {"type": "FromFunction"},
    ):
        with pytest.raises(ParameterError):
            w.propose_transform(refused)
        assert w.transform == before.transform
        assert w.recording is before
    w.transform = Stft()


class TestWidget:
    """What values and rows mean changes with the kind; what a person set is kept if it can be."""

    @pytest.fixture
    def w(self) -> SpecWidget:
        rng = np.random.default_rng(0)
        y = 0.3 * np.sin(2 * np.pi * 440 * np.arange(SR) / SR) + 0.001 * rng.normal(size=SR)
        return SpecWidget(y.astype(np.float32), sr=SR)

    def test_range_of_values(self, w: SpecWidget) -> None:
        w.db_range = (-50, -10)
        w.transform = Cqt(n_bins=48)
        assert w.db_range == (-50, -10)
        for transform in (Pcen(), Mfcc(), Stft(), Chroma()):
            w.transform = transform
            assert w.db_range == pytest.approx(w.recording.good_range(w.ref))
        assert w.db_range == (0.0, 1.0)

    def test_rows(self, w: SpecWidget) -> None:
        w.freq_view = (0, 10)
        w.transform = Mfcc()
        assert w.freq_view == (0.0, 20.0)
        w.freq_view = (3, 7)
        w.transform = Mfcc(n_mfcc=5)
        assert w.freq_view == (3.0, 5.0)
        w.transform = Chroma()
        assert w.freq_view == (0.0, 12.0)
        w.freq_view = (3, 7)
        w.transform = Stft()
        assert w.freq_view == (0.0, SR / 2)

    @pytest.mark.parametrize("transform", [Pcen(), Mfcc(), Chroma()])
    def test_no_reference(self, w: SpecWidget, transform: Any) -> None:
        w.transform = transform
        values = w.spectrogram()
        drawn = w.db_range
        for ref in ("max", 7.0, "full scale"):
            w.ref = ref
            assert w._ref_db == 0.0
            assert w.db_range == drawn
            np.testing.assert_array_equal(w.spectrogram(ref=ref), values)
        info = w._info["spectrogram"]
        assert (info["ref_applies"], info["unit"]) == (False, "")
        assert len(w.frequencies) == info["n_bins"] == values.shape[0]
        found = w.recording.value_at(0.5, float(w.frequencies[2]), 0)
        assert found.db == pytest.approx(values[2, found.frame], rel=1e-5)

    def test_reference(self, w: SpecWidget) -> None:
        for transform, factor in ((Cqt(n_bins=48), 20), (Reassigned(), 10)):
            w.transform = transform
            values = w.spectrogram()
            np.testing.assert_allclose(w.spectrogram(ref=10.0), values - factor, atol=1e-4)
            assert w.spectrogram(ref="max").max() == pytest.approx(0.0, abs=1e-4)
            assert w.spectrogram(ref="full scale").max() < 20 * np.log10(0.3) + 0.1
        assert w.spectrogram(ref="full scale").max() > 20 * np.log10(0.3) - 1.5

    def test_a_function_or_an_array_by_itself(self, w: SpecWidget) -> None:
        with pytest.raises(ParameterTypeError, match=r"or FromFunction\(f, hop_length"):
            w.transform = lambda y, sr: y
        with pytest.raises(ParameterTypeError, match=r"or Frames\(array, hop_length"):
            w.transform = np.zeros((2, 3))
        with pytest.raises(ParameterTypeError, match=r"forget the \(\)"):
            w.transform = Cqt
