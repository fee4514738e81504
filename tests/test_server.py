"""The tile server: one end to every request, the latest first, and nothing waits for ever."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from specwidget import SpecWidget
from specwidget.audio import open_audio
from specwidget.errors import AudioFileError, AudioUnavailableError, ProtocolError
from specwidget.server import TileAnswer, TileServer
from specwidget.tiles import Tile, TileKey, Tileset, tilesets
from specwidget.tiles.base import UnwantedError
from specwidget.transforms import Stft

PATIENCE = 20.0


def key(index: int, level: int = 0, layer: str = "spec/0") -> TileKey:
    return TileKey(layer, level, index)


class FakeTiles:
    """Tiles that are made when the test allows it; those of level 1 are estimates at first."""

    def __init__(self) -> None:
        self.asked: list[TileKey] = []
        self.refined: list[TileKey] = []
        self.gate: threading.Semaphore | None = None
        self.started = threading.Semaphore(0)
        self.failing: dict[int, Exception] = {}
        self.size = 10
        self.polls = False
        self.stopped: list[TileKey] = []
        self.lock = threading.Lock()
        self.step_gate: threading.Semaphore | None = None
        self.steps: list[TileKey] = []
        self.closed: list[TileKey] = []

    def info(self) -> dict[str, Any]:
        return {}

    def seconds(self, key: TileKey) -> tuple[float, float]:
        return float(key.index), key.index + 1.0

    def tile(self, key: TileKey, wanted: Callable[[], bool] = lambda: True) -> Tile:
        self.asked.append(key)
        self.started.release()
        if self.gate is not None:
            assert self.gate.acquire(timeout=PATIENCE)
        if self.polls and not wanted():
            self.stopped.append(key)
            raise UnwantedError
        if key.index in self.failing:
            raise self.failing[key.index]
        return Tile(b"x" * self.size, 1, exact=key.level == 0)

    def refinement(self, key: TileKey, tile: Tile) -> FakeRefinement:
        self.refined.append(key)
        return FakeRefinement(self, key)


class FakeRefinement:
    """Three steps: the first gives a better estimate, and all together the exact tile."""

    def __init__(self, tiles: FakeTiles, key: TileKey) -> None:
        self.tiles = tiles
        self.key = key
        self.begun = self.done = 0
        self.told = 0

    def urgency(self) -> tuple[int, int]:
        return 0, self.key.level

    def fraction(self) -> float:
        return self.done / 3

    def step(self) -> Callable[[], None] | None:
        if self.begun == 3:
            return None
        self.begun += 1
        return self.go

    def go(self) -> None:
        self.tiles.steps.append(self.key)
        if self.tiles.step_gate is not None:
            assert self.tiles.step_gate.acquire(timeout=PATIENCE)
        if self.key.index in self.tiles.failing:
            raise self.tiles.failing[self.key.index]
        with self.tiles.lock:
            self.done += 1

    def made(self) -> Tile | None:
        with self.tiles.lock:
            if self.done == 3 and self.told < 2:
                self.told = 2
                return Tile(b"y" * self.tiles.size, 1)
            if self.done and not self.told:
                self.told = 1
                return Tile(b"g" * self.tiles.size, 1, exact=False, guided=True)
        return None

    def close(self) -> None:
        self.tiles.closed.append(self.key)


class Outbox:
    """What was sent, and a way to wait for more."""

    def __init__(self) -> None:
        self.answers: list[TileAnswer] = []
        self._changed = threading.Condition()
        self.sending = 0

    def __call__(self, answer: TileAnswer) -> None:
        with self._changed:
            self.sending += 1
            assert self.sending == 1, "two answers are sent at once"
        time.sleep(0)
        with self._changed:
            self.sending -= 1
            self.answers.append(answer)
            self._changed.notify_all()

    def wait(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, PATIENCE), self.answers

    def wait_for_end(self, *ids: str) -> None:
        self.wait(lambda: set(ids) <= {a.request_id for a in self.answers if a.last})

    def keys(self, request_id: str | None) -> list[TileKey]:
        return [k for a in self.answers if a.request_id == request_id for k, _ in a.tiles]

    def exact(self) -> list[TileKey]:
        """Tiles that came unasked, and exact."""
        return [k for a in self.answers if a.request_id is None for k, t in a.tiles if t.exact]

    def ends(self, request_id: str | None) -> list[TileAnswer]:
        return [a for a in self.answers if a.request_id == request_id and a.last]


@pytest.fixture
def tiles() -> FakeTiles:
    return FakeTiles()


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def server(tiles: FakeTiles, outbox: Outbox) -> Iterator[TileServer]:
    made = TileServer({"spec/0": tiles}, outbox, n_threads=1)
    yield made
    if tiles.gate is not None:
        tiles.gate.release(1000)
    made.close()


class TestRequests:
    def test_tiles_come_in_the_order_asked_and_end_once(
        self, server: TileServer, outbox: Outbox
    ) -> None:
        wanted = [key(i) for i in (3, 1, 2, 1)]
        server.request("a", 0, wanted)
        outbox.wait_for_end("a")
        assert outbox.keys("a") == wanted[:3]
        assert len(outbox.ends("a")) == 1
        assert outbox.answers[-1] == outbox.ends("a")[0]
        assert all(answer.epoch == 0 for answer in outbox.answers)

    def test_no_keys_is_answered(self, server: TileServer, outbox: Outbox) -> None:
        server.request("a", 0, [])
        assert outbox.answers == [TileAnswer("a", 0, (), True)]

    def test_the_latest_request_goes_first(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles
    ) -> None:
        tiles.gate = threading.Semaphore(0)
        server.request("a", 0, [key(0), key(1), key(2)])
        assert tiles.started.acquire(timeout=PATIENCE)
        server.request("b", 0, [key(5), key(4)])
        server.request("c", 0, [key(1), key(6)])
        tiles.gate.release(100)
        outbox.wait_for_end("a", "b", "c")
        assert [k.index for k in tiles.asked] == [0, 1, 6, 5, 4, 2]

    def test_a_tile_is_made_once_for_all_who_wait(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles
    ) -> None:
        tiles.gate = threading.Semaphore(0)
        server.request("a", 0, [key(0)])
        assert tiles.started.acquire(timeout=PATIENCE)
        server.request("b", 0, [key(0)])
        tiles.gate.release(100)
        outbox.wait_for_end("a", "b")
        server.request("c", 0, [key(0)])
        outbox.wait_for_end("c")
        assert tiles.asked == [key(0)]
        assert outbox.keys("a") == outbox.keys("b") == outbox.keys("c") == [key(0)]

    def test_cached_tiles_do_not_wait(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles
    ) -> None:
        server.request("a", 0, [key(0)])
        outbox.wait_for_end("a")
        tiles.gate = threading.Semaphore(0)
        server.request("b", 0, [key(1), key(0)])
        assert outbox.keys("b") == [key(0)]
        assert not outbox.ends("b")
        tiles.gate.release()
        outbox.wait_for_end("b")

    def test_slow_tiles_are_sent_one_by_one_and_quick_ones_together(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles
    ) -> None:
        tiles.gate = threading.Semaphore(100)
        server.request("a", 0, [key(i) for i in range(50)])
        outbox.wait_for_end("a")
        assert len(outbox.answers) < 50
        tiles.gate = threading.Semaphore(0)
        server.request("b", 0, [key(100), key(101)])
        time.sleep(0.02)
        tiles.gate.release()
        outbox.wait(lambda: outbox.keys("b") == [key(100)])
        tiles.gate.release()
        outbox.wait_for_end("b")

    def test_a_message_is_bounded(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles
    ) -> None:
        tiles.size = 300_000
        wanted = [key(i) for i in range(20)]
        server.request("a", 0, wanted)
        outbox.wait_for_end("a")
        server.request("b", 0, wanted)
        outbox.wait_for_end("b")
        assert outbox.keys("b") == wanted
        sizes = [sum(len(t.data) for _, t in answer.tiles) for answer in outbox.answers]
        assert max(sizes) <= 1 << 20

    def test_the_same_id_twice_has_two_ends(self, server: TileServer, outbox: Outbox) -> None:
        server.request("a", 0, [key(0)])
        server.request("a", 0, [key(1)])
        outbox.wait(lambda: len(outbox.ends("a")) == 2)

    def test_cache_is_bounded(self, tiles: FakeTiles, outbox: Outbox) -> None:
        tiles.size = 1000
        server = TileServer({"spec/0": tiles}, outbox, n_threads=1, cache_bytes=3000)
        for name in ("a", "b"):
            server.request(name, 0, [key(i) for i in range(4)])
            outbox.wait_for_end(name)
        server.close()
        assert len(tiles.asked) > 4


class TestErrors:
    def test_a_failure_ends_the_request_after_its_other_tiles(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles
    ) -> None:
        tiles.failing = {1: AudioFileError("bad.wav: samples 0 to 1 cannot be read")}
        server.request("a", 0, [key(1), key(2)])
        outbox.wait_for_end("a")
        (end,) = outbox.ends("a")
        assert end.error is tiles.failing[1]
        assert end.tiles == ()
        assert outbox.keys("a") == [key(2)]
        assert [answer.last for answer in outbox.answers] == [False, True]

    def test_the_server_goes_on_after_any_exception(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles
    ) -> None:
        tiles.failing = {0: MemoryError(), 1: ZeroDivisionError("ours")}
        server.request("a", 0, [key(0), key(1)])
        server.request("b", 0, [key(2)])
        outbox.wait_for_end("a", "b")
        assert isinstance(outbox.ends("a")[0].error, MemoryError)
        assert outbox.ends("b")[0].error is None
        tiles.failing = {}
        server.request("c", 0, [key(0)])
        outbox.wait_for_end("c")
        assert outbox.keys("c") == [key(0)]

    def test_unknown_layers(self, server: TileServer, outbox: Outbox) -> None:
        server.request("a", 0, [key(0, layer="spec/7"), key(1), key(2, layer="../etc")])
        outbox.wait_for_end("a")
        (end,) = outbox.ends("a")
        assert isinstance(end.error, ProtocolError)
        assert end.error.code == "bad-key"
        assert outbox.keys("a") == [key(1)]

    def test_sending_that_fails_stops_nothing(
        self, tiles: FakeTiles, caplog: pytest.LogCaptureFixture
    ) -> None:
        outbox = Outbox()
        broken = True

        def send(answer: TileAnswer) -> None:
            if broken:
                raise OSError("the comm is gone")
            outbox(answer)

        server = TileServer({"spec/0": tiles}, send, n_threads=1)
        with caplog.at_level(logging.CRITICAL, logger="specwidget"):
            server.request("a", 0, [key(0)])
            deadline = time.monotonic() + PATIENCE
            while not tiles.asked and time.monotonic() < deadline:
                time.sleep(0.001)
            time.sleep(0.05)
        broken = False
        server.request("b", 0, [key(1)])
        outbox.wait_for_end("b")
        server.close()

    def test_a_bad_key_of_a_real_tileset(self, outbox: Outbox) -> None:
        source = open_audio(np.zeros(1000), sr=8000)
        server = TileServer(tilesets(source, Stft()), outbox)
        server.request("a", 0, [key(99), key(0), key(0, level=50, layer="wave/0")])
        outbox.wait_for_end("a")
        server.close()
        assert isinstance(outbox.ends("a")[0].error, ProtocolError)
        assert outbox.keys("a") == [key(0)]


class TestCancel:
    def test_what_is_cancelled_is_not_made_and_the_request_ends(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles
    ) -> None:
        tiles.gate = threading.Semaphore(0)
        server.request("p-1", 0, [key(0), key(1), key(2)])
        server.request("p-2", 0, [key(1), key(3)])
        assert tiles.started.acquire(timeout=PATIENCE)
        server.cancel("p-3", 0, [key(0), key(1), key(2)])
        assert len(outbox.ends("p-1")) == 1
        tiles.gate.release(100)
        outbox.wait_for_end("p-2")
        assert key(2) not in tiles.asked
        assert outbox.keys("p-2")[-1] == key(3)
        assert len(outbox.ends("p-1")) == 1

    def test_by_one_page_leaves_what_another_asked_for(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles
    ) -> None:
        tiles.gate = threading.Semaphore(0)
        server.request("p-1", 0, [key(9)])
        assert tiles.started.acquire(timeout=PATIENCE)
        server.request("p-2", 0, [key(1), key(2)])
        server.request("other-1", 0, [key(1), key(2)])
        server.cancel("p-3", 0, [key(1), key(2)])
        assert outbox.ends("p-2")
        assert not outbox.ends("other-1")
        tiles.gate.release(100)
        outbox.wait_for_end("other-1")
        assert outbox.keys("other-1") == [key(1), key(2)]

    def test_what_is_being_made_is_kept_for_later(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles
    ) -> None:
        tiles.gate = threading.Semaphore(0)
        server.request("p-1", 0, [key(0)])
        assert tiles.started.acquire(timeout=PATIENCE)
        server.cancel("p-2", 0, [key(0)])
        assert outbox.ends("p-1")
        server.request("p-3", 0, [key(0)])
        tiles.gate.release(100)
        outbox.wait_for_end("p-3")
        assert tiles.asked == [key(0)]
        assert outbox.keys("p-1") == []

    def test_costly_work_is_told_that_nobody_waits(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles
    ) -> None:
        tiles.gate, tiles.polls = threading.Semaphore(0), True
        server.request("p-1", 0, [key(0), key(1)])
        assert tiles.started.acquire(timeout=PATIENCE)
        server.cancel("p-2", 0, [key(0)])
        tiles.gate.release(100)
        outbox.wait_for_end("p-1")
        assert outbox.keys("p-1") == [key(1)]
        assert tiles.stopped == [key(0)]
        # What was not finished is made anew for who asks again.
        server.request("p-3", 0, [key(0)])
        outbox.wait_for_end("p-3")
        assert outbox.keys("p-3") == [key(0)]

    def test_costly_work_goes_on_for_another_page(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles
    ) -> None:
        tiles.gate, tiles.polls = threading.Semaphore(0), True
        server.request("p-1", 0, [key(0)])
        assert tiles.started.acquire(timeout=PATIENCE)
        server.request("other-1", 0, [key(0)])
        server.cancel("p-2", 0, [key(0)])
        tiles.gate.release(100)
        outbox.wait_for_end("other-1")
        assert (tiles.asked, tiles.stopped) == ([key(0)], [])

    def test_costly_work_ends_with_its_epoch(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles
    ) -> None:
        tiles.gate, tiles.polls = threading.Semaphore(0), True
        server.request("p-1", 0, [key(0)])
        assert tiles.started.acquire(timeout=PATIENCE)
        new = FakeTiles()
        server.set_epoch(1, {"spec/0": new})
        server.request("p-2", 1, [key(0)])
        tiles.gate.release(100)
        outbox.wait_for_end("p-2")
        assert tiles.stopped == [key(0)]

    def test_of_another_epoch_or_of_nothing(self, server: TileServer, outbox: Outbox) -> None:
        server.cancel("p-1", 3, [key(0)])
        server.cancel("p-2", 0, [key(0), key(0, layer="none")])
        server.request("p-3", 0, [key(0)])
        outbox.wait_for_end("p-3")
        assert outbox.keys("p-3") == [key(0)]


class TestPush:
    def test_comes_unasked_after_what_is_asked(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles
    ) -> None:
        tiles.gate = threading.Semaphore(0)
        server.push(0, [key(i) for i in range(4)])
        assert tiles.started.acquire(timeout=PATIENCE)
        server.request("a", 0, [key(9), key(2)])
        tiles.gate.release(100)
        outbox.wait(lambda: key(3) in outbox.keys(None))
        assert [k.index for k in tiles.asked] == [0, 9, 2, 1, 3]
        assert outbox.keys("a") == [key(9), key(2)]
        assert outbox.keys(None) == [key(0), key(1), key(3)]

    def test_of_what_fails_or_is_an_estimate_tells_nothing(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles
    ) -> None:
        tiles.failing = {1: AudioFileError("gone")}
        server.push(0, [key(0), key(1), key(2, level=1), key(0, layer="none"), key(3)])
        outbox.wait(lambda: key(3) in outbox.keys(None))
        assert outbox.keys(None) == [key(0), key(3)]
        assert not any(answer.error for answer in outbox.answers)

    def test_of_what_is_there_already(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles
    ) -> None:
        server.request("a", 0, [key(0), key(1)])
        outbox.wait_for_end("a")
        server.push(0, [key(0), key(1)])
        assert outbox.keys(None) == [key(0), key(1)]
        assert tiles.asked == [key(0), key(1)]

    def test_what_is_left_goes_when_a_request_took_the_last(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles
    ) -> None:
        tiles.gate = threading.Semaphore(0)
        server.push(0, [key(0), key(1)])
        assert tiles.started.acquire(timeout=PATIENCE)
        server.request("a", 0, [key(1)])
        tiles.gate.release(100)
        outbox.wait(lambda: bool(outbox.keys(None)))
        outbox.wait_for_end("a")
        assert outbox.keys(None) == [key(0)]

    def test_ends_with_its_epoch(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles
    ) -> None:
        tiles.gate = threading.Semaphore(0)
        server.push(0, [key(0), key(1)])
        assert tiles.started.acquire(timeout=PATIENCE)
        server.set_epoch(1, {"spec/0": FakeTiles()})
        tiles.gate.release(100)
        server.push(0, [key(2)])
        server.request("a", 1, [key(5)])
        outbox.wait_for_end("a")
        assert outbox.keys(None) == []

    def test_a_message_of_them_is_bounded(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles
    ) -> None:
        tiles.size = 100_000
        server.push(0, [key(i) for i in range(10)])
        outbox.wait(lambda: len(outbox.keys(None)) == 10)
        assert len(outbox.answers) == 5


class TestPrepare:
    def test_is_there_when_asked_for_and_not_sent_before(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles
    ) -> None:
        tiles.gate = threading.Semaphore(0)
        server.prepare(0, [key(0), key(1), key(2, 1), key(3, layer="none")])
        assert tiles.started.acquire(timeout=PATIENCE)
        server.request("a", 0, [key(9)])
        tiles.gate.release(100)
        outbox.wait_for_end("a")
        assert all(tiles.started.acquire(timeout=PATIENCE) for _ in range(3))
        assert [k.index for k in tiles.asked] == [0, 9, 1, 2]
        assert outbox.keys(None) == []
        server.request("b", 0, [key(0), key(1), key(2, 1)])
        outbox.wait_for_end("b")
        assert len(tiles.asked) == 4
        # What was but an estimate is improved now that somebody sees it.
        outbox.wait(lambda: outbox.exact() == [key(2, 1)])

    def test_ends_with_its_epoch(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles
    ) -> None:
        tiles.gate, tiles.polls = threading.Semaphore(0), True
        server.prepare(0, [key(0), key(1)])
        assert tiles.started.acquire(timeout=PATIENCE)
        server.set_epoch(1, {"spec/0": FakeTiles()})
        tiles.gate.release(100)
        server.prepare(0, [key(2)])
        server.request("a", 1, [key(5)])
        outbox.wait_for_end("a")
        assert tiles.asked == tiles.stopped == [key(0)]

    def test_that_fails_is_tried_again_when_asked_for(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles
    ) -> None:
        tiles.failing = {0: AudioFileError("gone")}
        server.prepare(0, [key(0)])
        assert tiles.started.acquire(timeout=PATIENCE)
        server.request("a", 0, [key(1)])
        outbox.wait_for_end("a")
        tiles.failing = {}
        server.request("b", 0, [key(0)])
        outbox.wait_for_end("b")
        assert outbox.keys("b") == [key(0)]
        assert not any(answer.error for answer in outbox.answers)


class TestEpoch:
    def test_a_stale_request_is_answered_at_once_with_nothing(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles
    ) -> None:
        server.request("a", 1, [key(0)])
        assert outbox.answers == [TileAnswer("a", 1, (), True)]
        assert not tiles.asked

    def test_late_work_is_dropped(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles
    ) -> None:
        tiles.gate = threading.Semaphore(0)
        server.request("a", 0, [key(0), key(1)])
        assert tiles.started.acquire(timeout=PATIENCE)
        new = FakeTiles()
        new.size = 20
        server.set_epoch(1, {"spec/0": new})
        assert outbox.ends("a") == [TileAnswer("a", 0, (), True)]
        server.request("b", 1, [key(0)])
        tiles.gate.release(100)
        outbox.wait_for_end("b")
        assert [len(t.data) for a in outbox.answers for _, t in a.tiles] == [20]
        assert tiles.asked == [key(0)]

    def test_a_late_tile_does_not_hide_one_that_is_being_made(self, outbox: Outbox) -> None:
        """The same key, of two epochs, on two threads at once."""
        old, new = FakeTiles(), FakeTiles()
        old.gate, new.gate = threading.Semaphore(0), threading.Semaphore(0)
        server = TileServer({"spec/0": old}, outbox, n_threads=2)
        server.request("a", 0, [key(0)])
        assert old.started.acquire(timeout=PATIENCE)
        server.set_epoch(1, {"spec/0": new})
        server.request("b", 1, [key(0)])
        assert new.started.acquire(timeout=PATIENCE)
        old.gate.release()
        server.request("c", 1, [key(0)])
        time.sleep(0.05)
        assert new.asked == [key(0)]
        new.gate.release(10)
        outbox.wait_for_end("b", "c")
        server.close()
        assert new.asked == [key(0)]


class TestImproving:
    def test_estimates_are_sent_again_when_better_and_when_exact(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles
    ) -> None:
        server.request("a", 0, [key(0, 1), key(1)])
        outbox.wait(lambda: bool(outbox.exact()))
        better, refined = [a for a in outbox.answers if a.request_id is None]
        assert better.tiles == ((key(0, 1), Tile(b"g" * 10, 1, exact=False, guided=True)),)
        assert refined.last
        assert refined.tiles == ((key(0, 1), Tile(b"y" * 10, 1)),)
        assert not dict(outbox.ends("a")[0].tiles).get(key(0, 1), Tile(b"", 0, False)).exact
        server.request("b", 0, [key(0, 1)])
        outbox.wait_for_end("b")
        assert dict(outbox.ends("b")[0].tiles)[key(0, 1)].exact
        assert tiles.refined == tiles.closed == [key(0, 1)]

    def test_with_no_step_left_is_made_at_once(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(FakeRefinement, "step", lambda self: None)
        begun = FakeTiles.refinement

        def complete(self: FakeTiles, key: TileKey, tile: Tile) -> FakeRefinement:
            refinement = begun(self, key, tile)
            refinement.done = 3
            return refinement

        monkeypatch.setattr(FakeTiles, "refinement", complete)
        server.request("a", 0, [key(0, 1)])
        outbox.wait(lambda: outbox.exact() == [key(0, 1)])

    def test_after_what_is_asked_and_the_latest_first(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles
    ) -> None:
        tiles.gate = threading.Semaphore(0)
        server.request("a", 0, [key(0, 1), key(1, 1)])
        server.request("b", 0, [key(2, 1), key(3, 1)])
        tiles.gate.release(100)
        outbox.wait(lambda: len(outbox.exact()) == 4)
        assert [k.index for k in outbox.exact()] == [2, 3, 0, 1]

    def test_a_request_goes_between_two_steps(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles
    ) -> None:
        tiles.step_gate = threading.Semaphore(0)
        server.request("a", 0, [key(0, 1)])
        outbox.wait(lambda: bool(tiles.steps))
        server.request("b", 0, [key(5)])
        tiles.step_gate.release()
        outbox.wait_for_end("b")
        assert not outbox.exact()
        tiles.step_gate.release(100)
        outbox.wait(lambda: outbox.exact() == [key(0, 1)])

    def test_two_threads_at_once(self, outbox: Outbox, tiles: FakeTiles) -> None:
        server = TileServer({"spec/0": tiles}, outbox, n_threads=2)
        tiles.step_gate = threading.Semaphore(0)
        server.request("a", 0, [key(0, 1)])
        outbox.wait(lambda: len(tiles.steps) == 2)
        tiles.step_gate.release(100)
        outbox.wait(lambda: outbox.exact() == [key(0, 1)])
        server.close()

    def test_what_is_in_sight_goes_first(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles
    ) -> None:
        tiles.gate = threading.Semaphore(0)
        server.request("a", 0, [key(i, 1) for i in range(6)])
        server.look(3.5, 5.0)
        tiles.gate.release(100)
        outbox.wait(lambda: len(outbox.exact()) == 6)
        assert [k.index for k in outbox.exact()] == [3, 4, 0, 1, 2, 5]

    def test_of_one_request_the_finest_go_first(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles
    ) -> None:
        tiles.gate = threading.Semaphore(0)
        server.request("a", 0, [key(0, 3), key(1, 1), key(2, 2)])
        tiles.gate.release(100)
        outbox.wait(lambda: len(outbox.exact()) == 3)
        assert [k.level for k in outbox.exact()] == [1, 2, 3]

    def test_cancelled(self, server: TileServer, outbox: Outbox, tiles: FakeTiles) -> None:
        tiles.gate = threading.Semaphore(0)
        server.request("p-1", 0, [key(0, 1), key(1, 1), key(2)])
        tiles.gate.release(2)
        outbox.wait(lambda: tiles.started.acquire(timeout=PATIENCE) and len(tiles.asked) == 3)
        server.cancel("p-2", 0, [key(0, 1)])
        assert tiles.closed == [key(0, 1)]
        tiles.gate.release(100)
        outbox.wait(lambda: outbox.exact() == [key(1, 1)])
        # Who asks for the estimate again has it made exact after all.
        server.request("p-3", 0, [key(0, 1)])
        outbox.wait(lambda: outbox.exact() == [key(1, 1), key(0, 1)])

    def test_cancelled_by_one_of_two_pages(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles
    ) -> None:
        tiles.step_gate = threading.Semaphore(0)
        server.request("p-1", 0, [key(0, 1)])
        outbox.wait_for_end("p-1")
        server.request("other-1", 0, [key(0, 1)])
        server.cancel("p-2", 0, [key(0, 1)])
        tiles.step_gate.release(100)
        outbox.wait(lambda: outbox.exact() == [key(0, 1)])
        assert tiles.refined == [key(0, 1)]

    def test_those_asked_for_the_longest_ago_wait_if_there_are_too_many(
        self,
        server: TileServer,
        outbox: Outbox,
        tiles: FakeTiles,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("specwidget.improving.MOST", 3)
        tiles.gate = threading.Semaphore(0)
        server.request("a", 0, [key(i, 1) for i in range(3)])
        server.request("b", 0, [key(9, 1)])
        tiles.gate.release(100)
        outbox.wait(lambda: len(outbox.exact()) == 4)
        assert {k.index for k in outbox.exact()[:3]} == {0, 1, 9}
        assert outbox.exact()[3] == key(2, 1)

    def test_that_fails_is_told(self, server: TileServer, outbox: Outbox, tiles: FakeTiles) -> None:
        tiles.step_gate = threading.Semaphore(0)
        server.request("a", 0, [key(0, 1)])
        outbox.wait_for_end("a")
        tiles.failing = {0: AudioFileError("gone")}
        tiles.step_gate.release(100)
        outbox.wait(lambda: any(a.error for a in outbox.answers))
        assert [a.request_id for a in outbox.answers if a.error] == [None]
        assert tiles.closed == [key(0, 1)]
        tiles.failing = {}
        server.request("b", 0, [key(0, 1)])
        outbox.wait(lambda: outbox.exact() == [key(0, 1)])

    def test_that_cannot_begin_leaves_the_estimate(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refinement(key: TileKey, tile: Tile) -> FakeRefinement:
            raise ValueError("no way")

        monkeypatch.setattr(tiles, "refinement", refinement)
        server.request("a", 0, [key(0, 1)])
        outbox.wait_for_end("a")
        assert [k for a in outbox.answers for k, _ in a.tiles] == [key(0, 1)]

    def test_whose_next_step_cannot_be_found_is_told_and_stops_nothing(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def step(self: FakeRefinement) -> None:
            raise ValueError("no step")

        with monkeypatch.context() as broken:
            broken.setattr(FakeRefinement, "step", step)
            server.request("a", 0, [key(0, 1), key(1, 1)])
            outbox.wait(lambda: sum(a.error is not None for a in outbox.answers) == 2)
        server.request("b", 0, [key(0, 1)])
        outbox.wait(lambda: outbox.exact() == [key(0, 1)])

    def test_what_cannot_be_reached_is_tried_again_later(
        self,
        server: TileServer,
        outbox: Outbox,
        tiles: FakeTiles,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("specwidget.improving.FIRST_PAUSE", 0.001)
        server._idle_seconds = 0.001
        tries = 0

        def go(self: FakeRefinement) -> None:
            nonlocal tries
            tries += 1
            self.begun -= 1
            if tries < 4:
                raise AudioUnavailableError("no network")
            self.begun = self.done = 3

        monkeypatch.setattr(FakeRefinement, "go", go)
        server.request("a", 0, [key(0, 1)])
        outbox.wait(lambda: outbox.exact() == [key(0, 1)])
        assert [str(a.error) for a in outbox.answers if a.error] == ["no network"]
        assert tries == 4

    def test_what_rests_holds_nobody_up(
        self,
        server: TileServer,
        outbox: Outbox,
        tiles: FakeTiles,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("specwidget.improving.FIRST_PAUSE", 1000.0)
        tiles.step_gate = threading.Semaphore(0)
        server.request("a", 0, [key(0, 1), key(1, 1), key(5)])
        outbox.wait_for_end("a")
        tiles.failing = {0: AudioUnavailableError("no network")}
        tiles.step_gate.release(100)
        outbox.wait(lambda: outbox.exact() == [key(1, 1)])
        assert [a.request_id for a in outbox.answers if a.error] == [None]
        server.request("b", 0, [key(7)])
        outbox.wait_for_end("b")

    def test_progress_ends_with_all(self, tiles: FakeTiles) -> None:
        told: list[tuple[float, int]] = []
        finished = threading.Event()

        def progress(done: float, total: int) -> None:
            told.append((done, total))
            if done == total == 5:
                finished.set()

        outbox = Outbox()
        server = TileServer({"spec/0": tiles}, outbox, on_progress=progress, n_threads=2)
        tiles.gate = threading.Semaphore(0)
        server.request("a", 0, [key(i, 1) for i in range(5)])
        tiles.gate.release(100)
        assert finished.wait(PATIENCE), told
        server.close()
        assert all(0 <= done <= total <= 5 for done, total in told)
        assert told == sorted(told)
        assert told[-1] == (5, 5)

    def test_a_new_epoch_forgets_it(
        self, server: TileServer, outbox: Outbox, tiles: FakeTiles
    ) -> None:
        tiles.step_gate = threading.Semaphore(0)
        server.request("a", 0, [key(0, 1), key(1)])
        outbox.wait(lambda: bool(tiles.steps))
        server.set_epoch(1, {"spec/0": FakeTiles()})
        tiles.step_gate.release(100)
        server.request("b", 1, [key(3)])
        outbox.wait_for_end("b")
        assert outbox.keys(None) == []
        assert tiles.closed == [key(0, 1)]

    def test_of_a_real_recording(self, outbox: Outbox) -> None:
        rng = np.random.default_rng(0)
        source = open_audio(rng.standard_normal(1 << 22).astype(np.float32), sr=8000)
        layers = tilesets(source, Stft())
        server = TileServer(layers, outbox)
        top = key(0, layers["spec/0"].info()["levels"] - 1)
        wave = key(0, layers["wave/0"].info()["levels"][-1], "wave/0")
        server.request("a", 0, [top, wave])
        outbox.wait(lambda: set(outbox.exact()) == {top, wave})
        server.close()


class TestJobs:
    def test_go_ahead_of_tiles(self, server: TileServer, outbox: Outbox, tiles: FakeTiles) -> None:
        tiles.gate = threading.Semaphore(0)
        server.request("a", 0, [key(0), key(1)])
        assert tiles.started.acquire(timeout=PATIENCE)
        asked: list[int] = []
        assert server.run(lambda: asked.append(len(tiles.asked)))
        tiles.gate.release(100)
        outbox.wait_for_end("a")
        assert asked == [1]

    def test_that_fail_are_logged(
        self, server: TileServer, outbox: Outbox, caplog: pytest.LogCaptureFixture
    ) -> None:
        server.run(lambda: 1 // 0)  # type: ignore[arg-type,return-value]
        server.request("a", 0, [key(0)])
        outbox.wait_for_end("a")
        assert "a job of the tile server failed" in caplog.text


class TestThreads:
    def test_nothing_is_locked_while_a_tile_is_made_or_sent(self, tiles: FakeTiles) -> None:
        server: TileServer
        outbox = Outbox()

        def send(answer: TileAnswer) -> None:
            outbox(answer)
            if answer.request_id == "a" and answer.last:
                server.request("b", 0, [key(1)])
                server.cancel("a-2", 0, [key(7)])
                server.run(lambda: None)

        server = TileServer({"spec/0": tiles}, send, n_threads=2)
        tiles.gate = threading.Semaphore(0)
        server.request("a", 0, [key(0)])
        assert tiles.started.acquire(timeout=PATIENCE)
        server.cancel("a-2", 0, [key(5)])
        server.request("c", 0, [])
        assert outbox.ends("c")
        tiles.gate.release(100)
        outbox.wait_for_end("a", "b")
        server.close()

    def test_end_when_idle_and_start_again(self, tiles: FakeTiles, outbox: Outbox) -> None:
        server = TileServer({"spec/0": tiles}, outbox, idle_seconds=0.02)
        assert not server_threads(server)
        server.request("a", 0, [key(0)])
        outbox.wait_for_end("a")
        deadline = time.monotonic() + PATIENCE
        while server_threads(server) and time.monotonic() < deadline:
            time.sleep(0.005)
        assert not server_threads(server)
        server.request("b", 0, [key(1)])
        outbox.wait_for_end("b")
        server.close()

    def test_close_ends_all(self, tiles: FakeTiles, outbox: Outbox) -> None:
        server = TileServer({"spec/0": tiles}, outbox, n_threads=2)
        tiles.gate = threading.Semaphore(0)
        server.request("a", 0, [key(0), key(1), key(2)])
        assert tiles.started.acquire(timeout=PATIENCE)
        threads = server_threads(server)
        threading.Timer(0.05, tiles.gate.release, [100]).start()
        server.close()
        assert outbox.ends("a") == [TileAnswer("a", 0, (), True)]
        assert not any(thread.is_alive() for thread in threads)
        assert all(thread.daemon for thread in threads)
        server.request("b", 0, [key(0)])
        assert outbox.ends("b") == [TileAnswer("b", 0, (), True)]
        assert not server.run(lambda: None)
        server.close()

    def test_close_from_its_own_thread(self, tiles: FakeTiles) -> None:
        closed = threading.Event()

        def send(answer: TileAnswer) -> None:
            server.close()
            closed.set()

        server = TileServer({"spec/0": tiles}, send)
        server.request("a", 0, [key(0)])
        assert closed.wait(PATIENCE)


class TestWiring:
    """By the messages of two pages, through the widget."""

    @pytest.fixture
    def pages(self) -> Iterator[Any]:
        said: list[dict[str, Any]] = []
        changed = threading.Condition()

        class Widget(SpecWidget):
            def _tell(self, content: dict[str, Any], buffers: Any) -> None:
                with changed:
                    said.append(content)
                    changed.notify_all()

            def ask(self, kind: str, identifier: str, *keys: list[Any]) -> None:
                epoch = self._info["epoch"]
                message = {"v": 1, "type": kind, "id": identifier, "epoch": epoch}
                self._receive(self, {**message, "keys": list(keys)}, [])

            def answer_to(self, identifier: str) -> dict[str, Any]:
                def ends() -> list[dict[str, Any]]:
                    return [m for m in said if m.get("id") == identifier and m.get("last", True)]

                with changed:
                    assert changed.wait_for(ends, PATIENCE), said
                    return ends()[0]

        rng = np.random.default_rng(0)
        made = Widget(rng.standard_normal(1 << 20).astype(np.float32), sr=8000)
        yield made
        made.close()

    def test_a_cancel_is_of_its_own_page(self, pages: Any) -> None:
        gate = threading.Event()
        server = pages._router._server
        for _ in range(2):
            server.run(lambda: gate.wait(PATIENCE) and None)
        key = ["spec/0", 0, 3]
        pages.ask("tiles.get", "pageA-1", key)
        pages.ask("tiles.get", "pageB-1", key)
        pages.ask("tiles.cancel", "pageA-2", key)
        assert pages.answer_to("pageA-1")["tiles"] == []
        gate.set()
        assert len(pages.answer_to("pageB-1")["tiles"]) == 1

    def test_what_is_in_sight_is_told(self, pages: Any) -> None:
        looked: list[tuple[float, float]] = []
        pages._router._server.look = lambda start, end: looked.append((start, end))
        pages.view = (10.0, 20.0)
        pages.view = (15.0, 25.0)
        assert looked == [(10.0, 20.0), (15.0, 25.0)]

    def test_what_a_view_asks_for_is_prepared_when_it_is_made(self, pages: Any) -> None:
        prepared: list[TileKey] = []
        server = pages._router._server
        server.prepare = lambda epoch, keys: prepared.extend(keys)
        pages._router.show("all")
        assert TileKey("spec/0", pages._info["spectrogram"]["levels"] - 1, 0) in prepared
        assert {key.layer for key in prepared} == {"spec/0", "wave/0"}


def server_threads(server: TileServer) -> set[threading.Thread]:
    return set(server._threads)


@settings(max_examples=60)
@given(st.data())
def test_every_request_ends_exactly_once(data: st.DataObject) -> None:
    """Whatever is asked, cancelled, broken or changed, from several threads."""
    tiles: dict[str, Tileset] = {"spec/0": FakeTiles()}
    made = tiles["spec/0"]
    assert isinstance(made, FakeTiles)
    made.failing = {3: AudioFileError("gone"), 4: ValueError("ours")}
    outbox = Outbox()
    server = TileServer(tiles, outbox, n_threads=data.draw(st.integers(1, 3)), cache_bytes=2000)
    keys = st.lists(st.builds(key, st.integers(0, 9), st.integers(0, 1)), max_size=8)
    steps = data.draw(
        st.lists(
            st.tuples(st.sampled_from(["request", "cancel", "epoch", "wait"]), keys, st.booleans()),
            max_size=15,
        )
    )
    epoch, asked = 0, []
    threads = []
    for number, (kind, wanted, stale) in enumerate(steps):
        if kind == "request":
            asked.append(f"{number % 3}-{number}")
            call = (server.request, (asked[-1], epoch + stale, wanted))
        elif kind == "cancel":
            call = (server.cancel, (f"{number % 3}-{number}", epoch + stale, wanted))
        elif kind == "epoch":
            epoch += 1
            call = (server.set_epoch, (epoch, tiles))
        else:
            call = (time.sleep, (0.001,))
        if stale:
            threads.append(threading.Thread(target=call[0], args=call[1]))
            threads[-1].start()
        else:
            call[0](*call[1])
    for thread in threads:
        thread.join(PATIENCE)
    if data.draw(st.booleans()):
        outbox.wait_for_end(*asked)
    server.close()
    outbox.wait_for_end(*asked)
    for request_id in asked:
        answers = [a for a in outbox.answers if a.request_id == request_id]
        assert [a.last for a in answers] == [False] * (len(answers) - 1) + [True]
        assert not answers[-1].error or not answers[-1].tiles
        delivered = [k for a in answers for k, _ in a.tiles]
        assert len(delivered) == len(set(delivered))
