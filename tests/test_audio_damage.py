"""Files that lie about their length, are damaged, or change while they are open.

What can be read is read, and what cannot is told in words and marked where it is.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sounds import assert_same_anywhere, compare, music, voice, whole

from specwidget.audio import handles, open_audio
from specwidget.audio.blobs import BytesBlob, PatchedBlob
from specwidget.audio.flac import mended_flac
from specwidget.audio.narrowing import PIECE, unreadable
from specwidget.audio.ogg import lost_stretches
from specwidget.errors import AudioFileError

SR = 44100


def encoded(samples: NDArray[np.float32], format_: str, subtype: str, **options: Any) -> bytearray:
    """Return the bytes of a file."""
    stream = io.BytesIO()
    soundfile.write(stream, samples.T, SR, format=format_, subtype=subtype, **options)
    return bytearray(stream.getvalue())


def decoded(content: bytes | bytearray) -> NDArray[np.float32]:
    samples: NDArray[np.float32] = soundfile.read(
        io.BytesIO(bytes(content)), dtype="float32", always_2d=True
    )[0].T
    return samples


def opened(content: bytes | bytearray) -> Any:
    return open_audio(bytes(content))


def with_total(content: bytearray, total: int, start: int = 0) -> bytearray:
    """Return a FLAC file whose header says another number of samples."""
    other = bytearray(content)
    packed = int.from_bytes(other[start + 18 : start + 26], "big") >> 36 << 36 | total
    other[start + 18 : start + 26] = packed.to_bytes(8, "big")
    return other


class TestFlac:
    SAMPLES = voice(100_001, 2)

    @pytest.fixture
    def content(self) -> bytearray:
        return encoded(self.SAMPLES, "FLAC", "PCM_16")

    @pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
    @pytest.mark.parametrize("n", [1, 4095, 4096, 4097, 100_001])
    def test_length_is_that_of_its_frames(self, subtype: str, n: int) -> None:
        content = encoded(self.SAMPLES[:, :n], "FLAC", subtype)
        mended = mended_flac(BytesBlob(bytes(with_total(content, 0))))
        assert mended is not None
        assert (mended.declared, mended.real) == (0, n)

    @pytest.mark.parametrize("before", [b"", b"ID3\x04\0\0\0\0\x01\x02" + bytes(130)])
    @pytest.mark.parametrize("after", [b"", b"TAG" + bytes(125)])
    @pytest.mark.parametrize("total", [0, 39_842, 1, 100_000, 100_002, 10**9])
    def test_header_that_lies(
        self, content: bytearray, total: int, before: bytes, after: bytes
    ) -> None:
        audio = opened(before + with_total(content, total) + after)
        np.testing.assert_array_equal(whole(audio), decoded(content))
        if total == 0:
            assert audio.warning is None  # FLAC may leave it out
        else:
            assert f"says {total / SR:.3f} s" in audio.warning
        missing = ((100_001, total, "missing: the file was cut short"),)
        assert audio.damage == (missing if total > 100_001 else ())

    def test_true_header_is_left_alone(self, content: bytearray) -> None:
        audio = opened(content)
        assert (audio.warning, audio.damage) == (None, ())
        np.testing.assert_array_equal(whole(audio), decoded(content))

    @pytest.mark.parametrize("total", [0, 100_001])
    @pytest.mark.parametrize("kept", [0.2, 0.5, 0.99])
    def test_cut_short(self, content: bytearray, kept: float, total: int) -> None:
        audio = opened(with_total(content, total)[: int(kept * len(content))])
        assert 0.8 * kept < audio.n_samples / 100_001 < 1.2 * kept
        assert audio.n_samples % 4096 == 0  # whole frames
        np.testing.assert_array_equal(whole(audio), decoded(content)[:, : audio.n_samples])
        if total:
            assert "it was cut short" in audio.warning
            assert audio.damage == ((audio.n_samples, 100_001, "missing: the file was cut short"),)

    @pytest.mark.parametrize("kind", ["noise", "zeros", "gone"])
    def test_damage_in_the_middle(self, content: bytearray, kind: str) -> None:
        damaged, at = bytearray(content), len(content) // 2
        if kind == "gone":
            del damaged[at : at + 2000]
        else:
            noise = np.random.default_rng(0).integers(0, 256, 2000, np.uint8).tobytes()
            damaged[at : at + 2000] = noise if kind == "noise" else bytes(2000)
        audio = opened(damaged)
        every = decoded(content)
        block = whole(audio)
        bad = np.isnan(block).any(axis=0)
        assert 0 < bad.sum() < 4 * 4096
        np.testing.assert_array_equal(block[:, ~bad], every[:, ~bad])
        assert "is damaged, at 1." in audio.warning
        (mark,) = audio.damage
        assert (mark.start, mark.stop) == (np.flatnonzero(bad)[0], np.flatnonzero(bad)[-1] + 1)
        # The same again, and on both sides; nothing but damage is an error.
        np.testing.assert_array_equal(whole(audio), block)
        compare(audio, every, [(0, mark.start), (mark.stop, 100_001), (mark.stop, mark.stop + 9)])
        middle = (mark.start + mark.stop) // 2
        with pytest.raises(AudioFileError, match=r"samples \d+ to \d+ \(at 1\.\d+ s\) cannot be"):
            audio.read(middle, middle + 10)

    @given(st.integers(0, 5000), st.integers(1, 9000), st.sets(st.integers(0, 15_000), max_size=3))
    def test_narrowing(self, start: int, n: int, bad: set[int]) -> None:
        stop = start + n

        def can_read(first: int, last: int) -> bool:
            asked.append(last - first)
            return not any(first <= place < last for place in bad)

        asked: list[int] = []
        found = list(unreadable(start, stop, can_read))
        marked = {place for first, last in found for place in range(first, last)}
        inside = {place for place in bad if start <= place < stop}
        if inside:
            cells = {place // PIECE for place in inside}
            assert marked == {p for p in range(start, stop) if p // PIECE in cells}
        assert len(asked) <= 2 * (1 + n // PIECE) + 4


class TestMp3:
    SAMPLES = music(120_000, 2) + voice(120_000, 2) * np.linspace(0, 1, 120_000, dtype="f")

    @pytest.fixture(params=["CONSTANT", "VARIABLE"])
    def tagged(self, request: pytest.FixtureRequest) -> bytearray:
        return encoded(self.SAMPLES, "MP3", "MPEG_LAYER_III", bitrate_mode=request.param)

    def untagged(self, content: bytearray) -> bytearray:
        """Return a file without its first frame, which tells how many there are."""
        at = content.index(b"\xff\xfb", 4)
        assert b"Xing" in content[:at] or b"Info" in content[:at]
        return content[at:]

    @pytest.mark.parametrize("before", [b"", b"ID3\x04\0\0\0\0\x01\x02" + bytes(130)])
    def test_without_a_count(self, tagged: bytearray, before: bytes) -> None:
        audio = opened(before + self.untagged(tagged))
        expected = decoded(tagged)
        # What the count made decoders leave out at both ends is there.
        assert 0 <= audio.n_samples - expected.shape[1] < 4 * 1152
        assert (audio.warning, audio.damage) == (None, ())
        every = whole(audio)
        assert_same_anywhere(audio, every, tolerance=1e-5)
        lead = 1105
        np.testing.assert_allclose(
            every[:, lead : lead + 100_000], expected[:, :100_000], rtol=0, atol=1e-5
        )

    def test_starts_as_libsndfile_starts_it(self) -> None:
        content = self.untagged(
            encoded(self.SAMPLES, "MP3", "MPEG_LAYER_III", bitrate_mode="CONSTANT")
        )
        expected = decoded(content)[:, :50_000]
        np.testing.assert_allclose(opened(content).read(0, 50_000), expected, rtol=0, atol=1e-5)

    def test_two_files_in_one(self, tagged: bytearray) -> None:
        long = encoded(np.tile(self.SAMPLES, 10), "MP3", "MPEG_LAYER_III")
        audio = opened(tagged + self.untagged(long))
        assert audio.n_samples > 1_300_000
        assert "its header says 2.7" in audio.warning
        assert "there are 30.0" in audio.warning
        assert audio.read(audio.n_samples - 10, audio.n_samples).shape == (2, 10)

    def test_cut_short(self, tagged: bytearray) -> None:
        audio = opened(tagged[: len(tagged) // 2])
        assert 30_000 < audio.n_samples < 90_000
        assert "it was cut short" in audio.warning
        (mark,) = audio.damage
        assert mark.start == audio.n_samples
        assert 115_000 < mark.stop < 125_000
        expected = decoded(tagged)[:, : audio.n_samples]
        np.testing.assert_allclose(whole(audio)[:, :-1152], expected[:, :-1152], rtol=0, atol=1e-5)


class TestOgg:
    SAMPLES = voice(400_000, 1)

    @pytest.fixture(params=["VORBIS", "OPUS"])
    def content(self, request: pytest.FixtureRequest) -> bytearray:
        stream = io.BytesIO()
        soundfile.write(stream, self.SAMPLES.T, 48000, format="OGG", subtype=request.param)
        return bytearray(stream.getvalue())

    def pages(self, content: bytearray) -> list[int]:
        found, at = [], content.find(b"OggS")
        while at >= 0:
            found.append(at)
            at = content.find(b"OggS", at + 4)
        return found

    @pytest.mark.parametrize("kind", ["zeros", "gone", "head"])
    def test_a_lost_page(self, content: bytearray, kind: str) -> None:
        """What follows a page that is lost stays where it is."""
        every = decoded(content)
        damaged, pages = bytearray(content), self.pages(content)
        lost = len(pages) // 2
        if kind == "gone":
            del damaged[pages[lost] : pages[lost + 1]]
        elif kind == "zeros":
            damaged[pages[lost] + 300 : pages[lost] + 400] = bytes(100)
        else:
            damaged[pages[lost]] = 0
        assert len(lost_stretches(BytesBlob(bytes(damaged)))) == 1
        assert lost_stretches(BytesBlob(bytes(content))) == ()
        audio = opened(damaged)
        block = whole(audio)
        bad = np.isnan(block[0])
        assert 0 < bad.sum() < 300_000
        np.testing.assert_allclose(
            block[:, ~bad], every[:, : block.shape[1]][:, ~bad], rtol=0, atol=2e-2
        )
        assert "is damaged, at" in audio.warning
        assert audio.damage
        for start in range(0, audio.n_samples - 1000, 9001):
            try:
                part = audio.read(start, start + 1000)
            except AudioFileError:
                assert bad[start : start + 1000].all()
                continue
            np.testing.assert_array_equal(np.isnan(part[0]), bad[start : start + 1000])

    def test_cut_short(self, content: bytearray) -> None:
        audio = opened(content[: len(content) // 2])
        assert 150_000 < audio.n_samples < 250_000
        expected = decoded(content)[:, : audio.n_samples]
        np.testing.assert_allclose(whole(audio)[:, :-4000], expected[:, :-4000], rtol=0, atol=1e-4)


class TestWhileOpen:
    """Somebody does something to the file."""

    @pytest.fixture(params=["wav", "flac", "ogg"])
    def path(self, request: pytest.FixtureRequest, tmp_path: Path) -> Path:
        path = tmp_path / f"a.{request.param}"
        soundfile.write(path, voice(300_000)[0], SR)
        return path

    def test_it_shrinks(self, path: Path) -> None:
        audio: Any = open_audio(path)
        every = whole(audio)
        assert audio.warning is None
        os.truncate(path, path.stat().st_size // 2)
        with pytest.raises(AudioFileError, match=r"290000 to 290500 \(at 6\.576 s\).*was cut"):
            audio.read(290_000, 290_500)
        assert "was cut short while it was open" in audio.warning
        np.testing.assert_allclose(audio.read(0, 5000), every[:, :5000], rtol=0, atol=1e-5)
        block = whole(audio)
        assert block.shape == every.shape
        bad = np.isnan(block[0])
        assert 100_000 < bad.sum() < 200_000
        np.testing.assert_allclose(block[:, ~bad], every[:, ~bad], rtol=0, atol=1e-5)
        assert audio.damage[-1].stop == 300_000

    def test_it_grows(self, path: Path) -> None:
        audio: Any = open_audio(path)
        every = whole(audio)
        with open(path, "ab") as stream:
            stream.write(bytes(99_999))
        np.testing.assert_array_equal(whole(audio), every)
        assert (audio.n_samples, audio.warning, audio.damage) == (300_000, None, ())

    @pytest.mark.parametrize("how", ["deleted", "replaced"])
    def test_it_goes_away(self, path: Path, how: str) -> None:
        audio: Any = open_audio(path)
        every = whole(audio)
        if how == "deleted":
            path.unlink()
        else:
            other = path.with_name("other.wav")
            soundfile.write(other, music(300_000)[0], SR)
            os.replace(other, path)
        assert_same_anywhere(audio, every, tolerance=1e-4, n=5)
        assert ("moved or deleted" if how == "deleted" else "replaced by another") in audio.warning

    def test_it_is_replaced_and_more_handles_are_opened(self, path: Path) -> None:
        audio: Any = open_audio(path)
        every = whole(audio)
        soundfile.write(path.with_name("other.flac"), music(300_000)[0], SR)
        os.replace(path.with_name("other.flac"), path)
        if hasattr(audio, "_handles"):
            with audio._handles.use(0), audio._handles.use(0):
                np.testing.assert_allclose(
                    audio.read(70_000, 70_500), every[:, 70_000:70_500], rtol=0, atol=1e-4
                )
        assert handles.MOST_HANDLES > 2

    def test_it_is_written_to(self, path: Path) -> None:
        audio: Any = open_audio(path)
        with open(path, "r+b") as stream:
            stream.seek(path.stat().st_size // 2)
            stream.write(b"a")
        os.utime(path, ns=(1, 1))
        audio.read(0, 10)
        assert "was written to while it was open" in audio.warning

    def test_fingerprint_changes_with_it(self, path: Path, tmp_path: Path) -> None:
        first = open_audio(path).fingerprint()  # type: ignore[attr-defined]
        assert isinstance(first, str)
        assert open_audio(path).fingerprint() == first  # type: ignore[attr-defined]
        moved = path.rename(tmp_path / "moved")
        assert open_audio(moved).fingerprint() == first  # type: ignore[attr-defined]
        audio: Any = open_audio(moved)
        os.utime(moved, ns=(1, 1))
        changed = audio.fingerprint()
        assert changed != first
        content = bytearray(moved.read_bytes())
        content[-1] ^= 1
        moved.write_bytes(content)
        os.utime(moved, ns=(1, 1))
        assert open_audio(moved).fingerprint() not in (first, changed)  # type: ignore[attr-defined]
        by_bytes = opened(content).fingerprint()
        assert by_bytes == opened(content).fingerprint()
        content[len(content) // 3] ^= 1
        assert opened(content).fingerprint() != by_bytes


class TestPatchedBytes:
    @given(
        st.binary(min_size=1, max_size=40),
        st.binary(max_size=10),
        st.integers(0, 40),
        st.none() | st.integers(0, 40),
        st.integers(0, 60),
        st.integers(0, 60),
    )
    def test_are_spliced(
        self, content: bytes, patch: bytes, at: int, after: int | None, offset: int, n: int
    ) -> None:
        at = min(at, len(content) - 1)
        after = min(len(content), at + len(patch) if after is None else after)
        blob = PatchedBlob(BytesBlob(content), patch, at, after)
        expected = content[:at] + patch + content[after:]
        assert blob.size == len(expected)
        assert blob.read(offset, n) == expected[offset : offset + n]
        stream = blob.stream()
        assert stream.read() == expected
        stream.seek(-1, io.SEEK_END)
        assert stream.read(5) == expected[-1:]
