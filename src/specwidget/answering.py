"""What the tile server owes, and the way it leaves: in batches, one at a time, in order."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from specwidget.tiles.base import Step, Tile, TileKey

__all__ = ["BATCH_BYTES", "MESSAGE_BYTES", "Outbox", "Request", "TileAnswer", "page_of"]

_log = logging.getLogger("specwidget")

MESSAGE_BYTES = 1 << 20
BATCH_BYTES = 192 << 10
BATCH_SECONDS = 0.02


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


def page_of(request_id: str) -> str:
    """Return the page that a request came from: what its id begins with.

    Examples
    --------
    >>> page_of("k3x0-17"), page_of("17")
    ('k3x0', '17')
    """
    page, dash, _ = request_id.rpartition("-")
    return page if dash else request_id


@dataclass(slots=True, eq=False)
class Request:
    """What is still owed: keys to compute, with their order, and tiles to send."""

    id: str
    epoch: int
    serial: int
    pending: dict[TileKey, int]
    ready: list[tuple[TileKey, Tile]] = field(default_factory=list)
    ready_since: float = 0.0
    error: Exception | None = None

    def take(self, key: TileKey, tile: Tile) -> int:
        """Note that a tile is there; return its place among the keys."""
        if not self.ready:
            self.ready_since = time.monotonic()
        self.ready.append((key, tile))
        return self.pending.pop(key)

    def fail(self, key: TileKey, error: Exception) -> None:
        """Note that a tile cannot be had."""
        self.pending.pop(key)
        self.error = self.error or error

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to come."""
        return not self.pending

    def answers(self, at_once: bool = False) -> list[TileAnswer]:
        """Return what is ready to go, if it is enough or the last."""
        size = sum(len(tile.data) for _, tile in self.ready)
        aged = time.monotonic() - self.ready_since > BATCH_SECONDS
        if not (self.is_over or at_once or size >= BATCH_BYTES or aged):
            return []
        batches: list[list[tuple[TileKey, Tile]]] = []
        room = 0
        for item in self.ready:
            if not batches or len(item[1].data) > room:
                batches.append([])
                room = MESSAGE_BYTES
            batches[-1].append(item)
            room -= len(item[1].data)
        self.ready = []
        # An error comes alone, and last of all.
        if self.is_over and (self.error is not None or not batches):
            batches.append([])
        last = len(batches) - 1 if self.is_over else len(batches)
        return [
            TileAnswer(self.id, self.epoch, tuple(batch), True, self.error)
            if place == last
            else TileAnswer(self.id, self.epoch, tuple(batch))
            for place, batch in enumerate(batches)
        ]


class Outbox:
    """Sends one thing at a time, in the order they were put, on the thread that comes by.

    Parameters
    ----------
    send : callable
        Takes every answer; called from several threads, never from two at once.
    """

    def __init__(self, send: Callable[[TileAnswer], None]) -> None:
        self._send = send
        self._lock = threading.Lock()
        self._waiting: deque[Step] = deque()
        self._sending = False
        self.is_closed = False

    def put(self, *answers: TileAnswer) -> None:
        """Add answers, without sending them yet."""
        with self._lock:
            self._waiting.extend(partial(self._send, answer) for answer in answers)

    def put_call(self, call: Step) -> None:
        """Add something else that sends."""
        with self._lock:
            self._waiting.append(call)

    def drain(self) -> None:
        """Send what there is, unless another thread is at it."""
        while True:
            with self._lock:
                if self._sending or not self._waiting:
                    return
                self._sending = True
                call = self._waiting.popleft()
            try:
                call()
            except Exception:  # the connection is gone; the work goes on for those that are left
                if not self.is_closed:
                    _log.exception("an answer of the tile server could not be sent")
            finally:
                with self._lock:
                    self._sending = False
