"""What a view is sent before it asks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from specwidget import MelSpectrogram, SpecWidget, Stft
from specwidget.audio import open_audio
from specwidget.recording import Recording
from specwidget.tiles import TileKey
from specwidget.tiles.whole import WHOLE_BYTES, whole_keys, whole_parts

SR = 8000
WAIT = 30


def noise(seconds: float, n_channels: int = 1, sr: int = SR) -> np.ndarray:
    rng = np.random.default_rng(3)
    return (0.1 * rng.normal(size=(n_channels, int(seconds * sr)))).astype(np.float32)


class Line:
    """What a widget sends, and a way to wait for it."""

    def __init__(self, widget: SpecWidget) -> None:
        self.widget = widget
        self.sent: list[tuple[dict[str, Any], list[Any]]] = []
        self._news = threading.Condition()
        widget.send = self._hear  # type: ignore[method-assign]

    def _hear(self, content: dict[str, Any], buffers: list[Any] | None = None) -> None:
        with self._news:
            self.sent.append((content, buffers or []))
            self._news.notify_all()

    def ask(self, id: str, type: str, **members: Any) -> None:
        self.widget._handle_custom_msg({"v": 1, "type": type, "id": id, **members}, [])

    def wait(self, *types: str, n: int = 1) -> None:
        """Wait for so many messages of each of these types."""
        with self._news:
            assert self._news.wait_for(
                lambda: all(len(self.of(type)) >= n for type in types), timeout=WAIT
            ), [message["type"] for message, _ in self.sent]

    def of(self, type: str) -> list[dict[str, Any]]:
        return [message for message, _ in self.sent if message["type"] == type]

    def tiles(self, id: str | None = None, epoch: int = 0) -> list[TileKey]:
        """The tiles that came for a request; unasked by default."""
        return [
            TileKey(tile["layer"], tile["level"], tile["index"])
            for message in self.of("tile.data")
            if message["id"] == id and message["epoch"] == epoch
            for tile in message["tiles"]
        ]


@pytest.fixture
def line() -> Iterator[Line]:
    widget = SpecWidget(noise(4), SR, labels=["song"])
    widget.add(1, 2, "song")
    yield Line(widget)
    widget.close()


def display(widget: SpecWidget) -> None:
    widget._repr_mimebundle_()


def test_a_short_recording_is_sent_whole_when_it_is_displayed(line: Line) -> None:
    widget = line.widget
    assert line.sent == []
    display(widget)
    line.wait("annotations.snapshot", "audio.data")
    types = [message["type"] for message, _ in line.sent]
    assert types[0] == "annotations.snapshot" and types[-1] == "audio.data"
    assert set(types[1:-1]) == {"tile.data"}
    assert line.of("annotations.snapshot")[0]["rev"] == 1
    assert sorted(map(repr, line.tiles())) == sorted(map(repr, whole_keys(widget._info, "all")))
    assert all(tile["exact"] for m in line.of("tile.data") for tile in m["tiles"])
    assert all(message["id"] is None for message, _ in line.sent)
    message, [sound] = line.sent[-1]
    assert (message["start"], message["stop"], message["channel"]) == (0, 4 * SR, "all")
    heard = np.frombuffer(sound, "<i2") / 32768
    np.testing.assert_allclose(heard, noise(4)[0], atol=1 / 32768)


def test_a_second_view_asks_for_itself(line: Line) -> None:
    display(line.widget)
    line.wait("audio.data")
    n = len(line.sent)
    display(line.widget)
    line.ask("p-1", "audio.get", start=0, stop=10, channel="all")
    line.wait("audio.data", n=2)
    assert len(line.sent) == n + 1


def test_another_transform_is_sent_too_once_there_is_a_view(line: Line) -> None:
    widget = line.widget
    widget.transform = Stft(n_fft=512)
    assert line.sent == []
    display(widget)
    line.wait("audio.data")
    widget.transform = MelSpectrogram(n_mels=40)
    keys = whole_keys(widget._info, "all")
    with line._news:
        assert line._news.wait_for(lambda: len(line.tiles(epoch=2)) == len(keys), timeout=WAIT)
    assert sorted(map(repr, line.tiles(epoch=2))) == sorted(map(repr, keys))
    line.ask("p-1", "audio.get", start=0, stop=10, channel="all")
    line.wait("audio.data", n=2)
    assert [message["id"] for message in line.of("audio.data")] == [None, "p-1"]


def test_only_what_is_shown_is_sent() -> None:
    widget = SpecWidget(noise(4, n_channels=2), SR, channel=1)
    line = Line(widget)
    display(widget)
    line.wait("audio.data")
    assert {key.layer for key in line.tiles()} == {"spec/1", "wave/1"}
    assert line.of("audio.data")[0]["channel"] == 1
    widget.close()


def test_of_a_long_recording_and_many_annotations_nothing_is_sent() -> None:
    rows = [(i / 100, i / 100 + 0.5, "x") for i in range(1001)]
    widget = SpecWidget(noise(120), SR, annotations=rows)
    line = Line(widget)
    display(widget)
    line.ask("p-1", "audio.get", start=0, stop=10, channel="all")
    line.wait("audio.data")
    assert len(line.sent) == 1
    widget.close()


def test_what_a_view_asks_for_goes_first_and_is_sent_once(monkeypatch: pytest.MonkeyPatch) -> None:
    widget = SpecWidget(noise(20), SR)
    line = Line(widget)
    started, gate = threading.Semaphore(0), threading.Semaphore(0)
    order: list[TileKey] = []
    for layer in widget._router._tilesets.values():

        def slow(key: TileKey, *rest: Any, tile: Any = layer.tile) -> Any:
            order.append(key)
            started.release()
            assert gate.acquire(timeout=WAIT)
            return tile(key, *rest)

        monkeypatch.setattr(layer, "tile", slow)
    display(widget)
    # The push has begun when the view asks for its last two tiles.
    assert started.acquire(timeout=WAIT)
    keys = whole_keys(widget._info, "all")
    asked = keys[-2:]
    asked_json = [[key.layer, key.level, key.index] for key in asked]
    line.ask("p-1", "tiles.get", epoch=0, keys=asked_json)
    gate.release(1000)
    line.wait("audio.data")
    assert max(order.index(key) for key in asked) <= 3
    assert line.tiles("p-1") == asked
    assert sorted(map(repr, [*line.tiles(), *asked])) == sorted(map(repr, keys))
    widget.close()


def test_what_cannot_be_computed_is_not_complained_of(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise OSError("disk on fire")

    monkeypatch.setattr(line.widget._router._tilesets["spec/0"], "tile", broken)
    display(line.widget)
    with line._news:
        assert line._news.wait_for(lambda: len(line.tiles()) == 3, timeout=WAIT)
    assert line.of("error") == []
    assert {key.layer for key in line.tiles()} == {"wave/0"}
    line.ask("p-1", "tiles.get", epoch=0, keys=[["spec/0", 0, 0]])
    line.wait("error")


@given(
    n_samples=st.integers(1, 400_000),
    n_channels=st.integers(1, 3),
    hop=st.sampled_from([64, 512]),
)
def test_the_whole_is_every_tile_there_is(n_samples: int, n_channels: int, hop: int) -> None:
    transform = MelSpectrogram(n_mels=8, n_fft=256, hop_length=hop, window="boxcar")
    source = open_audio(np.zeros((n_channels, n_samples), np.float32), SR)
    info = Recording(source, transform, "a").info()
    spec, wave = info["spectrogram"], info["waveform"]
    sizes = {"picture": 0, "samples": 0}
    channels = [*range(n_channels), "mix"] if n_channels > 1 else [0]
    expected = []
    for channel in channels:
        for level in wave["levels"]:
            part = "picture" if level else "samples"
            if part == "samples" and channel == "mix":
                continue
            columns = -(-n_samples // 2**level)
            sizes[part] += columns * (12 if level else 4)
            per_tile = wave["columns"] if level else wave["sample_columns"]
            for index in range(-(-columns // per_tile)):
                expected.append((part, TileKey(f"wave/{channel}", level, index)))
        for level in range(spec["levels"] if channel != "mix" else 0):
            columns = -(-spec["n_frames"] // 2**level)
            sizes["picture"] += columns * spec["n_bins"]
            for index in range(-(-columns // spec["tile_columns"])):
                expected.append(("picture", TileKey(f"spec/{channel}", level, index)))
    parts = whole_parts(info)
    assert info["whole"] == parts
    assert ("picture" in parts) == (sizes["picture"] <= WHOLE_BYTES)
    assert ("samples" in parts) == (sum(sizes.values()) <= WHOLE_BYTES)
    keys = whole_keys(info, "all")
    assert len(set(keys)) == len(keys)
    assert set(keys) == {key for part, key in expected if part in parts}


def test_ten_seconds_of_a_compact_disc_are_short() -> None:
    info = Recording(open_audio(noise(10, sr=44100), 44100), Stft(), "a").info()
    assert info["whole"] == ["picture", "sound"]
    info = Recording(open_audio(noise(5, sr=44100), 44100), Stft(), "a").info()
    assert info["whole"] == ["picture", "samples", "sound"]
