"""Pages that an Ogg file has lost.

Decoders leave out a page that is missing or damaged, and go on with the next as if nothing had
been between: all that follows comes too early. Where it happened is found by the pages themselves.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from specwidget.audio.blobs import Blob

__all__ = ["last_page", "lost_stretches"]

_HEAD = 27
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_STEP = 1 << 16
_TAIL = 1 << 18


class _Page(NamedTuple):
    granule: int
    serial: int
    number: int
    offset: int
    size: int
    good: bool


def lost_stretches(blob: Blob) -> tuple[tuple[int, int], ...]:
    """Find what is missing in the first stream of an Ogg file. Reads all of the file.

    Parameters
    ----------
    blob : Blob
        The file.

    Returns
    -------
    tuple of (int, int)
        Granule positions behind the beginning, samples for Vorbis: from the end of the page before
        a gap to the end of the first after it.
    """
    stretches = []
    serial, number, granule = -1, -1, 0
    broken = False
    for page in _pages(blob):
        if serial < 0:
            serial, number = page.serial, page.number - 1
        if page.serial != serial:
            continue
        broken = broken or not page.good or page.number != number + 1
        number = page.number
        if page.granule < 0 or not page.good:
            continue
        if broken and page.granule > granule:
            stretches.append((granule, page.granule))
        granule, broken = page.granule, False
    skipped = _pre_skip(blob)
    return tuple((max(0, first - skipped), last - skipped) for first, last in stretches)


def last_page(blob: Blob) -> int | None:
    """Return how many granule positions the last page adds, or None where that is not seen.

    Parameters
    ----------
    blob : Blob
        The file.
    """
    pages = [page for page in _pages(blob, max(0, blob.size - _TAIL)) if page.granule >= 0]
    if len(pages) < 2 or pages[-1].serial != pages[-2].serial:
        return None
    return pages[-1].granule - pages[-2].granule


def _pages(blob: Blob, offset: int = 0) -> Iterator[_Page]:
    while head := blob.read(offset, _HEAD + 255):
        if head[:4] != b"OggS" or len(head) < _HEAD:
            found = _next(blob, offset + 1)
            if found < 0:
                return
            offset = found
            continue
        granule, serial, number, checksum = struct.unpack_from("<qIII", head, 6)
        size = _HEAD + head[26] + sum(head[_HEAD : _HEAD + head[26]])
        page = blob.read(offset, size)
        good = len(page) == size and _checksum(page) == checksum
        # A head that is damaged does not know where the next one is.
        if good or blob.read(offset + size, 4) == b"OggS":
            yield _Page(granule, serial, number, offset, size, good)
            offset += size
        else:
            offset = found if (found := _next(blob, offset + 1)) >= 0 else blob.size


def _pre_skip(blob: Blob) -> int:
    """Return how many samples an Opus stream has before its first, 0 for what is none."""
    head = blob.read(0, 512)
    at = head.find(b"OpusHead")
    return int.from_bytes(head[at + 10 : at + 12], "little") if at >= 0 else 0


def _next(blob: Blob, offset: int) -> int:
    """Return where the next page may start, or -1."""
    while offset < blob.size:
        place = blob.read(offset, _STEP).find(b"OggS")
        if place >= 0:
            return offset + place
        offset += _STEP - 3
    return -1


def _checksum(page: bytes) -> int:
    """Return Ogg's CRC-32, which is zlib's with the bits of every byte the other way round."""
    blank = page[:22] + bytes(4) + page[26:]
    mirrored = zlib.crc32(blank.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)
