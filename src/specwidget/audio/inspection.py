"""What can be said of a file by its first bytes, before a decoder is asked."""

from __future__ import annotations

from pathlib import Path

from specwidget.errors import AudioFileError

__all__ = ["looks_like", "refuse_what_is_no_audio"]

_HEAD_BYTES = 512


def refuse_what_is_no_audio(file: str | bytes, name: str) -> None:
    """Raise for what needs no decoder to be seen as no audio.

    Parameters
    ----------
    file : str or bytes
        A path, or what is in a file.
    name : str
        What the message is to call it.

    Raises
    ------
    AudioFileError
        There is no such file, it may not be read, it is empty, or something else: a folder, a
        web page, a pointer of Git LFS.
    """
    if isinstance(file, str):
        _refuse_what_is_no_file(file, name)
    start = _head(file, name)
    if not start:
        raise AudioFileError(f"{name}: is empty (0 bytes); copy or download it again")
    if start.startswith(b"version https://git-lfs"):
        raise AudioFileError(
            f"{name}: is a Git LFS pointer, not the recording itself; fetch it: git lfs pull"
        )
    if start.lstrip().lower().startswith((b"<!doctype", b"<html")):
        raise AudioFileError(
            f"{name}: is a web page, not audio: a download that went wrong? Download it again"
        )


def looks_like(file: str | bytes) -> str:
    """Return a sentence on what a file that cannot be decoded looks like, or nothing."""
    try:
        head = _head(file, "")
    except AudioFileError:
        return ""
    printable = all(32 <= byte < 127 or byte in b"\t\r\n" for byte in head)
    return "It looks like text. " if printable else ""


def _refuse_what_is_no_file(file: str, name: str) -> None:
    if "://" in file:
        raise AudioFileError(f"{name}: is a URL; download it, and give the file's path")
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


def _head(file: str | bytes, name: str) -> bytes:
    if isinstance(file, bytes):
        return file[:_HEAD_BYTES]
    try:
        with open(file, "rb") as stream:
            return stream.read(_HEAD_BYTES)
    except OSError as error:
        raise AudioFileError(
            f"{name}: cannot be opened: {error.strerror or error}; check who may read it"
        ) from error
