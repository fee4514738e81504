"""Files through libsndfile, and the door for them: seeks, threads, rates, what cannot be opened."""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import librosa
import numpy as np
import pytest
import soundfile
from hypothesis import given
from sounds import (
    EXACT_SEEKS,
    FORMATS,
    SR,
    assert_same_anywhere,
    music,
    voice,
    whole,
    written,
)

from specwidget.audio import handles, open_audio
from specwidget.audio.sndfile import SoundFileSource
from specwidget.errors import AudioFileError, SpecWidgetError


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
        tolerance = 0.0 if form in EXACT_SEEKS else 1e-4
        every = whole(open_audio(path))
        assert_same_anywhere(open_audio(path), every, tolerance=tolerance)
        assert_same_anywhere(open_audio(path.read_bytes()), every, tolerance=tolerance, n=9)

    @pytest.mark.parametrize("format_", soundfile.available_formats())
    def test_all_that_libsndfile_writes(self, format_: str, tmp_path: Path) -> None:
        seen = 0
        for subtype in soundfile.available_subtypes(format_):
            for n_channels in (1, 3):
                path = tmp_path / f"{subtype}{n_channels}.{format_.lower()}"
                samples = voice(9001, n_channels).T
                try:
                    soundfile.write(path, samples, SR, format=format_, subtype=subtype)
                    expected, sr = soundfile.read(path, dtype="float32", always_2d=True)
                except (RuntimeError, ValueError, TypeError, AssertionError):
                    continue  # not for so many channels, or not to be read without being told
                seen += 1
                audio: Any = open_audio(path)
                assert (audio.sr, audio.warning, audio.damage) == (sr, None, ())
                every = whole(audio)
                tolerance = 1e-6 if subtype in ("MPEG_LAYER_III", "VORBIS", "OPUS") else 0.0
                np.testing.assert_allclose(every, expected.T, rtol=0, atol=tolerance)
                assert_same_anywhere(open_audio(path), every, tolerance=100 * tolerance, n=5)
        assert seen or format_ == "RAW"

    def test_real_files_of_every_kind(self, real_data: Path) -> None:
        paths = sorted((real_data / "odd_libsndfile_formats").glob("*_*.*"))
        paths = [path for path in paths if path.suffix != ".txt"]
        assert len(paths) > 90
        for path in paths:
            expected, sr = soundfile.read(path, dtype="float32", always_2d=True)
            audio: Any = open_audio(path)
            assert (audio.sr, audio.n_samples, audio.warning) == (sr, len(expected), None), path
            lossy = any(kind in path.name for kind in ("mpeg", "opus", "vorbis"))
            np.testing.assert_allclose(whole(audio), expected.T, rtol=0, atol=lossy * 1e-6)
            assert_same_anywhere(audio, whole(audio), tolerance=lossy * 1e-4, n=3)

    @pytest.mark.parametrize(
        ("subtype", "tolerance"), [("VORBIS", 1e-6), ("OPUS", 1e-3), ("MPEG_LAYER_III", 1e-6)]
    )
    @pytest.mark.parametrize("n_channels", [1, 2])
    def test_clicks_are_where_they_were(
        self, subtype: str, tolerance: float, n_channels: int, tmp_path: Path
    ) -> None:
        """Codecs take short blocks for them, and libvorbis miscounts those when it seeks on."""
        path = tmp_path / "a"
        form = "MP3" if subtype.startswith("MPEG") else "OGG"
        soundfile.write(path, voice(160_000, n_channels).T, 16000, format=form, subtype=subtype)
        every = soundfile.read(path, dtype="float32", always_2d=True)[0].T
        assert_same_anywhere(open_audio(path), every, tolerance=tolerance, n=80)

    def test_mp3_read_on(self, tmp_path: Path) -> None:
        """Soundfile seeks after every read: where one has ended, the next begins by a seek."""
        path = written(tmp_path, ("MP3", "MPEG_LAYER_III"))
        every = soundfile.read(path, dtype="float32")[0].T
        audio = open_audio(path)
        for start in range(0, 40_000, 777):
            expected = every[:, start : start + 777]
            np.testing.assert_allclose(audio.read(start, start + 777), expected, rtol=0, atol=1e-5)

    @pytest.mark.parametrize("end", [9, 777, 20_001, 44_101])
    def test_vorbis_to_its_last_sample(self, end: int, tmp_path: Path) -> None:
        """In the last page, libvorbis is off by what was cut from its end."""
        path = tmp_path / "a.ogg"
        samples = voice(30_000 + end)
        soundfile.write(path, samples[0], 16000, format="OGG", subtype="VORBIS")
        every = soundfile.read(path, dtype="float32")[0][None]
        audio = open_audio(path)
        for start in range(audio.n_samples - 9000, audio.n_samples, 501):
            block = audio.read(start, start + 400)
            np.testing.assert_allclose(block, every[:, start : start + 400], rtol=0, atol=1e-5)

    @pytest.mark.parametrize(
        ("start", "stop", "n"), [(-5, 5, 5), (95, 200, 5), (200, 300, 0), (7, 3, 0), (-9, -1, 0)]
    )
    def test_ranges_are_clipped(self, start: int, stop: int, n: int, tmp_path: Path) -> None:
        path = written(tmp_path, ("WAV", "PCM_16"), 100)
        assert open_audio(path).read(start, stop).shape == (2, n)
        assert open_audio(np.zeros((2, 100)), sr=SR).read(start, stop).shape == (2, n)

    @pytest.mark.parametrize("form", [("FLAC", "PCM_16"), ("WAV", "PCM_24")], ids="-".join)
    def test_many_threads(self, form: tuple[str, str], tmp_path: Path) -> None:
        audio = open_audio(written(tmp_path, form))
        every = whole(audio)
        wrong: list[object] = []

        def read(seed: int) -> None:
            try:
                for start in np.random.default_rng(seed).integers(0, audio.n_samples, 50):
                    block = audio.read(int(start), int(start) + 300)
                    if not np.array_equal(block, every[:, start : start + 300]):
                        wrong.append(start)
            except Exception as error:
                wrong.append(error)

        threads = [threading.Thread(target=read, args=(seed,)) for seed in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong

    def test_few_handles_for_many_readers(self) -> None:
        class Handle:
            def __init__(self) -> None:
                opened.append(self)
                self.position = -1

            def close(self) -> None:
                closed.append(self)

        opened: list[Handle] = []
        closed: list[Handle] = []
        kept = handles.Handles(Handle)
        inside = threading.Barrier(handles.MOST_HANDLES, timeout=10)

        def use() -> None:
            with kept.use(0):
                inside.wait()

        threads = [threading.Thread(target=use) for _ in range(3 * handles.MOST_HANDLES)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(opened) == handles.MOST_HANDLES
        with kept.use(0) as handle:
            handle.position = 500
        with kept.use(0) as other:
            assert other is not handle
        with kept.use(500) as again:
            assert again is handle
        with pytest.raises(KeyError), kept.use(500):
            raise KeyError
        assert closed == [handle]

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
        path = written(tmp_path, ("FLAC", "PCM_16"))
        monkeypatch.chdir(path.parent)
        audio = open_audio(path.name)
        monkeypatch.chdir("/")
        assert isinstance(audio, SoundFileSource)
        with audio._handles.use(0):
            assert audio.read(0, 5).shape == (2, 5)
        assert audio.name == path.name

    def test_its_own_rate_is_not_resampled(self, tmp_path: Path) -> None:
        audio = open_audio(written(tmp_path, ("WAV", "PCM_16")), sr=float(SR))
        assert type(audio).__name__ == "WavSource"

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
