"""What can be said of a file by its first bytes, before a decoder is asked."""

from __future__ import annotations

from pathlib import Path

from specwidget.audio.blobs import Blob
from specwidget.errors import AudioFileError

__all__ = [
    "after_id3",
    "looks_like",
    "needs_codecs",
    "refuse_what_is_no_audio",
    "refuse_what_is_no_file",
]

_HEAD_BYTES = 512
_MOST_TAGS = 16
_CONTAINERS = (
    (4, b"ftyp", "MP4, M4A or QuickTime"),
    (0, b"\x1a\x45\xdf\xa3", "Matroska or WebM"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "WMA or ASF"),
    (8, b"AVI ", "AVI"),
    (0, b"FLV", "Flash video"),
    (0, b"#!AMR", "AMR"),
    (0, b"wvpk", "WavPack"),
    (0, b"TTA1", "TTA"),
    (0, b"MAC ", "Monkey's Audio"),
    (0, b"\x0b\x77", "AC-3"),
    (0, b"\x7f\xfe\x80\x01", "DTS"),
    (0, b"fLaC", "FLAC of an unusual width"),
)


def refuse_what_is_no_file(file: str, name: str) -> None:
    """Raise for a path at which there is no regular file.

    Parameters
    ----------
    file : str
        The path.
    name : str
        What the message is to call it.

    Raises
    ------
    AudioFileError
        There is none, or it is a folder, a pipe, or something else.
    """
    path = Path(file)
    try:
        if path.is_dir():
            raise AudioFileError(f"{name or path}: is a folder; give the path of one audio file")
        if not path.exists():
            where = "" if path.is_absolute() else f" in {Path.cwd()}"
            raise AudioFileError(f"{name}: no such file{where}; check the path's spelling")
        if not path.is_file():
            raise AudioFileError(f"{name}: is no regular file; give the path of an audio file")
    except AudioFileError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise AudioFileError(f"{name}: is no path: {reason}; check its spelling") from error


def refuse_what_is_no_audio(blob: Blob) -> None:
    """Raise for what needs no decoder to be seen as no audio.

    Parameters
    ----------
    blob : Blob
        The file.

    Raises
    ------
    AudioFileError
        It is empty, or something else: a web page, a pointer of Git LFS.
    """
    start = _head(blob)
    if not start:
        raise AudioFileError(f"{blob.name}: is empty (0 bytes); copy or download it again")
    if start.startswith(b"version https://git-lfs"):
        raise AudioFileError(
            f"{blob.name}: is a Git LFS pointer, not the recording itself; fetch it: git lfs pull"
        )
    if start.lstrip().lower().startswith((b"<!doctype", b"<html")):
        raise AudioFileError(
            f"{blob.name}: is a web page, not audio: a download that went wrong? Download it again"
        )


def looks_like(blob: Blob) -> str:
    """Return a sentence on what a file that cannot be decoded looks like, or nothing."""
    head = _head(blob)
    printable = all(32 <= byte < 127 or byte in b"\t\r\n" for byte in head)
    return "It looks like text. " if printable else ""


def needs_codecs(blob: Blob) -> str:
    """Return the name of a format that only the ``codecs`` extra reads, or ``""``."""
    head = _head(blob)
    for offset, magic, name in _CONTAINERS:
        if head[offset : offset + len(magic)] == magic:
            return name
    if len(head) > 2 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "AAC"
    return ""


def after_id3(blob: Blob) -> int:
    """Return where a file begins behind its ID3 tags."""
    start = 0
    for _ in range(_MOST_TAGS):
        head = blob.read(start, 10)
        if head[:3] != b"ID3" or len(head) < 10:
            break
        size = 0
        for byte in head[6:10]:
            size = size << 7 | byte & 0x7F
        start += 10 + size + (10 if head[5] & 0x10 else 0)
    return start


def _head(blob: Blob) -> bytes:
    try:
        return blob.read(0, _HEAD_BYTES)
    except OSError as error:
        raise AudioFileError(f"{blob.name}: cannot be read: {error}") from error
