"""The compiled engine: as exact as NumPy's, and nobody notices when it comes, or cannot."""

from __future__ import annotations

import logging
import multiprocessing
import os
import subprocess
import sys
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray
from test_engine import SR, patchwork

from specwidget.transforms import MelSpectrogram, Stft, compiled, fast
from specwidget.transforms.base import FrameTransform
from specwidget.transforms.levels import Levels
from specwidget.transforms.precision import Precision, rounding_noise


@st.composite
def transforms(draw: st.DrawFn) -> FrameTransform:
    """A transform that there is compiled code for."""
    n_fft = draw(st.sampled_from([32, 64, 128, 512, 1024, 2048, 4096]))
    win_length = draw(st.none() | st.integers(1, n_fft))
    hop = draw(st.integers(1, 2 * n_fft))
    window = draw(st.sampled_from(["hann", "boxcar", "flattop", ("kaiser", 8.6)]))
    framing = {"n_fft": n_fft, "hop_length": hop, "win_length": win_length, "window": window}
    if draw(st.booleans()):
        return MelSpectrogram(**framing, n_mels=draw(st.integers(1, 200)))
    return Stft(**framing)


def by_both(transform: FrameTransform, y: NDArray[np.float32], pool: int = 1) -> list[Any]:
    """The levels by NumPy and by compiled code."""
    limits = transform.units(SR).full_scale - 140.0, transform.units(SR).full_scale + 10.0
    found = []
    for choose in (fast.disable, fast.enable):
        choose()
        found.append(transform.levels(y, SR, limits, pool))
    fast.disable()
    return found


class TestBoth:
    @given(transforms(), st.integers(0, 2**32 - 1), st.integers(4096, 30000))
    def test_agree(self, kernels: ModuleType, transform: FrameTransform, seed: int, n: int) -> None:
        by_numpy, by_compiled = by_both(transform, patchwork(seed, n))
        difference = np.abs(by_numpy.astype(int) - by_compiled)
        assert difference.max() <= 1
        assert (difference > 0).mean() < 1e-3 + 2.0 / difference.size

    @pytest.mark.parametrize("pool", [1, 2, 8, 64, 4096])
    @pytest.mark.parametrize("transform", [Stft(n_fft=256), MelSpectrogram(n_fft=256, n_mels=20)])
    def test_pool_alike(self, kernels: ModuleType, transform: FrameTransform, pool: int) -> None:
        by_numpy, by_compiled = by_both(transform, patchwork(1, 90000), pool)
        assert by_numpy.shape == by_compiled.shape
        assert np.abs(by_numpy.astype(int) - by_compiled).max() <= 1

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 3e38, 1e-40])
    @pytest.mark.parametrize("transform", [Stft(n_fft=64), MelSpectrogram(n_fft=64, n_mels=8)])
    def test_of_what_is_not_finite(
        self, kernels: ModuleType, transform: FrameTransform, bad: float
    ) -> None:
        y = patchwork(4, 4000)
        y[1000:1010] = bad
        by_numpy, by_compiled = by_both(transform, y)
        assert np.abs(by_numpy.astype(int) - by_compiled).max() <= 1

    @given(st.integers(0, 2**32 - 1), st.sampled_from([32, 128, 2048, 16384]))
    def test_of_random_levels(self, kernels: ModuleType, seed: int, n_fft: int) -> None:
        """Float64 is as exact as float64 is."""
        rng = np.random.default_rng(seed)
        frames = rng.standard_normal((3, n_fft)).astype(np.float32)
        scale = Levels.over((-100.0, 80.0))
        frames *= np.float32(10.0) ** rng.uniform(-6, 2, (3, 1)).astype(np.float32)
        exact = scale.exact(scale.gain * np.abs(np.fft.rfft(frames.astype(np.float64))))
        precision = Precision(rounding_noise(n_fft), scale)
        engine = compiled.Compiled(kernels, np.full(n_fft, scale.gain), None, precision)
        out = np.zeros((n_fft // 2 + 1, 3), np.uint8)
        starts = np.arange(3) * n_fft
        engine.put(frames.reshape(-1), starts, None, np.arange(3), out, compiled.Scratch())
        assert np.abs(out.T - exact).max() <= 0.5 + 1e-3

    @pytest.mark.parametrize("n_fft", [2, 16, 48, 1000, 32768])
    def test_other_lengths_are_computed_by_numpy(self, kernels: ModuleType, n_fft: int) -> None:
        by_numpy, by_compiled = by_both(Stft(n_fft=n_fft), patchwork(6, 70000))
        np.testing.assert_array_equal(by_numpy, by_compiled)


class TestFlags:
    """The frames that compiled code asks float64 for are those that need it."""

    @pytest.mark.parametrize("n_fft", [64, 512, 2048])
    def test_are_much_as_by_numpy(self, kernels: ModuleType, n_fft: int) -> None:
        rng = np.random.default_rng(0)
        place = np.arange(40 * n_fft)
        y = 0.3 * np.sin(place * 0.2) + 1e-3 * rng.standard_normal(len(place))
        y[: 10 * n_fft] = 0.9 * np.sin(place[: 10 * n_fft] * 0.3)
        y[-10 * n_fft :] = 1e-6 * rng.standard_normal(10 * n_fft)
        frames = y.astype(np.float32).reshape(40, n_fft)
        scale = Levels.over((-90.0, 60.0))
        window = np.hanning(n_fft) * scale.gain
        precision = Precision(rounding_noise(n_fft), scale)
        windowed = (frames * window).astype(np.float32)
        norms = np.linalg.norm(windowed, axis=1)
        engine = compiled.Compiled(kernels, window, None, precision)
        out = np.zeros((n_fft // 2 + 1, 40), np.uint8)
        flags = engine.put(
            frames.reshape(-1), np.arange(40) * n_fft, norms, np.arange(40), out, compiled.Scratch()
        )
        wrong, wide = precision.doubtful(np.abs(np.fft.rfft(windowed)).astype(np.float32), norms)
        np.testing.assert_array_equal(flags > 1, wide)
        assert wide[:9].all() and not wide[-9:].any()
        # It is a little more careful.
        assert (flags[wrong] > 0).all()
        assert np.count_nonzero(flags) <= np.count_nonzero(wrong) + 4


class TestCache:
    def test_kernels_know_their_vectors(self, kernels: ModuleType) -> None:
        """What is compiled of one file is out of date when the other has changed."""
        vectors = Path(str(kernels.__file__)).with_name("vectors.py").read_bytes()
        found = zlib.crc32(vectors.replace(b"\r\n", b"\n"))
        assert found == kernels.VECTORS_CRC32, f"put VECTORS_CRC32 = 0x{found:08X} in kernels.py"

    def test_is_found_again(self, kernels: ModuleType) -> None:
        assert fast._mark(kernels).exists()
        assert kernels.put_levels.stats.cache_hits and not kernels.put_levels.stats.cache_misses

    def test_nothing_is_compiled_while_a_picture_is_waited_for(self, kernels: ModuleType) -> None:
        with pytest.raises(TypeError):
            kernels.pool_levels(np.zeros((2, 2), np.float32), 1, np.zeros((2, 2), np.float32))


LOADING = """
import sys, threading, types
package = types.ModuleType("specwidget")
package.__path__ = [{path!r}]
sys.modules["specwidget"] = package
import numpy as np
from specwidget.transforms import Stft, fast
{body}
"""


def in_new_process(body: str, **environment: str) -> str:
    """Run a program in a process that has imported nothing; return what it prints."""
    path = str(Path(fast.__file__).parents[1])
    program = LOADING.format(path=path, body=body)
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout + done.stderr


class TestLoading:
    def test_numba_is_not_imported_unasked(self) -> None:
        body = """
Stft().levels(np.zeros(9999, np.float32), 8000, (-86.0, 64.0))
assert fast.kernels() is None and not fast.wait(0.1)
assert "numba" not in sys.modules and threading.active_count() == 1
"""
        assert in_new_process(body, SPECWIDGET_FAST="") == ""

    def test_the_first_frames_do_not_wait(self) -> None:
        body = """
first = Stft().levels(np.zeros(9999, np.float32), 8000, (-86.0, 64.0))
assert "numba" not in sys.modules
fast._engine.hurried.set()
"""
        assert in_new_process(body, SPECWIDGET_FAST="1") == ""

    def test_what_cannot_be_imported_is_told_once(self) -> None:
        body = """
import logging
logging.basicConfig(format="%(name)s %(levelname)s %(message)s")
sys.modules["numba"] = None
fast.enable()
assert not fast.wait() and not fast.wait()
y = np.random.default_rng(0).standard_normal(9999).astype(np.float32)
assert Stft().levels(y, 8000, (-86.0, 64.0)).any()
"""
        told = in_new_process(body, SPECWIDGET_FAST="").splitlines()
        assert len(told) == 1
        assert told[0].startswith("specwidget WARNING no compiled engine, all goes on without: ")

    def test_what_cannot_be_compiled_is_told(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(fast, "_mark", lambda module: tmp_path / "none")
        monkeypatch.setattr(fast, "_COMPILE", "raise SystemExit('no compiler today')")
        engine = fast._Engine(True)
        engine.hurried.set()
        with caplog.at_level(logging.WARNING, "specwidget"):
            engine.begin()
            engine.begin()
            assert engine.ended.wait(60)
        assert engine.module is None
        assert [
            record.message for record in caplog.records if "no compiler today" in record.message
        ]
        assert len(caplog.records) == 1


class TestChangingOver:
    def test_in_the_middle_of_many_threads(self, kernels: ModuleType) -> None:
        """Who has begun by NumPy ends by NumPy, and what comes is never anything else."""
        stft = Stft(n_fft=512)
        y = patchwork(3, 60000)
        allowed = by_both(stft, y)
        stop = threading.Event()

        def flip() -> None:
            while not stop.is_set():
                fast.enable()
                fast.disable()

        flipper = threading.Thread(target=flip)
        flipper.start()
        try:
            with ThreadPoolExecutor(3) as pool:
                full = stft.units(SR).full_scale
                limits = full - 140.0, full + 10.0
                for found in pool.map(lambda _: stft.levels(y, SR, limits), range(60)):
                    assert any(np.array_equal(found, one) for one in allowed)
        finally:
            stop.set()
            flipper.join()
            fast.disable()

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
    def test_in_a_process_that_was_forked(self, kernels: ModuleType) -> None:
        stft, y = Stft(n_fft=512), patchwork(3, 30000)
        expected = by_both(stft, y)[1]
        fast.enable()
        try:
            context = multiprocessing.get_context("fork")
            receiver, sender = context.Pipe(duplex=False)
            full = stft.units(SR).full_scale

            def child() -> None:
                sender.send_bytes(stft.levels(y, SR, (full - 140.0, full + 10.0)).tobytes())

            process = context.Process(target=child)
            process.start()
            assert receiver.poll(60)
            assert receiver.recv_bytes() == expected.tobytes()
            process.join()
        finally:
            fast.disable()
