"""What is kept on disk: it comes back as it was or not at all, and never stops a picture."""

from __future__ import annotations

import errno
import logging
import os
import threading
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import soundfile
from hypothesis import given
from numpy.typing import NDArray

from specwidget import AudioFileError, FromFunction, MelSpectrogram, ParameterTypeError, SpecWidget
from specwidget.audio import open_audio
from specwidget.server import TileServer
from specwidget.tiles import DiskCache, Tile, TileKey, diskcache, open_cache, tilesets
from specwidget.transforms import Stft

SR = 8000
DATA = np.arange(100, dtype=np.uint8)


class TestFiles:
    @given(
        st.dictionaries(st.text(max_size=9), st.integers() | st.text(max_size=9), max_size=4),
        st.binary(max_size=300),
        st.binary(max_size=50),
    )
    def test_come_back_as_they_were(
        self,
        tmp_path_factory: pytest.TempPathFactory,
        key: dict[str, Any],
        data: bytes,
        more: bytes,
    ) -> None:
        folder = tmp_path_factory.mktemp("cache")
        cache = DiskCache(folder)
        cache.store(key, np.frombuffer(data, np.uint8), more)
        found = DiskCache(folder).load(key)
        assert found is not None
        assert (found[0].tobytes(), found[1]) == (data, more)
        assert cache.load({**key, "another": 1}) is None

    def test_arrays_of_any_type(self, tmp_path: Path) -> None:
        cache = DiskCache(tmp_path)
        values = np.arange(24, dtype=np.float32).reshape(8, 3)
        cache.store({"a": 1}, values, b"")
        found = cache.load({"a": 1})
        assert found is not None
        np.testing.assert_array_equal(found[0].view(np.float32).reshape(8, 3), values)
        found[0][:] = 0

    @pytest.mark.parametrize("harm", ["a byte", "the end", "more", "nothing left", "another's"])
    def test_that_are_not_whole_count_as_none(self, harm: str, tmp_path: Path) -> None:
        cache = DiskCache(tmp_path)
        cache.store({"a": 1}, DATA, b"second")
        (path,) = tmp_path.iterdir()
        good = path.read_bytes()
        if harm == "a byte":
            for place in range(len(good)):
                path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
                assert cache.load({"a": 1}) is None, place
        elif harm == "the end":
            for n in range(len(good)):
                path.write_bytes(good[:n])
                assert cache.load({"a": 1}) is None, n
        elif harm == "more":
            path.write_bytes(good + b"x")
            assert cache.load({"a": 1}) is None
        elif harm == "nothing left":
            path.unlink()
            assert cache.load({"a": 1}) is None
        else:
            cache.store({"a": 2}, DATA, b"")
            (other,) = set(tmp_path.iterdir()) - {path}
            other.replace(path)
            assert cache.load({"a": 1}) is None
        cache.store({"a": 1}, DATA, b"second")
        assert cache.load({"a": 1}) is not None

    def test_of_another_version_count_as_none(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        DiskCache(tmp_path).store({"a": 1}, DATA, b"")
        monkeypatch.setattr(diskcache, "_VERSION", 99)
        assert DiskCache(tmp_path).load({"a": 1}) is None

    def test_used_the_longest_ago_go_first(self, tmp_path: Path) -> None:
        cache = DiskCache(tmp_path, max_bytes=40_000)
        for number in range(3):
            cache.store({"n": number}, np.zeros(10_000, np.uint8), b"")
            for age, path in enumerate(sorted(tmp_path.iterdir(), key=os.path.getmtime)):
                os.utime(path, (1000 + age, 1000 + age))
        assert cache.load({"n": 0}) is not None
        cache.store({"n": 3}, np.zeros(10_000, np.uint8), b"")
        assert [cache.load({"n": n}) is not None for n in range(4)] == [True, False, True, True]
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 40_000

    def test_what_is_larger_than_all_is_not_kept(self, tmp_path: Path) -> None:
        cache = DiskCache(tmp_path, max_bytes=1000)
        cache.store({"n": 1}, np.zeros(10_000, np.uint8), b"")
        assert not list(tmp_path.iterdir())

    def test_what_was_left_behind_is_cleared_after_a_day(self, tmp_path: Path) -> None:
        old, new = tmp_path / "a.tmp", tmp_path / "b.tmp"
        foreign = tmp_path / "notes.txt"
        for path in (old, new, foreign):
            path.write_bytes(b"x")
        os.utime(old, (1000, 1000))
        os.utime(foreign, (1000, 1000))
        DiskCache(tmp_path).store({"n": 1}, DATA, b"")
        assert [path.exists() for path in (old, new, foreign)] == [False, True, True]

    def test_several_at_once(self, tmp_path: Path) -> None:
        """Each with a cache of its own, as several kernels have."""
        wrong: list[object] = []

        def work(seed: int) -> None:
            rng = np.random.default_rng(seed)
            cache = DiskCache(tmp_path, max_bytes=200_000)
            for _ in range(60):
                n = int(rng.integers(20))
                if rng.random() < 0.5:
                    cache.store({"n": n}, np.full(20_000, n, np.uint8), bytes([n]))
                elif (found := cache.load({"n": n})) is not None and not (
                    (found[0] == n).all() and found[1] == bytes([n])
                ):
                    wrong.append(n)

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong
        assert not list(tmp_path.glob("*.tmp"))

    def test_a_folder_that_cannot_be_is_told_once(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        (tmp_path / "file").write_bytes(b"")
        cache = DiskCache(tmp_path / "file")
        for _ in range(3):
            cache.store({"n": 1}, DATA, b"")
            assert cache.load({"n": 1}) is None
        assert len(caplog.records) == 1
        assert str(tmp_path / "file") in caplog.text

    def test_a_full_disk_leaves_nothing_behind(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(diskcache, "_write", full)
        cache = DiskCache(tmp_path)
        cache.store({"n": 1}, DATA, b"")
        cache.store({"n": 2}, DATA, b"")
        assert not list(tmp_path.iterdir())
        assert [record.levelno for record in caplog.records] == [logging.WARNING]
        assert "No space left" in caplog.text


class TestWhere:
    def test_as_a_person_says(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        assert open_cache(False) is None
        for given_folder in (tmp_path / "here", str(tmp_path / "here"), "~/here"):
            cache = open_cache(given_folder)
            assert cache is not None
            assert cache.folder == tmp_path / "here"
        assert not (tmp_path / "here").exists()

    @pytest.mark.parametrize(
        ("platform", "variables", "expected"),
        [
            ("linux", {"XDG_CACHE_HOME": "/x"}, Path("/x/specwidget")),
            ("linux", {"XDG_CACHE_HOME": "", "HOME": "/h"}, Path("/h/.cache/specwidget")),
            ("darwin", {"HOME": "/h"}, Path("/h/Library/Caches/specwidget")),
            ("win32", {"LOCALAPPDATA": "/w"}, Path("/w/specwidget")),
        ],
    )
    def test_by_the_rules_of_the_system(
        self,
        platform: str,
        variables: dict[str, str],
        expected: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(diskcache.sys, "platform", platform)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        cache = open_cache(True)
        assert cache is not None
        assert cache.folder == expected

    @pytest.mark.parametrize("cache", [None, 3, 1.0, [], object()])
    def test_nothing_else(self, cache: object) -> None:
        with pytest.raises(ParameterTypeError, match="cache="):
            open_cache(cache)


class Known:
    """A recording that is known by its content, and counts what is read of it."""

    sr: float = SR
    n_channels = 1
    name = "known"
    peak = 1.0

    def __init__(self, n: int = 1 << 23, fingerprint: str | None = "abc") -> None:
        self.n_samples = n
        self._fingerprint = fingerprint
        self.n_read = 0
        self.fails_from = n

    def fingerprint(self) -> str | None:
        return self._fingerprint

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        start, stop = max(0, start), min(stop, self.n_samples)
        self.n_read += stop - start
        if stop > self.fails_from:
            raise AudioFileError("gone")
        place = np.arange(start, stop)
        return np.sin(place * (0.01 + place * 1e-7)).astype(np.float32)[None]


def ones(y: NDArray[np.float32], sr: float) -> NDArray[np.float32]:
    return np.ones((3, 1 + len(y) // 512), np.float32)


def tops(layers: Any) -> list[TileKey]:
    spec, wave = layers["spec/0"].info(), layers["wave/0"].info()
    return [TileKey("spec/0", spec["levels"] - 1, 0), TileKey("wave/0", wave["levels"][-1], 0)]


def made_exact(layers: Any, steps: int | None = None) -> dict[TileKey, Tile]:
    """The coarsest tiles, exact; or what there is after some steps."""
    if steps is not None:
        for key in tops(layers):
            refinement = layers[key.layer].refinement(key, layers[key.layer].tile(key))
            for _ in range(steps):
                step = refinement.step()
                assert step is not None
                step()
        return {}
    done = threading.Event()
    found: dict[TileKey, Tile] = {}

    def send(answer: Any) -> None:
        assert answer.error is None
        found.update((key, tile) for key, tile in answer.tiles if tile.exact)
        if len(found) == 2:
            done.set()

    server = TileServer(layers, send)
    server.request("p-1", 0, tops(layers))
    assert done.wait(60)
    server.close()
    return found


class TestOverviews:
    @pytest.mark.parametrize("transform", [Stft(n_fft=512), MelSpectrogram(n_fft=512, n_mels=32)])
    def test_a_second_opening_is_exact_at_once(self, tmp_path: Path, transform: Any) -> None:
        exact = made_exact(tilesets(Known(), transform, cache=DiskCache(tmp_path)))
        again = Known()
        layers = tilesets(again, transform, cache=DiskCache(tmp_path))
        before = again.n_read
        for key, tile in exact.items():
            assert layers[key.layer].tile(key) == tile
        assert again.n_read == before

    def test_what_was_begun_is_gone_on_with(self, tmp_path: Path) -> None:
        transform = Stft(n_fft=512)
        made_exact(tilesets(Known(), transform, cache=DiskCache(tmp_path)), steps=10)
        again = Known()
        layers = tilesets(again, transform, cache=DiskCache(tmp_path))
        key = tops(layers)[0]
        tile = layers["spec/0"].tile(key)
        assert not tile.exact
        assert layers["spec/0"].refinement(key, tile).fraction() > 0.4
        expected = made_exact(tilesets(Known(), transform))
        assert made_exact(layers) == expected

    def test_another_recording_or_transform_shares_nothing(self, tmp_path: Path) -> None:
        cache = DiskCache(tmp_path)
        made_exact(tilesets(Known(), Stft(n_fft=512), cache=cache))
        for source, transform in [
            (Known(fingerprint="xyz"), Stft(n_fft=512)),
            (Known(), Stft(n_fft=512, window="hamming")),
        ]:
            layers = tilesets(source, transform, cache=cache)
            assert not layers["spec/0"].tile(tops(layers)[0]).exact

    def test_the_waveform_serves_all_transforms(self, tmp_path: Path) -> None:
        cache = DiskCache(tmp_path)
        made_exact(tilesets(Known(), Stft(n_fft=512), cache=cache))
        layers = tilesets(Known(), Stft(n_fft=1024), cache=cache)
        assert layers["wave/0"].tile(tops(layers)[1]).exact

    @pytest.mark.parametrize("why", ["no fingerprint", "damage", "a function", "no cache"])
    def test_nothing_is_kept_of_what_would_not_come_back(self, why: str, tmp_path: Path) -> None:
        source = Known(fingerprint=None if why == "no fingerprint" else "abc")
        if why == "damage":
            source.fails_from = source.n_samples - 100
        transform: Any = Stft(n_fft=512)
        if why == "a function":
            transform = FromFunction(
                lambda y, sr: np.zeros((3, 1 + len(y) // 512)), hop_length=512, halo=0
            )
        cache = None if why == "no cache" else DiskCache(tmp_path)
        made_exact(tilesets(source, transform, cache=cache))
        kept = {path.read_bytes().count(b"spec/0") for path in tmp_path.iterdir()}
        assert not any(kept)
        assert why == "a function" or not kept

    def test_kept_bytes_that_do_not_fit_are_left_alone(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        exact = made_exact(tilesets(Known(), Stft(n_fft=512), cache=DiskCache(tmp_path)))
        for path in tmp_path.iterdir():
            path.write_bytes(path.read_bytes()[:-1] + b"?")
        assert made_exact(tilesets(Known(), Stft(n_fft=512), cache=DiskCache(tmp_path))) == exact


def test_of_a_file_in_the_widget(tmp_path: Path) -> None:
    path, folder = tmp_path / "long.wav", tmp_path / "cache"
    rng = np.random.default_rng(0)
    soundfile.write(path, (0.1 * rng.standard_normal(1 << 23)).astype(np.float32), SR)
    exact = []
    for _ in range(2):
        w = SpecWidget(path, cache=folder)
        layers: Any = w.recording.tilesets()
        tile = layers["spec/0"].tile(tops(layers)[0])
        exact.append(tile.exact)
        if not tile.exact:
            made_exact(layers)
        w.close()
    assert exact == [False, True]
    # A file with another content in its place is another recording.
    soundfile.write(path, (0.1 * rng.standard_normal(1 << 23)).astype(np.float32), SR)
    layers = tilesets(open_audio(path), Stft(), cache=DiskCache(folder))
    assert not layers["spec/0"].tile(tops(layers)[0]).exact


def test_nothing_is_kept_unless_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    w = SpecWidget(np.zeros(1000), sr=SR)
    assert w.recording.cache is None
    w.close()
    with pytest.raises(ParameterTypeError, match="cache=3"):
        SpecWidget(np.zeros(1000), sr=SR, cache=3)  # type: ignore[arg-type]
