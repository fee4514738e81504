"""A bounded cache of the parts of something far away.

Every byte is kept in one block of fixed size; a block that several readers want is fetched once;
a failed fetch is forgotten, and the next reader tries again. Nobody waits under the lock.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

__all__ = ["BlockCache"]

BLOCK_BYTES = 1 << 16
CACHE_BYTES = 1 << 26
_MOST_AT_ONCE = 64
_MOST_AHEAD = 32
_MOST_READERS = 16


class BlockCache:
    """Blocks of something that is read by range.

    Parameters
    ----------
    fetch : callable
        ``fetch(start, stop)`` returns those bytes, all of them, or raises OSError.
    size : int
        How many bytes there are.
    """

    def __init__(self, fetch: Callable[[int, int], bytes], size: int) -> None:
        self._fetch, self._size = fetch, size
        self._lock = threading.Lock()
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._under_way: dict[int, threading.Event] = {}
        # Where readers have come to, and how far ahead of them is fetched.
        self._ahead: OrderedDict[int, int] = OrderedDict()

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill a buffer from `offset` on; return how many bytes there were.

        Raises
        ------
        OSError
            A block could not be fetched.
        """
        stop = min(self._size, offset + len(buffer))
        if stop <= offset:
            return 0
        first, last = offset // BLOCK_BYTES, (stop - 1) // BLOCK_BYTES + 1
        ahead = self._readahead(first, last)
        for base in range(first, last, _MOST_AT_ONCE):
            end = min(last, base + _MOST_AT_ONCE)
            self._bring(base, end, ahead if end == last else 0, buffer, offset)
        return stop - offset

    def _readahead(self, first: int, last: int) -> int:
        """Return how many blocks to fetch beyond a read: the more, the longer it goes on."""
        with self._lock:
            ahead = self._ahead.pop(first, None)
            if ahead is None and last > first + 1:
                ahead = self._ahead.pop(first + 1, None)
            grown = 0 if ahead is None else min(_MOST_AHEAD, max(1, 2 * ahead))
            self._ahead[last] = self._ahead[last - 1] = grown
            while len(self._ahead) > 2 * _MOST_READERS:
                self._ahead.popitem(last=False)
            return grown

    def _bring(self, first: int, last: int, ahead: int, buffer: memoryview, offset: int) -> None:
        """Copy blocks ``[first, last)`` to where they belong in a buffer."""
        left = set(range(first, last))
        while left:
            mine: list[int] = []
            theirs: threading.Event | None = None
            with self._lock:
                for number in sorted(left):
                    block = self._blocks.get(number)
                    if block is not None:
                        self._blocks.move_to_end(number)
                        _copy(block, number, buffer, offset)
                        left.discard(number)
                    elif number in self._under_way:
                        theirs = self._under_way[number]
                    else:
                        mine.append(number)
                if mine and mine[-1] == last - 1:
                    mine.extend(self._absent(last, ahead))
                event = threading.Event()
                self._under_way.update(dict.fromkeys(mine, event))
            if mine:
                try:
                    found = self._fetch_all(mine, event)
                except OSError:
                    if not ahead:
                        raise
                    # What lies ahead is not asked for: without it, it may go.
                    ahead = 0
                    continue
                # Copied here and now: in a small cache they may be gone by the next turn.
                for number, block in found.items():
                    if number in left:
                        _copy(block, number, buffer, offset)
                        left.discard(number)
            elif theirs is not None:
                theirs.wait()

    def _absent(self, first: int, n: int) -> list[int]:
        """Return up to `n` blocks from `first` on that nobody has fetched."""
        end = min(first + n, -(-self._size // BLOCK_BYTES))
        found = []
        for number in range(first, end):
            if number in self._blocks or number in self._under_way:
                break
            found.append(number)
        return found

    def _fetch_all(self, numbers: list[int], event: threading.Event) -> dict[int, bytes]:
        """Fetch blocks, those side by side at once, and keep them."""
        found: dict[int, bytes] = {}
        try:
            start = 0
            for place in range(1, len(numbers) + 1):
                if place < len(numbers) and numbers[place] == numbers[place - 1] + 1:
                    continue
                found.update(self._fetch_run(numbers[start], numbers[place - 1] + 1))
                start = place
        finally:
            with self._lock:
                for number in numbers:
                    del self._under_way[number]
            event.set()
        return found

    def _fetch_run(self, first: int, last: int) -> dict[int, bytes]:
        begin, end = first * BLOCK_BYTES, min(self._size, last * BLOCK_BYTES)
        content = self._fetch(begin, end)
        found = {
            number: content[number * BLOCK_BYTES - begin : (number + 1) * BLOCK_BYTES - begin]
            for number in range(first, last)
        }
        with self._lock:
            self._blocks.update(found)
            while len(self._blocks) * BLOCK_BYTES > CACHE_BYTES:
                self._blocks.popitem(last=False)
        return found


def _copy(block: bytes, number: int, buffer: memoryview, offset: int) -> None:
    """Copy what of a block belongs into a buffer that begins at `offset`."""
    at = number * BLOCK_BYTES - offset
    skipped = max(0, -at)
    into = buffer[at + skipped : at + len(block)]
    into[:] = block[skipped : skipped + len(into)]
