"""The bytes of a recording: a file, what is in memory, or an open file object.

A blob is read at any place by any thread, and never waits for another reader longer than one read
takes. A file is opened once: what takes its place later under the same name is never mixed in.
Files are never mapped: a mapped file that somebody shortens kills the process that reads it.
"""

from __future__ import annotations

import hashlib
import io
import os
import threading
import weakref
from abc import ABC, abstractmethod
from typing import IO, Any, NamedTuple

from specwidget.errors import AudioFileError

__all__ = ["Blob", "BlobStream", "BytesBlob", "FileBlob", "Mended", "PatchedBlob", "StreamBlob"]

_SAMPLED = 1 << 16
_HAS_PREAD = hasattr(os, "preadv")
_HAS_ADVICE = hasattr(os, "posix_fadvise")


class Blob(ABC):
    """Bytes that can be read anywhere.

    Attributes
    ----------
    name : str
        What messages call it.
    size : int
        Number of bytes when it was opened.
    remote : bool
        Whether a read may take as long as a request over a network.
    """

    name: str
    size: int
    remote = False

    @abstractmethod
    def read_into(self, buffer: Any, offset: int) -> int:
        """Fill a writable buffer from `offset` on; return how many bytes there were.

        Raises
        ------
        OSError
            They cannot be had; a later try may succeed.
        """

    def read(self, offset: int, n: int) -> bytes:
        """Return `n` bytes from `offset` on, or as many as there are."""
        buffer = bytearray(max(0, min(n, self.size - offset)))
        return bytes(buffer[: self.read_into(buffer, offset)]) if buffer else b""

    def will_read(self, offset: int, n: int) -> None:  # noqa: B027
        """Say that `n` bytes from `offset` on will be read soon; this waits for nothing."""

    def stamp(self) -> str | None:
        """Return what changes when the content changes, as a modification time does, or None."""
        return None

    def news(self) -> str | None:
        """Return what has happened to it since it was opened, as the end of a sentence."""
        return None

    def for_libsndfile(self) -> Any:
        """Return what soundfile opens: a descriptor that it will close, a path, or a stream."""
        return self.stream()

    def stream(self) -> BlobStream:
        """Return a file object of its own position."""
        return BlobStream(self)

    def fingerprint(self) -> str | None:
        """Return a key of the content: its size, its stamp, and some of its bytes."""
        stamp = self.stamp()
        if stamp is None:
            return None
        digest = hashlib.blake2b(f"{self.size} {stamp}".encode(), digest_size=16)
        for offset in sorted({0, max(0, self.size // 2), max(0, self.size - _SAMPLED)}):
            try:
                digest.update(self.read(offset, _SAMPLED))
            except OSError:
                return None
        return digest.hexdigest()


class BlobStream(io.RawIOBase):
    """A blob as a file object, which decoders ask for.

    A decoder takes an error of its file for the file's end. So an error is kept in `failure`, for
    whoever asked the decoder.
    """

    def __init__(self, blob: Blob) -> None:
        super().__init__()
        self.failure: OSError | None = None
        self._blob = blob
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._blob.size}
        self._position = max(0, origin[whence] + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        try:
            n = self._blob.read_into(buffer, self._position)
        except OSError as error:
            self.failure = error
            return 0
        self._position += n
        return n


class BytesBlob(Blob):
    """The bytes of a file in memory."""

    def __init__(self, content: bytes, name: str = "bytes") -> None:
        self.name = name
        self.size = len(content)
        self._content = memoryview(content)
        self._stamp: str | None = None

    def read_into(self, buffer: Any, offset: int) -> int:
        found = self._content[offset : offset + len(buffer)]
        memoryview(buffer)[: len(found)] = found
        return len(found)

    def stamp(self) -> str:
        """Return a hash of every byte: nothing else says that they are others."""
        if self._stamp is None:
            self._stamp = hashlib.blake2b(self._content, digest_size=16).hexdigest()
        return self._stamp


class FileBlob(Blob):
    """A file on a disk.

    Parameters
    ----------
    path : str
        An existing regular file.
    name : str
        What messages call it.

    Raises
    ------
    AudioFileError
        It cannot be opened.
    """

    def __init__(self, path: str, name: str) -> None:
        self.name = name
        # The working directory may be another one when the file is looked for again.
        self.path = os.path.abspath(path)
        try:
            self._fd = os.open(self.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except OSError as error:
            raise AudioFileError(
                f"{name}: cannot be opened: {error.strerror or error}; check who may read it"
            ) from error
        weakref.finalize(self, os.close, self._fd)
        self._lock = threading.Lock()
        self._opened = os.fstat(self._fd)
        self.size = self._opened.st_size

    def read_into(self, buffer: Any, offset: int) -> int:
        left = memoryview(buffer)[: max(0, self.size - offset)].cast("B")
        done = 0
        while done < len(left):
            n = self._read_some(left[done:], offset + done)
            if n == 0:
                break
            done += n
        return done

    def will_read(self, offset: int, n: int) -> None:
        if _HAS_ADVICE:
            os.posix_fadvise(self._fd, offset, n, os.POSIX_FADV_WILLNEED)

    def _read_some(self, buffer: memoryview, offset: int) -> int:
        if _HAS_PREAD:
            return os.preadv(self._fd, [buffer], offset)
        with self._lock:
            os.lseek(self._fd, offset, os.SEEK_SET)
            content = os.read(self._fd, len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def stamp(self) -> str:
        return str(os.fstat(self._fd).st_mtime_ns)

    def news(self) -> str | None:
        opened, now = self._opened, os.fstat(self._fd)
        if now.st_size < opened.st_size:
            return f"was cut short while it was open: it had {opened.st_size} bytes; open it again"
        try:
            there = os.stat(self.path)
        except OSError:
            return "has been moved or deleted; what was opened is shown"
        if not os.path.samestat(there, opened):
            return "has been replaced by another file; the one that was opened is shown"
        if now.st_size == opened.st_size and now.st_mtime_ns != opened.st_mtime_ns:
            return (
                "was written to while it was open; what is shown may be of before and after: "
                "open it again"
            )
        return None

    def for_libsndfile(self) -> Any:
        # A descriptor of its own spares libsndfile thousands of calls into Python.
        if self.path.lower().endswith(".sd2"):
            return self.path  # Its header is in another file, beside it.
        if not _HAS_PREAD:
            return self.stream()
        try:
            fd = os.open(self.path, os.O_RDONLY)
        except OSError:
            return self.stream()
        if os.path.samestat(os.fstat(fd), self._opened):
            return fd
        os.close(fd)
        return self.stream()


class StreamBlob(Blob):
    """A binary file object that somebody else has opened, and may close.

    Raises
    ------
    AudioFileError
        It cannot be read from where one likes.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        given = getattr(stream, "name", None)
        self.name = given if isinstance(given, str) else type(stream).__name__
        self._stream = stream
        self._lock = threading.Lock()
        try:
            self.size = stream.seek(0, io.SEEK_END)
            if isinstance(stream.read(0), str):
                raise OSError("it gives text; open it with mode 'rb'")
        except (OSError, ValueError, TypeError) as error:
            raise AudioFileError(
                f"{self.name}: this file object cannot be read here and there: {error}; give "
                "the path, or what is in the file: file.read()"
            ) from error

    def read_into(self, buffer: Any, offset: int) -> int:
        left = memoryview(buffer)[: max(0, self.size - offset)].cast("B")
        done = 0
        with self._lock:
            try:
                self._stream.seek(offset)
                while done < len(left):
                    content = self._stream.read(len(left) - done)
                    if not content:
                        break
                    left[done : done + len(content)] = content
                    done += len(content)
            except ValueError as error:  # it was closed
                raise OSError(str(error)) from error
        return done


class PatchedBlob(Blob):
    """A blob with another beginning: a header that is mended, and the file as it is.

    Parameters
    ----------
    blob : Blob
        What is read.
    patch : bytes
        Stands before all that is at `after` and behind it.
    at : int
        Where the patch begins; before it the blob's own bytes are kept.
    after : int
        Where the blob goes on; by default behind as many bytes as the patch has.
    """

    def __init__(self, blob: Blob, patch: bytes, at: int, after: int | None = None) -> None:
        self.name, self.remote = blob.name, blob.remote
        self._blob, self._patch, self._at = blob, patch, at
        self._end = at + len(patch)
        self._shift = (self._end if after is None else after) - self._end
        self.size = blob.size - self._shift

    def read_into(self, buffer: Any, offset: int) -> int:
        view = memoryview(buffer)[: max(0, self.size - offset)].cast("B")
        done = 0
        while done < len(view):
            place = offset + done
            if place < self._at:
                stop, n = self._at, self._blob.read_into(view[done:][: self._at - place], place)
            elif place < self._end:
                piece = self._patch[place - self._at :][: len(view) - done]
                view[done : done + len(piece)] = piece
                stop, n = self._end, len(piece)
            else:
                return done + self._blob.read_into(view[done:], place + self._shift)
            done += n
            if place + n < min(stop, offset + len(view)):
                break
        return done

    def will_read(self, offset: int, n: int) -> None:
        self._blob.will_read(offset + self._shift, n)

    def stamp(self) -> str | None:
        return self._blob.stamp()

    def news(self) -> str | None:
        return self._blob.news()

    def fingerprint(self) -> str | None:
        return self._blob.fingerprint()


class Mended(NamedTuple):
    """A file whose header says how long it is.

    Attributes
    ----------
    blob : Blob
        The file, its header mended where it lied.
    declared, real : int
        Samples, as the header said, and as they are; 0 for what is not known.
    lead : int
        Samples that come of the mending, before the first that is the file's own.
    """

    blob: Blob
    declared: int = 0
    real: int = 0
    lead: int = 0
