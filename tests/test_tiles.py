"""Tiles: side by side they are the transform of the whole recording, at any level."""

from __future__ import annotations

import doctest
import gc
import json
import warnings
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import librosa
import numpy as np
import pytest
from hypothesis import example, given
from numpy.typing import NDArray

from specwidget.audio import AudioSource, open_audio
from specwidget.errors import ParameterError, ParameterTypeError, ProtocolError
from specwidget.tiles import (
    Quantiser,
    SpectrogramTileset,
    Tile,
    TileKey,
    WaveformTileset,
    base,
    cache,
    claims,
    damage,
    drawn_range,
    estimate,
    grid,
    layers,
    overview,
    spectrogram_db,
    spectrogram_info,
    summary,
    tilesets,
    values,
    waveform,
    waveform_info,
    wavepass,
)
from specwidget.tiles.cache import TileCache
from specwidget.tiles.damage import PatchedSource
from specwidget.tiles.framepass import FramePass
from specwidget.tiles.wavepass import WavePass
from specwidget.transforms import FrameTransform, MelSpectrogram, Stft, Transform

SR = 8000
HALF_STEP = 0.5 + 0.02 * 255 / 150


class Probe:
    """A recording that is made up where it is read, and remembers what was read."""

    sr: float = 44100
    n_channels = 1
    name = "probe"
    peak = 1.0

    def __init__(self, n_samples: int, n_channels: int = 1) -> None:
        self.n_samples = n_samples
        self.n_channels = n_channels
        self.reads: list[int] = []

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        start, stop = max(0, start), min(stop, self.n_samples)
        self.reads.append(stop - start)
        place = np.arange(start, stop, dtype=np.float64)
        wave = np.sin(place * 0.05) * np.sin(place * 1e-6)
        return np.tile(wave.astype(np.float32), (self.n_channels, 1))


def noise(n: int, n_channels: int | None = None, seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    shape = (n,) if n_channels is None else (n_channels, n)
    loudness = 10.0 ** rng.uniform(-5, 0, (*shape[:-1], -(-n // 500)))
    envelope = np.repeat(loudness, 500, axis=-1)[..., :n]
    return (0.3 * envelope * rng.standard_normal(shape)).astype(np.float32)


def librosa_db(
    y: NDArray[np.float32], transform: FrameTransform, sr: float = SR
) -> NDArray[np.float32]:
    shared: dict[str, Any] = {
        "n_fft": transform.n_fft,
        "hop_length": transform.hop,
        "win_length": transform.win_length,
        "window": transform.window,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if isinstance(transform, MelSpectrogram):
            power = librosa.feature.melspectrogram(y=y, sr=sr, n_mels=transform.n_mels, **shared)
            return librosa.power_to_db(power, ref=1.0, top_db=None)
        magnitude = np.abs(librosa.stft(y, **shared))
        return librosa.amplitude_to_db(magnitude, ref=1.0, top_db=None)


def spectrogram_levels(tiles: SpectrogramTileset, level: int) -> NDArray[np.uint8]:
    """All the tiles of a level, side by side [shape=(n_bins, n_columns)]."""
    info = tiles.info()
    columns = -(-info["n_frames"] // (1 << level))
    made = [
        tiles.tile(TileKey("spec/0", level, index))
        for index in range(-(-columns // info["tile_columns"]))
    ]
    assert all(tile.exact for tile in made)
    assert all(tile.columns == info["tile_columns"] for tile in made[:-1])
    shape = info["n_bins"], -1
    return np.concatenate([np.frombuffer(t.data, np.uint8).reshape(shape) for t in made], axis=1)


def finished(tiles: Any, key: TileKey) -> Tile:
    """What a refinement ends with."""
    refinement = tiles.refinement(key, Tile(b"", 0, exact=False))
    fractions = []
    while (tile := refinement.made()) is None or not tile.exact:
        fractions.append(refinement.fraction())
        step = refinement.step()
        assert step is not None
        step()
    assert fractions == sorted(fractions)
    assert refinement.fraction() == 1.0
    assert refinement.made() is None
    refinement.close()
    return tile


def spectrogram_tiles(
    source: AudioSource, transform: Transform, channel: Any = 0
) -> SpectrogramTileset:
    waves = WavePass(PatchedSource(source))
    return SpectrogramTileset(FramePass(waves, transform, drawn_range(source, transform)), channel)


def waveform_tiles(source: AudioSource, channel: Any = 0) -> WaveformTileset:
    return WaveformTileset(WavePass(PatchedSource(source)), channel)


@st.composite
def transforms(draw: st.DrawFn) -> FrameTransform:
    n_fft = draw(st.integers(2, 300) | st.sampled_from([512, 2048]))
    framing: dict[str, Any] = {
        "n_fft": n_fft,
        "hop_length": draw(st.integers(1, 400)),
        "win_length": draw(st.none() | st.integers(1, n_fft)),
        "window": draw(st.sampled_from(["hann", "boxcar", "blackman"])),
    }
    if draw(st.booleans()):
        return MelSpectrogram(**framing, n_mels=draw(st.integers(1, 40)))
    return Stft(**framing)


class TestSpectrogramTiles:
    @given(transforms(), st.integers(1, 4000), st.sampled_from([1, 4, 32, 256]), st.integers(0, 99))
    @example(Stft(), 1, 256, 0)
    @example(MelSpectrogram(), 2047, 4, 0)
    def test_level_0_is_librosas_whole_file(
        self, transform: FrameTransform, n: int, tile_columns: int, seed: int
    ) -> None:
        y = noise(n, seed=seed)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(grid, "TILE_COLUMNS", tile_columns)
            source = open_audio(y, sr=SR)
            info = spectrogram_info(source, transform)
            levels = spectrogram_levels(spectrogram_tiles(source, transform), 0)
        low, high = info["range_db"]
        expected = librosa_db(y, transform).astype(np.float64)
        assert levels.shape == expected.shape == (info["n_bins"], info["n_frames"])
        exact = (np.clip(expected, low, high) - low) * 255 / (high - low)
        assert np.abs(levels - exact).max() <= HALF_STEP

    @pytest.mark.parametrize("folder", ["ann_maad_spinetail", "ann_pyaudioanalysis", "queue_*"])
    @pytest.mark.parametrize("transform", [Stft(), Stft(n_fft=512), MelSpectrogram(n_mels=64)])
    def test_of_real_recordings(
        self, transform: FrameTransform, folder: str, real_data: Path
    ) -> None:
        path = sorted(real_data.glob(f"{folder}/*.wav"))[0]
        source = open_audio(path)
        y, sr = librosa.load(path, sr=None, mono=False)
        levels = spectrogram_levels(spectrogram_tiles(source, transform), 0)
        low, high = spectrogram_info(source, transform)["range_db"]
        expected = librosa_db(y if y.ndim == 1 else y[0], transform, sr).astype(np.float64)
        exact = (np.clip(expected, low, high) - low) * 255 / (high - low)
        assert np.abs(levels - exact).max() <= HALF_STEP

    @given(transforms(), st.integers(1, 4000), st.sampled_from([1, 8, 32]), st.integers(0, 99))
    def test_coarser_levels_are_maxima(
        self, transform: FrameTransform, n: int, tile_columns: int, seed: int
    ) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(grid, "TILE_COLUMNS", tile_columns)
            tiles = spectrogram_tiles(open_audio(noise(n, seed=seed), sr=SR), transform)
            level_0 = spectrogram_levels(tiles, 0)
            for level in range(1, tiles.info()["levels"]):
                edges = np.arange(0, level_0.shape[1], 1 << level)
                expected = np.maximum.reduceat(level_0, edges, axis=1)
                np.testing.assert_array_equal(spectrogram_levels(tiles, level), expected)

    @pytest.mark.parametrize("channel", [0, 1, 2, "mix"])
    def test_channels(self, channel: Any) -> None:
        y = noise(5000, 3)
        one = librosa.to_mono(y) if channel == "mix" else y[channel]
        stft = Stft(n_fft=256)
        tiles = spectrogram_tiles(open_audio(y, sr=SR), stft, channel)
        alone = spectrogram_tiles(open_audio(one, sr=SR), stft)
        quantiser = Quantiser(*tiles.info()["range_db"])
        expected = quantiser.encode(librosa_db(one, stft))
        np.testing.assert_array_equal(spectrogram_levels(tiles, 0), expected)
        assert alone.info()["n_frames"] == tiles.info()["n_frames"]

    def test_channels_that_are_not_there(self) -> None:
        source = open_audio(noise(100, 2), sr=SR)
        for channel in (2, -1, "left"):
            with pytest.raises(ParameterError, match="channel="):
                spectrogram_tiles(source, Stft(), channel)
        with pytest.raises(ParameterTypeError, match="channel=True"):
            spectrogram_tiles(source, Stft(), True)

    def test_wide_frames_make_narrow_tiles(self) -> None:
        info = spectrogram_info(open_audio(noise(100), sr=SR), Stft(n_fft=65536))
        assert info["tile_columns"] * info["n_bins"] <= 512 << 10
        assert info["tile_columns"] == 8

    def test_bad_keys(self) -> None:
        tiles = spectrogram_tiles(open_audio(noise(100), sr=SR), Stft())
        for level, index in ((1, 0), (0, 1), (-1, 0), (0, -1)):
            with pytest.raises(ProtocolError):
                tiles.tile(TileKey("spec/0", level, index))
            with pytest.raises(ProtocolError):
                tiles.refinement(TileKey("spec/0", level, index), Tile(b"", 0))

    def test_nothing_finite(self) -> None:
        tiles = spectrogram_tiles(open_audio(np.full(5000, np.nan), sr=SR), Stft())
        assert not spectrogram_levels(tiles, 0).any()


class TestInfo:
    def test_of_stft(self) -> None:
        info = spectrogram_info(open_audio(noise(SR), sr=SR), Stft(n_fft=512))
        assert info["bins"] == {"kind": "linear", "step": SR / 512}
        assert info == {
            "kind": "spectrogram",
            "sr": SR,
            "n_frames": 63,
            "hop_length": 128,
            "n_fft": 512,
            "n_bins": 257,
            "bins": info["bins"],
            "range_db": [info["full_scale_db"] - 140, info["full_scale_db"] + 10],
            "full_scale_db": pytest.approx(20 * np.log10(128)),
            "value_name": "level",
            "unit": "dB",
            "ref_applies": True,
            "tile_columns": 256,
            "levels": 1,
        }

    def test_of_mel(self) -> None:
        mel = MelSpectrogram(n_mels=40)
        info = spectrogram_info(open_audio(noise(SR), sr=SR), mel)
        assert info["bins"] == {"kind": "list", "hz": mel.frequencies(SR).tolist()}

    def test_of_a_loud_recording(self) -> None:
        info = spectrogram_info(open_audio(np.full(100, 100.0), sr=SR), Stft())
        assert info["range_db"][1] == pytest.approx(info["full_scale_db"] + 46)

    @pytest.mark.parametrize("transform", [Stft(), MelSpectrogram(), Stft(n_fft=2)])
    def test_is_json(self, transform: FrameTransform) -> None:
        source = open_audio(noise(SR), sr=SR)
        for info in (spectrogram_info(source, transform), waveform_info(source)):
            assert json.loads(json.dumps(info, allow_nan=False)) == info

    def test_of_one_mel_band(self) -> None:
        info = spectrogram_info(open_audio(noise(10), sr=SR), MelSpectrogram(n_mels=1))
        assert info["bins"]["kind"] == "list"
        assert len(info["bins"]["hz"]) == 1


class TestSpectrogramDb:
    @given(transforms(), st.integers(1, 4000), st.data())
    def test_any_range_is_librosas(
        self, transform: FrameTransform, n: int, data: st.DataObject
    ) -> None:
        y = noise(n, seed=n)
        source = open_audio(y, sr=SR)
        expected = librosa_db(y, transform)
        start = data.draw(st.integers(0, expected.shape[1]))
        stop = data.draw(st.integers(start, expected.shape[1]))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(grid, "STEP_SAMPLES", data.draw(st.sampled_from([1, 3000, 10**6])))
            db = spectrogram_db(source, transform, start, stop, 0)
        assert db.dtype == np.float32
        np.testing.assert_allclose(db, expected[:, start:stop], rtol=0, atol=1e-3)

    def test_frames_out_of_range(self) -> None:
        source = open_audio(noise(100), sr=SR)
        with pytest.raises(ParameterError, match=r"stop_frame=99 is out of range; .* 0\.\.1"):
            spectrogram_db(source, Stft(), 0, 99, 0)
        with pytest.raises(ParameterError, match="start_frame=-1"):
            spectrogram_db(source, Stft(), -1, 1, 0)
        with pytest.raises(ParameterError, match="stop_frame=0 is before start_frame=1"):
            spectrogram_db(source, Stft(), 1, 0, 0)

    def test_reads_in_bounded_blocks(self) -> None:
        source = Probe(1 << 23, n_channels=8)
        spectrogram_db(source, Stft(n_fft=256, hop_length=4096), 0, 2048, "mix")
        assert max(source.reads) * 8 <= 1 << 20


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What counts as much is little, so that a short recording behaves as a long one."""
    monkeypatch.setattr(grid, "TILE_COLUMNS", 8)
    monkeypatch.setattr(grid, "EXACT_SAMPLES", 2000)
    monkeypatch.setattr(grid, "STEP_SAMPLES", 500)
    monkeypatch.setattr(waveform, "SAMPLE_COLUMNS", 64)
    monkeypatch.setattr(waveform, "TILE_COLUMNS", 8)
    monkeypatch.setattr(waveform, "EXACT_SAMPLES", 2000)
    monkeypatch.setattr(waveform, "STEP_LEVEL", 9)
    monkeypatch.setattr(wavepass, "STEP_LEVEL", 9)
    monkeypatch.setattr(wavepass, "GRAIN_LEVEL", 8)
    monkeypatch.setattr(wavepass, "COARSE_LEVEL", 8)
    monkeypatch.setattr(wavepass, "CHANGE_LEVEL", 4)
    monkeypatch.setattr(estimate, "FEWEST_COLUMNS", 2)
    yield


@pytest.mark.usefixtures("small_steps")
class TestLongRecordings:
    @pytest.fixture(params=[40 * 1024, 300, 1])
    def stored_bytes(self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
        """Much, little and hardly any memory for an overview."""
        monkeypatch.setattr("specwidget.tiles.overview.STORED_BYTES", request.param)
        return int(request.param)

    @pytest.mark.usefixtures("stored_bytes")
    @pytest.mark.parametrize("n", [100_000, 99_999, 65_536, 65_537])
    @pytest.mark.parametrize("backwards", [False, True])
    def test_spectrogram_estimates_become_exact(self, n: int, backwards: bool) -> None:
        y = noise(n)
        transform = Stft(n_fft=64, hop_length=32)
        tiles = spectrogram_tiles(open_audio(y, sr=SR), transform)
        info = tiles.info()
        level_0 = Quantiser(*info["range_db"]).encode(librosa_db(y, transform))
        keys = [
            TileKey("spec/0", level, index)
            for level in range(info["levels"])
            for index in range(-(-info["n_frames"] // (8 << level)))
        ]
        estimates = {key: tile for key in keys if not (tile := tiles.tile(key)).exact}
        assert estimates
        assert all(key.level >= 3 for key in estimates)
        for key in reversed(keys) if backwards else keys:
            tile = finished(tiles, key) if key in estimates else tiles.tile(key)
            assert tile.exact
            start = key.index * 8 << key.level
            under = level_0[:, start : start + (8 << key.level)]
            edges = np.arange(0, under.shape[1], 1 << key.level)
            expected = np.maximum.reduceat(under, edges, axis=1)
            got = np.frombuffer(tile.data, np.uint8).reshape(33, tile.columns)
            np.testing.assert_array_equal(got, expected)

    def test_the_top_is_exact_at_once_when_the_rest_is_known(self) -> None:
        tiles = spectrogram_tiles(open_audio(noise(50_000), sr=SR), Stft(n_fft=64))
        top = TileKey("spec/0", tiles.info()["levels"] - 1, 0)
        assert not tiles.tile(top).exact
        refined = finished(tiles, top)
        assert tiles.tile(top) == refined
        assert tiles.refinement(top, refined).step() is None

    @pytest.mark.usefixtures("stored_bytes")
    @pytest.mark.parametrize("n", [100_000, 99_999, 65_536, 65_537])
    def test_waveform_estimates_become_exact(self, n: int) -> None:
        y = noise(n)
        tiles = waveform_tiles(open_audio(y, sr=SR))
        estimated = 0
        for level in reversed(tiles.info()["levels"][1:]):
            columns = -(-n // (1 << level))
            for index in range(-(-columns // 8)):
                key = TileKey("wave/0", level, index)
                tile = tiles.tile(key)
                if not tile.exact:
                    estimated += 1
                    tile = finished(tiles, key)
                check_waveform(tile, y[index * 8 << level : (index + 1) * 8 << level], level)
        assert estimated

    @pytest.mark.parametrize("kind", ["spectrogram", "waveform"])
    def test_an_estimate_lies_within_the_exact(self, kind: str) -> None:
        source = open_audio(noise(100_000), sr=SR)
        if kind == "spectrogram":
            tiles: Any = spectrogram_tiles(source, Stft(n_fft=64))
            key = TileKey("spec/0", tiles.info()["levels"] - 1, 0)
            dtype: Any = np.uint8
        else:
            tiles = waveform_tiles(source)
            key = TileKey("wave/0", tiles.info()["levels"][-1], 0)
            dtype = np.float32
        estimate = np.frombuffer(tiles.tile(key).data, dtype)
        exact = np.frombuffer(finished(tiles, key).data, dtype)
        assert estimate.max() <= exact.max()
        assert estimate.any()


def test_a_year_opens_at_once() -> None:
    """What is read for a first picture does not grow with the recording."""
    source = Probe(44100 * 3600 * 24 * 365)
    layers_of_it = tilesets(source, Stft())
    for layer in ("spec/0", "wave/0"):
        info = layers_of_it[layer].info()
        top = info["levels"] - 1 if layer == "spec/0" else info["levels"][-1]
        tile = layers_of_it[layer].tile(TileKey(layer, top, 0))
        assert not tile.exact
        refinement = layers_of_it[layer].refinement(TileKey(layer, top, 0), tile)
        step = refinement.step()
        assert step is not None
        step()
    assert max(source.reads) <= 1 << 20
    assert sum(source.reads) < 44100 * 600


def test_what_is_not_needed_any_more_is_given_back_at_once() -> None:
    """Overviews are large, and the cycles of the garbage collector far apart."""
    gc.disable()
    try:
        source = open_audio(noise(1 << 21), sr=SR)
        layers: Any = tilesets(source, Stft(n_fft=64))
        top = TileKey("spec/0", layers["spec/0"].info()["levels"] - 1, 0)
        finished(layers["spec/0"], top)
        overview = weakref.ref(layers["spec/0"]._overview)
        waveform_before = layers["wave/0"]
        layers = tilesets(source, Stft(n_fft=128), layers)
        assert overview() is None
        assert layers["wave/0"] is waveform_before
        overview = weakref.ref(waveform_before._overview)
        del layers, waveform_before
        assert overview() is None
    finally:
        gc.enable()


def check_waveform(tile: Tile, under: NDArray[np.float32], level: int) -> None:
    """A tile of a waveform holds minimum, maximum and RMS of the samples under it."""
    low, high, rms = np.frombuffer(tile.data, np.float32).reshape(3, tile.columns)
    edges = np.arange(0, len(under), 1 << level)
    counts = np.diff([*edges, len(under)])
    power = np.add.reduceat(under.astype(np.float64) ** 2, edges) / counts
    np.testing.assert_array_equal(low, np.minimum.reduceat(under, edges))
    np.testing.assert_array_equal(high, np.maximum.reduceat(under, edges))
    np.testing.assert_allclose(rms, np.sqrt(power), rtol=1e-5, atol=1e-9)


class TestWaveformTiles:
    @given(st.integers(1, 40_000), st.data())
    @example(1, None)
    @example(16384, None)
    @example(16385, None)
    def test_are_the_samples_and_what_they_span(self, n: int, data: st.DataObject | None) -> None:
        y = noise(n, seed=n)
        with pytest.MonkeyPatch.context() as patch:
            if data is not None:
                patch.setattr(waveform, "TILE_COLUMNS", data.draw(st.sampled_from([4, 64, 2048])))
            tiles = waveform_tiles(open_audio(y, sr=SR))
            info = tiles.info()
            size, columns = info["sample_columns"], info["columns"]
            parts = [tiles.tile(TileKey("wave/0", 0, i)) for i in range(-(-n // size))]
            samples = np.concatenate([np.frombuffer(part.data, np.float32) for part in parts])
            np.testing.assert_array_equal(samples, y)
            for level in info["levels"][1:]:
                for index in range(-(-n // (columns << level))):
                    start = index * columns << level
                    tile = tiles.tile(TileKey("wave/0", level, index))
                    check_waveform(tile, y[start : start + (columns << level)], level)

    @given(st.integers(1, 10**11))
    def test_levels(self, n: int) -> None:
        info = waveform_info(Probe(n))
        assert info["levels"][:2] == [0, 6]
        top = info["levels"][-1]
        assert info["levels"][1:] == [*range(6, top + 1)]
        assert -(-n // (1 << top)) <= info["columns"]
        assert top == 6 or -(-n // (1 << (top - 1))) > info["columns"]

    @pytest.mark.parametrize(
        ("level", "index"), [(1, 0), (5, 0), (7, 0), (-1, 0), (0, 1), (6, 1), (0, -1)]
    )
    def test_bad_keys(self, level: int, index: int) -> None:
        tiles = waveform_tiles(open_audio(noise(1000), sr=SR))
        with pytest.raises(ProtocolError) as caught:
            tiles.tile(TileKey("wave/0", level, index))
        assert caught.value.code == "bad-key"

    def test_what_is_not_finite_is_left_out(self) -> None:
        y = np.ones(192, np.float32)
        y[:64] = np.nan
        y[64], y[65], y[66] = np.inf, -np.inf, -0.5
        tile = waveform_tiles(open_audio(y, sr=SR)).tile(TileKey("wave/0", 6, 0))
        values = np.frombuffer(tile.data, np.float32).reshape(3, 3)
        rms = np.sqrt((61 + 0.25) / 62)
        np.testing.assert_allclose(values, [[0, -0.5, 1], [0, 1, 1], [0, rms, 1]], rtol=1e-6)

    def test_of_the_mix(self) -> None:
        y = noise(500, 2)
        tile = waveform_tiles(open_audio(y, sr=SR), "mix").tile(TileKey("wave/mix", 0, 0))
        np.testing.assert_array_equal(np.frombuffer(tile.data, np.float32), librosa.to_mono(y))


class TestCache:
    @given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 3000))), st.integers(0, 20_000))
    def test_never_holds_more_than_it_may(self, puts: list[tuple[int, int]], most: int) -> None:
        tiles = TileCache(most)
        for index, size in puts:
            tiles.put(TileKey("spec/0", 0, index), Tile(b"x" * size, 1))
            assert tiles.n_bytes <= most
        held = [tile for i in range(21) if (tile := tiles.get(TileKey("spec/0", 0, i)))]
        assert len(held) == len(tiles)
        assert sum(len(tile.data) for tile in held) <= tiles.n_bytes

    def test_the_least_recently_used_go_first(self) -> None:
        keys = [TileKey("spec/0", 0, index) for index in range(3)]
        tiles = TileCache(3000)
        tiles.put(keys[0], Tile(b"x" * 1000, 1))
        tiles.put(keys[1], Tile(b"x" * 1000, 1))
        tiles.get(keys[0])
        tiles.put(keys[2], Tile(b"x" * 1000, 1))
        assert [tiles.get(key) is not None for key in keys] == [True, False, True]
        tiles.clear()
        assert (len(tiles), tiles.n_bytes) == (0, 0)

    def test_a_tile_in_place_of_another(self) -> None:
        tiles, key = TileCache(10_000), TileKey("spec/0", 0, 0)
        tiles.put(key, Tile(b"estimate", 1, exact=False))
        tiles.put(key, Tile(b"exact", 1))
        assert tiles.get(key) == Tile(b"exact", 1)
        assert len(tiles) == 1


def test_layers_of_a_recording() -> None:
    source: AudioSource = open_audio(noise(100, 2), sr=SR)
    made = tilesets(source, Stft())
    assert sorted(made) == ["spec/0", "spec/1", "spec/mix", "wave/0", "wave/1", "wave/mix"]
    others = tilesets(source, MelSpectrogram(), made)
    assert {name for name in made if others[name] is made[name]} == {"wave/0", "wave/1", "wave/mix"}


@pytest.mark.parametrize(
    "module", [base, cache, claims, damage, estimate, grid, layers, overview, summary, values]
)
def test_examples_run(module: Any) -> None:
    globs = {"np": np, "TileKey": TileKey, "Tile": Tile}
    assert doctest.testmod(module, extraglobs=globs).failed == 0
