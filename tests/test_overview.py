"""The coarse columns of a recording: filled in any order, by several threads, each piece once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import pairwise

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given

from specwidget.tiles.claims import RUN, Claims
from specwidget.tiles.overview import Overview, stored_level
from specwidget.tiles.summary import largest_changes, not_finite, pooled, summary
from specwidget.tiles.targets import Target, Targets


class TestOverview:
    @given(st.integers(1, 500), st.integers(0, 5), st.integers(0, 5), st.integers(0, 3), st.data())
    def test_filled_in_any_order(
        self, n: int, level: int, grain: int, blocks_before: int, data: st.DataObject
    ) -> None:
        start = blocks_before << max(level, grain)
        stop = start + n
        overview = Overview(start, stop, level, grain, (), np.int64)
        units = np.arange(stop)
        pieces = [(at, min(at + (1 << grain), stop)) for at in range(start, stop, 1 << grain)]
        assert overview.lacks(start, stop) == start
        for number, (first, last) in enumerate(data.draw(st.permutations(pieces))):
            assert overview.fraction(start, stop) == number / len(pieces)
            assert overview.n_known == number
            assert overview.lacks(first, last) == first
            edges = np.arange(0, last - first, 1 << level)
            overview.put(first, last, np.maximum.reduceat(units[first:last], edges))
            assert overview.covers(first, last)
        assert overview.covers(start, stop)
        expected = np.maximum.reduceat(units[start:], np.arange(0, n, 1 << level))
        np.testing.assert_array_equal(overview.columns(start, stop), expected)

    @given(st.integers(1, 300), st.integers(0, 4), st.integers(0, 299), st.integers(1, 300))
    def test_whole_grains_are_those_within(
        self, n: int, grain: int, start: int, length: int
    ) -> None:
        overview = Overview(32, 32 + n, 0, grain, (), np.uint8)
        start, stop = 32 + start, 32 + start + length
        first, last = overview.whole_grains(start, stop)
        inside = [
            at
            for at in range(32, 32 + n, 1 << grain)
            if start <= at and min(at + (1 << grain), 32 + n) <= stop
        ]
        if inside:
            assert (first, last) == (inside[0], min(inside[-1] + (1 << grain), 32 + n))
        else:
            assert first >= last

    def test_what_was_kept_is_taken_over(self) -> None:
        first = Overview(0, 64, 1, 3, (2,), np.uint8)
        first.put(8, 16, np.full((4, 2), 7, np.uint8))
        second = Overview(0, 64, 1, 3, (2,), np.uint8)
        second.restore(first.values.copy(), first.known)
        assert second.covers(8, 16)
        assert second.lacks(0, 64) == 0
        assert second.columns(8, 16).tolist() == [[7, 7]] * 4

    def test_memory_is_taken_when_something_is_known(self) -> None:
        overview = Overview(0, 1 << 40, 10, 10, (1 << 20,), np.uint8)
        assert overview.lacks(0, 1 << 40) == 0

    @given(st.integers(1, 10**10), st.integers(1, 10**5), st.integers(0, 20))
    def test_memory_is_bounded(self, n: int, column_bytes: int, at_least: int) -> None:
        level = stored_level(n, column_bytes, at_least)
        assert level >= at_least
        assert (n >> level) * column_bytes <= 32 << 20
        assert level == at_least or (n >> (level - 1)) * column_bytes > 32 << 20

    def test_threads_that_share_a_column_lose_nothing(self) -> None:
        overview = Overview(0, 256, 8, 0, (4096,), np.uint8)
        start = threading.Barrier(2)

        def put(units: range) -> None:
            start.wait()
            for unit in units:
                column = np.zeros((1, 4096), np.uint8)
                column[0, unit * 16 : unit * 16 + 16] = 1 + unit % 200
                overview.put(unit, unit + 1, column)

        threads = [threading.Thread(target=put, args=(range(i, 256, 2),)) for i in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expected = np.repeat(1 + np.arange(256) % 200, 16)
        np.testing.assert_array_equal(overview.values[0], expected)


class Work:
    """Pieces of which some are done."""

    def __init__(self, n: int) -> None:
        self.done = bytearray(n)

    def lacks(self, first: int) -> int | None:
        found = self.done.find(0, first)
        return None if found < 0 else found


class TestClaims:
    @given(st.integers(1, 60), st.integers(0, 59), st.data())
    @example(20, 0, None)
    def test_every_piece_is_given_out_once(
        self, n: int, first: int, data: st.DataObject | None
    ) -> None:
        """By two threads that come in any order, whatever is done already."""
        work, claims = Work(n), Claims()
        first = min(first, n - 1)
        if data is not None:
            work.done[:] = bytes(data.draw(st.lists(st.integers(0, 1), min_size=n, max_size=n)))
        wanted = {at for at in range(first, n) if not work.done[at]}
        given_out: list[int] = []
        workers = [Worker(), Worker()]
        try:
            idle = 0
            turn = 0
            while idle < 4:
                worker = workers[data.draw(st.integers(0, 1)) if data is not None else turn % 2]
                turn += 1
                piece = worker.do(lambda: claims.take(first, work.lacks))
                if piece is None:
                    idle += 1
                    continue
                given_out.append(piece)
                if data is None or data.draw(st.booleans()):
                    work.done[piece] = 1
                    claims.release(piece)
        finally:
            for worker in workers:
                worker.end()
        assert len(given_out) == len(set(given_out))
        assert set(given_out) <= wanted
        assert idle < 4 or set(given_out) == wanted

    def test_a_thread_reads_on_where_no_other_is(self) -> None:
        work, claims = Work(10 * RUN), Claims()
        workers = [Worker(), Worker()]
        taken: list[list[int]] = [[], []]
        try:
            for turn in range(4 * RUN):
                piece = workers[turn % 2].do(lambda: claims.take(0, work.lacks))
                assert piece is not None
                taken[turn % 2].append(piece)
                work.done[piece] = 1
                claims.release(piece)
        finally:
            for worker in workers:
                worker.end()
        for pieces in taken:
            jumps = np.count_nonzero(np.diff(pieces) != 1)
            assert jumps <= len(pieces) // RUN

    def test_a_piece_that_was_given_up_is_given_out_again(self) -> None:
        work, claims = Work(2), Claims()
        assert [claims.take(0, work.lacks) for _ in range(3)] == [0, 1, None]
        claims.release(0)
        assert claims.take(0, work.lacks) == 0


class Worker:
    """A thread that does one thing after the other."""

    def __init__(self) -> None:
        self._task: Callable[[], int | None] | None = None
        self._result: int | None = None
        self._go, self._ready = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def do(self, task: Callable[[], int | None]) -> int | None:
        self._task = task
        self._go.release()
        self._ready.acquire()
        return self._result

    def end(self) -> None:
        self._task = None
        self._go.release()
        self._thread.join()

    def _work(self) -> None:
        while True:
            self._go.acquire()
            if self._task is None:
                return
            self._result = self._task()
            self._ready.release()


class TestTargets:
    def test_what_is_wanted_comes_finest_first_and_once(self) -> None:
        coarse, fine = (Overview(0, 64, level, 3, (), np.uint8) for level in (4, 2))
        part = Overview(32, 48, 1, 3, (), np.uint8)
        targets = Targets()
        wanted = [
            Target(coarse, 0, 64),
            Target(coarse, 0, 64),
            Target(fine, 16, 64),
            Target(part, 32, 48),
        ]
        for one in wanted:
            targets.add(one)
        assert targets.lacking(0, 16) == [(coarse, 0, 16)]
        assert targets.lacking(24, 40) == [(part, 32, 40), (fine, 24, 40), (coarse, 24, 40)]
        fine.put(24, 40, np.zeros(4, np.uint8))
        assert targets.lacking(24, 40) == [(part, 32, 40), (coarse, 24, 40)]
        targets.remove(wanted[0])
        assert len(targets.lacking(24, 40)) == 2
        targets.remove(wanted[1])
        targets.remove(wanted[1])
        assert targets.lacking(24, 40) == [(part, 32, 40)]

    def test_a_target_is_met_when_all_is_known(self) -> None:
        overview = Overview(0, 32, 0, 3, (), np.uint8)
        target = Target(overview, 8, 24)
        overview.put(0, 16, np.zeros(16, np.uint8))
        assert (target.fraction(), target.is_met()) == (0.5, False)
        overview.put(16, 24, np.zeros(8, np.uint8))
        assert (target.fraction(), target.is_met()) == (1.0, True)


samples = st.lists(
    st.floats(-100, 100, width=32) | st.sampled_from([np.nan, np.inf, -np.inf, 3e38, 0.0]),
    min_size=1,
    max_size=200,
)


class TestSummary:
    @given(samples, st.integers(0, 8), st.integers(0, 4))
    def test_of_finite_samples_at_any_level(
        self, values: list[float], level: int, more: int
    ) -> None:
        y = np.array(values, np.float32)
        found = summary(y, level)
        coarse = pooled(found, more, len(y), level)
        for columns, size in ((found, 1 << level), (coarse, 1 << level + more)):
            assert len(columns) == -(-len(y) // size)
        for place, (low, high, rms) in enumerate(found):
            some = y[place << level : (place + 1) << level]
            some = some[np.isfinite(some)].astype(np.float64)
            if not len(some):
                assert (low, high, rms) == (0, 0, 0)
                continue
            assert (low, high) == (some.min(), some.max())
            np.testing.assert_allclose(rms, np.sqrt(np.mean(some**2)), rtol=1e-5, atol=1e-18)

    @given(samples, st.integers(0, 8), st.sampled_from([4, 64, 1 << 15]))
    def test_largest_changes(self, values: list[float], level: int, block: int) -> None:
        y = np.array(values, np.float32)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("specwidget.tiles.summary._BLOCK", block)
            found = largest_changes(y, level)
        with np.errstate(all="ignore"):
            steps = np.abs(np.diff(y, prepend=y[:1]))
        steps[~np.isfinite(steps)] = 0
        expected = [steps[at : at + (1 << level)].max() for at in range(0, len(y), 1 << level)]
        np.testing.assert_array_equal(found, expected)

    @given(samples, st.integers(1, 9))
    def test_not_finite(self, values: list[float], apart: int) -> None:
        y = np.array(values, np.float32)
        stretches = not_finite(y, apart)
        inside = np.zeros(len(y), bool)
        for first, last in stretches:
            assert not np.isfinite(y[[first, last - 1]]).any()
            inside[first:last] = True
        assert inside[~np.isfinite(y)].all()
        gaps = [after[0] - before[1] for before, after in pairwise(stretches)]
        assert all(gap >= apart for gap in gaps)
