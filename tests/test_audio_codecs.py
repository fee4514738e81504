"""What FFmpeg decodes: M4A, AAC, WMA, WebM, the sound of videos; and what is said without it."""

from __future__ import annotations

import sys
import threading
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from sounds import assert_same_anywhere, compare, voice, whole

from specwidget.audio import flac, open_audio
from specwidget.audio.codecs import CodecSource
from specwidget.audio.counts import Counts, _opus_samples
from specwidget.audio.stamps import Stamps
from specwidget.audio.tracks import as_float
from specwidget.errors import AudioFileError

av = pytest.importorskip("av", reason="M4A, WebM and the like are read through PyAV")

SR = 44100
SAMPLES = voice(7 * SR + 777, 2)


class Kind(NamedTuple):
    """A container, a codec, and what is to be expected of it."""

    name: str
    codec: str
    sr: int = SR
    options: dict[str, str] = {}  # noqa: RUF012
    format: str | None = None
    clock: type = Stamps
    """How its frames are placed."""
    exact: bool = False
    """Whether the number of samples is that of what was encoded."""
    noise: bool = False
    """Whether its decoder makes up noise, so that no two decodings are alike."""

    def __str__(self) -> str:
        return f"{self.codec}-{self.name}"


FRAGMENTS = {"movflags": "frag_keyframe+empty_moov", "frag_duration": "300000"}
KINDS = [
    Kind("a.m4a", "aac", exact=True, noise=True),
    Kind("plain.m4a", "aac", options={"aac_pns": "0"}, exact=True),
    Kind("a.mp4", "libopus", 48000, exact=True),
    Kind("a.mov", "pcm_s24le", exact=True),
    Kind("fragments.mp4", "aac", options=FRAGMENTS, noise=True),
    Kind("lossless.m4a", "alac", exact=True),
    Kind("a.aac", "aac", options={"aac_pns": "0"}, format="adts", clock=Counts),
    Kind("a.webm", "libopus", 48000, format="webm", exact=True),
    Kind("a.mka", "vorbis", options={"strict": "experimental"}, format="matroska", clock=Counts),
    Kind("aac.mkv", "aac", options={"aac_pns": "0"}),
    Kind("mp3.mkv", "libmp3lame"),
    Kind("flac.mkv", "flac", exact=True),
    Kind("pcm.mkv", "pcm_s16le", clock=Counts, exact=True),
    Kind("a.wma", "wmav2", format="asf"),
    Kind("first.wma", "wmav1", format="asf"),
    Kind("a.ac3", "ac3", format="ac3", clock=Counts, noise=True),
    Kind("a.ts", "aac", options={"aac_pns": "0"}, format="mpegts", clock=Counts),
    Kind("a.flv", "aac", options={"aac_pns": "0"}, format="flv", clock=Counts),
    Kind("a.avi", "libmp3lame", format="avi", clock=Counts),
    Kind("a.wv", "wavpack", format="wv", exact=True),
    Kind("a.tta", "tta", format="tta", exact=True),
]


def sound_track(container: Any, kind: Kind, n_channels: int) -> Any:
    """Add a track to a container."""
    stream = container.add_stream(kind.codec, rate=kind.sr, options=dict(kind.options))
    stream.layout = "mono" if n_channels == 1 else "stereo"
    stream.bit_rate = 128_000
    return stream


def fill(container: Any, stream: Any, samples: NDArray[np.float32]) -> None:
    """Encode samples as all of a track."""
    sr, layout = stream.rate, stream.layout.name
    wanted = stream.codec_context.format or stream.codec_context.codec.audio_formats[0]
    resampler = av.AudioResampler(format=wanted.name, layout=layout, rate=sr)
    n_frame = stream.codec_context.frame_size or 1024
    for start in range(0, samples.shape[1], n_frame):
        block = np.ascontiguousarray(samples[:, start : start + n_frame])
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = sr, start, Fraction(1, sr)
        for made in resampler.resample(frame):
            for packet in stream.encode(made):
                container.mux(packet)
    for packet in stream.encode(None):
        container.mux(packet)


def encoded(folder: Path, kind: Kind, samples: NDArray[np.float32] = SAMPLES) -> Path:
    path = folder / kind.name
    options = {k: v for k, v in kind.options.items() if k in FRAGMENTS}
    with av.open(str(path), "w", format=kind.format, options=options) as container:
        fill(container, sound_track(container, kind, len(samples)), samples)
    return path


def decoded(path: Path) -> NDArray[np.float32]:
    """Return what FFmpeg decodes from the beginning to the end."""
    with av.open(str(path)) as container:
        blocks = [as_float(frame) for frame in container.decode(audio=0)]
    return np.concatenate(blocks, axis=1)


def opened(path: Path) -> Any:
    audio = open_audio(path)
    assert isinstance(audio, CodecSource)
    return audio


def clock_of(audio: Any) -> object:
    with audio._handles.use(0) as handle:
        return handle._clock


@pytest.mark.parametrize("kind", KINDS, ids=str)
class TestKinds:
    @pytest.fixture
    def path(self, kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> Path:
        if kind.name not in self.made:
            self.made[kind.name] = encoded(tmp_path_factory.mktemp("kinds"), kind)
        return self.made[kind.name]

    made: ClassVar[dict[str, Path]] = {}

    def test_a_sample_is_the_same_by_any_way(self, kind: Kind, path: Path) -> None:
        audio = opened(path)
        assert (audio.sr, audio.n_channels, audio.warning) == (kind.sr, 2, None)
        assert isinstance(clock_of(audio), kind.clock)
        every = whole(audio)
        assert np.isfinite(every).all()
        assert_same_anywhere(audio, every, n=12)
        assert_same_anywhere(open_audio(path.read_bytes()), every, n=2)
        assert audio.damage == ()

    def test_seeks_equal_ffmpegs_full_decode(self, kind: Kind, path: Path) -> None:
        audio, expected = opened(path), decoded(path)
        assert 0 <= expected.shape[1] - audio.n_samples < 2048
        if kind.exact:
            assert audio.n_samples == SAMPLES.shape[1]
        every = whole(audio)
        expected = expected[:, : audio.n_samples]
        if kind.noise:
            # Noise differs, what it is added to does not.
            assert np.corrcoef(every.ravel(), expected.ravel())[0, 1] > 0.99
        else:
            np.testing.assert_allclose(every, expected, rtol=0, atol=1e-3)

    def test_short_recordings(self, kind: Kind, tmp_path: Path) -> None:
        path = encoded(tmp_path, kind, SAMPLES[:, :3000])
        audio, expected = opened(path), decoded(path)
        assert 0 <= expected.shape[1] - audio.n_samples < 2048
        if kind.exact:
            assert audio.n_samples == 3000
        assert_same_anywhere(audio, whole(audio), n=3)


class TestPlaces:
    def test_sound_is_where_it_was(self, tmp_path: Path) -> None:
        """What encoders put in front is cut off, also after a seek."""
        for kind in (KINDS[1], KINDS[2], KINDS[7]):
            audio = opened(encoded(tmp_path, kind))
            for start in (0, 3 * SR, 6 * SR):
                block = audio.read(start, start + 20_000)[0]
                lags = range(-40, 41)
                original = np.pad(SAMPLES[0], 50)
                fits = [np.dot(block, original[50 + start + lag :][:20_000]) for lag in lags]
                assert lags[int(np.argmax(fits))] == 0

    def test_many_threads(self, tmp_path: Path) -> None:
        audio = opened(encoded(tmp_path, KINDS[0]))
        every = whole(audio)
        wrong: list[BaseException] = []

        def read(seed: int) -> None:
            places = np.random.default_rng(seed).integers(0, audio.n_samples, 12).tolist()
            try:
                compare(audio, every, [(start, start + 3000) for start in places])
            except BaseException as error:
                wrong.append(error)

        threads = [threading.Thread(target=read, args=(seed,)) for seed in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong

    def test_sound_of_a_video(self, tmp_path: Path) -> None:
        path = tmp_path / "film.mp4"
        with av.open(str(path), "w") as container:
            video = container.add_stream("mpeg4", rate=25)
            video.width = video.height = 64
            video.pix_fmt = "yuv420p"
            sound = sound_track(container, KINDS[0], 2)
            for number in range(50):
                frame = av.VideoFrame.from_ndarray(
                    np.full((64, 64, 3), number, np.uint8), format="rgb24"
                )
                frame.pts, frame.time_base = number, Fraction(1, 25)
                container.mux(video.encode(frame))
            container.mux(video.encode(None))
            fill(container, sound, SAMPLES[:, : 2 * SR])
        audio = opened(path)
        assert (audio.n_samples, audio.n_channels) == (2 * SR, 2)
        assert_same_anywhere(audio, whole(audio), n=5)

    def test_of_two_tracks_one_is_shown(self, tmp_path: Path) -> None:
        path = tmp_path / "two.mka"
        with av.open(str(path), "w", format="matroska") as container:
            streams = [container.add_stream("pcm_s16le", rate=SR, layout="mono") for _ in range(2)]
            for number, stream in enumerate(streams):
                frame = av.AudioFrame.from_ndarray(
                    np.full((1, 9000), 1000 * (number + 1), np.int16), "s16", "mono"
                )
                frame.sample_rate, frame.pts = SR, 0
                container.mux(stream.encode(frame))
        audio = opened(path)
        assert "has 2 sound tracks; the main one is shown" in audio.warning
        np.testing.assert_array_equal(whole(audio), np.float32(1000 / 32768))

    def test_resampled_as_librosa_would(self, tmp_path: Path) -> None:
        import soxr

        path = encoded(tmp_path, KINDS[1])
        every = whole(opened(path))
        audio = open_audio(path, sr=16000)
        expected = soxr.resample(every.T, SR, 16000, quality="soxr_hq").T
        n = min(audio.n_samples, expected.shape[1])
        np.testing.assert_allclose(whole(audio)[:, :n], expected[:, :n], rtol=0, atol=1e-5)

    @pytest.mark.parametrize(
        ("head", "tenths"),
        [(b"\x08", 200), (b"\x18", 600), (b"\x60", 100), (b"\xe0", 25), (b"\xf8", 200),
         (b"\xf9", 400), (b"\xfb\x03", 600), (b"", 0)],
    )  # fmt: skip
    def test_length_of_opus_packets(self, head: bytes, tenths: int) -> None:
        assert _opus_samples(head, 48000) == 48000 * tenths // 10_000


class TestDamage:
    @pytest.mark.parametrize("kind", [KINDS[7], KINDS[9]], ids=str)
    def test_cut_short(self, kind: Kind, tmp_path: Path) -> None:
        path = encoded(tmp_path, kind)
        every = whole(opened(path))
        with open(path, "r+b") as stream:
            stream.truncate(path.stat().st_size // 2)
        audio = opened(path)
        assert 0.3 < audio.n_samples / every.shape[1] < 0.7
        assert f"its header says {every.shape[1] / kind.sr:.1f}" in audio.warning
        (mark,) = audio.damage
        assert mark.start == audio.n_samples
        assert abs(mark.stop - every.shape[1]) < kind.sr
        n = audio.n_samples - 4096
        np.testing.assert_allclose(audio.read(0, n), every[:, :n], rtol=0, atol=1e-3)

    def test_m4a_cut_short_with_its_index_in_front(self, tmp_path: Path) -> None:
        kind = Kind("fast.m4a", "aac", options={"aac_pns": "0"})
        path = tmp_path / kind.name
        with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
            fill(container, sound_track(container, kind, 2), SAMPLES)
        every = whole(opened(path))
        with open(path, "r+b") as stream:
            stream.truncate(path.stat().st_size * 2 // 3)
        audio = opened(path)
        assert 0.5 < audio.n_samples / every.shape[1] < 0.8
        assert "its header says 7.0" in audio.warning
        assert audio.damage[0].start == audio.n_samples
        n = audio.n_samples - 4096
        np.testing.assert_allclose(audio.read(0, n), every[:, :n], rtol=0, atol=1e-3)

    @pytest.mark.parametrize("kind", [KINDS[1], KINDS[5], KINDS[9], KINDS[11]], ids=str)
    def test_damage_in_the_middle(self, kind: Kind, tmp_path: Path) -> None:
        path = encoded(tmp_path, kind)
        audio = opened(path)
        every = whole(audio)
        content = bytearray(path.read_bytes())
        middle = len(content) // 2
        content[middle : middle + 4000] = np.random.default_rng(1).bytes(4000)
        damaged: Any = open_audio(bytes(content))
        assert abs(damaged.n_samples - audio.n_samples) < SR
        block = whole(damaged)
        for part in (slice(0, 2 * SR), slice(5 * SR, 7 * SR)):
            np.testing.assert_allclose(block[:, part], every[:, part], rtol=0, atol=1e-3)
        if np.isnan(block).any():
            assert "cannot be decoded, and is left out" in damaged.warning
            bad = np.flatnonzero(np.isnan(block[0]))
            assert damaged.damage[0].start == bad[0]
            assert damaged.damage[-1].stop == bad[-1] + 1

    def test_no_sound_in_it(self, tmp_path: Path) -> None:
        path = tmp_path / "silent.mp4"
        with av.open(str(path), "w") as container:
            video = container.add_stream("mpeg4", rate=25)
            video.width = video.height = 64
            video.pix_fmt = "yuv420p"
            black = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            black.pts, black.time_base = 0, Fraction(1, 25)
            container.mux(video.encode(black))
            container.mux(video.encode(None))
        with pytest.raises(AudioFileError, match=r"silent\.mp4: there is no sound in it"):
            open_audio(path)

    @pytest.mark.parametrize("n", [40, 700, 3000])
    def test_what_is_hardly_there(self, n: int, tmp_path: Path) -> None:
        for kind in (KINDS[0], KINDS[7], KINDS[13]):
            content = encoded(tmp_path, kind).read_bytes()[:n]
            try:
                audio = open_audio(content)
            except AudioFileError as error:
                assert "bytes: " in str(error)
            else:
                assert audio.n_samples > 0

    def test_a_playlist_opens_no_other_file(self, tmp_path: Path) -> None:
        sound = encoded(tmp_path, KINDS[0])
        for name, text in (
            ("a.m3u8", f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:7,\n{sound}\n#EXT-X-ENDLIST\n"),
            ("a.ffconcat", f"ffconcat version 1.0\nfile {sound}\n"),
        ):
            (tmp_path / name).write_text(text)
            with pytest.raises(AudioFileError, match="It looks like text"):
                open_audio(tmp_path / name)

    def test_it_disappears_while_open(self, tmp_path: Path) -> None:
        path = encoded(tmp_path, KINDS[0])
        audio = opened(path)
        every = whole(audio)
        path.unlink()
        assert_same_anywhere(audio, every, n=5)
        assert "moved or deleted" in audio.warning

    def test_it_shrinks_while_open(self, tmp_path: Path) -> None:
        path = encoded(tmp_path, KINDS[5])
        audio = opened(path)
        every = whole(audio)
        with open(path, "r+b") as stream:
            stream.truncate(path.stat().st_size // 2)
        with pytest.raises(AudioFileError, match="was cut short while it was open"):
            audio.read(6 * SR, 6 * SR + 500)
        assert "was cut short while it was open" in audio.warning
        compare(audio, every, [(SR, 2 * SR)])
        block = whole(audio)
        assert np.isnan(block[0, -SR:]).all()
        assert audio.damage[-1].stop == audio.n_samples


class TestUnusualFlac:
    def made(self, samples: NDArray[np.int64], bits: int = 12) -> bytes:
        """Return a FLAC file of a width that libsndfile refuses, its samples written out."""
        n_block = 1024
        info = (n_block.to_bytes(2, "big") * 2 + bytes(6)) + (
            SR << 44 | (bits - 1) << 36 | len(samples)
        ).to_bytes(8, "big")
        out = b"fLaC\x80\0\0\x22" + info + bytes(16)
        for number, start in enumerate(range(0, len(samples), n_block)):
            block = samples[start : start + n_block]
            head = bytes((0xFF, 0xF8, 0x79, 0x04, number)) + (len(block) - 1).to_bytes(2, "big")
            head += bytes((flac._crc8(head),))
            text = "".join(f"{int(value) & (1 << bits) - 1:0{bits}b}" for value in block)
            text += "0" * (-len(text) % 8)
            frame = head + b"\x02" + int(text, 2).to_bytes(len(text) // 8, "big")
            crc = 0
            for byte in frame:
                crc = (crc << 8 & 0xFFFF) ^ flac._CRC16[crc >> 8 ^ byte]
            out += frame + crc.to_bytes(2, "big")
        return out

    def test_of_12_bits(self) -> None:
        samples = (SAMPLES[0, :30_000] * 2047).astype(np.int64)
        audio: Any = open_audio(self.made(samples))
        assert isinstance(audio, CodecSource)
        assert (audio.n_samples, audio.warning) == (30_000, None)
        every = samples[None].astype(np.float32) / 2048
        np.testing.assert_array_equal(whole(audio), every)
        assert_same_anywhere(audio, every, n=10)


class TestWithoutPyAV:
    @pytest.fixture
    def bare(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "av", None)

    @pytest.mark.parametrize(
        ("kind", "looks"),
        [(KINDS[0], "MP4, M4A"), (KINDS[7], "Matroska or WebM"), (KINDS[13], "WMA")],
        ids=str,
    )
    def test_the_extra_is_named(
        self, kind: Kind, looks: str, tmp_path: Path, request: pytest.FixtureRequest
    ) -> None:
        path = encoded(tmp_path, kind)
        request.getfixturevalue("bare")
        with pytest.raises(AudioFileError, match=r"pip install 'specwidget\[codecs\]'") as caught:
            open_audio(path)
        assert str(path) in str(caught.value)
        assert f"it looks like {looks}" in str(caught.value)

    def test_other_files_need_it_not(self, bare: None, tmp_path: Path) -> None:
        import soundfile

        soundfile.write(tmp_path / "a.flac", SAMPLES[0], SR)
        assert open_audio(tmp_path / "a.flac").n_samples == SAMPLES.shape[1]
        with pytest.raises(AudioFileError, match=r"Format not recognised.*specwidget\[codecs\]"):
            open_audio(bytes(range(256)) * 8)


def test_segments_do_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a decoder is set down anew, there is no jump."""
    n = 6 * SR
    tone = (0.5 * np.sin(np.arange(n) * 0.05)).astype(np.float32)[None]
    for name, codec in (("a.m4a", "aac"), ("a.mkv", "libmp3lame"), ("a.wma", "wmav2")):
        kind = Kind(name, codec, format="asf" if codec == "wmav2" else None)
        block = opened(encoded(tmp_path, kind, tone)).read(SR, 5 * SR)
        assert np.abs(np.diff(block[0], 2)).max() < 4 * 0.5 * 0.05**2 + 0.02
