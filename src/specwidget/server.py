"""The tile server: computes what is wanted on threads of its own, what was asked last first.

Every request gets exactly one terminal answer, whatever happens. No lock is held while a tile is
computed or an answer is sent; answers leave one at a time, in the order they were made.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field

from specwidget._check import shown
from specwidget.errors import ProtocolError
from specwidget.tiles.base import Tile, TileKey, Tileset
from specwidget.tiles.cache import TileCache

__all__ = ["TileAnswer", "TileServer"]

_log = logging.getLogger("specwidget")

CACHE_BYTES = 64 << 20
MESSAGE_BYTES = 1 << 20
BATCH_BYTES = 192 << 10
BATCH_SECONDS = 0.02
QUICK_SECONDS = 0.005
PROGRESS_SECONDS = 0.2
CLOSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class TileAnswer:
    """Some tiles on their way to the front end.

    Attributes
    ----------
    request_id : str or None
        The request they answer; None for what nobody waits for: tiles that became exact.
    epoch : int
        To which they belong.
    tiles : tuple of (TileKey, Tile)
        May be empty.
    last : bool
        Whether this ends the request.
    error : Exception or None
        Why the request failed, in part at least; such an answer is the last one and has no tiles.
    """

    request_id: str | None
    epoch: int
    tiles: tuple[tuple[TileKey, Tile], ...] = ()
    last: bool = False
    error: Exception | None = None


@dataclass(slots=True, eq=False)
class _Request:
    """What is still owed: keys to compute, with their order, and tiles to send."""

    id: str
    epoch: int
    serial: int
    pending: dict[TileKey, int]
    ready: list[tuple[TileKey, Tile]] = field(default_factory=list)
    ready_since: float = 0.0
    error: Exception | None = None


@dataclass(slots=True, eq=False)
class _Refinement:
    """An estimate that is being made exact; the lowest priority comes first."""

    priority: tuple[int, int]
    steps: Generator[float, None, Tile]
    fraction: float = 0.0


class TileServer:
    """Computes tiles on one or two threads, which end by themselves when there is no work.

    Parameters
    ----------
    tilesets : mapping of str to Tileset
        The layers of the first epoch.
    send : callable
        Takes every `TileAnswer`; called from several threads, never from two at once.
    epoch : int >= 0
        The number of the first epoch.
    on_progress : callable, optional
        Takes ``(done, total)`` tiles, `done` a float, while estimates are being made exact.
    n_threads : int > 0
        How many tiles are computed at once.
    cache_bytes : int >= 0
        How many bytes of tiles to keep.
    idle_seconds : float > 0
        After how long without work a thread ends.

    Examples
    --------
    >>> server = TileServer(tilesets, send=lambda answer: print(answer.last))  # doctest: +SKIP
    >>> server.request("page-1", 0, [TileKey("spec/0", 0, 0)])  # doctest: +SKIP
    True
    """

    def __init__(
        self,
        tilesets: Mapping[str, Tileset],
        send: Callable[[TileAnswer], None],
        *,
        epoch: int = 0,
        on_progress: Callable[[float, int], None] | None = None,
        n_threads: int = 2,
        cache_bytes: int = CACHE_BYTES,
        idle_seconds: float = 10.0,
    ) -> None:
        self._send = send
        self._on_progress = on_progress
        self._max_threads = n_threads
        self._idle_seconds = idle_seconds
        self._changed = threading.Condition(threading.Lock())
        # Everything below is read and written with the lock held.
        self._tilesets = dict(tilesets)
        self._epoch = epoch
        self._closed = False
        self._serial = 0
        self._threads: set[threading.Thread] = set()
        self._jobs: deque[Callable[[], None]] = deque()
        self._requests: list[_Request] = []
        self._computing: set[tuple[int, TileKey]] = set()
        self._cache = TileCache(cache_bytes)
        self._refinements: dict[TileKey, _Refinement] = {}
        self._refining = False
        self._refined = 0
        self._progress_at = 0.0
        self._pushes: dict[TileKey, None] = {}
        self._pushed: list[tuple[TileKey, Tile]] = []
        self._outbox: deque[TileAnswer] = deque()
        self._sending = False

    def request(self, request_id: str, epoch: int, keys: Iterable[TileKey]) -> None:
        """Ask for tiles; they are answered as they are ready, the first of `keys` first.

        A request of another epoch, or one after `close`, is answered at once, with nothing.
        """
        with self._changed:
            self._serial += 1
            pending = {key: place for place, key in enumerate(dict.fromkeys(keys))}
            request = _Request(request_id, epoch, self._serial, pending)
            if epoch != self._epoch or self._closed:
                pending.clear()
            else:
                for key in list(pending):
                    if key.layer not in self._tilesets:
                        del pending[key]
                        request.error = _unknown_layer(key, self._tilesets)
                    elif (tile := self._cache.get(key)) is not None:
                        self._take(request, key, tile)
            self._requests.append(request)
            self._flush(request, at_once=True)
            self._wake()
        self._drain()

    def push(self, epoch: int, keys: Iterable[TileKey]) -> None:
        """Have tiles sent that nobody asked for, when there is nothing more urgent.

        They are sent unasked, in the order of `keys`, if they are exact; what a request is answered
        meanwhile is not sent again. Tiles of another epoch, or that fail, are left out.
        """
        with self._changed:
            if epoch == self._epoch and not self._closed:
                self._pushes.update(dict.fromkeys(k for k in keys if k.layer in self._tilesets))
                for key in list(self._pushes):
                    if (tile := self._cache.get(key)) is not None:
                        self._push(key, tile)
                self._wake()
        self._drain()

    def cancel(self, epoch: int, keys: Iterable[TileKey]) -> None:
        """Forget tiles that nobody wants any more; requests for nothing else are ended."""
        with self._changed:
            if epoch == self._epoch:
                for key in keys:
                    self._refinements.pop(key, None)
                    for request in self._requests:
                        request.pending.pop(key, None)
                for request in list(self._requests):
                    self._flush(request)
        self._drain()

    def set_epoch(self, epoch: int, tilesets: Mapping[str, Tileset]) -> None:
        """Change over to other tilesets; requests of before are ended, late work is dropped."""
        with self._changed:
            self._epoch = epoch
            self._tilesets = dict(tilesets)
            self._cache.clear()
            self._forget_work()
        self._drain()

    def run(self, job: Callable[[], None]) -> bool:
        """Have something small done on a thread of the server, ahead of tiles.

        Returns
        -------
        bool
            False if the server is closed, and the job will not be done.
        """
        with self._changed:
            if self._closed:
                return False
            self._jobs.append(job)
            self._wake()
        return True

    def close(self) -> None:
        """End all requests and the threads. May be called twice."""
        with self._changed:
            self._closed = True
            self._jobs.clear()
            self._cache.clear()
            self._forget_work()
            self._changed.notify_all()
            threads = self._threads - {threading.current_thread()}
        self._drain()
        for thread in threads:
            thread.join(CLOSE_SECONDS)

    # With the lock held ------------------------------------------------------------------------

    def _forget_work(self) -> None:
        self._refinements.clear()
        self._refined = 0
        self._pushes.clear()
        self._pushed.clear()
        for request in list(self._requests):
            request.pending.clear()
            self._flush(request)

    def _wake(self) -> None:
        if len(self._threads) < self._max_threads and not self._closed:
            thread = threading.Thread(target=self._work, name="specwidget-tiles", daemon=True)
            self._threads.add(thread)
            thread.start()
        self._changed.notify()

    def _take(self, request: _Request, key: TileKey, tile: Tile) -> None:
        """Note that a request has a tile; if it is an estimate, have it made exact."""
        place = request.pending.pop(key)
        self._push(key, None)
        if not request.ready:
            request.ready_since = time.monotonic()
        request.ready.append((key, tile))
        if not tile.exact:
            priority = (-request.serial, place)
            known = self._refinements.get(key)
            if known is None:
                steps = self._tilesets[key.layer].refine(key)
                self._refinements[key] = _Refinement(priority, steps)
            else:
                known.priority = priority

    def _flush(self, request: _Request, at_once: bool = False) -> None:
        """Put what is ready in the outbox, if it is enough or the last; end what is complete."""
        last = not request.pending
        size = sum(len(tile.data) for _, tile in request.ready)
        aged = time.monotonic() - request.ready_since > BATCH_SECONDS
        if not (last or at_once or size >= BATCH_BYTES or aged):
            return
        batch: list[tuple[TileKey, Tile]] = []
        batch_size = 0
        for item in request.ready:
            if batch and batch_size + len(item[1].data) > MESSAGE_BYTES:
                self._outbox.append(TileAnswer(request.id, request.epoch, tuple(batch)))
                batch, batch_size = [], 0
            batch.append(item)
            batch_size += len(item[1].data)
        request.ready = []
        if batch and (not last or request.error is not None):
            self._outbox.append(TileAnswer(request.id, request.epoch, tuple(batch)))
            batch = []
        if last:
            self._requests.remove(request)
            answer = TileAnswer(request.id, request.epoch, tuple(batch), True, request.error)
            self._outbox.append(answer)

    def _next_key(self) -> TileKey | None:
        for request in reversed(self._requests):
            for key in request.pending:
                if (self._epoch, key) not in self._computing:
                    return key
        for key in self._pushes:
            if (self._epoch, key) not in self._computing:
                return key
        return None

    def _push(self, key: TileKey, tile: Tile | None) -> None:
        """End the wish that a tile be sent unasked; have it sent, with others, if there is one."""
        if key not in self._pushes:
            return
        del self._pushes[key]
        if tile is not None and tile.exact:
            self._pushed.append((key, tile))
        size = sum(len(tile.data) for _, tile in self._pushed)
        if self._pushed and (not self._pushes or size >= BATCH_BYTES):
            self._outbox.append(TileAnswer(None, self._epoch, tuple(self._pushed), True))
            self._pushed = []

    def _next_task(self) -> Callable[[], None] | None:
        if self._jobs:
            return self._jobs.popleft()
        key = self._next_key()
        if key is not None:
            tileset, epoch = self._tilesets[key.layer], self._epoch
            self._computing.add((epoch, key))
            return lambda: self._compute(key, tileset, epoch)
        if self._refinements and not self._refining:
            self._refining = True
            best, refinement = min(self._refinements.items(), key=lambda item: item[1].priority)
            return lambda: self._refine(best, refinement)
        return None

    # On the server's threads, without the lock --------------------------------------------------

    def _work(self) -> None:
        while True:
            with self._changed:
                task = self._next_task()
                idle = False
                while task is None and not idle and not self._closed:
                    idle = not self._changed.wait(self._idle_seconds)
                    task = self._next_task()
                if task is None or self._closed:
                    self._threads.discard(threading.current_thread())
                    return
            try:
                task()
            except Exception:  # a job of `run` answers for itself; the thread goes on
                _log.exception("a job of the tile server failed")
            self._drain()

    def _compute(self, key: TileKey, tileset: Tileset, epoch: int) -> None:
        began = time.monotonic()
        tile: Tile | None = None
        error: Exception | None = None
        try:
            tile = tileset.tile(key)
        except Exception as caught:  # becomes the answer of the requests that wait for the tile
            error = caught
        with self._changed:
            self._computing.discard((epoch, key))
            if epoch != self._epoch or self._closed:
                return
            if tile is not None:
                self._cache.put(key, tile)
            slow = time.monotonic() - began > QUICK_SECONDS
            for request in list(self._requests):
                if key in request.pending:
                    if tile is not None:
                        self._take(request, key, tile)
                    else:
                        del request.pending[key]
                        request.error = request.error or error
                    self._flush(request, at_once=slow)
            self._push(key, tile)

    def _refine(self, key: TileKey, refinement: _Refinement) -> None:
        tile: Tile | None = None
        error: Exception | None = None
        try:
            refinement.fraction = next(refinement.steps)
        except StopIteration as stop:
            tile = stop.value
        except Exception as caught:  # reported without a request: nobody waits for it
            error = caught
        progress = None
        with self._changed:
            self._refining = False
            if self._refinements.get(key) is refinement and (tile or error):
                del self._refinements[key]
                self._refined += 1
                if tile is not None:
                    self._cache.put(key, tile)
                tiles = ((key, tile),) if tile is not None else ()
                self._outbox.append(TileAnswer(None, self._epoch, tiles, True, error))
            now = time.monotonic()
            if (self._refined and not self._refinements) or now > self._progress_at:
                self._progress_at = now + PROGRESS_SECONDS
                fractions = sum(min(1.0, item.fraction) for item in self._refinements.values())
                progress = (self._refined + fractions, self._refined + len(self._refinements))
            if not self._refinements:
                self._refined = 0
            self._changed.notify()
        if progress is not None and progress[1] and self._on_progress is not None:
            self._on_progress(*progress)

    def _drain(self) -> None:
        """Send what is in the outbox, unless another thread is at it."""
        while True:
            with self._changed:
                if self._sending or not self._outbox:
                    return
                self._sending = True
                answer = self._outbox.popleft()
            try:
                self._send(answer)
            except Exception:  # the connection is gone; the work goes on for those that are left
                if not self._closed:
                    _log.exception("an answer of the tile server could not be sent")
            finally:
                with self._changed:
                    self._sending = False


def _unknown_layer(key: TileKey, tilesets: Mapping[str, Tileset]) -> ProtocolError:
    return ProtocolError(
        f"layer={shown(key.layer)} is unknown; this recording has {sorted(tilesets)[:8]}",
        code="bad-key",
    )
