"""The door for audio, a person's own sources, and channels."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import librosa
import numpy as np
import pytest
from hypothesis import given
from sounds import SR, compare, music, whole, written

from specwidget.audio import (
    AudioSource,
    channel_data,
    check_channel,
    open_audio,
    read_channel,
    source,
)
from specwidget.audio.condition import Condition, outside
from specwidget.errors import (
    AudioDataError,
    AudioFileError,
    ParameterError,
    ParameterTypeError,
)


class Recorder:
    """The least that a source must have."""

    sr, n_samples, n_channels = 16000, 1000, 2

    def __init__(self) -> None:
        self.samples = music(self.n_samples, self.n_channels)
        self.inside = self.most_inside = 0

    def read(self, start: int, stop: int) -> Any:
        self.inside += 1
        self.most_inside = max(self.inside, self.most_inside)
        block = self.samples[:, start:stop].copy()
        self.inside -= 1
        return block


class TestSources:
    def test_are_taken_as_they_are(self) -> None:
        audio = open_audio(np.zeros(5), sr=SR)
        assert open_audio(audio) is audio
        assert open_audio(audio, sr=SR) is audio
        with pytest.raises(ParameterError, match="sr=9 differs from the source's own rate, 8000"):
            open_audio(audio, sr=9)

    def test_need_four_things(self) -> None:
        recorder = Recorder()
        audio = open_audio(recorder)
        assert isinstance(audio, AudioSource)
        assert (audio.sr, audio.n_samples, audio.n_channels) == (16000, 1000, 2)
        assert (audio.name, audio.peak) == ("Recorder", None)
        np.testing.assert_array_equal(whole(audio), recorder.samples)
        compare(audio, recorder.samples, [(0, 1), (999, 1000), (17, 600)])
        assert audio.read(990, 2000).shape == (2, 10)
        assert audio.read(-5, 0).shape == (2, 0)
        with pytest.raises(ParameterError, match="sr=9 differs"):
            open_audio(recorder, sr=9)

    def test_may_have_more(self) -> None:
        class Full(Recorder):
            name, peak, warning = "tape 7", 0.5, "the tape is old"
            damage = ((5, 9, "a splice"),)

            def fingerprint(self) -> str:
                return "seven"

        audio: Any = open_audio(Full())
        assert (audio.name, audio.peak, audio.warning) == ("tape 7", 0.5, "the tape is old")
        assert audio.damage == ((5, 9, "a splice"),)
        assert audio.fingerprint() == "seven"
        plain: Any = open_audio(Recorder())
        assert (plain.warning, plain.damage, plain.fingerprint()) == (None, (), None)

    def test_mono_may_be_flat(self) -> None:
        class Mono(Recorder):
            n_channels = 1

            def read(self, start: int, stop: int) -> Any:
                return self.samples[0, start:stop].astype(np.float64)

        block = open_audio(Mono()).read(3, 8)
        assert (block.shape, block.dtype) == ((1, 5), np.float32)

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            (np.zeros((2, 9), np.float32), r"gave shape=\(2, 9\).*is \(2, 10\)"),
            (np.zeros((10, 2), np.float32), r"gave shape=\(10, 2\)"),
            (np.zeros(10, np.float32), r"gave shape=\(10,\)"),
            (np.zeros((2, 10), np.int16), "gave dtype=int16; it has to give float32"),
            (np.zeros((2, 10), complex), "gave dtype=complex128"),
            (None, r"gave shape=\(\)"),
        ],
    )
    def test_that_give_something_else(self, given: Any, message: str) -> None:
        recorder = Recorder()
        recorder.read = lambda start, stop: given  # type: ignore[method-assign]
        with pytest.raises(AudioDataError, match=rf"Recorder: read\(5, 15\) {message}"):
            open_audio(recorder).read(5, 15)

    def test_whose_read_fails(self) -> None:
        recorder = Recorder()
        audio = open_audio(recorder)
        good = recorder.read

        def fail(start: int, stop: int) -> None:
            raise KeyError("no tape")

        recorder.read = fail  # type: ignore[method-assign]
        with pytest.raises(
            AudioFileError,
            match=r"Recorder: samples 160 to 170 \(at 0\.010 s\).*KeyError: 'no tape'",
        ):
            audio.read(160, 170)
        recorder.read = good  # type: ignore[method-assign]
        assert audio.read(160, 170).shape == (2, 10)

    def test_not_finite_is_told_when_it_is_read(self) -> None:
        recorder = Recorder()
        recorder.samples[1, 500:502] = np.nan
        audio: Any = open_audio(recorder)
        audio.read(0, 500)
        assert (audio.warning, audio.damage) == (None, ())
        audio.read(400, 600)
        assert "NaN or infinite samples, at 0.031 s" in audio.warning
        assert audio.damage == ((500, 502, "NaN or infinite samples"),)

    @pytest.mark.parametrize(
        ("name", "value", "error"),
        [
            ("sr", 0, ParameterError),
            ("sr", float("nan"), ParameterError),
            ("sr", "8000", ParameterTypeError),
            ("n_samples", 0, ParameterError),
            ("n_samples", 1e6, ParameterTypeError),
            ("n_channels", 0, ParameterError),
            ("n_channels", None, ParameterTypeError),
            ("peak", -1.0, ParameterError),
        ],
    )
    def test_whose_numbers_make_no_sense(
        self, name: str, value: Any, error: type[Exception]
    ) -> None:
        recorder = Recorder()
        setattr(recorder, name, value)
        with pytest.raises(error, match=f"audio.{name}="):
            open_audio(recorder)

    def test_are_asked_by_one_thread_at_a_time_unless_they_say_so(self) -> None:
        both = threading.Barrier(2, timeout=10)

        class Safe(Recorder):
            thread_safe = True

            def read(self, start: int, stop: int) -> Any:
                both.wait()  # passes only with another reader inside
                return super().read(start, stop)

        safe, recorder = open_audio(Safe()), Recorder()
        in_threads(lambda: safe.read(0, 5), 2)
        unsafe = open_audio(recorder)
        in_threads(lambda: unsafe.read(0, 1000), 8)
        assert recorder.most_inside == 1

    def test_that_lack_something(self) -> None:
        class Half:
            sr, n_samples = SR, 5

            def read(self, start: int, stop: int) -> None: ...

        with pytest.raises(ParameterTypeError, match="of type Half"):
            open_audio(Half())


def in_threads(task: Callable[[], object], n: int) -> None:
    """Run a task in threads, and raise what goes wrong in one."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            task()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors


class TestFileObjects:
    def test_are_read(self, tmp_path: Path) -> None:
        path = written(tmp_path, ("FLAC", "PCM_16"))
        every = whole(open_audio(path))
        with open(path, "rb") as stream:
            audio = open_audio(stream)
            assert audio.name == str(path)
            np.testing.assert_array_equal(whole(audio), every)
        with pytest.raises(AudioFileError, match="closed file"):
            audio.read(0, 10)
        np.testing.assert_array_equal(whole(open_audio(io.BytesIO(path.read_bytes()))), every)

    def test_of_text_are_refused(self, tmp_path: Path) -> None:
        path = written(tmp_path, ("WAV", "PCM_16"))
        with open(path, encoding="latin-1") as stream, pytest.raises(AudioFileError, match="'rb'"):
            open_audio(stream)


class TestChannels:
    def test_mix_is_librosas(self) -> None:
        samples = music(1000, 3)
        np.testing.assert_array_equal(channel_data(samples, "mix"), librosa.to_mono(samples))
        np.testing.assert_array_equal(channel_data(samples, 2), samples[2])
        np.testing.assert_array_equal(channel_data(samples[:1], "mix"), samples[0])

    @pytest.mark.parametrize("channel", [0, 1, np.int64(1), "mix"])
    def test_those_that_are_there(self, channel: Any) -> None:
        assert check_channel(channel, 2) == channel

    @pytest.mark.parametrize("channel", [2, -1, "left", ""])
    def test_those_that_are_not(self, channel: Any) -> None:
        with pytest.raises(ParameterError, match="channel="):
            check_channel(channel, 2)

    @pytest.mark.parametrize("channel", [True, 1.0, None, [0]])
    def test_those_that_make_no_sense(self, channel: Any) -> None:
        with pytest.raises(ParameterTypeError, match=r"channel=.* is unknown; give a number"):
            check_channel(channel, 2)

    @given(st.integers(1, 50), st.integers(-20, 80), st.integers(-20, 80), st.integers(1, 20))
    def test_zeros_outside_the_recording(self, n: int, start: int, stop: int, step: int) -> None:
        samples = np.arange(1, 2 * n + 1, dtype=np.float32).reshape(2, n)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(source, "READ_VALUES", step)
            block = read_channel(open_audio(samples, sr=SR), start, stop, 1)
        around = np.pad(samples[1], (20, 80))
        np.testing.assert_array_equal(block, around[20 + start : 20 + max(start, stop)])


class TestCondition:
    @given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8))
    def test_stretches_of_one_kind_join(self, ranges: list[tuple[int, int]]) -> None:
        condition = Condition()
        for start, stop in ranges:
            condition.mark(start, stop, "bad")
        marked = {s for damage in condition.damage for s in range(damage.start, damage.stop)}
        assert marked == {s for start, stop in ranges for s in range(start, stop)}
        stops = [damage.stop for damage in condition.damage]
        assert all(a < b.start for a, b in zip(stops, condition.damage[1:], strict=False))

    def test_many_stretches_stay_few(self) -> None:
        condition = Condition()
        for start in range(0, 10**7, 10**4):
            condition.mark(start, start + 10, "bad")
        assert len(condition.damage) <= 256
        assert condition.damage[0].start == 0
        assert condition.damage[-1].stop == 10**7 - 10**4 + 10

    @given(
        st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=6),
        st.integers(0, 40),
        st.integers(0, 40),
    )
    def test_outside(self, ranges: list[tuple[int, int]], start: int, stop: int) -> None:
        left = [s for a, b in outside(ranges, start, stop) for s in range(a, b)]
        inside = {s for a, b in ranges for s in range(a, b)}
        assert left == [s for s in range(start, stop) if s not in inside]

    def test_not_finite(self) -> None:
        condition = Condition()
        block = np.zeros((2, 100), np.float32)
        condition.note_not_finite(block, 0, SR, "a")
        block[0] = 3e38  # the sum overflows, the samples are finite
        condition.note_not_finite(block, 0, SR, "a")
        assert condition.warning is None
        block[0, 7], block[1, 50] = np.inf, np.nan
        condition.note_not_finite(block, 1000, SR, "a")
        assert [damage[:2] for damage in condition.damage] == [(1007, 1008), (1050, 1051)]
        condition.note_not_finite(block, 5000, SR, "a")
        assert condition.warning is not None
        assert condition.warning.count("NaN") == 1
        alternating = np.zeros((1, 4000), np.float32)
        alternating[0, ::2] = np.nan
        condition.note_not_finite(alternating, 10_000, SR, "a")
        assert condition.damage[-1][:2] == (10_000, 13_999)
