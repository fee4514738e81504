"""From an even estimate to a guided one to the exact picture; what is read, and how often."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import soundfile
from hypothesis import given
from numpy.typing import NDArray

from specwidget.audio import open_audio
from specwidget.audio.signal import ChannelSignal
from specwidget.server import TileAnswer, TileServer
from specwidget.tiles import (
    PatchedSource,
    Tile,
    TileKey,
    estimate,
    refining,
    tilesets,
    wavepass,
)
from specwidget.tiles.estimate import (
    FrameSampler,
    even_frames,
    gathered,
    guided_frames,
    sampled,
)
from specwidget.transforms import FrameTransform, MelSpectrogram, Pcen, Stft, Transform

CHIRP_SECONDS = 0.05


class Chirps:
    """An hour of noise at -50 dB with 200 chirps of 50 ms, each alone, made where it is read."""

    n_channels = 1
    name = "chirps"
    peak = 1.0

    def __init__(self, db: float, sr: int = 22050, seconds: int = 3600, n: int = 200) -> None:
        self.sr = sr
        self.n_samples = sr * seconds
        rng = np.random.default_rng(0)
        noise = rng.standard_normal(1 << 20).astype(np.float32)
        noise[1:] += np.float32(0.9) * noise[:-1]
        self.noise = (noise * (10 ** (-50 / 20) / noise.std())).astype(np.float32)
        length = int(CHIRP_SECONDS * sr)
        t = np.arange(length) / sr
        sweep = np.sin(2 * np.pi * (3000 * t + 20_000 * t * t))
        self.chirp = (10 ** (db / 20) * np.hanning(length) * sweep).astype(np.float32)
        gap = self.n_samples // n
        self.starts = np.arange(n) * gap + rng.integers(length, gap - 2 * length, n)

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        start, stop = max(0, start), min(stop, self.n_samples)
        out = np.empty(stop - start, np.float32)
        for at in range(start >> 20 << 20, stop, 1 << 20):
            first, last = max(at, start), min(at + (1 << 20), stop)
            out[first - start : last - start] = self.noise[first - at : last - at]
        length = len(self.chirp)
        for at in self.starts[(self.starts > start - length) & (self.starts < stop)]:
            first, last = max(at, start), min(at + length, stop)
            out[first - start : last - start] += self.chirp[first - at : last - at]
        return out[None]


def picture(tiles: Any, level: int) -> NDArray[np.float64]:
    """All the tiles of a level in dB [shape=(n_bins, n_columns)]."""
    info = tiles.info()
    low, high = info["range_db"]
    n_tiles = -(-info["n_frames"] // (info["tile_columns"] << level))
    made = [tiles.tile(TileKey("spec/0", level, index)).data for index in range(n_tiles)]
    shape = info["n_bins"], -1
    levels = np.concatenate([np.frombuffer(data, np.uint8).reshape(shape) for data in made], 1)
    return levels * ((high - low) / 255)


def visible(recording: Chirps, db: NDArray[np.float64], level: int) -> float:
    """The share of chirps that stand out by 6 dB from what is beside them."""
    low, high = (int(hz / recording.sr * 2048) for hz in (3700, 4300))
    band = db[low:high]
    seen = []
    for start in recording.starts:
        column = int((start + len(recording.chirp) / 2) / 512 + 0.5) >> level
        beside = [*range(max(0, column - 6), max(0, column - 2)), *range(column + 3, column + 7)]
        beside = [place for place in beside if place < band.shape[1]]
        seen.append((band[:, column] - band[:, beside].mean(axis=1)).mean() >= 6)
    return float(np.mean(seen))


@pytest.mark.parametrize(("db", "guided_at_least"), [(-20.0, 0.99), (-36.0, 0.7)])
def test_what_is_short_is_seen_as_soon_as_the_waveform_is_known(
    db: float, guided_at_least: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimate, "SECONDS", 1e9)
    recording = Chirps(db)
    layers = tilesets(recording, Stft())
    tiles: Any = layers["spec/0"]
    level = 7
    even = visible(recording, picture(tiles, level), level)
    wave: Any = layers["wave/0"]
    changes = wave.waves.changes
    while (step := wave.waves.step(0, recording.n_samples, changes)) is not None:
        step()
    guided = visible(recording, picture(tiles, level), level)
    top = TileKey("spec/0", tiles.info()["levels"] - 1, 0)
    refinement = tiles.refinement(top, tiles.tile(top))
    while (step := refinement.step()) is not None:
        step()
    exact = visible(recording, picture(tiles, level), level)
    assert even <= 0.1
    assert guided >= guided_at_least
    assert exact >= 0.99


class Counted:
    """Noise in several channels, that counts what is read of it."""

    sr: float = 8000
    name = "counted"
    peak = 1.0

    def __init__(self, n: int, n_channels: int = 1) -> None:
        rng = np.random.default_rng(0)
        self.y = (0.1 * rng.standard_normal((n_channels, n))).astype(np.float32)
        self.n_channels, self.n_samples = n_channels, n
        self.n_read = 0
        self.n_jumps = 0
        self.stops: set[int] = set()
        self.lock = threading.Lock()

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        start, stop = max(0, start), min(stop, self.n_samples)
        with self.lock:
            self.n_read += stop - start
            self.n_jumps += start not in self.stops
            self.stops.add(stop)
        return self.y[:, start:stop].copy()


def served(layers: Any, keys: list[TileKey]) -> list[tuple[TileKey, Tile]]:
    """What a server sends for some keys until all are exact."""
    sent: list[tuple[TileKey, Tile]] = []
    done = threading.Event()

    def send(answer: TileAnswer) -> None:
        assert answer.error is None
        sent.extend(answer.tiles)
        if {key for key, tile in sent if tile.exact} == set(keys):
            done.set()

    server = TileServer(layers, send)
    server.request("p-1", 0, keys)
    assert done.wait(60)
    server.close()
    return sent


def top_keys(layers: Any) -> list[TileKey]:
    return [
        TileKey(name, info["levels"] - 1 if name.startswith("spec") else info["levels"][-1], 0)
        for name, tiles in layers.items()
        for info in [tiles.info()]
    ]


class TestStages:
    @pytest.fixture(autouse=True)
    def long(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(refining, "GUIDED_PIECES", 4)
        monkeypatch.setattr(refining, "GUIDED_RECORDING", 8)
        monkeypatch.setattr(estimate, "SECONDS", 1e9)

    def test_even_then_guided_then_exact(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(wavepass, "DEAR", 1e9)
        layers = tilesets(Counted(1 << 23), Stft())
        keys = [key for key in top_keys(layers) if key.layer != "mix"]
        keys = [key for key in keys if not key.layer.endswith("mix")]
        sent = served(layers, keys)
        spec = [(tile.exact, tile.guided) for key, tile in sent if key.layer == "spec/0"]
        assert spec == [(False, False), (False, True), (True, False)]
        wave = [tile.exact for key, tile in sent if key.layer == "wave/0"]
        assert wave == [False, True]
        stages = [(key.layer, tile.exact) for key, tile in sent]
        assert stages.index(("wave/0", True)) < stages.index(("spec/0", True))

    def test_where_reading_is_dear_all_is_read_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(wavepass.WavePass, "is_dear", True)
        source = Counted(1 << 22, n_channels=2)
        layers = tilesets(source, Stft())
        keys = top_keys(layers)
        assert len(keys) == 6
        for key in keys:
            layers[key.layer].tile(key)
        source.n_read = source.n_jumps = 0
        refinements: Any = [
            layers[key.layer].refinement(key, layers[key.layer].tile(key)) for key in keys
        ]
        estimated = source.n_read
        for refinement in sorted(refinements, key=lambda one: one.urgency()):
            while (step := refinement.step()) is not None:
                step()
        made = [refinement.made() for refinement in refinements]
        assert all(tile is not None and tile.exact for tile in made)
        assert source.n_read - estimated <= 1.01 * source.n_samples
        cheap = tilesets(Counted(1 << 22, n_channels=2), Stft())
        expected = dict(served(cheap, keys))
        for key, tile in zip(keys, made, strict=True):
            assert tile is not None
            if key.layer.startswith("spec"):
                assert tile == expected[key]
            else:
                got, right = (np.frombuffer(t.data, np.float32) for t in (tile, expected[key]))
                np.testing.assert_allclose(got, right, rtol=1e-5)

    def test_where_reading_is_cheap_channels_are_read_together(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(wavepass, "DEAR", 1e9)
        source = Counted(1 << 23, n_channels=2)
        layers = tilesets(source, Stft())
        keys = top_keys(layers)
        refinements: Any = [
            layers[key.layer].refinement(key, layers[key.layer].tile(key)) for key in keys
        ]
        source.n_read = 0
        for refinement in sorted(refinements, key=lambda one: one.urgency()):
            while (step := refinement.step()) is not None:
                step()
        estimates = 8 * 256 * 4 * 2048
        assert source.n_read <= 2.1 * source.n_samples + estimates

    def test_reading_is_found_to_be_dear(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Slow(Counted):
            def read(self, start: int, stop: int) -> NDArray[np.float32]:
                block = super().read(start, stop)
                until = time.thread_time() + 0.03
                while stop - start > 100_000 and time.thread_time() < until:
                    pass
                return block

        monkeypatch.setattr(wavepass, "DEAR", 2.0)
        layers: Any = tilesets(Slow(1 << 23), Stft())
        keys = [key for key in top_keys(layers) if not key.layer.endswith("mix")]
        served(layers, keys)
        assert layers["wave/0"].waves.is_dear

    def test_many_channels_are_read_by_themselves(self) -> None:
        source = Counted(1 << 18, n_channels=40)
        layers = tilesets(source, Stft(n_fft=64, hop_length=16))
        key = TileKey("spec/7", layers["spec/7"].info()["levels"] - 1, 0)
        (*_, (_, tile)) = served(layers, [key])
        one = Counted(1 << 18)
        one.y = source.y[7:8]
        single = tilesets(one, Stft(n_fft=64, hop_length=16))
        other = TileKey("spec/0", key.level, 0)
        (*_, (_, expected)) = served(single, [other])
        assert tile == expected

    def test_what_is_known_already_is_in_the_estimate(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        layers: Any = tilesets(Counted(1 << 23), Stft())
        tiles = layers["spec/0"]
        top = TileKey("spec/0", tiles.info()["levels"] - 1, 0)
        refinement = tiles.refinement(top, Tile(b"", 0, exact=False, guided=True))
        for _ in range(6):
            refinement.step()()
        shape = 1025, -1
        guess = np.frombuffer(tiles.tile(top).data, np.uint8).reshape(shape)
        while (step := refinement.step()) is not None:
            step()
        exact = np.frombuffer(tiles.tile(top).data, np.uint8).reshape(shape)
        n_known = 6 * 1024 >> top.level
        np.testing.assert_array_equal(guess[:, :n_known], exact[:, :n_known])
        assert (guess[:, n_known:] <= exact[:, n_known:]).all()
        assert (guess[:, n_known:] < exact[:, n_known:]).any()


class TestPlaces:
    @given(
        st.integers(0, 300), st.integers(1, 600), st.integers(0, 6), st.sampled_from([1, 100, 512])
    )
    def test_lie_in_their_columns(self, column: int, n: int, level: int, hop: int) -> None:
        start = column << level
        stop = start + n
        rng = np.random.default_rng(n)
        bin_level = 7
        first = start * hop >> bin_level
        n_bins = (stop * hop >> bin_level) - first + 1
        changes = rng.random(n_bins).astype(np.float32)
        guided = guided_frames(start, stop, level, changes, hop, bin_level)
        even = even_frames(start, stop, level)
        firsts = np.arange(start, stop, 1 << level)
        lasts = np.minimum(firsts + (1 << level), stop)
        for frames in (guided, even):
            assert len(frames) == len(firsts)
            assert (frames >= firsts[:, None]).all()
            assert (frames < lasts[:, None]).all()

    def test_are_where_the_most_changes(self) -> None:
        changes = np.zeros(64)
        changes[[5, 40]] = 1.0
        frames = guided_frames(1024, 1024 + 256, 7, changes, hop=256, bin_level=10)
        assert frames.shape == (2, 4)
        assert abs(frames[0, 2] - (1024 + 5 * 4 + 2)) <= 2
        assert abs(frames[1, 2] - (1024 + 40 * 4 + 2)) <= 2

    @given(
        st.sampled_from(
            [Stft(n_fft=64), Stft(n_fft=63, hop_length=10), MelSpectrogram(n_fft=128, n_mels=9)]
        )
        | st.just(Pcen(n_fft=64, n_mels=8)),
        st.lists(st.integers(0, 60), min_size=1, max_size=20),
    )
    def test_frames_apart_are_those_of_the_whole(
        self, transform: Transform, frames: list[int]
    ) -> None:
        source = Counted(1000)
        signal = ChannelSignal(source, 0)
        n = transform.n_frames(1000)
        wanted = np.array(frames) % n
        limits = (-100.0, 50.0) if isinstance(transform, FrameTransform) else (0.0, 3.0)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(estimate, "_BLOCK_VALUES", 300)
            found = FrameSampler(transform, signal, limits)(wanted)
        whole = transform.columns(signal, 0, n, limits)
        assert np.abs(found.astype(int) - whole[wanted].astype(int)).max() <= 1

    def test_time_ends_what_is_slow_and_the_nearest_stand_in(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(estimate, "SECONDS", 0.0)
        looked: list[int] = []

        def slow(frames: NDArray[np.int64]) -> NDArray[np.uint8]:
            looked.extend(frames.tolist())
            return (frames[:, None] % 256).astype(np.uint8)

        out = sampled(even_frames(0, 256, 0), slow)
        assert len(looked) == estimate.FEWEST_COLUMNS
        np.testing.assert_array_equal(out[looked, 0], np.array(looked) % 256)
        assert set(out[:, 0].tolist()) == {frame % 256 for frame in looked}
        assert (np.abs(out[:, 0].astype(int) - np.arange(256)) <= 16).all()

    def test_where_reading_is_waiting_many_places_are_waited_for_at_once(self) -> None:
        class Far(Counted):
            meet = threading.Barrier(16)

            def read(self, start: int, stop: int) -> NDArray[np.float32]:
                if self.n_read < 2 * 10:
                    threading.Event().wait(0.02)
                else:
                    self.meet.wait(20)
                return super().read(start, stop)

        source = Far(5000)
        starts = [100 * number for number in range(34)]
        block = gathered(ChannelSignal(source, 0), starts, 10)
        expected = [source.y[0, start : start + 10] for start in starts]
        np.testing.assert_array_equal(block, expected)

    def test_a_file_is_told_what_will_be_read(self, tmp_path: Path) -> None:
        y = Counted(100_000).y[0]
        soundfile.write(tmp_path / "a.wav", y, 8000, subtype="FLOAT")
        source: Any = open_audio(tmp_path / "a.wav")
        told: list[tuple[int, int]] = []
        hint = source.will_read
        source.will_read = lambda start, stop: told.append((start, stop)) or hint(start, stop)
        patched = PatchedSource(source)
        block = gathered(ChannelSignal(patched, 0), [-5, 1000, 99_995], 10)
        assert told == [(0, 5), (1000, 1010), (99_995, 100_000)]
        expected = [[0] * 5 + y[:5].tolist(), y[1000:1010], [*y[99_995:], 0, 0, 0, 0, 0]]
        np.testing.assert_array_equal(block, expected)

    @pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
    @pytest.mark.parametrize("channel", [0, 1, "mix"])
    def test_places_of_a_file_are_read_at_once(
        self, subtype: str, channel: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        y = Counted(20_000, n_channels=2).y
        soundfile.write(tmp_path / "a.wav", y.T, 8000, subtype=subtype)
        patched = PatchedSource(open_audio(tmp_path / "a.wav"))
        signal = ChannelSignal(patched, channel)
        starts = [-50, -3, 0, 7, 4000, 12_345, 19_900, 19_950, 20_100]
        expected = np.stack([signal.read(start, start + 100) for start in starts])
        monkeypatch.setattr(estimate, "_BLOCK_VALUES", 500)
        read_singly: list[int] = []
        read = PatchedSource.read
        monkeypatch.setattr(
            PatchedSource, "read", lambda self, a, b: read_singly.append(a) or read(self, a, b)
        )
        np.testing.assert_array_equal(gathered(signal, starts, 100), expected)
        # Only those that lie in part outside the recording.
        assert read_singly == [0, 0, 19_950]

    def test_places_of_a_file_that_was_cut_are_read_one_by_one(self, tmp_path: Path) -> None:
        y = Counted(20_000).y[0]
        soundfile.write(tmp_path / "a.wav", y, 8000, subtype="FLOAT")
        patched = PatchedSource(open_audio(tmp_path / "a.wav"))
        os.truncate(tmp_path / "a.wav", (tmp_path / "a.wav").stat().st_size // 2)
        block = gathered(ChannelSignal(patched, 0), [100, 15_000, 5000], 100)
        np.testing.assert_array_equal(block[[0, 2]], [y[100:200], y[5000:5100]])
        assert np.isnan(block[1]).all()
        assert patched.damage

    def test_how_many_are_looked_at_does_not_depend_on_the_machine(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(estimate, "SECONDS", 1e9)
        looked: list[int] = []

        def sampler(frames: NDArray[np.int64]) -> NDArray[np.uint8]:
            looked.extend(frames.tolist())
            return np.zeros((len(frames), 1), np.uint8)

        sampled(np.arange(1000).reshape(250, 4), sampler)
        assert sorted(looked) == [*range(1000)]
