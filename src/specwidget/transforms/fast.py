"""The compiled engine: asked for, made ready in the background, and used once it is there.

Until then, and wherever it cannot be had, frames are computed by NumPy. Nothing here is waited for
on the way to a picture: a thread imports Numba some time after the first frames were computed, and
another process compiles, into Numba's cache on disk, what is not there yet.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import zlib
from importlib import import_module
from pathlib import Path
from types import ModuleType

__all__ = ["SETTING", "disable", "enable", "kernels", "wait"]

SETTING = "SPECWIDGET_FAST"
"""The environment variable that asks for the compiled engine, if it is "1"."""

# Seconds after which the first picture is through, and after which no machine compiles any more.
_AFTER = 2.0
_AT_MOST = 600.0
_COMPILE = """
import os
if hasattr(os, "nice"):
    os.nice(10)
from specwidget.transforms.compiled import warm
warm()
"""

_log = logging.getLogger("specwidget")


class _Engine:
    """What has become of the compiled engine in this process."""

    def __init__(self, wanted: bool) -> None:
        self.wanted = wanted
        self.module: ModuleType | None = None
        self.ended = threading.Event()
        self.hurried = threading.Event()
        self._begun = threading.Lock()

    def begin(self) -> None:
        """Make the engine ready in the background, if that has not begun yet."""
        if self._begun.acquire(blocking=False):
            threading.Thread(target=self._load, name="specwidget-fast", daemon=True).start()

    def _load(self) -> None:
        try:
            self.hurried.wait(_AFTER)
            self.module = _loaded()
        except Exception as error:  # whatever it is, NumPy goes on
            _log.warning("no compiled engine, all goes on without: %r", error)
        finally:
            self.ended.set()


_engine = _Engine(os.environ.get(SETTING) == "1")


def enable() -> None:
    """Ask for the compiled engine: frames are computed by it as soon as it is ready.

    It takes Numba, which the extra ``specwidget[fast]`` brings: 110 MB and a third of a second,
    and several seconds of another process for the first time on a machine.

    Examples
    --------
    >>> enable()
    >>> disable()
    """
    _engine.wanted = True


def disable() -> None:
    """Compute frames by NumPy from now on."""
    _engine.wanted = False


def kernels() -> ModuleType | None:
    """Return the compiled code if it was asked for and is ready."""
    if not _engine.wanted:
        return None
    if _engine.module is None:
        _engine.begin()
    return _engine.module


def wait(seconds: float = _AT_MOST) -> bool:
    """Wait for the compiled engine, if it was asked for; return whether it is ready."""
    if _engine.wanted:
        _engine.hurried.set()
        _engine.begin()
        _engine.ended.wait(seconds)
    return kernels() is not None


def _loaded() -> ModuleType:
    """Return the module with the compiled code, loaded."""
    module = import_module("specwidget.transforms.kernels")
    compiled = import_module("specwidget.transforms.compiled")
    mark = _mark(module)
    if not mark.exists():
        _compile_elsewhere()
        mark.touch()
    compiled.warm()
    return module


def _mark(module: ModuleType) -> Path:
    """Return the file that says that all that is needed has been compiled, for this processor."""
    binding, numba = import_module("llvmlite.binding"), import_module("numba")
    source = zlib.crc32(Path(str(module.__file__)).read_bytes())
    features = binding.get_host_cpu_features().flatten()
    processor = zlib.crc32(f"{binding.get_host_cpu_name()} {features}".encode())
    made_by = f"{sys.implementation.cache_tag}-{numba.__version__}"
    folder = Path(module.put_levels.stats.cache_path)
    return folder / f"kernels-{source:08x}-{processor:08x}-{made_by}.ready"


def _compile_elsewhere() -> None:
    """Compile into the cache, in a process that does not hold this one's interpreter."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    environment.pop(SETTING, None)
    done = subprocess.run(
        [sys.executable, "-c", _COMPILE],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        timeout=_AT_MOST,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise RuntimeError(lines[-1] if lines else f"exit status {done.returncode}")
