"""Sources of samples: whatever a person has opens, or an error says why not and what to do."""

from __future__ import annotations

import doctest
import io
import os
import threading
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import librosa
import numpy as np
import pytest
import soundfile
from hypothesis import given
from numpy.typing import NDArray

from specwidget.audio import (
    AudioSource,
    arrays,
    channel_data,
    check_channel,
    files,
    inspection,
    open_audio,
    read_channel,
    source,
)
from specwidget.audio import open as open_module
from specwidget.errors import (
    AudioDataError,
    AudioFileError,
    ParameterError,
    ParameterTypeError,
    SpecWidgetError,
)

SR = 8000


def music(n: int, n_channels: int = 1) -> NDArray[np.float32]:
    """Sines under a slow envelope [shape=(n_channels, n)]."""
    place = np.arange(n)
    return np.stack(
        [0.5 * np.sin(place * 0.01 * (c + 1)) * np.sin(place * 1e-4) for c in range(n_channels)]
    ).astype(np.float32)


def whole(audio: AudioSource) -> NDArray[np.float32]:
    return audio.read(0, audio.n_samples)


class TestArrays:
    @given(
        hnp.arrays(
            hnp.floating_dtypes(sizes=(32, 64)),
            st.tuples(st.integers(1, 3), st.integers(1, 50)),
            elements=st.floats(-1, 1, width=32),
        ),
        st.integers(-5, 60),
        st.integers(-5, 60),
    )
    def test_floats_are_taken_as_they_are(
        self, samples: NDArray[Any], start: int, stop: int
    ) -> None:
        audio = open_audio(samples, sr=SR)
        assert (audio.n_channels, audio.n_samples, audio.sr) == (*samples.shape, SR)
        block = audio.read(start, stop)
        assert block.dtype == np.float32
        expected = samples[:, max(0, start) : max(0, stop)].astype(np.float32)
        np.testing.assert_array_equal(block, expected)

    @pytest.mark.parametrize(
        ("dtype", "values", "expected"),
        [
            ("int8", [-128, 0, 64], [-1, 0, 0.5]),
            ("int16", [-32768, 0, 16384], [-1, 0, 0.5]),
            (">i2", [-32768, 0, 16384], [-1, 0, 0.5]),
            ("int32", [-(2**31), 0, 2**30], [-1, 0, 0.5]),
            ("uint8", [0, 128, 192], [-1, 0, 0.5]),
            ("uint16", [0, 32768, 49152], [-1, 0, 0.5]),
            ("int64", [-32768, 0, 16384], [-1, 0, 0.5]),
            ("uint64", [0, 16384, 1], [0, 0.5, 1 / 32768]),
            ("uint32", [0, 2**30, 0], [0, 0.5, 0]),
            ("int64", [-(2**31), 2**30, 5], [-1, 0.5, 5 / 2**31]),
            ("float16", [-1, 0, 0.5], [-1, 0, 0.5]),
            (">f8", [-1, 0, 1.5], [-1, 0, 1.5]),
            ("longdouble", [-1, 0, 1.5], [-1, 0, 1.5]),
        ],
    )
    def test_types(self, dtype: str, values: list[float], expected: list[float]) -> None:
        audio = open_audio(np.array(values, dtype=dtype), sr=SR)
        np.testing.assert_array_equal(whole(audio), np.float32([expected]))

    @pytest.mark.parametrize("dtype", ["int16", "int32"])
    def test_integers_as_soundfile_reads_them(self, dtype: str, tmp_path: Path) -> None:
        rng = np.random.default_rng(0)
        limits = np.iinfo(dtype)
        samples = rng.integers(limits.min, limits.max, 1000, dtype=dtype, endpoint=True)
        subtype = {"int16": "PCM_16", "int32": "PCM_32"}[dtype]
        soundfile.write(tmp_path / "a.wav", samples, SR, subtype=subtype)
        np.testing.assert_allclose(
            whole(open_audio(samples, sr=SR)), whole(open_audio(tmp_path / "a.wav")), rtol=1e-7
        )

    def test_a_long_array_is_not_copied(self, tmp_path: Path) -> None:
        samples = np.memmap(tmp_path / "a.raw", np.int16, "w+", shape=(2, 10**6))
        audio = open_audio(samples, sr=SR)
        samples[1, 5] = 16384
        assert audio.read(5, 6)[1, 0] == 0.5
        view = np.zeros(10, np.float32)[::2]
        assert whole(open_audio(view, sr=SR)).shape == (1, 5)

    def test_not_finite(self) -> None:
        samples = np.array([np.nan, np.inf, -np.inf, 0.25, 1e300])
        audio = open_audio(samples, sr=SR)
        np.testing.assert_array_equal(
            whole(audio), np.float32([[np.nan, np.inf, -np.inf, 0.25, np.inf]])
        )
        assert open_audio(samples[:4], sr=SR).peak == 0.25
        assert open_audio(samples[:1], sr=SR).peak == 0.0

    @pytest.mark.parametrize("n", [1, 1000, (1 << 22) + 1])
    def test_peak(self, n: int) -> None:
        samples = np.zeros(n, np.float32)
        samples[-1] = -3.0
        assert open_audio(samples, sr=SR).peak == 3.0
        assert open_audio(samples.astype(np.int16), sr=SR).peak == 1.0

    @pytest.mark.parametrize(
        ("audio", "error", "message"),
        [
            (np.zeros(0), AudioDataError, r"shape=\(0,\): no samples"),
            (np.zeros((2, 0)), AudioDataError, "no samples"),
            (np.float32(1.0), AudioDataError, r"shape=\(\)"),
            (np.zeros((2, 2, 2)), AudioDataError, r"shape=\(2, 2, 2\); give .*audio\[0\]"),
            (np.zeros((44100, 2)), AudioDataError, r"shape=\(44100, 2\).*give audio\.T"),
            (np.zeros((2000, 3000), "i1"), AudioDataError, "2000 channels; give at most 1024"),
            (np.zeros(5, bool), AudioDataError, "dtype=bool.*astype"),
            (np.zeros(5, complex), AudioDataError, "dtype=complex128.*audio.real"),
            (np.array(["a"]), AudioDataError, "dtype=<U1"),
            (np.array([1, None]), AudioDataError, "dtype=object.*np.asarray"),
            (np.array(["2020"], "M8[s]"), AudioDataError, "dtype=datetime64"),
            (np.array([2**40]), AudioDataError, "more than 32 bits"),
            (np.ma.array([1.0, 2.0], mask=[0, 1]), AudioDataError, "masked.*filled"),
            ([0.0, 1.0], ParameterTypeError, "type list.*np.asarray"),
            (None, ParameterTypeError, "audio=None is of type NoneType"),
            (3, ParameterTypeError, "type int"),
            ({}, ParameterTypeError, "type dict"),
            ((), ParameterTypeError, r"tuple of 0; give \(sr, array\)"),
            ((np.zeros(5), SR), ParameterTypeError, "tuple of 2"),
            ((SR, np.zeros(5), 1), ParameterTypeError, "tuple of 3"),
        ],
    )
    def test_what_is_no_audio(self, audio: Any, error: type[Exception], message: str) -> None:
        with pytest.raises(error, match=message):
            open_audio(audio, sr=SR)

    def test_short_recordings_of_some_channels_are_no_mistake(self) -> None:
        assert open_audio(np.zeros((2, 1)), sr=SR).n_channels == 2

    @pytest.mark.parametrize("sr", [0, -1, float("nan"), float("inf"), -np.inf])
    def test_rates_that_make_no_sense(self, sr: float) -> None:
        with pytest.raises(ParameterError, match=r"sr=.* makes no sense; give .*sr=22050"):
            open_audio(np.zeros(5), sr=sr)

    @pytest.mark.parametrize("sr", ["44100", True, [44100], 1j])
    def test_rates_that_are_no_numbers(self, sr: Any) -> None:
        with pytest.raises(ParameterTypeError, match="sr="):
            open_audio(np.zeros(5), sr=sr)

    def test_rate_is_needed(self) -> None:
        with pytest.raises(ParameterError, match=r"sr=None.*sr=22050"):
            open_audio(np.zeros(5))

    @pytest.mark.parametrize(
        ("sr", "kept"), [(22050.0, 22050), (np.int64(5), 5), (0.5, 0.5), (Fraction(9, 2), 4.5)]
    )
    def test_rates_are_ints_where_they_are_integral(self, sr: Any, kept: float) -> None:
        audio = open_audio(np.zeros(5), sr=sr)
        assert audio.sr == kept
        assert type(audio.sr) is type(kept)

    def test_pairs(self) -> None:
        audio = open_audio((16000, np.zeros((2, 5))))
        assert (audio.sr, audio.n_channels) == (16000, 2)
        assert open_audio((16000, np.zeros(5)), sr=16000).sr == 16000
        with pytest.raises(ParameterError, match="sr=8000 differs"):
            open_audio((16000, np.zeros(5)), sr=8000)


class Tensor:
    """What is of a tensor of another library: it exports, and may refuse to."""

    def __init__(self, samples: NDArray[Any], refuses: str = "") -> None:
        self._samples, self._refuses = samples, refuses

    def __dlpack__(self, **options: Any) -> Any:
        if self._refuses:
            raise BufferError(self._refuses)
        return self._samples.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self._samples.__dlpack_device__()


class ArrayLike:
    def __init__(self, samples: NDArray[Any]) -> None:
        self._samples = samples

    def __array__(self, dtype: Any = None, copy: Any = None) -> NDArray[Any]:
        return self._samples


class TestTensors:
    @pytest.mark.parametrize("kind", [Tensor, ArrayLike])
    def test_convert(self, kind: Callable[[Any], Any]) -> None:
        samples = music(100, 2)
        np.testing.assert_array_equal(whole(open_audio(kind(samples), sr=SR)), samples)
        np.testing.assert_array_equal(whole(open_audio((SR, kind(samples)))), samples)

    def test_that_do_not_convert_say_how(self) -> None:
        tensor = Tensor(np.zeros(5), "it is on a GPU")
        with pytest.raises(AudioDataError, match=r"it is on a GPU.*detach\(\)\.cpu\(\)\.numpy\(\)"):
            open_audio(tensor, sr=SR)

    def test_series(self) -> None:
        import pandas as pd

        assert open_audio(pd.Series(np.zeros(7)), sr=SR).n_samples == 7


FORMATS = [
    ("WAV", "PCM_U8"), ("WAV", "PCM_16"), ("WAV", "PCM_24"), ("WAV", "PCM_32"), ("WAV", "FLOAT"),
    ("WAV", "DOUBLE"), ("WAV", "ULAW"), ("RF64", "PCM_16"), ("W64", "PCM_16"), ("AIFF", "PCM_16"),
    ("AIFF", "PCM_24"), ("FLAC", "PCM_16"), ("FLAC", "PCM_24"), ("CAF", "ALAC_16"),
    ("AU", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III"),
]  # fmt: skip
EXACT_SEEKS = [f for f in FORMATS if f[1] not in ("VORBIS", "OPUS", "MPEG_LAYER_III")]


def written(path: Path, form: tuple[str, str], n: int = 40_000, n_channels: int = 2) -> Path:
    path = path / f"recording.{form[0].lower()}"
    soundfile.write(path, music(n, n_channels).T, SR, format=form[0], subtype=form[1])
    return path


class TestFiles:
    @pytest.mark.parametrize("form", FORMATS, ids="-".join)
    def test_what_soundfile_reads(self, form: tuple[str, str], tmp_path: Path) -> None:
        path = written(tmp_path, form)
        expected, sr = soundfile.read(path, dtype="float32")
        for audio in (open_audio(path), open_audio(str(path)), open_audio(path.read_bytes())):
            assert (audio.sr, audio.n_channels, audio.n_samples) == (sr, 2, len(expected))
            tolerance = 0.0 if form in EXACT_SEEKS else 1e-6
            np.testing.assert_allclose(whole(audio), expected.T, rtol=0, atol=tolerance)
        assert open_audio(path).name == str(path)
        assert open_audio(bytearray(path.read_bytes())).name == "bytes"

    @pytest.mark.parametrize("form", FORMATS, ids="-".join)
    def test_a_sample_is_the_same_by_any_way(self, form: tuple[str, str], tmp_path: Path) -> None:
        path = written(tmp_path, form)
        audio = open_audio(path)
        every = whole(audio)
        rng = np.random.default_rng(0)
        tolerance = 0.0 if form in EXACT_SEEKS else 1e-4
        for start in [0, audio.n_samples - 1, *rng.integers(0, audio.n_samples, 40)]:
            block = audio.read(int(start), int(start) + 500)
            expected = every[:, start : start + 500]
            assert block.shape == expected.shape
            np.testing.assert_allclose(block, expected, rtol=0, atol=tolerance)
        start = 1000
        for stop in (1100, 1500, 9000):
            block = audio.read(start, stop)
            np.testing.assert_allclose(block, every[:, start:stop], rtol=0, atol=tolerance)
            start = stop

    @pytest.mark.parametrize(
        ("start", "stop", "n"), [(-5, 5, 5), (95, 200, 5), (200, 300, 0), (7, 3, 0), (-9, -1, 0)]
    )
    def test_ranges_are_clipped(self, start: int, stop: int, n: int, tmp_path: Path) -> None:
        path = written(tmp_path, ("WAV", "PCM_16"), 100)
        assert open_audio(path).read(start, stop).shape == (2, n)
        assert open_audio(np.zeros((2, 100)), sr=SR).read(start, stop).shape == (2, n)

    def test_many_threads(self, tmp_path: Path) -> None:
        audio = open_audio(written(tmp_path, ("FLAC", "PCM_16")))
        every = whole(audio)
        wrong: list[int] = []

        def read(seed: int) -> None:
            for start in np.random.default_rng(seed).integers(0, audio.n_samples, 50):
                block = audio.read(int(start), int(start) + 300)
                if not np.array_equal(block, every[:, start : start + 300]):
                    wrong.append(int(start))

        threads = [threading.Thread(target=read, args=(seed,)) for seed in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong

    @pytest.mark.parametrize("sr", [4000, 11025, 16000, 7999.5])
    def test_another_rate_is_librosas(self, sr: float, tmp_path: Path) -> None:
        path = written(tmp_path, ("WAV", "PCM_16"), 5000)
        audio = open_audio(path, sr=sr)
        expected, _ = librosa.load(path, sr=sr, mono=False)
        assert (audio.sr, audio.name) == (sr, str(path))
        np.testing.assert_allclose(whole(audio), expected, rtol=0, atol=1e-6)

    def test_a_relative_path_outlives_a_change_of_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = written(tmp_path, ("WAV", "PCM_16"))
        monkeypatch.chdir(path.parent)
        audio = open_audio(path.name)
        monkeypatch.chdir("/")
        assert isinstance(audio, files.FileSource)
        with audio._handle():
            assert audio.read(0, 5).shape == (2, 5)
        assert audio.name == path.name

    def test_its_own_rate_is_not_resampled(self, tmp_path: Path) -> None:
        audio = open_audio(written(tmp_path, ("WAV", "PCM_16")), sr=float(SR))
        assert isinstance(audio, files.FileSource)

    def test_peak_of_floats(self, tmp_path: Path) -> None:
        path = tmp_path / "loud.wav"
        soundfile.write(path, 10 * music(50_000)[0], SR, subtype="FLOAT")
        peak = open_audio(path).peak
        assert peak is not None
        assert 3 < peak <= 5
        assert open_audio(written(tmp_path, ("WAV", "PCM_16"))).peak == 1.0


class TestBadFiles:
    @pytest.mark.parametrize(
        ("name", "content", "message"),
        [
            ("empty.wav", b"", r"empty\.wav: is empty \(0 bytes\)"),
            ("pointer.wav", b"version https://git-lfs.github.com/spec/v1\noid", "git lfs pull"),
            ("page.mp3", b"\n<!DOCTYPE html><html>", "is a web page"),
            ("notes.wav", b"These are notes, not sounds.", "It looks like text"),
            ("noise.wav", bytes(range(256)) * 4, "cannot be decoded"),
            ("cut.wav", b"RIFF\x24\x00\x00\x00WAVE", "cannot be decoded"),
            ("a.raw", b"\x00\x01" * 99, "cannot be decoded"),
        ],
    )
    def test_say_why(self, name: str, content: bytes, message: str, tmp_path: Path) -> None:
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(AudioFileError, match=message) as caught:
            open_audio(path)
        assert str(path) in str(caught.value)
        if not name.endswith(".raw"):
            with pytest.raises(AudioFileError, match=message.replace(r"empty\.wav", "bytes")):
                open_audio(content)

    def test_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(AudioFileError, match=r"gone\.wav: no such file"):
            open_audio(tmp_path / "gone.wav")
        with pytest.raises(AudioFileError, match=f"no such file in {Path.cwd()}"):
            open_audio("gone.wav")
        with pytest.raises(OSError):
            open_audio("gone.wav")
        with pytest.raises(AudioFileError, match="is a folder"):
            open_audio(tmp_path)
        with pytest.raises(AudioFileError, match="is a URL; download it"):
            open_audio("https://example.org/a.wav")
        for path in ("a\0b.wav", "x" * 5000, ""):
            with pytest.raises(AudioFileError):
                open_audio(path)

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
    def test_a_pipe_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(AudioFileError, match="no regular file"):
            open_audio(tmp_path / "pipe")

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
    def test_not_allowed(self, tmp_path: Path) -> None:
        path = written(tmp_path, ("WAV", "PCM_16"))
        path.chmod(0)
        with pytest.raises(AudioFileError, match="Permission denied"):
            open_audio(path)

    def test_no_samples(self, tmp_path: Path) -> None:
        path = written(tmp_path, ("WAV", "PCM_16"), 0)
        with pytest.raises(AudioFileError, match="it holds no samples"):
            open_audio(path)

    def test_a_header_that_was_never_finished(self, tmp_path: Path) -> None:
        path = written(tmp_path, ("WAV", "PCM_16"), 5000)
        content = bytearray(path.read_bytes())
        content[40:44] = bytes(4)
        path.write_bytes(content)
        with pytest.raises(AudioFileError, match="0 samples, but the file has 20044 bytes"):
            open_audio(path)

    def test_a_file_cut_short_has_what_is_left(self, tmp_path: Path) -> None:
        for form in (("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS")):
            path = written(tmp_path, form, 200_000)
            every = soundfile.read(path, dtype="float32")[0].T
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
            audio = open_audio(path)
            assert 10_000 < audio.n_samples < 190_000
            left = whole(audio)
            np.testing.assert_allclose(left[:, :9000], every[:, :9000], atol=1e-3)
            assert audio.read(audio.n_samples - 1, audio.n_samples).shape == (2, 1)

    def test_cut_short_while_it_is_open(self, tmp_path: Path) -> None:
        path = written(tmp_path, ("WAV", "PCM_16"))
        audio = open_audio(path)
        with open(path, "r+b") as stream:
            stream.truncate(1000)
        with pytest.raises(AudioFileError, match=r"samples 30000 to 30500 \(at 3\.750 s\)"):
            audio.read(30_000, 30_500)
        assert audio.read(0, 100).shape == (2, 100)

    def test_gone_while_it_is_open(self, tmp_path: Path) -> None:
        path = written(tmp_path, ("WAV", "PCM_16"))
        audio = open_audio(path)
        expected = audio.read(0, 100)
        path.unlink()
        for _ in range(3):
            try:
                np.testing.assert_array_equal(audio.read(0, 100), expected)
            except AudioFileError as error:
                assert str(path) in str(error)

    def test_a_decoder_that_fails(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        audio = open_audio(written(tmp_path, ("WAV", "PCM_16")))
        good = audio.read(0, 10)
        with monkeypatch.context() as patch:

            def fail(*args: Any, **options: Any) -> None:
                raise soundfile.LibsndfileError(2, "Error: ")

            patch.setattr(soundfile.SoundFile, "read", fail)
            for _ in range(5):
                with pytest.raises(AudioFileError, match=r"recording\.wav: samples 0 to 10 "):
                    audio.read(0, 10)
        np.testing.assert_array_equal(audio.read(0, 10), good)

    @pytest.mark.filterwarnings("error")
    def test_real_odd_files_open_or_say_why(self, real_data: Path) -> None:
        paths = [p for p in sorted(real_data.glob("odd_*/*")) if p.suffix not in (".txt", ".md")]
        assert len(paths) > 100
        opened = 0
        for path in paths:
            try:
                audio = open_audio(path)
                block = whole(audio)
            except AudioFileError as error:
                assert str(path) in str(error)
                continue
            opened += 1
            assert block.shape == (audio.n_channels, audio.n_samples)
            assert block.dtype == np.float32
        assert opened > 100

    @given(st.binary(max_size=300), st.sampled_from([b"", b"RIFF", b"fLaC", b"OggS", b"ID3"]))
    def test_any_bytes(self, content: bytes, magic: bytes) -> None:
        try:
            audio = open_audio(magic + content)
            audio.read(0, min(audio.n_samples, 1000))
        except SpecWidgetError:
            pass

    @given(st.data())
    def test_any_damage(self, data: st.DataObject) -> None:
        stream = io.BytesIO()
        form = data.draw(
            st.sampled_from([("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS")])
        )
        soundfile.write(stream, music(3000).T, SR, format=form[0], subtype=form[1])
        content = bytearray(stream.getvalue())
        for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=5)):
            content[place] = data.draw(st.integers(0, 255))
        del content[data.draw(st.integers(0, len(content))) :]
        try:
            audio = open_audio(bytes(content))
            for start in range(0, min(audio.n_samples, 5000), 700):
                audio.read(start, start + 900)
        except SpecWidgetError:
            pass


class TestSources:
    def test_are_taken_as_they_are(self) -> None:
        audio = open_audio(np.zeros(5), sr=SR)
        assert open_audio(audio) is audio
        assert open_audio(audio, sr=SR) is audio
        with pytest.raises(ParameterError, match="sr=9 differs from the source's own rate, 8000"):
            open_audio(audio, sr=9)

    def test_that_lack_something(self) -> None:
        class Half:
            sr, n_samples, n_channels = SR, 5, 1

            def read(self, start: int, stop: int) -> None: ...

        with pytest.raises(ParameterTypeError, match="lacks name or peak"):
            open_audio(Half())


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


@pytest.mark.parametrize("module", [arrays, files, inspection, open_module, source])
def test_examples_run(module: Any) -> None:
    assert doctest.testmod(module, extraglobs={"np": np}).failed == 0
