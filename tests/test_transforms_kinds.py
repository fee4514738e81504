"""Every kind of picture: librosa's numbers for the whole recording, however it is cut."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import librosa
import numpy as np
import pytest
from hypothesis import example, given, settings
from numpy.typing import NDArray
from transforms_oracle import whole

from specwidget.audio import open_audio
from specwidget.audio.signal import ChannelSignal, Signal
from specwidget.errors import ParameterError, ParameterTypeError
from specwidget.tiles import TileKey, grid, spectrogram_db, tilesets
from specwidget.transforms import Chroma, Cqt, Mfcc, Pcen, Reassigned, Transform, Vqt, octaves
from specwidget.transforms.pcen import FORGOTTEN

SR = 8000
LOW_CQT = {"fmin": 55.0, "n_bins": 60}

KINDS: dict[str, Any] = {
    "cqt": Cqt(**LOW_CQT),
    "cqt, odd hop": Cqt(**LOW_CQT, hop_length=125, scale=False),
    "vqt": Vqt(**LOW_CQT, hop_length=96, gamma=None),
    "pcen": Pcen(n_fft=512, hop_length=128, n_mels=20, time_constant=0.1),
    "pcen, FFT": Pcen(n_fft=256, n_mels=None, hop_length=100, time_constant=0.05, max_size=3),
    "mfcc": Mfcc(n_fft=512, hop_length=128, n_mels=40, lifter=22.0),
    "chroma": Chroma(n_fft=1024, hop_length=200),
    "reassigned": Reassigned(n_fft=256),
    "reassigned, time": Reassigned(n_fft=255, hop_length=200, reassign_frequencies=False),
}


def sound(n: int, seed: int = 0, sr: float = SR) -> NDArray[np.float32]:
    """Noise that is now loud and now faint, with a tone that comes and goes."""
    rng = np.random.default_rng(seed)
    loudness = np.repeat(10.0 ** rng.uniform(-5, -1, -(-n // 500)), 500)[:n]
    place = np.arange(n)
    tone = 0.3 * np.sin(2 * np.pi * 440.0 * place / sr) * (place % sr < sr / 2)
    return (loudness * rng.standard_normal(n) + tone).astype(np.float32)


def signal_of(y: NDArray[Any], sr: float = SR) -> Signal:
    return ChannelSignal(open_audio(y, sr=sr), 0)


def near(found: NDArray[Any], expected: NDArray[Any], transform: Transform) -> None:
    """Are the values those of librosa, but for the rounding of float32?"""
    assert found.shape == expected.shape
    spread = max(1.0, float(np.ptp(expected))) if expected.size else 1.0
    if not isinstance(transform, Reassigned):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-6 * spread)
        return
    # Where a time or a frequency lies in the middle between two, rounding may choose the other.
    assert (np.abs(found - expected) > 1e-3).sum() <= 2 + 2e-3 * expected.size


def all_levels(transform: Transform, y: NDArray[Any], sr: float = SR) -> Any:
    """All tiles of the finest level side by side, as values, and half a level."""
    tiles = tilesets(open_audio(y, sr=sr), transform)["spec/0"]
    info = tiles.info()
    low, high = info["range_db"]
    made = []
    for index in range(-(-info["n_frames"] // info["tile_columns"])):
        tile = tiles.tile(TileKey("spec/0", 0, index))
        assert tile.exact
        made.append(np.frombuffer(tile.data, np.uint8).reshape(info["n_bins"], tile.columns))
    levels = np.concatenate(made, axis=1).astype(np.float64)
    return low + levels * (high - low) / 255.0, (high - low) / 510.0, (low, high)


@pytest.mark.parametrize("kind", KINDS)
class TestEveryKind:
    def test_is_librosas(self, kind: str) -> None:
        y, transform = sound(3 * SR + 77), KINDS[kind]
        found = transform.values(signal_of(y), 0, transform.n_frames(len(y)))
        assert found.dtype == np.float32
        near(found, whole(y, SR, transform), transform)

    @settings(max_examples=30)
    @given(data=st.data())
    def test_any_part_is_that_of_the_whole(self, kind: str, data: st.DataObject) -> None:
        transform = KINDS[kind]
        y = sound(data.draw(st.integers(1, 3 * SR), "length"), data.draw(st.integers(0, 9), "seed"))
        n_frames = transform.n_frames(len(y))
        start = data.draw(st.integers(0, n_frames), "start")
        stop = data.draw(st.integers(start, n_frames), "stop")
        expected = whole(y, SR, transform)
        assert expected.shape == (transform.n_rows(SR), n_frames)
        found = transform.values(signal_of(y), start, stop)
        near(found, expected[:, start:stop], transform)

    @pytest.mark.parametrize("n", [1, 2, 100, 9999])
    @pytest.mark.parametrize("columns", [4, 256])
    def test_tiles_side_by_side(
        self, kind: str, n: int, columns: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(grid, "TILE_COLUMNS", columns)
        y, transform = sound(n, seed=n), KINDS[kind]
        values, half, (low, high) = all_levels(transform, y)
        expected = np.clip(whole(y, SR, transform).astype(np.float64), low, high)
        # What tiles of constant-Q transforms may be off by, see TestConstantQ.
        rounding = 2e-6 * max(abs(low), abs(high))
        tolerance = half + (0.01 if isinstance(transform, (Cqt, Vqt)) else rounding)
        wrong = np.abs(values - expected) > tolerance
        if isinstance(transform, (Cqt, Vqt)):
            wrong &= expected > transform.units(SR).full_scale + 20 * np.log10(np.abs(y).max()) - 80
        assert wrong.mean() <= (2e-3 if isinstance(transform, Reassigned) else 0.0)

    def test_coarser_levels_are_maxima(self, kind: str) -> None:
        transform = KINDS[kind]
        signal = signal_of(sound(9000))
        limits = (-90.0, 60.0)
        fine = transform.columns(signal, 3, 21, limits)
        for pool in (2, 8, 32):
            expected = np.maximum.reduceat(fine, np.arange(0, len(fine), pool), axis=0)
            np.testing.assert_array_equal(transform.columns(signal, 3, 21, limits, pool), expected)

    def test_silence(self, kind: str) -> None:
        y, transform = np.zeros(3000, np.float32), KINDS[kind]
        values = transform.values(signal_of(y), 0, transform.n_frames(len(y)))
        np.testing.assert_allclose(values, whole(y, SR, transform), atol=1e-4)
        assert np.isfinite(all_levels(transform, y)[0]).all()

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_what_is_not_finite_is_nan_there_and_nowhere_else(self, kind: str, bad: float) -> None:
        transform = KINDS[kind]
        y = sound(3 * SR)
        y[SR] = 0.0
        clean = transform.values(signal_of(y), 0, transform.n_frames(len(y)))
        y[SR] = bad
        found = transform.values(signal_of(y), 0, transform.n_frames(len(y)))
        lost = np.isnan(found)
        seconds = np.flatnonzero(lost.any(axis=0)) * transform.hop / SR
        # The lowest filter of the constant-Q transforms is 0.3 s long.
        assert len(seconds) > 0
        assert np.abs(seconds - 1.0).max() < 0.16
        if not isinstance(transform, Reassigned):
            np.testing.assert_allclose(found[~lost], clean[~lost], rtol=1e-4, atol=1e-3)
        levels = transform.columns(signal_of(y), 0, found.shape[1], (-2000.0, 2000.0))
        assert not levels.T[lost].any()
        assert levels.T[~lost].all()

    def test_nothing_finite(self, kind: str) -> None:
        y = np.full(3000, np.nan, np.float32)
        values, _, (low, high) = all_levels(KINDS[kind], y)
        assert low < high
        np.testing.assert_array_equal(values, low)

    def test_no_frames(self, kind: str) -> None:
        transform = KINDS[kind]
        found = transform.values(signal_of(sound(900)), 2, 2)
        assert found.shape == (transform.n_rows(SR), 0)

    def test_says_what_rows_and_values_are(self, kind: str) -> None:
        transform = KINDS[kind]
        units, centres, band = transform.units(SR), transform.frequencies(SR), transform.band(SR)
        assert len(centres) == transform.n_rows(SR)
        assert (np.diff(centres) > 0).all()
        assert band[0] <= centres[0] < centres[-1] <= band[1]
        if units.row_label is not None:
            np.testing.assert_array_equal(centres, np.arange(len(centres)) + 0.5)
            assert band == (0, len(centres))
            assert units.row_names is None or len(units.row_names) == len(centres)
        assert (units.unit == "dB") == (units.full_scale is not None)

    def test_is_hashable_frozen_and_a_transform(self, kind: str) -> None:
        transform = KINDS[kind]
        assert isinstance(transform, Transform)
        assert {transform: 1}[transform] == 1
        with pytest.raises(AttributeError):
            transform.hop_length = 3

    def test_channels_and_steps(self, kind: str) -> None:
        y = np.stack([sound(5000), sound(5000, 1)])
        transform = KINDS[kind]
        source = open_audio(y, sr=SR)
        found = spectrogram_db(source, transform, 0, transform.n_frames(5000), "mix")
        near(found, whole(librosa.to_mono(y), SR, transform), transform)


@pytest.mark.parametrize("folder", ["ann_maad_spinetail", "ann_pyaudioanalysis"])
@pytest.mark.parametrize(
    "transform", [Cqt(fmin=110, n_bins=48), Pcen(), Mfcc(), Chroma(), Reassigned()]
)
def test_of_real_recordings(transform: Any, folder: str, real_data: Path) -> None:
    path = sorted(real_data.glob(f"{folder}/*.wav"))[0]
    y, sr = librosa.load(path, sr=None, mono=False, duration=20.0)
    y = y if y.ndim == 1 else y[0]
    expected = whole(y, sr, transform)
    signal = ChannelSignal(open_audio(y, sr=sr), 0)
    for start in range(0, expected.shape[1], 500):
        part = expected[:, start : start + 500]
        near(transform.values(signal, start, start + part.shape[1]), part, transform)


def amplitudes(db: NDArray[Any]) -> NDArray[np.float64]:
    return 10.0 ** (db.astype(np.float64) / 20.0)


@st.composite
def constant_qs(draw: st.DrawFn) -> Any:
    per_octave = draw(st.sampled_from([1, 3, 12, 24]))
    shared: dict[str, Any] = {
        "hop_length": draw(st.sampled_from([32, 64, 100, 128, 512, 1024])),
        "fmin": draw(st.sampled_from([40.0, 110.0, 500.0])),
        "n_bins": draw(st.integers(1, 3 * per_octave)),
        "bins_per_octave": per_octave,
        "tuning": draw(st.sampled_from([0.0, 0.3])),
        "filter_scale": draw(st.sampled_from([1.0, 0.5])),
        "norm": draw(st.sampled_from([1.0, 2.0, math.inf, None])),
        "sparsity": draw(st.sampled_from([0.01, 0.0])),
        "window": draw(st.sampled_from(["hann", "blackmanharris", ("kaiser", 8.0)])),
        "scale": draw(st.booleans()),
        "res_type": draw(st.sampled_from(["soxr_hq", "soxr_vhq", "soxr_mq", "soxr_lq"])),
    }
    if draw(st.booleans()):
        return Cqt(**shared)
    gamma = draw(st.sampled_from([None, 0.0, 10.0]))
    intervals = draw(st.sampled_from(["equal", "pythagorean", "ji5", (1.0, 1.2, 1.5)]))
    return Vqt(**shared, gamma=gamma, intervals=intervals)


class TestConstantQ:
    @settings(max_examples=100)
    # librosa decimates nothing that is shorter than the factor.
    @given(constant_qs(), st.integers(64, 4 * SR), st.data())
    @example(Cqt(hop_length=1024, fmin=40.0, n_bins=24), 4 * SR, None)
    def test_exact_to_the_bit(self, transform: Any, n: int, data: st.DataObject | None) -> None:
        y = sound(n, seed=n)
        try:
            transform.units(SR)
        except ParameterError:
            with pytest.raises(librosa.ParameterError):
                whole(y, SR, transform)
            return
        expected = whole(y, SR, transform)
        start, stop = 0, expected.shape[1]
        if data is not None:
            start = data.draw(st.integers(0, stop))
            stop = data.draw(st.integers(start, stop))
        found = transform.values(signal_of(y), start, stop)
        known = octaves.block_samples(transform.res_type, 2) > 1
        np.testing.assert_allclose(
            found, expected[:, start:stop], rtol=0, atol=1e-4 if known else 1
        )

    @pytest.mark.parametrize("sr", [22050, 44100, 96000])
    def test_tiles_are_within_130_db_of_the_loudest(self, sr: int) -> None:
        """... and so within 0.01 dB of what is 80 dB and less below it."""
        transform = Cqt(hop_length=1024)
        place = np.arange(6 * sr)
        sounds = {
            "noise": sound(6 * sr, sr=sr),
            "sine": np.sin(2 * np.pi * 3000 * place / sr),
            "loud above, faint below": np.sin(1.4 * place) + 1e-4 * np.sin(600 * place / sr),
            "constant": np.ones(6 * sr),
            "chirp": np.sin(2 * np.pi * sr / 12 * (place / sr) ** 2),
        }
        for y in sounds.values():
            y = y.astype(np.float32)
            expected = whole(y, sr, transform)
            loudest = transform.units(sr).full_scale + 20 * np.log10(np.abs(y).max())
            for start in range(0, expected.shape[1], 64):
                part = expected[:, start : start + 64]
                found = transform.values(
                    signal_of(y, sr), start, start + part.shape[1], exact=False
                )
                error = np.abs(amplitudes(found) - amplitudes(part)).max()
                assert 20 * np.log10(error + 1e-30) < loudest - 130.0
                audible = part > loudest - 80.0
                assert np.abs(found - part)[audible].max(initial=0.0) < 0.01

    @pytest.mark.parametrize("quality", octaves._BLOCKS)
    @pytest.mark.parametrize("factor", [2, 4, 8, 16, 32])
    def test_blocks_are_those_of_soxr(self, quality: str, factor: int) -> None:
        assert octaves.block_samples(quality, factor) == octaves._BLOCKS[quality][factor]

    def test_without_known_blocks_the_tiles_promise_holds(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(octaves, "block_samples", lambda quality, factor: 1)
        y, transform = sound(3 * SR), KINDS["cqt"]
        expected = whole(y, SR, transform)
        found = transform.values(signal_of(y), 20, 30)
        loudest = transform.units(SR).full_scale + 20 * np.log10(np.abs(y).max())
        error = np.abs(amplitudes(found) - amplitudes(expected[:, 20:30])).max()
        assert 20 * np.log10(error) < loudest - 130.0

    def test_reads_no_more_than_it_needs(self) -> None:
        reads: list[tuple[int, int]] = []

        class Listening:
            sr, n_samples = 44100, 44100 * 3600

            def read(self, start: int, stop: int) -> NDArray[np.float32]:
                reads.append((start, stop))
                return np.zeros(stop - start, np.float32)

        middle = Cqt().n_frames(44100 * 1800)
        for exact, seconds in ((False, 5), (True, 20)):
            reads.clear()
            Cqt().values(Listening(), middle, middle + 1, exact=exact)  # type: ignore[arg-type]
            assert len(reads) == 1
            assert reads[0][1] - reads[0][0] < seconds * 44100

    @pytest.mark.parametrize("transform", [Cqt(**LOW_CQT), Cqt(**LOW_CQT, scale=False, norm=2.0)])
    def test_full_scale_is_what_a_sine_reads(self, transform: Any) -> None:
        centres = transform.frequencies(SR)
        y = np.sin(2 * np.pi * centres[[0, 30, -1], None] * np.arange(4 * SR) / SR)
        middle = transform.n_frames(4 * SR) // 2
        loudest = max(transform.values(signal_of(one), middle, middle + 1).max() for one in y)
        assert loudest == pytest.approx(transform.units(SR).full_scale, abs=0.1)

    def test_frequencies_are_librosas(self) -> None:
        np.testing.assert_allclose(
            Cqt().frequencies(44100), librosa.cqt_frequencies(84, fmin=librosa.note_to_hz("C1"))
        )

    @pytest.mark.parametrize(
        ("transform", "message"),
        [
            (Cqt(n_bins=100), r"n_bins=100 filters from fmin=32\.7032 .* 4000 Hz"),
            (Cqt(n_bins=2048, bins_per_octave=1), "half the sampling rate"),
            (Cqt(fmin=1e6), "half the sampling rate"),
            (Cqt(bins_per_octave=512, n_bins=2048, fmin=50), "filters would have"),
            (Cqt(fmin=0.01, n_bins=12), "reach over"),
            (Cqt(fmin=0.05, n_bins=180, hop_length=1 << 20, filter_scale=0.1), "15 octaves"),
            (Cqt(filter_scale=1e-3), "half the sampling rate"),
            (Vqt(filter_scale=0.5, fmin=10, n_bins=1, gamma=5000), "one sample at most"),
        ],
    )
    def test_filters_that_cannot_be(self, transform: Any, message: str) -> None:
        for use in (transform.units, transform.frequencies, transform.band):
            with pytest.raises(ParameterError, match=message):
                use(SR)


class TestPcen:
    @pytest.mark.parametrize(("silence", "off"), [(0.0, 1e-3), (1e-4, 1e-5), (1e-6, 1e-3)])
    def test_after_a_loud_sound(self, silence: float, off: float) -> None:
        """What was 80 or 120 dB louder, and long ago, is forgotten but for 1e-9 of it."""
        transform = Pcen(n_fft=512, hop_length=128, n_mels=20, time_constant=0.1)
        past = transform.past_frames(SR)
        y = np.random.default_rng(0).standard_normal(SR * 4).astype(np.float32)
        y[SR:] *= np.float32(silence)
        expected = whole(y, SR, transform)
        first = SR // 128 + 8
        assert first < past
        for start in (first, past - 1, past, past + 1, past + first // 2, past + first):
            found = transform.values(signal_of(y), start, start + 4)
            np.testing.assert_allclose(found, expected[:, start : start + 4], rtol=off, atol=1e-9)

    def test_the_past_weighs_what_is_promised(self) -> None:
        for transform in (Pcen(), Pcen(time_constant=0.06), Pcen(b=0.5)):
            frames = transform.past_frames(22050)
            weight = 1.0 - transform._weight(22050)
            assert weight**frames <= FORGOTTEN < weight ** (frames - 1)
        assert Pcen(b=1.0).past_frames(22050) == 0

    def test_weight_is_librosas(self) -> None:
        S = np.zeros((1, 3), np.float32)
        S[0, 0] = 1.0
        shared: dict[str, Any] = {
            "sr": SR,
            "hop_length": 512,
            "gain": 1.0,
            "bias": 0.0,
            "power": 1.0,
        }
        with np.errstate(divide="ignore"):
            expected = librosa.pcen(S, **shared)
            found = librosa.pcen(S, **shared, b=Pcen()._weight(SR))
        np.testing.assert_array_equal(found, expected)

    @pytest.mark.parametrize("parameters", [{"time_constant": 1e5}, {"b": 0.0}, {"b": 1e-9}])
    def test_an_endless_past_is_refused(self, parameters: dict[str, float]) -> None:
        with pytest.raises(ParameterError, match="depend on more than the .*; make it"):
            Pcen(**parameters).units(SR)


class TestReassigned:
    def test_power_is_kept(self) -> None:
        y = sound(SR)
        transform = Reassigned(n_fft=256, hop_length=64, fill_nan=True)
        found = transform.values(signal_of(y), 0, transform.n_frames(len(y)))
        power = np.abs(librosa.stft(y, n_fft=256, hop_length=64)) ** 2
        assert (10.0 ** (found / 10.0)).sum() == pytest.approx(power.sum(), rel=1e-4)

    def test_a_click_and_a_sine_are_where_they_are(self) -> None:
        y = (0.1 * np.sin(2 * np.pi * 1000 * np.arange(SR) / SR)).astype(np.float32)
        y[3210] += 10.0
        found = Reassigned(n_fft=256, hop_length=10).values(signal_of(y), 0, 801)
        assert found[:, 321].mean() > np.delete(found, range(319, 324), axis=1).mean() + 60
        assert (found.argmax(axis=0)[380:700] == 32).all()

    def test_cuts_change_nothing(self) -> None:
        y = sound(4 * SR)
        transform = KINDS["reassigned"]
        n_frames = transform.n_frames(len(y))
        at_once = transform.values(signal_of(y), 0, n_frames)
        parts = [
            transform.values(signal_of(y), a, min(a + 7, n_frames)) for a in range(0, n_frames, 7)
        ]
        np.testing.assert_allclose(np.concatenate(parts, axis=1), at_once, rtol=0, atol=1e-4)

    @pytest.mark.parametrize("frequencies", [True, False])
    def test_full_scale_is_what_a_sine_reads(self, frequencies: bool) -> None:
        transform = Reassigned(n_fft=1024, reassign_frequencies=frequencies)
        y = np.sin(2 * np.pi * 128 / 1024 * np.arange(8192)).astype(np.float32)
        found = transform.values(signal_of(y), 8, 12).max()
        assert found == pytest.approx(transform.units(SR).full_scale, abs=0.05)


class TestChroma:
    def test_names(self) -> None:
        y = np.sin(2 * np.pi * 440 * np.arange(SR) / SR)
        for base_c in (True, False):
            chroma = Chroma(base_c=base_c)
            names = chroma.units(SR).row_names
            assert names is not None
            assert names[chroma.values(signal_of(y), 4, 5)[:, 0].argmax()] == "A"
            assert names[0] == ("C" if base_c else "A")
        assert Chroma(n_chroma=24).units(SR).row_names is None

    def test_limits(self) -> None:
        assert Chroma().units(SR).limits == (0.0, 1.0)
        assert Chroma(norm=None).units(SR).limits is None

    def test_too_large_to_be_squared(self) -> None:
        y = np.full(3000, 1e30, np.float32)
        assert np.isnan(Chroma(n_fft=512).values(signal_of(y), 2, 3)).all()


@pytest.mark.parametrize(
    ("make", "parameters", "error", "message"),
    [
        (Cqt, {"hop_length": 0}, ParameterError, "hop_length=0"),
        (Cqt, {"hop_length": None}, ParameterTypeError, "hop_length=None"),
        (Cqt, {"n_bins": 0}, ParameterError, "n_bins=0"),
        (Cqt, {"n_bins": 10**6}, ParameterError, "n_bins=1000000"),
        (Cqt, {"bins_per_octave": 10**4}, ParameterError, "bins_per_octave=10000"),
        (Cqt, {"fmin": 0}, ParameterError, "fmin=0"),
        (Cqt, {"fmin": -1.0}, ParameterError, r"fmin=-1\.0"),
        (Cqt, {"fmin": math.nan}, ParameterError, "fmin=nan"),
        (Cqt, {"tuning": None}, ParameterTypeError, r"estimate_tuning\(y=y, sr=sr\)"),
        (Cqt, {"filter_scale": 0.0}, ParameterError, "filter_scale"),
        (Cqt, {"filter_scale": 1e9}, ParameterError, "filter_scale"),
        (Cqt, {"norm": 0}, ParameterError, "norm=0"),
        (Cqt, {"norm": "l1"}, ParameterTypeError, "norm='l1'"),
        (Cqt, {"sparsity": 1.0}, ParameterError, "sparsity=1"),
        (Cqt, {"window": "hans"}, ParameterError, "window='hans'"),
        (Cqt, {"window": np.ones(64)}, ParameterTypeError, "no length of its own"),
        (Cqt, {"window": [1.0] * 64}, ParameterTypeError, "no length of its own"),
        (Cqt, {"window": np.hanning}, ParameterTypeError, "no length of its own"),
        (Cqt, {"scale": 1}, ParameterTypeError, "scale=1"),
        (Cqt, {"res_type": "fft"}, ParameterError, "res_type='fft' cannot be computed in pieces"),
        (Cqt, {"res_type": None}, ParameterError, "res_type=None"),
        (Vqt, {"gamma": -1}, ParameterError, "gamma=-1"),
        (Vqt, {"intervals": "just"}, ParameterError, "intervals='just' .*equal, pythagorean"),
        (Vqt, {"intervals": 3}, ParameterTypeError, "intervals=3"),
        (Vqt, {"intervals": ()}, ParameterError, "intervals has 0"),
        (Vqt, {"intervals": (1.5, 1.0)}, ParameterError, "do not ascend"),
        (Vqt, {"intervals": (1.0, 2.0)}, ParameterError, "do not ascend"),
        (Vqt, {"intervals": (1.0, 3.0)}, ParameterError, "intervals=3"),
        (Vqt, {"intervals": "ji5", "bins_per_octave": 200}, ParameterError, "at most 72"),
        (Pcen, {"n_mels": 0}, ParameterError, "n_mels=0"),
        (Pcen, {"gain": -1}, ParameterError, "gain=-1"),
        (Pcen, {"eps": 0}, ParameterError, "eps=0"),
        (Pcen, {"time_constant": 0}, ParameterError, "time_constant=0"),
        (Pcen, {"b": 1.5}, ParameterError, r"b=1\.5"),
        (Pcen, {"max_size": 0}, ParameterError, "max_size=0"),
        (Pcen, {"scale": "2"}, ParameterTypeError, "scale='2'"),
        (Pcen, {"fmin": 300, "fmax": 200}, ParameterError, "fmax=200"),
        (Mfcc, {"n_mfcc": 129}, ParameterError, r"n_mfcc=129 .*1\.\.128"),
        (Mfcc, {"dct_type": 4}, ParameterError, "dct_type=4"),
        (Mfcc, {"dct_type": 1, "n_mels": 1, "n_mfcc": 1}, ParameterError, "dct_type=1"),
        (Mfcc, {"norm": "slaney"}, ParameterError, "norm='slaney'"),
        (Mfcc, {"mel_norm": "ortho"}, ParameterError, "norm='ortho'"),
        (Mfcc, {"lifter": -1}, ParameterError, "lifter=-1"),
        (Mfcc, {"htk": 1}, ParameterTypeError, "htk=1"),
        (Chroma, {"tuning": None}, ParameterTypeError, "estimate_tuning"),
        (Chroma, {"n_chroma": 0}, ParameterError, "n_chroma=0"),
        (Chroma, {"n_chroma": 500, "n_fft": 65536}, ParameterError, "at most n_chroma=16"),
        (Chroma, {"norm": -1}, ParameterError, "norm=-1"),
        (Chroma, {"octwidth": 0}, ParameterError, "octwidth=0"),
        (Chroma, {"base_c": "C"}, ParameterTypeError, "base_c='C'"),
        (Reassigned, {"reassign_times": 1}, ParameterTypeError, "reassign_times=1"),
        (
            Reassigned,
            {"reassign_times": False, "reassign_frequencies": False},
            ParameterError,
            "both False; take Stft",
        ),
        (Reassigned, {"ref_power": -1}, ParameterError, "ref_power=-1"),
        (Reassigned, {"ref_power": np.max}, ParameterTypeError, "ref_power="),
    ],
)
def test_refuses(
    make: Any, parameters: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        make(**parameters)


@pytest.fixture(autouse=True)
def no_warnings_of_our_own() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        yield
