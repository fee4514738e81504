"""Recordings at URLs: from a server here, which answers as servers do, and from fsspec's memory."""

from __future__ import annotations

import functools
import http.server
import re
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from sounds import assert_same_anywhere, compare, voice, whole

from specwidget.audio import blocks, open_audio, remote
from specwidget.audio.blocks import BlockCache
from specwidget.audio.remote import RemoteBlob
from specwidget.audio.wav import WavSource
from specwidget.errors import AudioFileError, AudioUnavailableError

fsspec = pytest.importorskip("fsspec", reason="URLs are read through fsspec")
pytest.importorskip("aiohttp", reason="https:// needs it")

SR = 16000
SAMPLES = voice(200_000, 2)


class Files(http.server.BaseHTTPRequestHandler):
    """Serves a folder: by range or as a whole, and with faults where they are asked for."""

    folder: Path
    ranges: bool
    faults: dict[str, int]
    asked: list[tuple[int, int]]
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        path = self.folder / self.path.strip("/")
        if not path.is_file():
            self.send_error(404)
            return
        content = path.read_bytes()
        wanted = re.match(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        partial = wanted is not None and self.ranges
        part = content[int(wanted[1]) : int(wanted[2]) + 1] if wanted and partial else content
        if body and wanted and self.faults.get("refuse", 0) > 0:
            self.faults["refuse"] -= 1
            self.send_error(503)
            return
        self.send_response(206 if partial else 200)
        self.send_header("Content-Length", str(len(part)))
        if self.ranges:
            self.send_header("Accept-Ranges", "bytes")
        if partial and wanted:
            self.send_header("Content-Range", f"bytes {wanted[1]}-{wanted[2]}/{len(content)}")
        self.send_header("ETag", f'"{path.stat().st_mtime_ns}"')
        self.end_headers()
        if not body:
            return
        if partial and wanted:
            self.asked.append((int(wanted[1]), int(wanted[2]) + 1))
            if self.faults.get("truncate", 0) > 0:
                self.faults["truncate"] -= 1
                self.wfile.write(part[: len(part) // 2])
                self.close_connection = True
                return
        self.wfile.write(part)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class Quiet(http.server.ThreadingHTTPServer):
    """A server whose clients may go away."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing."""


class Server:
    """An HTTP server of one folder."""

    def __init__(self, folder: Path) -> None:
        self.files = type(
            "TheseFiles", (Files,), {"folder": folder, "ranges": True, "faults": {}, "asked": []}
        )
        self.http = Quiet(("127.0.0.1", 0), self.files)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.thread = threading.Thread(target=functools.partial(self.http.serve_forever, 0.01))
        self.thread.start()

    def close(self) -> None:
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    served = Server(tmp_path)
    yield served
    served.close()


@pytest.fixture
def memory() -> Iterator[Any]:
    fs = fsspec.filesystem("memory")
    yield fs
    fs.store.clear()


def write(path: Path, subtype: str | None = None) -> Path:
    soundfile.write(path, SAMPLES.T, SR, subtype=subtype)
    return path


class TestHttp:
    @pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3", "a.aiff"])
    def test_a_sample_is_the_same_as_of_the_file(
        self, name: str, server: Server, tmp_path: Path
    ) -> None:
        every = whole(open_audio(write(tmp_path / name)))
        url = f"{server.url}/{name}"
        audio: Any = open_audio(url)
        assert (audio.name, audio.warning, audio.damage) == (url, None, ())
        tolerance = 1e-4 if name in ("a.ogg", "a.mp3") else 0.0
        assert_same_anywhere(audio, every, tolerance=tolerance, n=10)

    def test_what_ffmpeg_decodes(self, server: Server, tmp_path: Path) -> None:
        av = pytest.importorskip("av", reason="M4A is read through PyAV")
        with av.open(str(tmp_path / "a.m4a"), "w") as container:
            stream = container.add_stream("alac", rate=SR, layout="stereo")
            frame = av.AudioFrame.from_ndarray(
                (SAMPLES[:, :60_000] * 32767).astype(np.int16), "s16p", "stereo"
            )
            frame.sample_rate, frame.pts = SR, 0
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        every = whole(open_audio(tmp_path / "a.m4a"))
        audio = open_audio(f"{server.url}/a.m4a")
        assert_same_anywhere(audio, every, n=5)

    def test_only_what_is_wanted_is_fetched(self, server: Server, tmp_path: Path) -> None:
        n = 64 << 20
        path = write(tmp_path / "long.wav", "PCM_16")
        with open(path, "r+b") as stream:
            stream.seek(40)
            stream.write((n - 44).to_bytes(4, "little"))
            stream.truncate(n)
        audio = open_audio(f"{server.url}/long.wav")
        assert isinstance(audio, WavSource)
        assert audio.n_samples == (n - 44) // 4
        for start in (0, 5_000_000, 16_000_000):
            audio.read(start, start + 1000)
        assert sum(stop - start for start, stop in server.files.asked) < 1 << 20

    def test_reading_on_takes_fewer_requests(self, server: Server, tmp_path: Path) -> None:
        audio = open_audio(f"{server.url}/{write(tmp_path / 'a.wav', 'FLOAT').name}")
        server.files.asked.clear()
        for start in range(0, 200_000, 1000):
            audio.read(start, start + 1000)
        n_blocks = 200_000 * 8 // blocks.BLOCK_BYTES
        assert len(server.files.asked) < n_blocks / 2
        assert sum(b - a for a, b in server.files.asked) < 200_000 * 8 + 2 * blocks.BLOCK_BYTES

    def test_fails_in_the_middle_and_goes_on(self, server: Server, tmp_path: Path) -> None:
        every = whole(open_audio(write(tmp_path / "a.wav")))
        for fault in ("refuse", "truncate"):
            audio: Any = open_audio(f"{server.url}/a.wav")
            audio.read(0, 10)
            server.files.faults[fault] = 1
            with pytest.raises(AudioFileError, match=r"samples 90000 to 90010 \(at 5\.625 s\)"):
                audio.read(90_000, 90_010)
            compare(audio, every, [(90_000, 90_010), (80_000, 100_000)])
            assert (audio.warning, audio.damage) == (None, ())

    @pytest.mark.parametrize("name", ["a.flac", "a.ogg"])
    def test_a_decoder_does_not_take_a_fault_for_the_end(
        self, name: str, server: Server, tmp_path: Path
    ) -> None:
        every = whole(open_audio(write(tmp_path / name)))
        audio: Any = open_audio(f"{server.url}/{name}")
        cache = audio._blob._cache
        for fault in ("refuse", "truncate"):
            cache._blocks.clear()
            server.files.faults[fault] = 5
            with pytest.raises(AudioUnavailableError, match=r"samples 70000 to 90000"):
                audio.read(70_000, 90_000)
            server.files.faults.clear()
            compare(audio, every, [(70_000, 90_000)], 1e-4)
        assert (audio.warning, audio.damage) == (None, ())

    def test_it_fails_while_it_is_opened(self, server: Server, tmp_path: Path) -> None:
        write(tmp_path / "a.flac")
        server.files.faults["truncate"] = 99
        with pytest.raises(AudioFileError, match=r"a\.flac: cannot be"):
            open_audio(f"{server.url}/a.flac")

    @pytest.mark.parametrize("name", ["a.wav", "a.flac"])
    def test_of_a_server_without_ranges_all_is_fetched_once(
        self, name: str, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server.files.ranges = False
        every = whole(open_audio(write(tmp_path / name)))
        url = f"{server.url}/{name}"
        audio: Any = open_audio(url)
        server.files.faults["refuse"] = 99
        assert audio.name == url
        assert_same_anywhere(audio, every, n=5)
        assert audio.fingerprint() is not None
        server.files.faults.clear()
        monkeypatch.setattr(remote, "MOST_FETCHED", 1000)
        with pytest.raises(AudioFileError, match=r"cannot be read by range; .*'simplecache::http:"):
            open_audio(url)

    def test_what_is_fetched_is_deleted(self, server: Server, tmp_path: Path) -> None:
        server.files.ranges = False
        blob: Any = remote.remote_blob(f"{server.url}/{write(tmp_path / 'a.wav').name}")
        path = Path(blob.path)
        assert path.exists()
        del blob
        assert not path.exists()

    def test_through_a_cache_of_fsspecs(self, server: Server, tmp_path: Path) -> None:
        server.files.ranges = False
        every = whole(open_audio(write(tmp_path / "a.wav")))
        audio = open_audio(f"simplecache::{server.url}/a.wav")
        compare(audio, every, [(5, 5000)])

    def test_it_changes_while_it_is_open(
        self, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = write(tmp_path / "a.wav")
        audio: Any = open_audio(f"{server.url}/a.wav")
        first = audio.fingerprint()
        assert first == open_audio(f"{server.url}/a.wav").fingerprint()  # type: ignore[attr-defined]
        monkeypatch.setattr(remote, "RECHECK_SECONDS", 0.0)
        audio.read(0, 10)
        assert audio.warning is None
        soundfile.write(path, SAMPLES.T / 2, SR)
        audio.read(0, 10)
        assert "has changed at its URL" in audio.warning
        assert open_audio(f"{server.url}/a.wav").fingerprint() != first  # type: ignore[attr-defined]

    def test_nothing_there(self, server: Server) -> None:
        with pytest.raises(AudioFileError, match=r"/gone\.wav: there is no such file"):
            open_audio(f"{server.url}/gone.wav")
        with Quiet(("127.0.0.1", 0), Files) as nobody:
            url = f"http://127.0.0.1:{nobody.server_port}"
        with pytest.raises(AudioFileError, match=re.escape(url)):
            open_audio(f"{url}/a.wav")

    def test_a_web_page(self, server: Server, tmp_path: Path) -> None:
        (tmp_path / "a.mp3").write_text("<!DOCTYPE html><html>Not found</html>")
        with pytest.raises(AudioFileError, match="is a web page, not audio"):
            open_audio(f"{server.url}/a.mp3")

    def test_resampled(self, server: Server, tmp_path: Path) -> None:
        expected = whole(open_audio(write(tmp_path / "a.wav"), sr=8000))
        np.testing.assert_array_equal(whole(open_audio(f"{server.url}/a.wav", sr=8000)), expected)


class TestOtherPlaces:
    @pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg"])
    def test_memory(self, name: str, memory: Any, tmp_path: Path) -> None:
        path = write(tmp_path / name)
        every = whole(open_audio(path))
        memory.pipe(f"/{name}", path.read_bytes())
        audio: Any = open_audio(f"memory://{name}")
        assert_same_anywhere(audio, every, tolerance=1e-4 if name == "a.ogg" else 0.0, n=10)
        key = audio.fingerprint()
        memory.pipe(f"/{name}", path.read_bytes())
        assert isinstance(key, str)
        assert open_audio(f"memory://{name}").fingerprint() != key  # type: ignore[attr-defined]

    def test_in_an_archive(self, tmp_path: Path) -> None:
        path = write(tmp_path / "a.wav")
        with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(path, "in/a.wav")
        audio = open_audio(f"zip://in/a.wav::file://{tmp_path}/all.zip")
        assert_same_anywhere(audio, whole(open_audio(path)), n=5)

    def test_a_file_url_is_a_file(self, tmp_path: Path) -> None:
        path = write(tmp_path / "a b.wav")
        for url in (f"file://{path}", path.as_uri()):
            np.testing.assert_array_equal(whole(open_audio(url)), whole(open_audio(path)))
        with pytest.raises(AudioFileError, match="no such file"):
            open_audio(f"file://{tmp_path}/gone.wav")

    @pytest.mark.parametrize(
        ("url", "message"),
        [
            ("memory://gone.wav", "there is no such file"),
            ("nonsense://a.wav", "nonsense://a.wav: cannot be opened: Protocol not known"),
        ],
    )
    def test_that_do_not_open(self, url: str, message: str) -> None:
        with pytest.raises(AudioFileError, match=message):
            open_audio(url)

    def test_a_package_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "s3fs", None)
        with pytest.raises(AudioFileError, match=r"s3://bucket/a\.wav: .*s3fs.*pip install"):
            open_audio("s3://bucket/a.wav")
        monkeypatch.setitem(sys.modules, "fsspec", None)
        with pytest.raises(AudioFileError, match=r"pip install 'specwidget\[remote\]'"):
            open_audio("https://example.org/a.wav")


class TestBlocks:
    CONTENT = np.random.default_rng(0).bytes(1000)

    @given(
        st.lists(st.tuples(st.integers(0, 1100), st.integers(0, 400)), max_size=12),
        st.integers(1, 90),
        st.integers(1, 900),
    )
    def test_give_the_bytes_that_are_there(
        self, reads: list[tuple[int, int]], block: int, capacity: int
    ) -> None:
        fetched = 0

        def fetch(start: int, stop: int) -> bytes:
            nonlocal fetched
            fetched += stop - start
            assert start % block == 0
            return self.CONTENT[start:stop]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(blocks, "BLOCK_BYTES", block)
            patch.setattr(blocks, "CACHE_BYTES", capacity)
            cache = BlockCache(fetch, 1000)
            for offset, n in reads:
                buffer = bytearray(n)
                got = cache.read_into(memoryview(buffer), offset)
                assert bytes(buffer[:got]) == self.CONTENT[offset : offset + n]
                assert len(cache._blocks) * block <= max(capacity, block)
            assert not cache._under_way
            if capacity >= 1000 + block:
                assert fetched <= 1000

    def test_are_fetched_once_for_all_who_want_them(self) -> None:
        held = threading.Event()
        calls: list[tuple[int, int]] = []

        def fetch(start: int, stop: int) -> bytes:
            calls.append((start, stop))
            held.wait(10)
            return self.CONTENT[start:stop]

        cache = BlockCache(fetch, 1000)
        buffers = [bytearray(100) for _ in range(8)]
        threads = [
            threading.Thread(target=cache.read_into, args=(memoryview(buffer), 50))
            for buffer in buffers
        ]
        for thread in threads:
            thread.start()
        held.set()
        for thread in threads:
            thread.join()
        assert calls == [(0, 1000)]
        assert all(bytes(buffer) == self.CONTENT[50:150] for buffer in buffers)

    def test_a_failure_is_forgotten(self) -> None:
        failures = [OSError("no route")]

        def fetch(start: int, stop: int) -> bytes:
            if failures:
                raise failures.pop()
            return self.CONTENT[start:stop]

        cache = BlockCache(fetch, 1000)
        buffer = bytearray(10)
        with pytest.raises(OSError, match="no route"):
            cache.read_into(memoryview(buffer), 0)
        assert cache.read_into(memoryview(buffer), 0) == 10

    def test_who_waits_for_another_tries_alone_when_that_fails(self) -> None:
        begun, held = threading.Event(), threading.Event()
        fails = [True]

        def fetch(start: int, stop: int) -> bytes:
            if fails:
                fails.clear()
                begun.set()
                held.wait(10)
                raise OSError("no route")
            return self.CONTENT[start:stop]

        cache = BlockCache(fetch, 1000)
        errors: list[OSError] = []

        def first() -> None:
            try:
                cache.read_into(memoryview(bytearray(10)), 0)
            except OSError as error:
                errors.append(error)

        buffer = bytearray(10)
        threads = [
            threading.Thread(target=first),
            threading.Thread(target=cache.read_into, args=(memoryview(buffer), 0)),
        ]
        threads[0].start()
        begun.wait(10)
        threads[1].start()
        held.set()
        for thread in threads:
            thread.join()
        assert len(errors) == 1
        assert bytes(buffer) == self.CONTENT[:10]

    def test_a_remote_file_gives_all_or_an_error(self) -> None:
        class Short:
            def cat_file(self, path: str, start: int, end: int) -> bytes:
                return b"abc"

        blob = RemoteBlob(Short(), "a", {"size": 100}, "a")
        with pytest.raises(OSError, match="3 bytes came of 100"):
            blob.read(0, 10)
        assert blob.fingerprint() is None
