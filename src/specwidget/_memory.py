"""How the C library is made to keep the memory that arrays give back.

By default glibc returns blocks of more than 128 KiB to the system at once, and every piece of work
gets new pages, which take longer to come by than the work on them. A larger block that is
given back once raises that limit for the rest of the process, as any larger array does.
"""

from __future__ import annotations

import numpy as np

__all__ = ["keep_freed_memory"]

_BYTES = 8 << 20


def keep_freed_memory() -> None:
    """Have blocks of up to 8 MiB used again; this touches no memory, and takes no time."""
    np.empty(_BYTES, np.uint8)
