"""The tile server: computes what is wanted on threads of its own, what was asked last first.

Every request gets exactly one terminal answer, whatever happens. No lock is held while a tile is
computed or an answer is sent.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import chain

from specwidget._check import shown
from specwidget._memory import keep_freed_memory
from specwidget.answering import BATCH_BYTES, Outbox, Request, TileAnswer, page_of
from specwidget.errors import AudioUnavailableError, ProtocolError
from specwidget.improving import Improvement, Improvements
from specwidget.tiles.base import Step, Tile, TileKey, Tileset, UnwantedError
from specwidget.tiles.cache import TileCache

__all__ = ["TileAnswer", "TileServer"]

_log = logging.getLogger("specwidget")

CACHE_BYTES = 64 << 20
QUICK_SECONDS = 0.005
PROGRESS_SECONDS = 0.2
CLOSE_SECONDS = 5.0


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
        keep_freed_memory()
        self._on_progress = on_progress
        self._max_threads = n_threads
        self._idle_seconds = idle_seconds
        self._outbox = Outbox(send)
        self._changed = threading.Condition(threading.Lock())
        # Everything below is read and written with the lock held.
        self._tilesets = dict(tilesets)
        self._epoch = epoch
        self._closed = False
        self._serial = 0
        self._threads: set[threading.Thread] = set()
        self._jobs: deque[Step] = deque()
        self._requests: list[Request] = []
        self._computing: set[tuple[int, TileKey]] = set()
        self._cache = TileCache(cache_bytes)
        self._improvements = Improvements()
        self._progress_at = 0.0
        self._pushes: dict[TileKey, None] = {}
        self._prepared: dict[TileKey, None] = {}
        self._pushed: list[tuple[TileKey, Tile]] = []

    def request(self, request_id: str, epoch: int, keys: Iterable[TileKey]) -> None:
        """Ask for tiles; they are answered as they are ready, the first of `keys` first.

        A request of another epoch, or one after `close`, is answered at once, with nothing.
        """
        with self._changed:
            self._serial += 1
            pending = {key: place for place, key in enumerate(dict.fromkeys(keys))}
            request = Request(request_id, epoch, self._serial, pending)
            if epoch != self._epoch or self._closed:
                pending.clear()
            else:
                for key in list(pending):
                    if key.layer not in self._tilesets:
                        request.fail(key, _unknown_layer(key, self._tilesets))
                    elif (tile := self._cache.get(key)) is not None:
                        self._take(request, key, tile)
            self._requests.append(request)
            self._flush(request, at_once=True)
            self._wake()
        self._outbox.drain()

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
        self._outbox.drain()

    def prepare(self, epoch: int, keys: Iterable[TileKey]) -> None:
        """Have tiles computed that are likely to be asked for, without sending them."""
        with self._changed:
            if epoch == self._epoch and not self._closed:
                for key in keys:
                    if key.layer in self._tilesets and self._cache.get(key) is None:
                        self._prepared[key] = None
                self._wake()

    def cancel(self, request_id: str, epoch: int, keys: Iterable[TileKey]) -> None:
        """Forget tiles that a page wants no more; its requests for nothing else are ended.

        Other pages get what they have asked for. `request_id` is the id of the message that
        cancels, whose beginning tells the page.
        """
        page = page_of(request_id)
        with self._changed:
            if epoch == self._epoch:
                mine = [request for request in self._requests if page_of(request.id) == page]
                for key in keys:
                    self._improvements.unwant(key, page)
                    for request in mine:
                        request.pending.pop(key, None)
                for request in mine:
                    self._flush(request)
        self._outbox.drain()

    def look(self, start: float, stop: float) -> None:
        """Have estimates made exact between two times, in seconds, before others."""
        with self._changed:
            self._improvements.look(start, stop)

    def set_epoch(self, epoch: int, tilesets: Mapping[str, Tileset]) -> None:
        """Change over to other tilesets; requests of before are ended, late work is dropped."""
        with self._changed:
            self._epoch = epoch
            self._tilesets = dict(tilesets)
            self._cache.clear()
            self._forget_work()
        self._outbox.drain()

    def set_layers(self, tilesets: Mapping[str, Tileset]) -> None:
        """Serve these tilesets from now on, in the same epoch.

        Requests for layers that are gone, or are others under the same name, end with an error.
        """
        with self._changed:
            gone = {n for n, one in self._tilesets.items() if tilesets.get(n) is not one}
            self._tilesets = dict(tilesets)
            self._improvements.unwant_layers(gone)
            for request in list(self._requests):
                for key in [key for key in request.pending if key.layer in gone]:
                    request.fail(key, _unknown_layer(key, self._tilesets))
                self._flush(request)
            for wishes in (self._pushes, self._prepared):
                for key in [key for key in wishes if key.layer in gone]:
                    del wishes[key]
        self._outbox.drain()

    def run(self, job: Step) -> bool:
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
            self._closed = self._outbox.is_closed = True
            self._jobs.clear()
            self._cache.clear()
            self._forget_work()
            self._changed.notify_all()
            threads = self._threads - {threading.current_thread()}
        self._outbox.drain()
        for thread in threads:
            thread.join(CLOSE_SECONDS)

    # With the lock held ------------------------------------------------------------------------

    def _forget_work(self) -> None:
        self._improvements.clear()
        self._pushes.clear()
        self._prepared.clear()
        self._pushed.clear()
        for request in list(self._requests):
            request.pending.clear()
            self._flush(request)

    def _wake(self) -> None:
        while len(self._threads) < self._max_threads and not self._closed:
            thread = threading.Thread(target=self._work, name="specwidget-tiles", daemon=True)
            self._threads.add(thread)
            thread.start()
        self._changed.notify_all()

    def _take(self, request: Request, key: TileKey, tile: Tile) -> None:
        """Note that a request has a tile; if it is an estimate, have it improved."""
        place = request.take(key, tile)
        self._push(key, None)
        if not tile.exact:
            asked = (-request.serial, place)
            tileset = self._tilesets[key.layer]
            try:
                self._improvements.want(key, tile, tileset, page_of(request.id), asked)
            except Exception:  # the estimate is an answer all the same
                _log.exception("an estimate cannot be improved")

    def _flush(self, request: Request, at_once: bool = False) -> None:
        """Put what is ready in the outbox, if it is enough or the last; end what is complete."""
        self._outbox.put(*request.answers(at_once))
        if request.is_over:
            self._requests.remove(request)

    def _push(self, key: TileKey, tile: Tile | None) -> None:
        """End the wish that a tile be sent unasked; have it sent, with others, if there is one."""
        if key not in self._pushes:
            return
        del self._pushes[key]
        if tile is not None and tile.exact:
            self._pushed.append((key, tile))
        size = sum(len(tile.data) for _, tile in self._pushed)
        if self._pushed and (not self._pushes or size >= BATCH_BYTES):
            self._outbox.put(TileAnswer(None, self._epoch, tuple(self._pushed), True))
            self._pushed = []

    def _is_wanted(self, key: TileKey) -> bool:
        if key in self._pushes or key in self._prepared:
            return True
        return any(key in request.pending for request in self._requests)

    def _next_key(self) -> TileKey | None:
        wanted = (request.pending for request in reversed(self._requests))
        for key in chain(chain.from_iterable(wanted), self._pushes, self._prepared):
            if (self._epoch, key) not in self._computing:
                return key
        return None

    def _next_task(self) -> Step | None:
        if self._jobs:
            return self._jobs.popleft()
        epoch, key = self._epoch, self._next_key()
        if key is not None:
            tileset = self._tilesets[key.layer]
            self._computing.add((epoch, key))
            return lambda: self._compute(key, tileset, epoch)
        found = self._improvements.next_step()
        return None if found is None else lambda: self._improve(*found)

    def _put_progress(self) -> None:
        now = time.monotonic()
        if self._on_progress is None or (len(self._improvements) and now < self._progress_at):
            return
        self._progress_at = now + PROGRESS_SECONDS
        done, total = self._improvements.progress()
        if total:
            self._outbox.put_call(partial(self._on_progress, done, total))

    # On the server's threads, without the lock --------------------------------------------------

    def _work(self) -> None:
        try:
            self._serve()
        finally:
            with self._changed:
                self._threads.discard(threading.current_thread())

    def _serve(self) -> None:
        while True:
            with self._changed:
                task = None if self._closed else self._next_task()
                idle = False
                while task is None and not idle and not self._closed:
                    rest = self._improvements.rested_in()
                    seconds = self._idle_seconds if rest is None else rest
                    idle = not self._changed.wait(seconds) and rest is None
                    task = None if self._closed else self._next_task()
                if task is None:
                    # Whoever asks from now on needs another thread.
                    self._threads.discard(threading.current_thread())
                    return
            try:
                task()
            except Exception:  # a job of `run` answers for itself; the thread goes on
                _log.exception("a job of the tile server failed")
            self._outbox.drain()

    def _compute(self, key: TileKey, tileset: Tileset, epoch: int) -> None:
        def wanted() -> bool:
            with self._changed:
                return epoch == self._epoch and self._is_wanted(key)

        began = time.monotonic()
        tile: Tile | None = None
        error: Exception | None = None
        try:
            tile = tileset.tile(key, wanted)
        except UnwantedError:
            pass  # whoever wants it again has it computed again
        except Exception as caught:  # becomes the answer of the requests that wait for the tile
            error = caught
        with self._changed:
            self._computing.discard((epoch, key))
            if epoch != self._epoch or self._closed:
                return
            if tile is None and error is None:
                return
            self._prepared.pop(key, None)
            if tile is not None:
                self._cache.put(key, tile)
            slow = time.monotonic() - began > QUICK_SECONDS
            for request in list(self._requests):
                if key in request.pending:
                    if tile is not None:
                        self._take(request, key, tile)
                    elif error is not None:
                        request.fail(key, error)
                    self._flush(request, at_once=slow)
            self._push(key, tile)

    def _improve(self, one: Improvement, step: Step) -> None:
        error: Exception | None = None
        try:
            step()
        except Exception as caught:  # reported without a request: nobody waits for it
            error = caught
        with self._changed:
            waiting = self._improvements.waiting()
        # A step is of use to others, too.
        made = [(other, tile) for other in waiting if (tile := other.refinement.made()) is not None]
        with self._changed:
            if error is not None and self._improvements.is_waiting(one):
                is_gone = not isinstance(error, AudioUnavailableError)
                if is_gone:
                    self._improvements.finish(one)
                if is_gone or self._improvements.rest(one):
                    self._outbox.put(TileAnswer(None, self._epoch, (), True, error))
            for other, tile in made:
                if self._improvements.is_waiting(other):
                    self._cache.put(other.key, tile)
                    self._outbox.put(TileAnswer(None, self._epoch, ((other.key, tile),), True))
                    if tile.exact:
                        self._improvements.finish(other)
            self._put_progress()
            self._changed.notify_all()


def _unknown_layer(key: TileKey, tilesets: Mapping[str, Tileset]) -> ProtocolError:
    return ProtocolError(
        f"layer={shown(key.layer)} is unknown; this recording has {sorted(tilesets)[:8]}",
        code="bad-key",
    )
