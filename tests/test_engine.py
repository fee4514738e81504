"""The engine: the same bytes however it is asked, and what it knows before it computes."""

from __future__ import annotations

import doctest
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given
from numpy.typing import NDArray

from specwidget.transforms import MelSpectrogram, Stft, levels, melbank, plan, precision, scratch
from specwidget.transforms import sure as sure_frames
from specwidget.transforms.base import FrameTransform
from specwidget.transforms.levels import Levels

SR = 22050
RANGE = (-86.0, 64.0)

Samples = NDArray[np.float32]


def patchwork(seed: int, n: int) -> Samples:
    """Silence, noise, and tones so pure that float32 is not enough, side by side."""
    rng = np.random.default_rng(seed)
    y = np.zeros(n)
    for start in range(0, n, 4000):
        part = y[start : start + 4000]
        place = np.arange(len(part))
        kind = rng.integers(5)
        if kind == 1:
            part += 0.9 * np.sin(place * rng.uniform(0, 3)) + 1e-5 * rng.standard_normal(len(part))
        elif kind == 2:
            part += 0.01 * rng.standard_normal(len(part))
        elif kind == 3:
            part += 1e-4 * rng.standard_normal(len(part))
        elif kind == 4:
            part += 0.3 * np.sin(place * 0.2) + 1e-3 * rng.standard_normal(len(part))
    return y.astype(np.float32)


@st.composite
def transforms(draw: st.DrawFn) -> FrameTransform:
    """A transform of any framing."""
    n_fft = draw(st.sampled_from([64, 257, 512, 1000, 2048]))
    hop = draw(st.sampled_from([n_fft // 4, n_fft // 2, n_fft // 3, n_fft, 2 * n_fft, 100]))
    if draw(st.booleans()):
        return MelSpectrogram(n_fft=n_fft, hop_length=hop, n_mels=draw(st.integers(1, 60)))
    return Stft(n_fft=n_fft, hop_length=hop)


def alone(transform: FrameTransform, y: Samples) -> NDArray[np.uint8]:
    """The levels that a thread finds that has computed nothing before."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(transform.levels, y, SR, RANGE).result()


SEEDS = st.integers(0, 2**32 - 1)
LENGTHS = st.integers(5000, 60000)


@pytest.mark.usefixtures("both_engines")
class TestSameBytes:
    @given(transforms(), SEEDS, LENGTHS, st.integers(1, 4))
    def test_however_cut(self, transform: FrameTransform, seed: int, n: int, cut: int) -> None:
        y = patchwork(seed, n)
        whole = transform.levels(y, SR, RANGE)
        parts = []
        for start in range(0, len(whole), 32 * cut):
            stop = min(start + 32 * cut, len(whole))
            end = (stop - 1) * transform.hop + transform.n_fft
            parts.append(transform.levels(y[start * transform.hop : end], SR, RANGE))
        np.testing.assert_array_equal(np.concatenate(parts), whole)

    @given(transforms(), SEEDS, LENGTHS)
    def test_whatever_came_before(self, transform: FrameTransform, seed: int, n: int) -> None:
        y = patchwork(seed, n)
        expected = alone(transform, y)
        loud = np.sin(np.arange(20000) * 0.3).astype(np.float32)
        transform.levels(loud, SR, RANGE)
        np.testing.assert_array_equal(transform.levels(y, SR, RANGE), expected)
        transform.levels(patchwork(0, 20000) * np.float32(1e-3), SR, RANGE)
        np.testing.assert_array_equal(transform.levels(y, SR, RANGE), expected)

    def test_in_many_threads(self) -> None:
        stft, mel = Stft(n_fft=512), MelSpectrogram(n_fft=512, n_mels=20)
        jobs = [(t, patchwork(seed, 30000)) for seed in range(6) for t in (stft, mel)]
        expected = [alone(*job) for job in jobs]
        with ThreadPoolExecutor(4) as pool:
            for found in (pool.map(lambda job: job[0].levels(job[1], SR, RANGE), jobs * 3),):
                for one, wanted in zip(found, expected * 3, strict=True):
                    np.testing.assert_array_equal(one, wanted)

    def test_of_samples_that_are_not_side_by_side(self) -> None:
        y = patchwork(1, 20000)
        twice = np.repeat(y, 2)[::2]
        assert not twice.flags.c_contiguous
        stft = Stft(n_fft=512)
        np.testing.assert_array_equal(stft.levels(twice, SR, RANGE), stft.levels(y, SR, RANGE))
        np.testing.assert_array_equal(stft.decibels(twice, SR), stft.decibels(y, SR))

    def test_samples_are_left_as_they_are(self) -> None:
        y = patchwork(2, 20000)
        y.flags.writeable = False
        Stft(n_fft=512).levels(y, SR, RANGE)
        MelSpectrogram(n_fft=512, n_mels=20).levels(y, SR, RANGE)

    def test_of_the_longest_frames(self) -> None:
        stft = Stft(n_fft=65536, hop_length=16384)
        y = patchwork(3, 65536 + 11 * 16384)
        whole = stft.levels(y, SR, RANGE)
        half = [
            stft.levels(y[: 65536 + 7 * 16384], SR, RANGE),
            stft.levels(y[8 * 16384 :], SR, RANGE),
        ]
        np.testing.assert_array_equal(np.concatenate(half), whole)

    @pytest.mark.parametrize("n", [0, 1, 511])
    def test_of_no_frame(self, n: int) -> None:
        assert Stft(n_fft=512).levels(np.zeros(n, np.float32), SR, RANGE).shape == (0, 257)
        assert Stft(n_fft=512).decibels(np.zeros(n, np.float32), SR).shape == (257, 0)


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, int]]:
    """How many frames are computed, by the type of their window."""
    counts = {"float32": 0, "float64": 0}
    values = sure_frames.SureFrames._values

    def counted(self: Any, frames: Any, rows: Any, window: Any) -> NDArray[np.float32]:
        counts[window.dtype.name] += len(frames)
        return values(self, frames, rows, window)

    monkeypatch.setattr(sure_frames.SureFrames, "_values", counted)
    yield counts


class TestWhatIsComputedTwice:
    """A frame computed in vain is no error in the picture, but it costs."""

    def test_no_frame_of_noise(self, computed: dict[str, int]) -> None:
        y = 0.01 * np.random.default_rng(0).standard_normal(200_000).astype(np.float32)
        n_frames = len(alone(Stft(), y))
        assert computed["float32"] == n_frames
        assert computed["float64"] < 0.02 * n_frames

    def test_few_frames_of_a_tone(self, computed: dict[str, int]) -> None:
        y = (0.9 * np.sin(np.arange(400_000) * 0.06)).astype(np.float32)
        n_frames = len(Stft().levels(y, SR, RANGE))
        assert computed["float64"] == n_frames
        computed["float32"] = 0
        Stft().levels(y, SR, RANGE)
        assert computed["float32"] <= n_frames // 16 + 1

    def test_no_frame_of_a_faint_tone(self, computed: dict[str, int]) -> None:
        y = (1e-5 * np.sin(np.arange(100_000) * 0.06)).astype(np.float32)
        Stft().levels(y, SR, RANGE)
        assert computed["float64"] == 0


class TestNormBounds:
    @given(
        st.integers(2, 300),
        st.integers(1, 400),
        st.integers(0, 2000),
        SEEDS,
        st.sampled_from([1e-6, 1.0, 1e6]),
    )
    @example(64, 16, 100, 0, 1.0)
    def test_bound(self, n_fft: int, hop: int, more: int, seed: int, loudness: float) -> None:
        rng = np.random.default_rng(seed)
        y = (loudness * rng.standard_normal(n_fft + more)).astype(np.float32)
        y[rng.integers(len(y))] *= 1000.0
        window = rng.uniform(0.0, 1.0, n_fft) * (rng.random(n_fft) > 0.2)
        bounds = precision.norm_bounds(y, window, hop)
        frames = np.lib.stride_tricks.sliding_window_view(y.astype(np.float64), n_fft)[::hop]
        norms = np.linalg.norm(frames * window, axis=1)
        assert bounds.shape == norms.shape
        assert (norms <= bounds).all()
        # And not so far above that every frame is suspected.
        plain = np.linalg.norm(frames, axis=1) * np.abs(window).max()
        assert (bounds <= plain * 1.01 + 1e-30).all()

    def test_depend_on_the_frame_alone(self) -> None:
        y = patchwork(5, 3000)
        window = np.hanning(100)
        bounds = precision.norm_bounds(y, window, 30)
        for frame in range(0, len(bounds), 7):
            one = precision.norm_bounds(y[frame * 30 : frame * 30 + 100].copy(), window, 30)
            assert one == bounds[frame]

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 3e38])
    def test_of_what_is_not_finite(self, bad: float) -> None:
        y = np.ones(400, np.float32)
        y[150] = bad
        with np.errstate(all="ignore"):
            bounds = precision.norm_bounds(y, np.hanning(100), 50)
        assert (np.isinf(bounds) == [False, False, True, True, False, False, False]).all()


class TestLevels:
    @given(st.floats(-300, 100), st.floats(1, 400), st.floats(-300, 200), st.sampled_from([1, 2]))
    @example(-86.0, 150.0, 0.0, 1)
    @example(-300.0, 400.0, 0.0, 2)
    @example(-200.0, 50.0, 0.0, 1)
    def test_of_any_range(self, low: float, extent: float, db: float, power: int) -> None:
        scale = Levels.over((low, low + extent))
        amplitude = scale.gain * 10.0 ** (db / 20.0)
        expected = np.clip((max(db, -100.0) - low) * 255.0 / extent, 0.0, 255.0)
        assert scale.exact(np.array([amplitude]))[0] == pytest.approx(expected, abs=1e-6)
        with np.errstate(over="ignore"):
            values = np.array([amplitude**power], np.float64).astype(np.float32)
        level = np.zeros(1, np.uint8)
        scale.quantise(scale.clip(values, power), level, power)
        assert abs(level[0] - expected) <= 0.5 + 1e-4 * (1.0 + 255.0 / extent)


class TestFilters:
    @given(st.integers(1, 150), st.integers(0, 3), SEEDS)
    def test_frames_do_not_touch(self, n: int, cut: int, seed: int) -> None:
        bank = MelSpectrogram(n_fft=512, n_mels=40).bank(SR)
        power = np.random.default_rng(seed).random((257, n)).astype(np.float32)
        whole, first = bank.sums(power), min(n, cut * melbank.COLUMNS)
        parts = [bank.sums(power[:, :first]), bank.sums(power[:, first:])]
        np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)
        np.testing.assert_allclose(whole, bank.dense() @ power, rtol=1e-5)
        np.testing.assert_array_equal(bank(power.T), whole.T)

    @pytest.mark.parametrize(("n_fft", "n_mels"), [(2048, 128), (4096, 64), (512, 128), (64, 1)])
    def test_groups_hold_all_weights_and_stay_small(self, n_fft: int, n_mels: int) -> None:
        bank = MelSpectrogram(n_fft=n_fft, n_mels=n_mels).bank(SR)
        dense = np.zeros((n_mels, 1 + n_fft // 2), np.float32)
        for m0, m1, b0, b1, weights in bank.groups:
            dense[m0:m1, b0:b1] = weights
            assert m1 - m0 == 1 or weights.size <= 2048
        np.testing.assert_array_equal(dense, bank.dense())


def test_scratch_is_of_one_thread() -> None:
    held = scratch.Scratch()
    mine = held.array("a", (4,), np.float32)
    theirs: list[NDArray[Any]] = []
    thread = threading.Thread(target=lambda: theirs.append(held.array("a", (4,), np.float32)))
    thread.start()
    thread.join()
    assert not np.shares_memory(mine, theirs[0])
    assert held.array("a", (2, 2), np.float64).dtype == np.float64


@pytest.mark.parametrize("module", [levels, melbank, plan, precision, scratch])
def test_examples_run(module: Any) -> None:
    assert doctest.testmod(module, extraglobs={"np": np}).failed == 0
