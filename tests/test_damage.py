"""Recordings with places that cannot be read: the rest is as it would be, and effort is bounded."""

from __future__ import annotations

import threading
from itertools import pairwise
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import soundfile
from hypothesis import given
from numpy.typing import NDArray

from specwidget import AudioFileError, SpecWidget, Stft
from specwidget.server import TileServer
from specwidget.tiles import Damage, PatchedSource, Tile, TileKey, tilesets
from specwidget.tiles.damage import merged

SR = 8000


class Damaged:
    """Samples that can be read where they are not broken."""

    sr: float = SR
    name = "tape"
    peak = 1.0

    def __init__(self, y: NDArray[np.float32], broken: list[tuple[int, int]]) -> None:
        self.y = np.atleast_2d(y)
        self.n_channels, self.n_samples = self.y.shape
        self.broken = broken
        self.failures = 0
        self.reads = 0

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        start, stop = max(0, start), min(stop, self.n_samples)
        self.reads += 1
        for first, last in self.broken:
            if first < stop and start < last:
                self.failures += 1
                raise AudioFileError(f"tape: samples {start} to {stop} cannot be read: worn out")
        return self.y[:, start:stop].copy()


def noise(n: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal(n).astype(np.float32) * np.float32(0.1)


@pytest.fixture
def fine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("specwidget.tiles.damage.GRAIN", 4)


class TestMerged:
    @given(
        st.lists(st.tuples(st.integers(0, 500), st.integers(1, 50)), max_size=40),
        st.integers(1, 10),
    )
    def test_covers_the_same_in_few_stretches(
        self, given_stretches: list[tuple[int, int]], most: int
    ) -> None:
        stretches = [Damage(at, at + n, "r") for at, n in given_stretches]
        out = merged(stretches, most)
        assert len(out) <= most or not stretches
        assert all(one.stop < two.start for one, two in pairwise(out))
        inside = {i for one in stretches for i in range(one.start, one.stop)}
        covered = {i for one in out for i in range(one.start, one.stop)}
        assert inside <= covered
        if len(merged(stretches, 10**6)) <= most:
            assert inside == covered

    def test_reasons_are_kept_once(self) -> None:
        out = merged([Damage(0, 5, "a"), Damage(5, 9, "b"), Damage(8, 12, "a")])
        assert out == [Damage(0, 12, "a; b")]


class TestReading:
    @pytest.mark.usefixtures("fine")
    @given(
        n=st.integers(1, 2000),
        broken=st.lists(st.tuples(st.integers(0, 1999), st.integers(1, 300)), max_size=4),
        ranges=st.lists(st.tuples(st.integers(0, 1999), st.integers(1, 2000)), max_size=6),
    )
    def test_what_is_read_is_right_and_what_is_not_is_remembered(
        self, n: int, broken: list[tuple[int, int]], ranges: list[tuple[int, int]]
    ) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("specwidget.tiles.damage.GRAIN", 4)
            bad = [(at, at + length) for at, length in broken]
            source = Damaged(noise(n), bad)
            patched = PatchedSource(source)
            inside = np.zeros(n + 400, bool)
            for first, last in bad:
                inside[first:last] = True
            for first, length in [(0, n), *ranges]:
                first = min(first, n - 1)
                last = min(first + length, n)
                before = source.reads
                try:
                    block = patched.read(first, last)
                except AudioFileError:
                    assert inside[np.linspace(0, n - 1, 8).astype(int)].all()
                    continue
                assert source.reads - before <= 200
                lost = np.isnan(block[0])
                assert lost[inside[first:last]].all()
                np.testing.assert_array_equal(block[0][~lost], source.y[0, first:last][~lost])
                marked = np.zeros(n, bool)
                for one in patched.damage:
                    marked[one.start : one.stop] = True
                assert marked[first:last][lost].all()
                # Once found, it is not tried again.
                before = source.failures
                again = patched.read(first, last)
                assert source.failures == before
                np.testing.assert_array_equal(again, block)

    @pytest.mark.parametrize("place", [0, 100, 262_144, 400_000, 524_287])
    @pytest.mark.parametrize("length", [1, 5000, 60_000])
    def test_borders_are_found_to_a_grain(self, place: int, length: int) -> None:
        n = 1 << 19
        source = Damaged(noise(n), [(place, place + length)])
        patched = PatchedSource(source)
        lost = np.flatnonzero(np.isnan(patched.read(0, n)[0]))
        assert lost[0] <= place < lost[0] + 4096
        end = min(place + length, n)
        assert lost[-1] + 1 - 4096 < end <= lost[-1] + 1
        assert source.reads <= 100
        (found,) = patched.damage
        assert (found.start, found.stop, found.reason) == (lost[0], lost[-1] + 1, "worn out")

    def test_a_long_stretch_takes_few_tries(self) -> None:
        """A day of which the second half is gone."""
        n = 1 << 26
        source = Damaged(np.broadcast_to(np.float32(0.5), (1, n)), [(n // 2, n)])
        patched = PatchedSource(source)
        for start in range(0, n, 1 << 19):
            patched.read(start, start + (1 << 19))
        assert source.failures <= 64 * 12
        assert [(one.start, one.stop) for one in patched.damage] == [(n // 2, n)]

    def test_where_nothing_can_be_read_it_fails(self) -> None:
        source = Damaged(noise(1000), [(0, 1000)])
        patched = PatchedSource(source)
        with pytest.raises(AudioFileError, match="worn out"):
            patched.read(10, 20)
        assert patched.damage == []

    def test_whoever_listens_is_told_once_for_each_find(self) -> None:
        told: list[list[Damage]] = []
        source = Damaged(noise(100_000), [(20_000, 20_001), (90_000, 90_001)])
        patched = PatchedSource(source)
        patched.on_damage = lambda: told.append(patched.damage)
        patched.read(0, 10)
        assert told == []
        patched.read(15_000, 25_000)
        patched.read(15_000, 25_000)
        assert [len(found) for found in told] == [1]
        patched.read(80_000, 100_000)
        assert [len(found) for found in told] == [1, 2]

    def test_a_listener_that_fails_stops_nothing(self, caplog: pytest.LogCaptureFixture) -> None:
        patched = PatchedSource(Damaged(noise(100_000), [(20_000, 20_001)]))
        patched.on_damage = lambda: 1 // 0
        assert np.isnan(patched.read(15_000, 25_000)).any()
        assert "damage could not be told" in caplog.text

    def test_damage_that_the_source_finds_is_told(self) -> None:
        source: Any = Damaged(noise(1000), [])
        source.damage = []
        told: list[int] = []
        patched = PatchedSource(source, lambda: told.append(1))
        patched.read(0, 10)
        source.damage.append((100, 200, "the file was written to"))
        source.damage.append((5000, 6000, "missing"))
        patched.read(0, 10)
        assert told == [1]
        assert patched.damage == [Damage(100, 200, "the file was written to")]


def exact_tile(layers: Any, key: TileKey) -> Tile:
    """The exact tile, by a server."""
    done = threading.Event()
    found: list[Tile] = []

    def send(answer: Any) -> None:
        assert answer.error is None
        found.extend(tile for _, tile in answer.tiles if tile.exact)
        if found:
            done.set()

    server = TileServer(layers, send)
    server.request("p-1", 0, [key])
    assert done.wait(20)
    server.close()
    return found[0]


class TestTiles:
    def test_level_0_is_right_where_it_can_be_read(self) -> None:
        y = noise(100_000)
        whole = tilesets(Damaged(y, []), Stft())
        torn = tilesets(Damaged(y, [(50_000, 50_001)]), Stft())
        key = TileKey("spec/0", 0, 0)
        expected, got = (
            np.frombuffer(layers["spec/0"].tile(key).data, np.uint8).reshape(1025, -1)
            for layers in (whole, torn)
        )
        dark = ~got.any(axis=0)
        assert dark.any()
        frames = np.flatnonzero(dark)
        assert frames[0] * 512 + 1024 > 50_000 - 4096
        assert frames[-1] * 512 - 1024 < 50_000 + 4096
        np.testing.assert_array_equal(got[:, ~dark], expected[:, ~dark])

    def test_a_coarse_tile_is_exact_but_for_the_damage(self) -> None:
        y = noise(1 << 23)
        broken = [(1_000_000, 1_200_000), (5_000_000, 5_000_001)]
        source = Damaged(y, broken)
        layers = tilesets(source, Stft(n_fft=512, hop_length=512))
        whole = tilesets(Damaged(y, []), Stft(n_fft=512, hop_length=512))
        for layer, shape in (("spec/0", (257, -1)), ("wave/0", (3, -1))):
            info = layers[layer].info()
            top = info["levels"] - 1 if layer == "spec/0" else info["levels"][-1]
            dtype: Any = np.uint8 if layer == "spec/0" else np.float32
            key = TileKey(layer, top, 0)
            got, expected = (
                np.frombuffer(exact_tile(one, key).data, dtype).reshape(shape).astype(float)
                for one in (layers, whole)
            )
            differs = (abs(got - expected) > 1e-6 * abs(expected)).any(axis=0)
            samples = 512 << top if layer == "spec/0" else 1 << top
            touched = np.zeros(len(differs), bool)
            for first, last in broken:
                touched[max(0, (first - 8192) // samples) : (last + 8192) // samples + 1] = True
            assert not differs[~touched].any()
            assert differs[touched].any()
            if layer == "spec/0":
                hidden = slice(1_000_000 // samples + 2, 1_200_000 // samples - 2)
                assert not got[:, hidden].any()
        assert source.failures < 2000

    def test_numbers_that_are_none_are_told_with_their_place(self) -> None:
        y = noise(1 << 22)
        y[3_000_000:3_000_100] = np.nan
        y[100] = np.inf
        patched = PatchedSource(Damaged(y, []))
        layers = tilesets(patched, Stft())
        top = layers["wave/0"].info()["levels"][-1]
        tile = exact_tile(layers, TileKey("wave/0", top, 0))
        assert np.isfinite(np.frombuffer(tile.data, np.float32)).all()
        assert [(one.start, one.stop) for one in patched.damage] == [
            (100, 101),
            (3_000_000, 3_000_100),
        ]
        assert {one.reason for one in patched.damage} == {"NaN or infinite samples"}

    def test_a_source_that_is_gone_is_an_error(self) -> None:
        source = Damaged(noise(100_000), [])
        layers = tilesets(source, Stft())
        source.broken = [(0, 100_000)]
        with pytest.raises(AudioFileError):
            layers["spec/0"].tile(TileKey("spec/0", 0, 0))


class TestWidget:
    def wait_for_damage(self, w: SpecWidget) -> None:
        found = threading.Event()
        w.observe(lambda change: found.set(), "_notice")
        if w._notice is None:
            assert found.wait(20)

    def ask(self, w: SpecWidget, *keys: list[Any]) -> None:
        epoch = w._info["epoch"]
        message = {"v": 1, "type": "tiles.get", "id": "p-1", "epoch": epoch, "keys": list(keys)}
        w._receive(w, message, [])

    def test_says_where_and_shows_the_rest(self) -> None:
        source = Damaged(noise(1 << 21), [])
        w = SpecWidget(source)
        assert w._info["damage"] == []
        assert w._notice is None
        source.broken = [(50_000, 50_001)]
        self.ask(w, ["spec/0", 0, 0], ["wave/0", 6, 0])
        self.wait_for_damage(w)
        ((start, end, reason),) = w._info["damage"]
        assert start <= 50_000 / SR < end < start + 2 * 4096 / SR
        assert reason == "worn out"
        assert "cannot be read from" in w._notice["text"]
        assert "tape" in w._notice["text"]
        # What was found stays known under another transform, and is not looked for again.
        failures = source.failures
        w.transform = Stft(n_fft=512)
        assert len(w._info["damage"]) == 1
        sound = w.recording.sound(0, 100_000, "all")
        assert not sound[:, 50_000].any()
        assert sound[:, 40_000:45_000].any()
        assert source.failures == failures
        w.close()

    def test_numbers_stay_strict(self) -> None:
        """What is asked for as an array is not made up."""
        w = SpecWidget(Damaged(noise(100_000), [(50_000, 50_001)]))
        with pytest.raises(AudioFileError, match="worn out"):
            w.spectrogram(6.0, 6.5)
        w.close()

    def test_says_at_once_what_is_found_when_it_is_made(self) -> None:
        w = SpecWidget(Damaged(noise(100_000), [(50_000, 50_001)]))
        assert len(w._info["damage"]) == 1
        assert "cannot be read from" in w._notice["text"]
        assert w._still().startswith(b"\x89PNG")
        w.close()

    def test_not_finite_in_a_file(self, tmp_path: Path) -> None:
        y = noise(100_000)
        y[60_000:60_010] = np.nan
        soundfile.write(tmp_path / "nan.wav", y, SR, subtype="FLOAT")
        w = SpecWidget(tmp_path / "nan.wav")
        self.ask(w, ["wave/0", 6, 0])
        self.wait_for_damage(w)
        assert w._info["damage"] == [[7.5, pytest.approx(7.50125), "NaN or infinite samples"]]
        assert "NaN" in w._notice["text"]
        w.close()

    def test_closing_while_it_is_to_be_told(self) -> None:
        source = Damaged(noise(100_000), [])
        w = SpecWidget(source)
        source.broken = [(50_000, 50_001)]
        self.ask(w, ["spec/0", 0, 0])
        w.close()
        w.recording.patched.read(0, 100_000)
