"""The file under an array that is mapped into memory: whether it is still there, and the same."""

from __future__ import annotations

import hashlib
import mmap
import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["MappedFile"]

_SAMPLED = 1 << 14


@dataclass(frozen=True)
class MappedFile:
    """What lies under a ``numpy.memmap``, or under a view of one.

    Attributes
    ----------
    path : str
        The file.
    size : int
        Bytes that it must have, all of the map to be there.
    inode : int
        Tells it from another file of that name.
    read_only : bool
        Whether nobody can write to it through the map.
    address : int
        Where the map begins in memory.
    """

    path: str
    size: int
    inode: int
    read_only: bool
    address: int

    @classmethod
    def of(cls, samples: NDArray[Any]) -> MappedFile | None:
        """Return the file that is mapped under an array, or None."""
        root: Any = samples
        while isinstance(root.base, np.ndarray):
            root = root.base
        path = getattr(root, "filename", None)
        if not isinstance(root, np.memmap) or not isinstance(root.base, mmap.mmap) or not path:
            return None
        size = root.offset - root.offset % mmap.ALLOCATIONGRANULARITY + len(root.base)
        try:
            inode = os.stat(path).st_ino
        except OSError:
            return None
        address = int(root.__array_interface__["data"][0])
        return cls(os.fspath(path), size, inode, root.mode == "r", address)

    def is_cut(self) -> bool:
        """Whether some of what is mapped is no longer in the file."""
        try:
            there = os.stat(self.path)
        except OSError:  # deleted, it stays mapped
            return False
        return there.st_ino == self.inode and there.st_size < self.size

    def fingerprint(self, samples: NDArray[Any], sr: float) -> str | None:
        """Return a key of an array in the map: its place, its shape, some of it; or None."""
        try:
            there = os.stat(self.path)
        except OSError:
            return None
        if not self.read_only or there.st_ino != self.inode or there.st_size < self.size:
            return None
        offset = int(samples.__array_interface__["data"][0]) - self.address
        digest = hashlib.blake2b(digest_size=16)
        place = (there.st_size, there.st_mtime_ns, offset, samples.shape, samples.strides)
        digest.update(f"{place} {samples.dtype.str} {sr}".encode())
        n = samples.shape[1]
        for start in (0, n // 2, max(0, n - _SAMPLED)):
            digest.update(np.ascontiguousarray(samples[:, start : start + _SAMPLED]).data)
        return digest.hexdigest()
