"""Recordings at a URL, read by range through fsspec.

What goes wrong on the way is an OSError with its reason, and the next read tries again. A server
that gives all or nothing is asked for all, once, up to a limit.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import threading
import time
import weakref
from typing import Any
from urllib.parse import unquote

from specwidget.audio.blobs import Blob, FileBlob
from specwidget.audio.blocks import BlockCache
from specwidget.errors import AudioFileError

__all__ = ["RemoteBlob", "is_url", "local_path", "remote_blob"]

MOST_FETCHED = 1 << 28
RECHECK_SECONDS = 60.0
_STAMPS = (
    "ETag", "etag", "Content-MD5", "Digest", "md5Hash", "md5", "sha256", "checksum", "generation",
    "version_id", "VersionId", "Last-Modified", "LastModified", "last_modified", "updated",
    "modified", "mtime", "created",
)  # fmt: skip
_WHOLE = frozenset({"zip", "tar", "libarchive"})
_CACHING = frozenset({"simplecache", "filecache"})


def is_url(place: str) -> bool:
    """Whether a text is a URL rather than a path."""
    return "://" in place


def local_path(url: str) -> str | None:
    """Return the path that a ``file://`` URL stands for, or None for another URL."""
    if not url.startswith(("file://", "local://")) or "::" in url:
        return None
    path = url.partition("://")[2].removeprefix("localhost")
    return path if os.path.exists(path) else unquote(path)


def remote_blob(url: str) -> Blob:
    """Open what is at a URL.

    Parameters
    ----------
    url : str
        As fsspec takes it.

    Raises
    ------
    AudioFileError
        A package is missing, there is nothing, or it cannot be had.
    """
    try:
        import fsspec
    except ImportError as error:
        raise AudioFileError(
            f"{url}: is a URL; to read it: pip install 'specwidget[remote]'; or download it, and "
            "give the file's path"
        ) from error
    try:
        fs, path = fsspec.core.url_to_fs(url)
        names = {fs.protocol} if isinstance(fs.protocol, str) else set(fs.protocol)
        if names & _CACHING:
            return FileBlob(fsspec.open_local(url), url)
        if "file" in names:
            return FileBlob(path, url)
        info = fs.info(path)
        if info.get("type") == "directory":
            raise AudioFileError(f"{url}: is a folder; give the URL of one audio file")
        if names & _WHOLE or not _gives_ranges(fs, path, info):
            return _FetchedBlob(fs, path, info, url)
        return RemoteBlob(fs, path, info, url)
    except AudioFileError:
        raise
    except ImportError as error:
        raise AudioFileError(
            f"{url}: {error}: pip install the package that is named; 'specwidget[remote]' brings "
            "what https:// needs"
        ) from error
    except FileNotFoundError as error:
        raise AudioFileError(f"{url}: there is no such file; check the URL's spelling") from error
    except Exception as error:  # whatever a file system raises becomes a reason
        raise AudioFileError(f"{url}: cannot be opened: {_reason(error)}") from error


class RemoteBlob(Blob):
    """A file that is read by range.

    Parameters
    ----------
    fs : fsspec.AbstractFileSystem
        Where it is.
    path : str
        Its name there.
    info : dict
        What `fs` knows of it.
    name : str
        What messages call it.
    """

    remote = True

    def __init__(self, fs: Any, path: str, info: dict[str, Any], name: str) -> None:
        self.name = name
        self.size = int(info["size"])
        self._fs, self._path = fs, path
        self._stamp = _stamp(info)
        self._cache = BlockCache(self._fetch, self.size)
        self._checked = time.monotonic()
        self._checking = threading.Lock()
        self._news: str | None = None

    def read_into(self, buffer: Any, offset: int) -> int:
        return self._cache.read_into(memoryview(buffer).cast("B"), offset)

    def stamp(self) -> str | None:
        return self._stamp

    def fingerprint(self) -> str | None:
        """Return a key of its name, its size and what its server says of its version."""
        return _key(self._path, self.size, self._stamp)

    def news(self) -> str | None:
        # One reader asks now and then; the others go on.
        if time.monotonic() - self._checked < RECHECK_SECONDS:
            return self._news
        if self._checking.acquire(blocking=False):
            try:
                self._news = self._changed() or self._news
                self._checked = time.monotonic()
            finally:
                self._checking.release()
        return self._news

    def _changed(self) -> str | None:
        try:
            self._fs.invalidate_cache(self._path)
            info = self._fs.info(self._path)
        except FileNotFoundError:
            return "is no longer at its URL; of what was not read before, nothing may be left"
        except Exception:  # that it cannot be reached now, the read will say
            return None
        if (info.get("size"), _stamp(info)) == (self.size, self._stamp):
            return None
        return "has changed at its URL; what is shown may be of before and after: open it again"

    def _fetch(self, start: int, stop: int) -> bytes:
        try:
            content: bytes = self._fs.cat_file(self._path, start=start, end=stop)
        except FileNotFoundError as error:
            raise OSError(_reason(error)) from error
        except Exception as error:  # whatever a file system raises becomes a reason
            raise ConnectionError(_reason(error)) from error
        if len(content) != stop - start:
            raise ConnectionError(
                f"{len(content)} bytes came of {stop - start} that were asked for"
            )
        return content


class _FetchedBlob(FileBlob):
    """A file that was fetched whole, and is deleted with its last reader."""

    def __init__(self, fs: Any, path: str, info: dict[str, Any], name: str) -> None:
        size = info.get("size")
        if size is not None and size > MOST_FETCHED:
            raise AudioFileError(
                f"{name}: has {size} bytes and cannot be read by range; download it, and give the "
                f"file's path, or give 'simplecache::{name}', which does so"
            )
        handle, place = tempfile.mkstemp(prefix="specwidget-")
        try:
            with os.fdopen(handle, "wb") as out, _opened(fs, path) as stream:
                while content := stream.read(1 << 20):
                    out.write(content)
                    if out.tell() > MOST_FETCHED:
                        raise AudioFileError(
                            f"{name}: has more than {MOST_FETCHED} bytes and cannot be read by "
                            "range; download it, and give the file's path"
                        )
            got = os.path.getsize(place)
            if size is not None and got != size:
                raise OSError(f"{got} bytes came of {size}")
            super().__init__(place, name)
        except BaseException:
            _delete(place)
            raise
        weakref.finalize(self, _delete, place)
        self._key = _key(path, self.size, _stamp(info))

    def fingerprint(self) -> str | None:
        """Return a key of its name, its size and what its server says of its version."""
        return self._key


def _gives_ranges(fs: Any, path: str, info: dict[str, Any]) -> bool:
    """Whether a file can be read by range; of HTTP servers that is not known before."""
    if info.get("size") is None or info.get("partial") is False:
        return False
    if "http" not in fs.protocol or info["size"] < 2:
        return True
    try:
        with fs.open(path, "rb", cache_type="none") as stream:
            stream.seek(1)
            return len(stream.read(1)) == 1
    except ValueError:
        return False


def _opened(fs: Any, path: str) -> Any:
    # A block size of 0 makes a stream of what HTTP gives as a whole.
    return fs.open(path, "rb", block_size=0) if "http" in fs.protocol else fs.open(path, "rb")


def _stamp(info: dict[str, Any]) -> str | None:
    """Return what of a file's properties changes with its content, or None."""
    found = [f"{name}={info[name]}" for name in _STAMPS if info.get(name)]
    return " ".join(found) or None


def _key(path: str, size: int, stamp: str | None) -> str | None:
    if stamp is None:
        return None
    return hashlib.blake2b(f"{path} {size} {stamp}".encode(), digest_size=16).hexdigest()


def _delete(path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
