"""How long a FLAC file really is, whatever its header says.

The last frame knows its own place. A header that says nothing, or something else, is mended before
libFLAC sees it, which believes it blindly.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from specwidget.audio.blobs import Blob, Mended, PatchedBlob
from specwidget.audio.inspection import after_id3

__all__ = ["mended_flac"]

_STREAMINFO = 42
_TAIL = 1 << 18
_MOST_TAIL = 1 << 20
_LEAST_FRAME = 8
_SYNC = re.compile(rb"\xff[\xf8\xf9]")
_TOTAL_MASK = (1 << 36) - 1


class _Info(NamedTuple):
    max_block: int
    max_frame: int
    packed: int

    @property
    def total(self) -> int:
        return self.packed & _TOTAL_MASK


class _Frame(NamedTuple):
    offset: int
    first: int
    n: int


def mended_flac(blob: Blob) -> Mended | None:
    """Return a FLAC file with its true length, or None for what is none, or cannot be told.

    Parameters
    ----------
    blob : Blob
        Any file.
    """
    start = after_id3(blob)
    head = blob.read(start, _STREAMINFO)
    if len(head) < _STREAMINFO or head[:4] != b"fLaC" or head[4] & 0x7F:
        return None
    info = _Info(
        int.from_bytes(head[10:12], "big"),
        int.from_bytes(head[15:18], "big"),
        int.from_bytes(head[18:26], "big"),
    )
    end = blob.size - 128 if blob.read(blob.size - 128, 3) == b"TAG" else blob.size
    # With room for a whole frame before the last one.
    tail_start = max(start + _STREAMINFO, end - max(_TAIL, min(3 * info.max_frame, _MOST_TAIL)))
    tail = blob.read(tail_start, end - tail_start)
    frame = _last_frame(tail, info)
    if frame is None:
        return None
    real = frame.first + frame.n
    at_end, before = _checked(tail[frame.offset :])
    # What follows the last frame may be no FLAC; but then the header is believed.
    if not (at_end or (before and real == info.total)):
        real = frame.first
    if real == info.total or not 0 < real <= _TOTAL_MASK:
        return Mended(blob, info.total, info.total)
    packed = info.packed & ~_TOTAL_MASK | real
    patched = PatchedBlob(blob, packed.to_bytes(8, "big"), start + 18)
    return Mended(patched, info.total, real)


def _last_frame(tail: bytes, info: _Info) -> _Frame | None:
    """Return the last frame that begins in `tail`; its offset is within that."""
    frames = [f for m in _SYNC.finditer(tail) if (f := _frame(tail, m.start(), info)) is not None]
    ends = {frame.first + frame.n for frame in frames} | {0}
    # A chance likeness of a head does not go on where another frame has ended.
    return next((frame for frame in reversed(frames) if frame.first in ends), None)


def _frame(data: bytes, offset: int, info: _Info) -> _Frame | None:
    """Parse the head of a frame, or return None where there is none."""
    head = data[offset : offset + 16]
    if len(head) < 6:
        return None
    block_code, rate_code = head[2] >> 4, head[2] & 15
    if block_code == 0 or rate_code == 15 or head[3] >> 4 > 10 or head[3] & 1:
        return None
    extra = _extra_bytes(head[4])
    if extra < 0 or any(byte >> 6 != 2 for byte in head[5 : 5 + extra]):
        return None
    number = head[4] & (0x7F if extra == 0 else 0x3F >> extra)
    for byte in head[5 : 5 + extra]:
        number = number << 6 | byte & 0x3F
    place = 5 + extra
    n = _block_size(block_code, head[place : place + 2])
    place += {6: 1, 7: 2}.get(block_code, 0) + {12: 1, 13: 2, 14: 2}.get(rate_code, 0)
    if place >= len(head) or _crc8(head[:place]) != head[place]:
        return None
    return _Frame(offset, number if head[1] & 1 else number * info.max_block, n)


def _extra_bytes(lead: int) -> int:
    """Return how many bytes follow the first of a number in FLAC's UTF-8, or -1."""
    ones = 8 - (lead ^ 0xFF).bit_length()
    if ones == 0:
        return 0
    return ones - 1 if 2 <= ones <= 7 else -1


def _block_size(code: int, following: bytes) -> int:
    if code == 1:
        return 192
    if code <= 5:
        return 576 << (code - 2)
    if code == 6:
        return following[0] + 1
    if code == 7:
        return int.from_bytes(following, "big") + 1
    return 256 << (code - 8)


def _crc8(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07 if crc & 0x80 else crc << 1) & 0xFF
    return crc


def _checked(data: bytes) -> tuple[bool, bool]:
    """Return whether a frame's checksum is right if it ends with `data`, and if it ends before."""
    crc, before = 0, False
    for place, byte in enumerate(data):
        before = before or (crc == 0 and place > _LEAST_FRAME)
        crc = (crc << 8 & 0xFFFF) ^ _CRC16[crc >> 8 ^ byte]
    return crc == 0, before


def _crc16_of(byte: int) -> int:
    crc = byte << 8
    for _ in range(8):
        crc = (crc << 1 ^ 0x8005 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


_CRC16 = tuple(_crc16_of(byte) for byte in range(256))
