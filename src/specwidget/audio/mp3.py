"""How many frames an MP3 file really has.

Without a count in its first frame, mpg123 guesses its length from the first frame's bit rate, which
is wrong for a variable one, and reads no further. So frames are counted, and mpg123 is shown two
more in front: one that says how many there are, and a silent one, of which it swallows the
beginning as it does where there is a count.
"""

from __future__ import annotations

import re

from specwidget.audio.blobs import Blob, Mended, PatchedBlob
from specwidget.audio.inspection import after_id3

__all__ = ["mended_mp3"]

_STEP = 1 << 20
_SLACK = 1 << 16
_FRAMES, _BYTES = 1, 2
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_KBPS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBPS_1_II = (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384)
_KBPS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_SWALLOWED = 529


def mended_mp3(blob: Blob) -> Mended | None:
    """Return an MP3 file with its true length, or None for what is none.

    Reads all of a file that does not say how long it is, as every decoder would have to.

    Parameters
    ----------
    blob : Blob
        Any file.
    """
    start = after_id3(blob)
    head = blob.read(start, 2048)
    size = _frame_size(head, 0)
    if not size or (len(head) >= size + 4 and not _frame_size(head, size)):
        return None
    per_frame = 1152 if head[1] & 8 or not _is_layer_3(head) else 576
    tag = _tag_offset(head)
    if not _is_layer_3(head):
        return Mended(blob, real=_count(blob, start) * per_frame)
    if head[tag : tag + 4] not in (b"Xing", b"Info"):
        if head[36:40] == b"VBRI":
            return Mended(blob)
        count = _count(blob, start)
        # What was before the first frame is left out: it is no sound.
        front = _front(head, count + 1, blob.size - start)
        return Mended(
            PatchedBlob(blob, front, 0, start), 0, count * per_frame, per_frame - _SWALLOWED
        )
    flags = int.from_bytes(head[tag + 4 : tag + 8], "big")
    if flags & 3 != _FRAMES | _BYTES:
        return Mended(blob)
    declared = int.from_bytes(head[tag + 8 : tag + 12], "big")
    n_bytes = int.from_bytes(head[tag + 12 : tag + 16], "big")
    there = blob.size - start
    # Tags at the end are no sound.
    if n_bytes <= there <= n_bytes + n_bytes // 100 + _SLACK:
        return Mended(blob, declared * per_frame, declared * per_frame)
    real = _count(blob, start + size)
    counts = real.to_bytes(4, "big") + (there & 0xFFFFFFFF).to_bytes(4, "big")
    mended = PatchedBlob(blob, counts, start + tag + 8) if real != declared else blob
    return Mended(mended, declared * per_frame, real * per_frame)


def _front(head: bytes, count: int, n_bytes: int) -> bytes:
    """Return a first frame that says how many follow it, and a silent one."""
    # The smallest bit rate whose frame has room for the counts.
    for code in range(1, 15):
        lead = bytes((head[0], head[1] | 1, code << 4 | head[2] & 0x0C, head[3]))
        room, tag = _frame_size(lead, 0), _tag_offset(lead)
        if room >= tag + 16:
            break
    silent = lead + bytes(room - 4)
    counts = (_FRAMES | _BYTES, count, (n_bytes + 2 * room) & 0xFFFFFFFF)
    tagged = b"Xing" + b"".join(number.to_bytes(4, "big") for number in counts)
    return silent[:tag] + tagged + silent[tag + 16 :] + silent


def _is_layer_3(head: bytes) -> bool:
    return head[1] & 6 == 2


def _tag_offset(head: bytes) -> int:
    """Return where the counts of a first frame stand."""
    mono = head[3] >> 6 == 3
    checksum = 0 if head[1] & 1 else 2
    if head[1] >> 3 & 3 == 3:
        return 4 + checksum + (17 if mono else 32)
    return 4 + checksum + (9 if mono else 17)


def _frame_size(data: bytes, offset: int) -> int:
    """Return the bytes of the frame whose head is at `offset`, or 0 if none is."""
    if offset + 4 > len(data) or data[offset] != 0xFF:
        return 0
    return _SIZES.get((data[offset + 1] & 0xFE, data[offset + 2] & 0xFE), 0)


def _size_of(version: int, layer: int, code: int, rate: int, padding: int) -> int:
    column = _KBPS_2 if version != 3 else _KBPS_1 if layer == 1 else _KBPS_1_II
    per_byte = 144 if version == 3 or layer == 2 else 72
    return per_byte * 1000 * column[code] // _RATES[version][rate] + padding


# A head: version and layer, then bit rate; runs of 0xFF hold none.
_HEAD = re.compile(rb"\xff[\xe2-\xe5\xf2-\xf5\xfa-\xfd][\x10-\xef]")

# By the second and third byte of a frame's head; layer 1 is III there, and 2 is II.
_SIZES = {
    (0xE0 | version << 3 | layer << 1, code << 4 | rate << 2 | padding << 1): _size_of(
        version, layer, code, rate, padding
    )
    for version in _RATES
    for layer in (1, 2)
    for code in range(1, 15)
    for rate in range(3)
    for padding in range(2)
}


def _count(blob: Blob, start: int) -> int:
    """Return how many frames follow `start`."""
    count, base, place = 0, start, 0
    data = blob.read(base, _STEP)
    sizes = _SIZES
    while True:
        if place + 4 > len(data):
            base += place
            data, place = blob.read(base, _STEP), 0
            if len(data) < 4:
                return count
        size = (
            sizes.get((data[place + 1] & 0xFE, data[place + 2] & 0xFE), 0)
            if data[place] == 0xFF
            else 0
        )
        if size and base + place + size <= blob.size:
            count += 1
            place += size
            continue
        place = _resync(data, place + 1)


def _resync(data: bytes, place: int) -> int:
    """Return where the next frame begins that another follows, or the end of the data."""
    for found in _HEAD.finditer(data, place):
        size = _frame_size(data, found.start())
        if size and (
            found.start() + size + 4 > len(data) or _frame_size(data, found.start() + size)
        ):
            return found.start()
    # The first bytes of a head may be the last of the data.
    return max(place, len(data) - 3)
