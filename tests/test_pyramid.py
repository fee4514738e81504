"""The arithmetic of pyramids, and decibels as bytes."""

from __future__ import annotations

import doctest
from types import ModuleType
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given
from numpy.typing import NDArray

from specwidget.errors import ProtocolError
from specwidget.recording import Recording
from specwidget.tiles import Quantiser, TileKey, first_keys, pyramid, quantise
from specwidget.tiles.pyramid import Pyramid, bit_reversed, fill_nearest
from specwidget.transforms import Stft

pyramids = st.builds(
    Pyramid, n_units=st.integers(1, 10**7), tile_columns=st.sampled_from([1, 8, 256, 2048])
)


class TestPyramid:
    @given(pyramids)
    @example(Pyramid(1, 1))
    @example(Pyramid(256, 256))
    @example(Pyramid(257, 256))
    def test_coarsest_level_is_the_first_that_one_tile_holds(self, levels: Pyramid) -> None:
        top = levels.n_levels - 1
        assert levels.tiles(top) == 1
        assert top == 0 or levels.tiles(top - 1) > 1

    @given(pyramids, st.data())
    def test_tiles_of_a_level_are_the_recording(self, levels: Pyramid, data: st.DataObject) -> None:
        level = data.draw(st.integers(0, levels.n_levels - 1))
        index = data.draw(st.integers(0, levels.tiles(level) - 1))
        start, stop = levels.tile_units(TileKey("spec/0", level, index))
        assert 0 <= start < stop <= levels.n_units
        first, last = levels.tile_range(TileKey("spec/0", level, index))
        assert (first << level, -(-stop >> level)) == (start, last)
        if index + 1 < levels.tiles(level):
            assert levels.tile_units(TileKey("spec/0", level, index + 1))[0] == stop
        else:
            assert stop == levels.n_units

    @given(pyramids, st.data())
    def test_a_tile_lies_in_one_parent(self, levels: Pyramid, data: st.DataObject) -> None:
        if levels.n_levels == 1:
            return
        level = data.draw(st.integers(0, levels.n_levels - 2))
        index = data.draw(st.integers(0, levels.tiles(level) - 1))
        start, stop = levels.tile_units(TileKey("spec/0", level, index))
        first, last = levels.tile_units(TileKey("spec/0", level + 1, index // 2))
        assert first <= start < stop <= last

    @pytest.mark.parametrize(
        ("level", "index", "message"),
        [
            (-1, 0, r"level=-1 .* 0\.\.2"),
            (3, 0, "level=3"),
            (10**9, 0, "level=1000000000"),
            (0, -1, r"index=-1 .* 0\.\.3"),
            (0, 4, "index=4"),
            (2, 1, "index=1"),
        ],
    )
    def test_refuses_what_is_not_there(self, level: int, index: int, message: str) -> None:
        with pytest.raises(ProtocolError, match=message) as caught:
            Pyramid(1000, 256).tile_units(TileKey("spec/0", level, index))
        assert caught.value.code == "bad-key"


class Silence:
    """A recording of which only the length matters."""

    name = "silence"
    peak = 1.0
    n_channels = 2

    def __init__(self, n_samples: int, sr: float) -> None:
        self.n_samples = n_samples
        self.sr = sr

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        return np.zeros((2, max(0, min(stop, self.n_samples) - max(0, start))), np.float32)


class TestFirst:
    @given(
        st.integers(1, 1 << 33),
        st.sampled_from([8000.0, 44100.0, 11025.5]),
        st.floats(0, 1),
        st.floats(0, 1),
        st.sampled_from(["all", 1, "mix"]),
    )
    def test_what_a_view_asks_for_first_is_there_and_covers_it(
        self, n: int, sr: float, one: float, other: float, shown: Any
    ) -> None:
        source = Silence(n, sr)
        recording = Recording(source, Stft(), "silence")
        layers = recording.tilesets()
        view = min(one, other) * recording.duration, max(one, other) * recording.duration
        info = {
            "n_channels": 2,
            "spectrogram": layers["spec/0"].info(),
            "waveform": layers["wave/0"].info(),
        }
        keys = first_keys(info, shown, view)
        assert len(keys) == len(set(keys)) <= 2 * 30
        names = {"all": {"0", "1"}, 1: {"1"}, "mix": {"mix"}}[shown]
        assert {key.layer for key in keys} == {f"{k}/{c}" for k in ("spec", "wave") for c in names}
        for name in {key.layer for key in keys}:
            tiles = layers[name]
            finest = min(key.level for key in keys if key.layer == name)
            spans = [tiles.seconds(key) for key in keys if (key.layer, key.level) == (name, finest)]
            slack = 512 / sr
            assert min(start for start, _ in spans) <= view[0] + slack
            assert max(stop for _, stop in spans) >= view[1] - slack


class TestEstimates:
    @given(st.integers(1, 3000))
    def test_every_beginning_of_the_order_is_spread(self, n: int) -> None:
        order = bit_reversed(n)
        assert sorted(order) == list(range(n))
        some = sorted(order[: max(1, n // 3)])
        gaps = np.diff([*some, n])
        assert gaps.max() <= 16 * n / len(some)

    @given(st.integers(1, 50), st.data())
    def test_fill_takes_the_nearest(self, n: int, data: st.DataObject) -> None:
        known = data.draw(st.lists(st.integers(0, n - 1), min_size=1, unique=True))
        columns = np.full(n, -1)
        columns[known] = known
        fill_nearest(columns, known)
        for place, value in enumerate(columns):
            assert abs(place - value) == min(abs(place - other) for other in known)


class TestQuantiser:
    @given(st.floats(-200, 200), st.floats(1, 300), st.lists(st.floats(-500, 500), min_size=1))
    def test_within_half_a_step(self, low: float, span: float, db: list[float]) -> None:
        quantiser = Quantiser(low, low + span)
        values = np.array(db)
        error = quantiser.decode(quantiser.encode(values)) - np.clip(values, low, low + span)
        assert np.abs(error).max() <= quantiser.step / 2 + 1e-4

    def test_nan_gives_0_and_infinities_the_ends(self) -> None:
        encoded = Quantiser(-100, 0).encode(np.array([np.nan, -np.inf, np.inf]))
        assert encoded.tolist() == [0, 0, 255]

    @pytest.mark.parametrize(("peak", "above"), [(None, 10), (0.0, 10), (1.0, 10), (10.0, 26)])
    def test_head_room(self, peak: float | None, above: float) -> None:
        quantiser = Quantiser.around(50.0, peak)
        assert (quantiser.low, quantiser.high) == pytest.approx((-90.0, 50.0 + above))


@pytest.mark.parametrize("module", [pyramid, quantise])
def test_examples_run(module: ModuleType) -> None:
    assert doctest.testmod(module, extraglobs={"np": np, "TileKey": TileKey}).failed == 0
