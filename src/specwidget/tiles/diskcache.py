"""Finished work on disk, so that a recording that was opened once is exact at once the next time.

A file is written beside its place and then moved there, so that whoever reads it, in whatever
process, reads all of it; it says what it holds and has a checksum, and is left alone where either
is wrong. What fails here never stops a picture: it is logged once.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import struct
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from specwidget._check import shown
from specwidget.errors import ParameterTypeError

__all__ = ["DiskCache", "cache_folder", "open_cache"]

_log = logging.getLogger("specwidget")

MAX_BYTES = 2 << 30

_MAGIC = b"specwidget tiles"
# Grows when the same key would give other numbers, or the file has another form.
_VERSION = 1
_HEAD = struct.Struct("<16sIIQI")
_SUFFIX = ".tiles"
_STALE_SECONDS = 86_400.0

Key: TypeAlias = Mapping[str, Any]
"""What tells one piece of work from any other, JSON-able."""


def cache_folder() -> Path:
    """Return the folder that this system has for what can be computed again, for specwidget."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "specwidget"


def open_cache(cache: object) -> DiskCache | None:
    """Return the cache that a person asks for.

    Parameters
    ----------
    cache : bool, str or Path
        False for none, True for that of the user, or a folder, which is made when it is needed.

    Raises
    ------
    ParameterTypeError
        It is none of these.

    Examples
    --------
    >>> open_cache(False) is None
    True
    """
    if isinstance(cache, (bool, np.bool_)):
        return DiskCache(cache_folder()) if cache else None
    if isinstance(cache, (str, os.PathLike)):
        return DiskCache(Path(os.path.abspath(os.path.expanduser(os.fspath(cache)))))
    raise ParameterTypeError(
        f"cache={shown(cache)} is no folder; give True, False, or the path of a folder"
    )


class DiskCache:
    """Arrays by their keys, in the files of a folder.

    Several processes may use the same folder at once.

    Parameters
    ----------
    folder : Path
        Made when something is stored.
    max_bytes : int
        What was used the longest ago is removed where all files together are more.
    """

    def __init__(self, folder: Path, max_bytes: int = MAX_BYTES) -> None:
        self.folder = folder
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._has_failed = False

    def load(self, key: Key) -> tuple[NDArray[np.uint8], bytes] | None:
        """Return the bytes of two things that were stored, the first to be written to; or None."""
        path = self._path(key)
        try:
            with open(path, "rb") as file:
                found = _read(file, _name(key))
        except FileNotFoundError:
            return None
        except OSError as error:
            self._fail(error)
            return None
        if found is not None:
            with suppress(OSError):
                os.utime(path)
        return found

    def store(self, key: Key, first: NDArray[Any], second: bytes) -> None:
        """Keep an array and some bytes under a key; the oldest files may have to go."""
        path = self._path(key)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, beside = tempfile.mkstemp(".tmp", path.stem, self.folder)
            try:
                with open(handle, "wb") as file:
                    _write(file, _name(key), first, second)
                os.replace(beside, path)
            except BaseException:
                with suppress(OSError):
                    os.unlink(beside)
                raise
            self._make_room()
        except OSError as error:
            self._fail(error)

    def _path(self, key: Key) -> Path:
        digest = hashlib.blake2b(_name(key), digest_size=20).hexdigest()
        return self.folder / f"{digest}{_SUFFIX}"

    def _make_room(self) -> None:
        """Remove the files that were used the longest ago, and what others have left behind."""
        with self._lock:
            now = time.time()
            files: list[tuple[float, int, str]] = []
            with os.scandir(self.folder) as entries:
                for entry in entries:
                    with suppress(OSError):
                        about = entry.stat()
                        if entry.name.endswith(_SUFFIX):
                            files.append((about.st_mtime, about.st_size, entry.path))
                        elif entry.name.endswith(".tmp") and (
                            now - about.st_mtime > _STALE_SECONDS
                        ):
                            os.unlink(entry.path)
            total = sum(size for _, size, _ in files)
            for _, size, name in sorted(files):
                if total <= self._max_bytes:
                    return
                with suppress(OSError):  # another process may have been sooner
                    os.unlink(name)
                total -= size

    def _fail(self, error: OSError) -> None:
        if not self._has_failed:
            self._has_failed = True
            _log.warning("tiles are not kept in %s: %s", self.folder, error)


def _name(key: Key) -> bytes:
    return json.dumps({"version": _VERSION, **key}, sort_keys=True).encode()


def _write(file: Any, name: bytes, first: NDArray[Any], second: bytes) -> None:
    data = np.ascontiguousarray(first).reshape(-1).view(np.uint8)
    checksum = zlib.crc32(second, zlib.crc32(data.data, zlib.crc32(name)))
    file.write(_HEAD.pack(_MAGIC, len(name), checksum, data.nbytes, len(second)))
    file.write(name)
    file.write(second)
    file.write(data)


def _read(file: Any, name: bytes) -> tuple[NDArray[np.uint8], bytes] | None:
    """Return what a file holds, if it is what it should be, to the last byte."""
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    magic, n_name, checksum, n_data, n_second = _HEAD.unpack(head)
    size = os.fstat(file.fileno()).st_size
    if magic != _MAGIC or size != _HEAD.size + n_name + n_data + n_second:
        return None
    if file.read(n_name) != name:
        return None
    second = file.read(n_second)
    data = np.empty(n_data, np.uint8)
    if file.readinto(data) != n_data:
        return None
    if zlib.crc32(second, zlib.crc32(data.data, zlib.crc32(name))) != checksum:
        return None
    return data, second
