"""The header of a WAV, RF64 or BW64 file, held against what is really in the file.

Of a header that lies, what is read is what is there, and `notes` tell declared against real.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from specwidget.audio.blobs import Blob
from specwidget.errors import AudioFileError

__all__ = ["WavLayout", "read_layout"]

_PCM, _FLOAT, _MP3, _EXTENSIBLE = 1, 3, 0x55, 0xFFFE
_MOST_CHUNKS = 10_000
_NOT_SAID = frozenset({0, 0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000, 0x80000000, 0xFFFFF000})
_WRAP = 1 << 32
_NAMES = frozenset({b"fmt ", b"data", b"LIST", b"fact", b"bext"})


@dataclass(frozen=True)
class WavLayout:
    """Where the samples of a WAV file lie, and how.

    Attributes
    ----------
    sr : int
        Samples per second.
    n_channels : int
        Samples of all channels lie side by side.
    kind : str
        ``"u"`` unsigned, ``"i"`` signed integers, ``"f"`` floats; little-endian.
    width : int
        Bytes of one sample of one channel.
    offset : int
        Where the first lies.
    n_samples : int
        How many are there.
    n_declared : int
        How many the header says there are.
    notes : tuple of str
        What is wrong with the header, as the ends of sentences.
    """

    sr: int
    n_channels: int
    kind: str
    width: int
    offset: int
    n_samples: int
    n_declared: int
    notes: tuple[str, ...] = ()

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of all channels."""
        return self.width * self.n_channels


@dataclass
class _Found:
    """The chunks that matter."""

    fmt: bytes = b""
    ds64: bytes = b""
    offset: int = -1
    size: int = 0
    notes: list[str] = field(default_factory=list)


def read_layout(blob: Blob) -> WavLayout | None:
    """Read the header of a file.

    Parameters
    ----------
    blob : Blob
        Any file.

    Returns
    -------
    WavLayout or None
        None for what is no WAV file of plain integers or floats.

    Raises
    ------
    AudioFileError
        The header holds no rate, or the file no samples.
    """
    head = blob.read(0, 12)
    if head[:4] not in (b"RIFF", b"RF64", b"BW64") or head[8:] != b"WAVE":
        return None
    found = _chunks(blob)
    if found.offset < 0 or len(found.fmt) < 16:
        return None
    notes = found.notes
    tag, n_channels, sr, byte_rate, align, bits = struct.unpack_from("<HHIIHH", found.fmt)
    if tag == _EXTENSIBLE and len(found.fmt) >= 26:
        tag = struct.unpack_from("<H", found.fmt, 24)[0]
    width = (bits + 7) // 8
    if n_channels == 0 and width and align and align % width == 0:
        n_channels = align // width
        notes.append(f"its header says 0 channels, and a size that makes {n_channels}")
    if not width or not n_channels or align != width * n_channels or width > 8:
        return None
    if tag in (0, _MP3) and sr * align == byte_rate:
        notes.append(
            f"its header says it is {'MP3' if tag else 'of no kind'}, with numbers that only plain "
            "PCM has; it is read as that"
        )
        tag = _PCM
    if tag not in (_PCM, _FLOAT) or (tag == _FLOAT and bits not in (32, 64)):
        return None
    if sr == 0:
        sr = byte_rate // align
        if sr == 0:
            raise AudioFileError(
                f"{blob.name}: its header says 0 samples per second; mend it, for example: "
                "ffmpeg -f s16le -ar 44100 -i in.wav out.wav"
            )
        notes.append(f"its header says 0 samples per second, and a byte rate that makes {sr}")
    n_samples, n_declared = _lengths(blob, found, align, sr)
    kind = "f" if tag == _FLOAT else "u" if width == 1 else "i"
    return WavLayout(sr, n_channels, kind, width, found.offset, n_samples, n_declared, tuple(notes))


def _chunks(blob: Blob) -> _Found:
    """Walk over the chunks up to where both format and samples are known."""
    found = _Found()
    offset = 12
    for _ in range(_MOST_CHUNKS):
        head = blob.read(offset, 8)
        if len(head) < 8:
            break
        name, size = head[:4], struct.unpack("<I", head[4:])[0]
        offset += 8
        if name == b"fmt ":
            found.fmt = blob.read(offset, min(size, 40))
        elif name == b"ds64":
            found.ds64 = blob.read(offset, min(size, 24))
        elif name == b"data":
            found.offset, found.size = offset, size
            if size == 0xFFFFFFFF and len(found.ds64) >= 16:
                found.size = size = struct.unpack_from("<Q", found.ds64, 8)[0]
        if found.offset >= 0 and found.fmt:
            break
        offset = _behind(blob, offset, size)
    return found


def _behind(blob: Blob, offset: int, size: int) -> int:
    """Return where the next chunk begins; some writers leave out the byte that makes this even."""
    offset += size
    if size % 2 == 0:
        return offset
    here = blob.read(offset, 5)
    left_out = here[:4] in _NAMES or (_is_name(here[:4]) and not _is_name(here[1:]))
    return offset if left_out else offset + 1


def _is_name(name: bytes) -> bool:
    return len(name) == 4 and all(32 <= byte < 127 for byte in name)


def _is_chunk(blob: Blob, offset: int) -> bool:
    """Whether a chunk that ends within the file may start here."""
    head = blob.read(offset, 8)
    if len(head) < 8 or not _is_name(head[:4]):
        return False
    return offset + 8 + int.from_bytes(head[4:], "little") <= blob.size + 1


def _are_chunks(blob: Blob, offset: int) -> bool:
    """Whether chunks, and nothing else, fill the file from here to its end."""
    for _ in range(_MOST_CHUNKS):
        if offset + 8 > blob.size:
            return True
        if not _is_chunk(blob, offset):
            return False
        size = struct.unpack("<I", blob.read(offset + 4, 4))[0]
        offset = _behind(blob, offset + 8, size)
    return False


def _lengths(blob: Blob, found: _Found, align: int, sr: int) -> tuple[int, int]:
    """Return how many samples are there, and how many are declared; note where that differs."""
    there = (blob.size - found.offset) // align
    declared = found.size // align
    after = _behind(blob, found.offset, found.size)

    def length(n: int) -> str:
        return f"{n} samples ({n / sr:.3f} s)"

    fits = after <= blob.size and _are_chunks(blob, after)
    if found.size in _NOT_SAID and there > 0 and not fits:
        if declared != there:
            found.notes.append(
                "its header does not say how long it is: it was not closed when it was written; "
                f"all {length(there)} up to its end are shown"
            )
        return there, there
    if declared > there:
        if there == 0:
            raise AudioFileError(
                f"{blob.name}: its header says {length(declared)}, and there are none; copy or "
                "download it again"
            )
        found.notes.append(
            f"its header says {length(declared)}, and it ends after {length(there)}: it was cut "
            "short"
        )
        return there, declared
    surplus = blob.size - after
    if surplus >= max(8, align) and not fits:
        if surplus >= _WRAP - align:
            found.notes.append(
                f"its header says {length(declared)}, as it cannot say more than 4 GiB; all "
                f"{length(there)} up to its end are shown"
            )
            return there, there
        found.notes.append(
            f"its header says {length(declared)}; {surplus} bytes that follow, enough for "
            f"{surplus / align / sr:.3f} s, are not shown"
        )
    if declared == 0:
        raise AudioFileError(f"{blob.name}: it holds no samples; give a file that has some")
    return declared, declared
