"""Plain WAV files, read as they lie: every width, every header, however much it lies."""

from __future__ import annotations

import io
import struct
import threading
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import soundfile
from hypothesis import given
from numpy.typing import NDArray
from sounds import SR, assert_same_anywhere, compare, voice, whole

from specwidget.audio import open_audio
from specwidget.audio.wav import WavSource
from specwidget.errors import AudioFileError

PCM = b"\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"


def chunk(name: bytes, content: bytes, size: int | None = None, *, padded: bool = True) -> bytes:
    """Return a RIFF chunk, whose header may say another size."""
    said = len(content) if size is None else size
    return name + struct.pack("<I", said) + content + b"\0" * (padded and len(content) % 2)


def header(
    n_channels: int = 1, bits: int = 16, tag: int = 1, sr: int = SR, *, extensible: bool = False
) -> bytes:
    """Return a format chunk."""
    width = (bits + 7) // 8 * n_channels
    plain = struct.pack("<HHIIHH", tag, n_channels, sr, sr * width, width, bits)
    if not extensible:
        return chunk(b"fmt ", plain)
    more = struct.pack("<HHI", 22, bits, 0) + struct.pack("<H", tag) + PCM
    return chunk(b"fmt ", struct.pack("<H", 0xFFFE) + plain[2:] + more)


def wav(*chunks: bytes, riff: bytes = b"RIFF", size: int = 0) -> bytes:
    return riff + struct.pack("<I", size) + b"WAVE" + b"".join(chunks)


def ints(n: int, seed: int = 0) -> NDArray[np.int16]:
    return np.random.default_rng(seed).integers(-32768, 32768, n, dtype=np.int16)


DATA = ints(1000)
Y = DATA.astype(np.float32)[None] / 32768


class TestWidths:
    @pytest.mark.parametrize("n_channels", [1, 2, 5])
    @pytest.mark.parametrize("extensible", [False, True])
    @pytest.mark.parametrize(
        ("tag", "bits"),
        [(1, 8), (1, 5), (1, 12), (1, 16), (1, 20), (1, 24), (1, 32), (3, 32), (3, 64)],
    )
    def test_are_libsndfiles(self, tag: int, bits: int, extensible: bool, n_channels: int) -> None:
        width = (bits + 7) // 8
        rng = np.random.default_rng(bits)
        if tag == 3:
            values = rng.standard_normal(300 * n_channels).astype(f"<f{width}").tobytes()
        else:
            values = rng.integers(0, 256, 300 * n_channels * width, np.uint8).tobytes()
        content = wav(header(n_channels, bits, tag, extensible=extensible), chunk(b"data", values))
        expected, _ = soundfile.read(io.BytesIO(content), dtype="float32", always_2d=True)
        audio = open_audio(content)
        assert isinstance(audio, WavSource)
        np.testing.assert_array_equal(whole(audio), expected.T)
        assert_same_anywhere(audio, expected.T, n=5)

    @pytest.mark.parametrize("bits", [36, 40, 48, 53, 64])
    def test_that_libsndfile_has_not(self, bits: int) -> None:
        width = (bits + 7) // 8
        values = np.random.default_rng(0).integers(-(2**30), 2**30, 100)
        raw = (values << (8 * (width - 4))).astype("<i8").view(np.uint8).reshape(-1, 8)[:, :width]
        audio = open_audio(wav(header(1, bits), chunk(b"data", raw.tobytes())))
        np.testing.assert_array_equal(whole(audio)[0], values.astype(np.float32) / 2**31)

    def test_many_small_reads_at_once(self, tmp_path: Path) -> None:
        path = tmp_path / "a.wav"
        soundfile.write(path, voice(50_000, 2).T, SR, subtype="PCM_24")
        audio = open_audio(path)
        every = whole(audio)
        wrong: list[object] = []

        def read(seed: int) -> None:
            try:
                for start in np.random.default_rng(seed).integers(0, 49_000, 20).tolist():
                    compare(audio, every, [(start, start + 9)])
            except BaseException as error:
                wrong.append(error)

        threads = [threading.Thread(target=read, args=(seed,)) for seed in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong

    @pytest.mark.parametrize(("name", "subtype"), [("a.wav", "DOUBLE"), ("a.au", "FLOAT")])
    def test_not_finite_is_told_when_it_is_read(
        self, name: str, subtype: str, tmp_path: Path
    ) -> None:
        samples = voice(200_000)[0].astype(np.float64)
        samples[150_000:150_003] = [np.nan, np.inf, -np.inf]
        soundfile.write(tmp_path / name, samples, SR, subtype=subtype)
        audio: Any = open_audio(tmp_path / name)
        assert audio.warning is None
        block = audio.read(100_000, 180_000)
        np.testing.assert_array_equal(block[0], samples[100_000:180_000].astype(np.float32))
        assert "NaN or infinite samples, at 18.750 s for one" in audio.warning
        assert audio.damage == ((150_000, 150_003, "NaN or infinite samples"),)


class TestHeaders:
    @given(
        before=st.lists(st.tuples(st.binary(max_size=9), st.booleans()), max_size=3),
        after=st.lists(st.binary(max_size=9), max_size=2),
        extensible=st.booleans(),
        rf64=st.booleans(),
        data_first=st.booleans(),
        size=st.integers(0, 2**32 - 1),
    )
    def test_any_order_of_chunks(
        self,
        before: list[tuple[bytes, bool]],
        after: list[bytes],
        extensible: bool,
        rf64: bool,
        data_first: bool,
        size: int,
    ) -> None:
        values = DATA[:77].tobytes()
        parts = [chunk(b"junk", content, padded=padded) for content, padded in before]
        data = chunk(b"data", values, 0xFFFFFFFF if rf64 else None)
        ds64 = chunk(b"ds64", struct.pack("<QQQI", 0, len(values), 77, 0))
        both = [header(extensible=extensible), data]
        if rf64:
            parts.insert(0, ds64)
        if data_first:
            both.reverse()
        tail = [chunk(b"LIST", content) for content in after]
        content = wav(*parts, *both, *tail, riff=b"RF64" if rf64 else b"RIFF", size=size)
        audio: Any = open_audio(content)
        assert isinstance(audio, WavSource)
        np.testing.assert_array_equal(whole(audio), Y[:, :77])
        assert (audio.warning, audio.damage) == (None, ())

    @pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFFFFF])
    def test_that_was_never_finished(self, size: int) -> None:
        audio: Any = open_audio(wav(header(), chunk(b"data", DATA.tobytes(), size)))
        np.testing.assert_array_equal(whole(audio), Y)
        assert "does not say how long it is" in audio.warning
        assert "all 1000 samples (0.125 s)" in audio.warning
        assert audio.damage == ()

    def test_of_no_samples(self) -> None:
        for content in (
            wav(header(), chunk(b"data", b"")),
            wav(header(), chunk(b"data", b""), chunk(b"LIST", b"some text")),
        ):
            with pytest.raises(AudioFileError, match="it holds no samples"):
                open_audio(content)
        with pytest.raises(
            AudioFileError, match=r"says 1000 samples \(0.125 s\), and there are no"
        ):
            open_audio(wav(header(), chunk(b"data", b"", 2000)))

    @pytest.mark.parametrize("kept", [1, 999, 500])
    @pytest.mark.parametrize("rf64", [False, True])
    def test_of_a_file_cut_short(self, kept: int, rf64: bool) -> None:
        ds64 = chunk(b"ds64", struct.pack("<QQQI", 0, 2000, 1000, 0)) if rf64 else b""
        content = wav(
            ds64,
            header(),
            chunk(b"data", DATA.tobytes(), 0xFFFFFFFF if rf64 else 2000),
            riff=b"RF64" if rf64 else b"RIFF",
        )
        # An odd byte more is no sample.
        audio: Any = open_audio(content[: len(content) - 2000 + 2 * kept + 1])
        np.testing.assert_array_equal(whole(audio), Y[:, :kept])
        assert f"says 1000 samples (0.125 s), and it ends after {kept} samples" in audio.warning
        assert audio.damage == ((kept, 1000, "missing: the file was cut short"),)

    def test_that_says_less_than_there_is(self) -> None:
        content = wav(header(), chunk(b"data", DATA[:400].tobytes()), DATA[400:].tobytes())
        audio: Any = open_audio(content)
        np.testing.assert_array_equal(whole(audio), Y[:, :400])
        assert "1200 bytes that follow, enough for 0.075 s, are not shown" in audio.warning

    @pytest.mark.parametrize("tag", [0, 0x55])
    def test_that_names_another_coding(self, tag: int) -> None:
        audio: Any = open_audio(wav(header(tag=tag), chunk(b"data", DATA.tobytes())))
        np.testing.assert_array_equal(whole(audio), Y)
        assert "numbers that only plain PCM has" in audio.warning

    def test_of_no_channels_or_no_rate(self) -> None:
        good = wav(header(2), chunk(b"data", DATA.tobytes()))
        no_channels = good[:22] + b"\0\0" + good[24:]
        audio: Any = open_audio(no_channels)
        np.testing.assert_array_equal(whole(audio), whole(open_audio(good)))
        assert "says 0 channels, and a size that makes 2" in audio.warning
        no_rate = good[:24] + bytes(4) + good[28:]
        audio = open_audio(no_rate)
        assert audio.sr == SR
        assert "says 0 samples per second, and a byte rate that makes 8000" in audio.warning
        with pytest.raises(AudioFileError, match="says 0 samples per second; mend it"):
            open_audio(good[:24] + bytes(8) + good[32:])

    def test_of_other_codings_is_libsndfiles(self, tmp_path: Path) -> None:
        for subtype in ("ULAW", "ALAW", "IMA_ADPCM", "MS_ADPCM", "GSM610"):
            soundfile.write(tmp_path / "a.wav", voice(5000)[0], SR, subtype=subtype)
            audio: Any = open_audio(tmp_path / "a.wav")
            assert not isinstance(audio, WavSource)
            assert audio.warning is None

    @given(st.data())
    def test_any_damage_is_opened_or_refused(self, data: st.DataObject) -> None:
        content = bytearray(wav(header(2, 24), chunk(b"LIST", b"abc"), chunk(b"data", bytes(600))))
        for place in data.draw(st.lists(st.integers(0, 70), max_size=6)):
            content[place] = data.draw(st.integers(0, 255))
        try:
            audio = open_audio(bytes(content))
        except AudioFileError:
            return
        assert whole(audio).shape == (audio.n_channels, audio.n_samples)


class TestOver4GiB:
    """Files with a hole in them: they take no room on the disk."""

    N = (5 << 30) // 2

    def made(self, path: Path, head: bytes, end: NDArray[np.int16]) -> Path:
        with open(path, "wb") as stream:
            stream.write(head)
            stream.seek(len(head) + 2 * self.N - end.nbytes)
            stream.write(end.tobytes())
        return path

    @pytest.mark.parametrize("kind", ["RF64", "BW64", "streamed", "wrapped"])
    def test_are_read_to_their_end(self, kind: str, tmp_path: Path) -> None:
        size = {"streamed": 0xFFFFFFFF, "wrapped": 2 * self.N % (1 << 32)}.get(kind, 0xFFFFFFFF)
        parts = [header(), chunk(b"data", b"", size)]
        if kind in ("RF64", "BW64"):
            parts.insert(0, chunk(b"ds64", struct.pack("<QQQI", 0, 2 * self.N, self.N, 0)))
        head = wav(*parts, riff=kind.encode() if kind in ("RF64", "BW64") else b"RIFF")
        audio: Any = open_audio(self.made(tmp_path / "a.wav", head, DATA))
        assert audio.n_samples == self.N
        np.testing.assert_array_equal(audio.read(self.N - 1000, self.N), Y)
        np.testing.assert_array_equal(audio.read(self.N - 1100, self.N - 900)[:, 100:], Y[:, :100])
        assert not audio.read(1 << 31, (1 << 31) + 99).any()
        assert audio.damage == ()
        if kind == "streamed":
            assert "does not say how long it is" in audio.warning
        elif kind == "wrapped":
            assert "cannot say more than 4 GiB; all 2684354560 samples" in audio.warning
        else:
            assert audio.warning is None

    def test_of_libsndfile(self, tmp_path: Path) -> None:
        path = tmp_path / "a.w64"
        soundfile.write(path, DATA, SR, format="W64", subtype="PCM_16")
        head = bytearray(path.read_bytes()[: -DATA.nbytes])
        at = head.rindex(struct.pack("<Q", DATA.nbytes + 24))
        head[at : at + 8] = struct.pack("<Q", 2 * self.N + 24)
        head[16:24] = struct.pack("<Q", len(head) + 2 * self.N)
        audio = open_audio(self.made(path, bytes(head), DATA))
        assert audio.n_samples == self.N
        np.testing.assert_array_equal(audio.read(self.N - 1000, self.N), Y)


class TestRealFiles:
    def test_that_lie(self, real_data: Path) -> None:
        folder = real_data / "odd_generated"
        expected = {
            "data_size_0_streamed.wav": (16000, "does not say how long it is", 0),
            "data_size_ffffffff.wav": (16000, "does not say how long it is", 0),
            "fmt_tag_mp3_but_pcm.wav": (16000, "only plain PCM has", 0),
            "odd_byte_cut.wav": (15999, "says 16000 samples", 1),
            "riff_size_huge.wav": (16000, None, 0),
            "truncated_half.wav": (7989, "ends after 7989 samples (0.499 s)", 8011),
            "wav_named.mp3": (16000, None, 0),
            "zero_channels.wav": (16000, "0 channels", 0),
            "zero_samplerate.wav": (16000, "0 samples per second", 0),
        }
        for name, (n_samples, warning, missing) in expected.items():
            audio: Any = open_audio(folder / name)
            assert (audio.sr, audio.n_channels, audio.n_samples) == (16000, 1, n_samples), name
            assert (warning in audio.warning) if warning else audio.warning is None, name
            assert sum(stop - start for start, stop, _ in audio.damage) == missing, name
        whole_file = whole(open_audio(folder / "riff_size_huge.wav"))
        half = whole(open_audio(folder / "truncated_half.wav"))
        np.testing.assert_array_equal(half, whole_file[:, :7989])

    def test_that_are_not_finite(self, real_data: Path) -> None:
        for name in ("float_nan.wav", "float_inf.wav"):
            audio: Any = open_audio(real_data / "odd_generated" / name)
            assert not np.isfinite(whole(audio)).all()
            assert "NaN or infinite" in audio.warning
            assert audio.damage

    def test_of_other_test_suites(self, real_data: Path) -> None:
        for path in sorted((real_data / "odd_scipy").glob("*.wav")):
            try:
                expected, sr = soundfile.read(path, dtype="float32", always_2d=True)
            except soundfile.LibsndfileError:
                continue
            audio = open_audio(path)
            assert audio.sr == sr
            np.testing.assert_array_equal(whole(audio), expected.T)
